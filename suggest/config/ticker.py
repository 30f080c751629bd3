"""The one thread that lets time pass: it calls once a second and survives what it calls."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

log = logging.getLogger(__name__)
EVERY_S = 1.0


class Ticker:
    def __init__(self, *, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._stop = Event()
        self._beginning = Lock()
        self._thread: Thread | None = None

    def start(self, tick: Callable[[], None]) -> None:
        with self._beginning:
            if self._thread is None and not self._stop.is_set():
                self._thread = Thread(target=self._run, args=(tick,), name="ticker", daemon=True)
                self._thread.start()

    def _run(self, tick: Callable[[], None]) -> None:
        while not self._stop.wait(self._every_s):
            try:
                tick()
            except Exception:  # one bad second must not end all the others
                log.exception("a tick failed")

    def close(self) -> None:
        """Let the present tick end; harmless where it never began."""
        self._stop.set()
        with self._beginning:
            begun = self._thread
        if begun is not None:
            begun.join(timeout=5.0)
