"""Start the demonstration: the service first, as it takes longest, then at once the page that shows how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import webbrowser
from pathlib import Path

from suggest.demo.desk import Desk
from suggest.web.address import EXIT_FOLDER_UNUSABLE, EXIT_PORT_TAKEN, address_of, free_port

log = logging.getLogger("suggest.demo")


def run(
    *, data_dir: Path, host: str = "127.0.0.1", port: int = 8080, demo_port: int = 8090, open_browser: bool = True
) -> int:
    """Serve the demonstration until SIGTERM or SIGINT; prints the one address to open. Returns the exit code.

    The service listens on `port`, the page that shows it on `demo_port`; 0 takes any free one. A port that is taken
    is replaced by a free one, because whoever tries a demonstration should not have to choose ports."""
    try:
        port, demo_port = _port(host, port), _port(host, demo_port)
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        is_folder = refused.filename is not None
        sys.stderr.write(f"suggest: {refused.strerror or refused}: {refused.filename or host}\n")
        return EXIT_FOLDER_UNUSABLE if is_folder else EXIT_PORT_TAKEN
    origin = address_of(host, demo_port)
    desk = Desk(data_dir=data_dir, host=host, port=port, service=address_of(host, port), origin=origin)
    desk.start()  # a process of its own, which loads while this one imports the web stack
    try:
        asyncio.run(_serve(desk, host, demo_port, open_browser=open_browser))
    finally:
        desk.stop()
    return 0


def _port(host: str, wanted: int) -> int:
    try:
        return free_port(host, wanted)
    except OSError:
        if wanted == 0:
            raise
        port = free_port(host, 0)
        sys.stderr.write(f"suggest: port {wanted} is taken, so {port} is used instead.\n")
        return port


async def _serve(desk: Desk, host: str, port: int, *, open_browser: bool) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    from suggest.demo.site import create_site

    server = Server(
        create_site(desk),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.workers_kill_timeout = 2
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    announced = asyncio.create_task(_announce(host, port, desk.origin, open_browser=open_browser))
    with contextlib.suppress(TimeoutError):
        await server.serve()
    announced.cancel()


def _has_screen() -> bool:
    """Whether a browser would open a window; in a bare terminal it would take the terminal over."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return sys.stdout.isatty() and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _announce(host: str, port: int, origin: str, *, open_browser: bool) -> None:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(reachable, port)
            writer.close()
            break
        await asyncio.sleep(0.01)
    sys.stdout.write(f"\n  Open {origin}\n\n  Stop with Ctrl+C.\n")
    sys.stdout.flush()
    if open_browser and _has_screen():
        await asyncio.to_thread(webbrowser.open, origin)
