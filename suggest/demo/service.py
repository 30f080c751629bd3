"""The service as a child of the demonstration: `python -m suggest.demo.service`, told everything on its command line.

A process of its own, because importing an encoder must not hold up the page that says it is being imported, and because
simulated people would otherwise compete with the service for one interpreter. It says on its standard output how far it
is, a JSON object a line, and ends when its standard input closes: a parent that was killed leaves nobody behind."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from suggest.config.settings import Settings

if TYPE_CHECKING:
    from suggest.config.application import Application


PATIENT_MS = 2000  # a demonstration on a busy machine shows the real ranking, late rather than by words alone


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    settings = Settings.from_env()
    settings = replace(settings, data_dir=given.data, encode_ms=max(settings.encode_ms, PATIENT_MS))
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _say(event="loading", is_first=not _has_encoder(settings.encoder_cache))

    from suggest.web.server import serve  # after the first word: this import is where the time goes

    return serve(settings, given.host, given.port, frame_ancestors=given.frame_ancestors, on_ready=_announce)


def _announce(address: str, application: Application) -> None:
    _say(event="listening", address=address, secret_key=application.secret_key)


def _say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _has_encoder(cache: Path) -> bool:
    """Whether an exported encoder lies in the cache, so that loading takes a second and not a minute."""
    return any(cache.glob("*.onnx"))


def _end_with_parent() -> None:
    while os.read(0, 1024):  # past Python's buffer, whose lock would be held while the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="suggest.demo.service", description="The service, as the demo starts it.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--frame-ancestors", nargs="*", default=(), metavar="ORIGIN")
    return parser


if __name__ == "__main__":
    sys.exit(main())
