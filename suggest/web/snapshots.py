"""The snapshot that reports are drawn from, and who draws them: a process of its own, in nobody's way.

One snapshot serves everybody for up to a minute, and so does what was measured on it: the page, and the CSV of each of
its figures, speak of the same moment. It is taken here, where the log is open, on a thread that gives way; the process
opens the file. Snapshots lie in the data folder, where erasure finds and removes them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from suggest.domain.errors import ReportUnavailable, StorageUnavailable
from suggest.store.embedded import EmbeddedStore
from suggest.web.report_process import ProcessGone, Reply, ReportProcess
from suggest.web.threads import run_aside

if TYPE_CHECKING:  # imported by whoever first looks at a report: no start should wait for them
    from analytics.orders import FileOrder, Order

log = logging.getLogger("suggest.web")
FRESH_FOR_S = 60.0
MOST_OF_THE_TIME = 20.0  # a snapshot serves so many times as long as it took: taking them costs a twentieth at most
IDLE_S = 900.0  # unread for so long, the process ends, and what it holds in memory is free
_FOLDER = Path("snapshots", "reports")  # erasure empties snapshots/
_KEPT = "derived"  # what was derived from the snapshot beside it, for the next one


class Snapshots:
    """The newest snapshot, taken again when it is a minute old. Safe from many threads."""

    def __init__(
        self,
        store: EmbeddedStore,
        *,
        monotonic_s: Callable[[], float],
        start: Callable[[], ReportProcess] | None = None,
    ) -> None:
        self._store = store
        self._monotonic_s = monotonic_s
        self._start = start or partial(ReportProcess, monotonic_s=monotonic_s)
        self._path: Path | None = None
        self._is_prepared = False  # what is derived from it is whole
        self._fresh_for_s = FRESH_FOR_S
        self._taken_at_s = 0.0
        self._asked_at_s = 0.0
        self._drawing: ReportProcess | None = None
        self._has_opened = False  # the process that draws has something of ours open
        self._filing: ReportProcess | None = None
        self.n_started = 0
        self._lock = Lock()  # one page at a time: reports may wait for each other, never anybody for them
        self._file_lock = Lock()

    def draw(self, order: Order) -> bytes | None:
        """What was ordered, of the newest snapshot; None where there is no such thing.

        Raises ReportUnavailable where the process ends meanwhile; the next order starts another."""
        with self._lock:
            self._asked_at_s = self._monotonic_s()
            process = self._running()  # it imports while the snapshot is taken
            began_s = self._monotonic_s()
            is_carried_on = not self._is_fresh(began_s) and run_aside(self._freshen, began_s)
            took_s = self._monotonic_s() - began_s
            assert self._path is not None
            self._has_opened = True
            try:
                reply = process.ask(order, log=self._path, kept=self._path.parent / _KEPT)
            except ProcessGone as gone:
                process.end()
                if not self._is_prepared:
                    self._path = None  # half derived: begin anew
                raise _unavailable(gone) from gone
            self._is_prepared = reply.is_prepared
            if not reply.is_prepared:
                self._forget()
            if is_carried_on:
                self._fresh_for_s = max(FRESH_FOR_S, MOST_OF_THE_TIME * (took_s + reply.deriving_s))
            return _drawn(reply)

    def draw_file(self, order: FileOrder) -> bytes:
        """All pages, of a snapshot taken for them and by a process started for them: pages are read meanwhile."""
        with self._file_lock:
            path = run_aside(self._store.snapshot, self._store.data_dir / "snapshots")
            process = None
            try:
                process = self._filing = self._started()
                return _drawn(process.ask(order, log=path)) or b""
            except ProcessGone as gone:
                raise _unavailable(gone) from gone
            finally:
                path.unlink(missing_ok=True)
                self._filing = None
                if process is not None:
                    process.end()

    def look(self) -> None:
        """Let go of a snapshot that was erased, and of a process that nobody asks. Called every second."""
        if not self._lock.acquire(blocking=False):
            return  # somebody reads
        try:
            if self._path is not None and not self._path.is_file():
                self._forget()
            if self._drawing is not None and self._monotonic_s() - self._asked_at_s > IDLE_S:
                self._drawing.end()
                self._drawing = None
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the processes, whatever they draw. Whoever reads again starts anew."""
        for process in (self._drawing, self._filing):
            if process is not None:
                process.end()

    @property
    def processes(self) -> tuple[ReportProcess, ...]:
        """Those that run."""
        return tuple(each for each in (self._drawing, self._filing) if each is not None and each.is_alive)

    def _running(self) -> ReportProcess:
        if self._drawing is None or not self._drawing.is_alive:
            if self._drawing is not None:
                self._drawing.end()  # its pipes
            try:
                self._drawing, self._has_opened = self._started(), False
            except ProcessGone as gone:
                raise _unavailable(gone) from gone
        return self._drawing

    def _started(self) -> ReportProcess:
        self.n_started += 1
        return self._start()

    def _is_fresh(self, now_s: float) -> bool:
        return self._path is not None and now_s - self._taken_at_s < self._fresh_for_s and self._path.is_file()

    def _freshen(self, now_s: float) -> bool:
        """Take a snapshot where there is none, or carry the old one on; whether it was that."""
        is_there = self._path is not None and self._path.is_file()
        before = self._path if is_there and self._is_prepared else None
        self._forget()
        folder = self._store.data_dir / _FOLDER
        if before is None:
            shutil.rmtree(folder, ignore_errors=True)  # what an erasure or a killed server left
        try:
            self._path = self._store.carry_on(folder, before)
        except OSError:  # an erasure removed it at this very moment
            shutil.rmtree(folder, ignore_errors=True)
            self._path = self._store.carry_on(folder, None)
        self._taken_at_s = self._monotonic_s()
        self._fresh_for_s = max(FRESH_FOR_S, MOST_OF_THE_TIME * (self._taken_at_s - now_s))
        return before is not None

    def _forget(self) -> None:
        from analytics.orders import LetGo

        self._path, self._is_prepared = None, False
        if self._drawing is not None and self._drawing.is_alive and self._has_opened:
            self._has_opened = False
            try:
                self._drawing.ask(LetGo())
            except ProcessGone:
                self._drawing.end()


def _drawn(reply: Reply) -> bytes | None:
    if reply.said == "unavailable":
        raise StorageUnavailable(reply.detail)
    if reply.said == "failed":
        raise RuntimeError(f"a report failed: {reply.detail}")
    return reply.body if reply.said == "drawn" else None


def _unavailable(gone: ProcessGone) -> ReportUnavailable:
    log.warning("the process that draws reports: %s", gone)
    return ReportUnavailable(f"The process that draws reports: {gone}. Ask again, and another is started.")
