"""The bounded queue before the one writer: full means refused at once, so that overload is an answer and not a wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition

from suggest.domain.errors import Overloaded, StorageUnavailable
from suggest.store.columns import Row
from suggest.store.fold import EncodedWrite
from suggest.store.ports import Appended

LONGEST_ROWS = 20_000
LONGEST_BYTES = 64 * 2**20
BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Submission:
    """What one caller wants written, all of it or nothing."""

    rows: Sequence[Row]
    writes: Sequence[EncodedWrite]
    size_bytes: int
    future: Future[Appended] = field(default_factory=Future)

    @property
    def n_rows(self) -> int:
        return len(self.rows) + len(self.writes)


@dataclass(frozen=True, slots=True)
class Task:
    """Something that must happen on the writer's thread, between two transactions."""

    act: Callable[[], None]


class WriteQueue:
    def __init__(self, *, longest_rows: int = LONGEST_ROWS, longest_bytes: int = LONGEST_BYTES) -> None:
        self._longest_rows = longest_rows
        self._longest_bytes = longest_bytes
        self._changed = Condition()
        self._waiting: deque[Submission | Task] = deque()
        self._rows = 0
        self._bytes = 0
        self._is_closed = False

    def __len__(self) -> int:
        """Rows that wait."""
        return self._rows

    def put(self, submission: Submission) -> None:
        """Raises Overloaded where it does not fit; a submission that could never fit is a ValueError."""
        if submission.n_rows > self._longest_rows or submission.size_bytes > self._longest_bytes:
            raise ValueError(
                f"{submission.n_rows} rows of {submission.size_bytes} bytes do not fit one transaction: "
                f"send at most {self._longest_rows} rows and {self._longest_bytes} bytes at once"
            )
        with self._changed:
            self._refuse_if_closed()
            if (
                self._rows + submission.n_rows > self._longest_rows
                or self._bytes + submission.size_bytes > self._longest_bytes
            ):
                raise Overloaded("the write queue is full: nothing was taken, try again in a second")
            self._waiting.append(submission)
            self._rows += submission.n_rows
            self._bytes += submission.size_bytes
            self._changed.notify()

    def put_task(self, task: Task) -> None:
        with self._changed:
            self._refuse_if_closed()
            self._waiting.append(task)
            self._changed.notify()

    def take(self, *, timeout_s: float) -> list[Submission] | Task | None:
        """What is waiting, up to BATCH_ROWS rows (a larger submission comes alone), or a task, or [] after the timeout.

        None: closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, timeout_s)
            if not self._waiting:
                return None if self._is_closed else []
            first = self._waiting[0]
            if isinstance(first, Task):
                self._waiting.popleft()
                return first
            batch: list[Submission] = []
            n_rows = 0
            while self._waiting and isinstance(following := self._waiting[0], Submission):
                if batch and n_rows + following.n_rows > BATCH_ROWS:
                    break
                self._waiting.popleft()
                batch.append(following)
                n_rows += following.n_rows
                self._bytes -= following.size_bytes
            self._rows -= n_rows
            return batch

    def close(self) -> None:
        """Take nothing more; what waits is still handed out."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise StorageUnavailable("the log is closed")
