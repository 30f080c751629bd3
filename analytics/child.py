"""The process that reports are drawn in: it shares neither the server's memory nor its interpreter's lock.

    python -m analytics.child

Orders come on the standard input, one at a time, and are answered on the standard output (see `pipe`). It gives way to
everybody, and ends when its input does: the kernel closes that when the server ends, however it ends, whatever is being
drawn then. (What Linux can send when a parent dies comes when the *thread* dies that started the child.) A signal to
the whole group leaves it alone, so that a server that stops can still hand out what is being drawn."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from analytics.pipe import GOES_ON, receive, send

NICE = 10


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nobody else writes between two answers
    orders: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), name="orders", daemon=True).start()

    from analytics.orders import order_of  # numpy, DuckDB and the pages: by now the server is being listened to
    from analytics.studio import Studio
    from suggest.domain.errors import StorageUnavailable

    studio = Studio(goes_on=lambda: _send(answers, {"said": GOES_ON}))
    while True:
        asked = orders.get()
        body: bytes | None = None
        detail = ""
        try:
            kept = asked["kept"]
            body = studio.draw(order_of(asked), Path(asked["log"]), None if kept is None else Path(kept))
            said = "nothing" if body is None else "drawn"
        except StorageUnavailable as unavailable:
            said, detail = "unavailable", unavailable.detail
        except Exception as failed:  # a fault of ours, or of memory: told, and the next order is taken
            traceback.print_exc()
            said, detail = "failed", f"{type(failed).__name__}: {failed}"
        told = {"said": said, "detail": detail, "is_prepared": studio.is_prepared, "deriving_s": studio.deriving_s}
        _send(answers, told, body or b"")


def _send(answers: IO[bytes], told: Mapping[str, object], body: bytes = b"") -> None:
    try:
        send(answers, told, body)
    except OSError:  # nobody listens any more
        os._exit(0)


def _listen(orders: SimpleQueue[dict[str, Any]]) -> None:
    """Take what is ordered; where nothing more can come, the server is gone, and so are we."""
    try:
        while (message := receive(sys.stdin.buffer)) is not None:
            orders.put(message[0])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
