"""The demonstration: the real service on one origin, a believable shop's support desk on another, and a story between.

Nothing here is a stand-in: the page talks to the service as any customer of ours would, over HTTP and with keys.
Everything is imported when it is used, because the service's own process passes through here too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suggest.demo.simulation import Point, Run, simulate

__all__ = ["Point", "Run", "run", "simulate"]


def run(
    *, data_dir: Path, host: str = "127.0.0.1", port: int = 8080, demo_port: int = 8090, open_browser: bool = True
) -> int:
    """Serve the demonstration until SIGTERM or SIGINT; prints the one address to open. Returns the exit code.

    The service listens on `port`, the page that shows it on `demo_port`; 0 takes any free one. A port that is taken
    is replaced by a free one, because whoever tries a demonstration should not have to choose ports."""
    from suggest.demo.start import run as start

    return start(data_dir=data_dir, host=host, port=port, demo_port=demo_port, open_browser=open_browser)


def __getattr__(name: str) -> object:
    if name in {"Point", "Run", "simulate"}:
        from suggest.demo import simulation

        return getattr(simulation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
