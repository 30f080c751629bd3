"""Catch up: what a start need not wait for. It is of the log as it was before the first request, and worked through
beside the traffic.

The instant head is taught again what is newer than its bundle, p_accept what people did with what they were shown, and
the serving bundle judges the requests of before the start anew. That is hundreds of rankings and thousands of rows, a
second on a busy machine; the memory, which carries most of what was learned, and the watch, which may forbid to act
alone, are there from the first request. What a bundle installed meanwhile makes void is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

from suggest.online.history import Told, teach_again
from suggest.online.suggester import Suggester
from suggest.retrieve.vectors import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What one surface has still to be told, each oldest first."""

    suggester: Suggester
    bundle: str  # that serves at the start; another one knows these outcomes already
    outcomes: Callable[[], Sequence[Told]]  # of before the start, read when their turn has come
    requests: Sequence[Vector]  # contexts of the latest requests
    habits: Callable[[], None]  # tells what people did before the start


class CatchUp:
    """One start's backlog: filled, then worked through once, here (`run`) or beside the traffic (`start`)."""

    def __init__(self) -> None:
        self._behind: list[Behind] = []
        self._is_stopped = Event()
        self._beginning = Lock()
        self._thread: Thread | None = None

    def add(self, behind: Behind) -> None:
        self._behind.append(behind)

    def start(self) -> None:
        """Work through it on a thread of its own; nothing happens where it was closed already."""
        with self._beginning:  # a server may be stopped in the moment in which it is ready
            if self._is_stopped.is_set():
                return
            self._thread = Thread(target=self.run, name="catch-up", daemon=True)
            self._thread.start()

    def run(self) -> None:
        for behind in self._behind:  # first of every surface what changes the order of options
            self._teach(behind)
        for behind in self._behind:  # which hangs on who asks, too
            behind.suggester.memory.seal()
            if not self._is_stopped.is_set():
                behind.habits()
        for behind in self._behind:
            if behind.suggester.bundle == behind.bundle:
                behind.suggester.restore_requests(behind.requests, is_stopped=self._is_stopped.is_set)
        self._behind.clear()

    def close(self) -> None:
        """Leave the rest; returns when nothing is being computed any more. Harmless a second time."""
        self._is_stopped.set()
        with self._beginning:
            begun = self._thread
        if begun is not None:
            begun.join()

    def _teach(self, behind: Behind) -> None:
        if self._is_stopped.is_set() or behind.suggester.bundle != behind.bundle:
            return
        for told in behind.outcomes():
            if self._is_stopped.is_set() or behind.suggester.bundle != behind.bundle:
                return
            teach_again(behind.suggester, told)
