"""The review queue in memory: which task is next, who holds what, how many wait. No storage, no clock, no threads.

It is a fold over versions of tasks: `put` takes any of them in any order, keeps the newest of each, and the same
versions always make the same queue. A lapsed claim comes back by itself when somebody looks at a later time."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import merge

from suggest.domain.review import ReviewReason, ReviewState
from suggest.online.task import Task

_Urgency = tuple[int, float, str]


class Queue:
    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Task, int]] = {}
        self._waiting: dict[str, list[_Urgency]] = {}  # surface -> sorted
        self._claimed: set[str] = set()
        self._off: set[str] = set()  # waiting, but put off until later
        self._wakes: list[tuple[datetime, str, int]] = []  # heap: when to look at a task again, and at which version
        self._of_session: dict[str, set[str]] = {}
        self.n_changes = 0  # of what waits, is held or is put off

    def put(self, task: Task, revision: int) -> bool:
        """Take in a version of a task. False where a newer or the same one is known already."""
        known = self._tasks.get(task.review.id)
        if known is not None and known[1] >= revision:
            return False
        if known is not None:
            self._leave(known[0])
        self._tasks[task.review.id] = (task, revision)
        if task.session is not None and task.is_awaited:
            self._of_session.setdefault(task.session, set()).add(task.review.id)
        if task.state is ReviewState.WAITING and task.not_before is not None:
            self._off.add(task.review.id)
            self.n_changes += 1
            self._wake(task.not_before, task, revision)
            self._wake(task.review.deadline, task, revision)
        elif task.state is ReviewState.WAITING:
            self._wait(task)
            self._wake(task.review.deadline, task, revision)
        elif task.state is ReviewState.CLAIMED:
            self._hold(task)
            self._wake(task.lease_until, task, revision)
        return True

    def drop(self, review_id: str) -> None:
        """Forget a task altogether."""
        known = self._tasks.pop(review_id, None)
        if known is None:
            return
        self._leave(known[0])
        if known[0].session is not None:
            held = self._of_session.get(known[0].session, set())
            held.discard(review_id)
            if not held:
                self._of_session.pop(known[0].session, None)

    def get(self, review_id: str) -> tuple[Task, int] | None:
        return self._tasks.get(review_id)

    def next(
        self, now: datetime, surface: str | None = None, *, suits: Callable[[Task], bool] = lambda task: True
    ) -> tuple[Task, int] | None:
        """The task that should be claimed now: the most urgent of those that `suits` lets through."""
        self.advance(now)
        while True:
            names = self._waiting if surface is None else [surface]
            in_order = merge(*(self._waiting[name] for name in names if self._waiting.get(name)))
            found = next((self._tasks[each[2]] for each in in_order if suits(self._tasks[each[2]][0])), None)
            if found is None:
                return None
            task, revision = found
            if task.state_at(now) is not ReviewState.CLAIMED:
                return task, revision
            self._leave(task)  # the clock went back: that claim is not over after all
            self._hold(task)
            self._wake(task.lease_until, task, revision)

    def advance(self, now: datetime) -> list[tuple[Task, int]]:
        """Let time pass: lapsed claims wait again. Returns the waits whose deadline is over; they are offered to nobody
        any more."""
        over = []
        while self._wakes and self._wakes[0][0] <= now:
            _, review_id, revision = heapq.heappop(self._wakes)
            known = self._tasks.get(review_id)
            if known is None or known[1] != revision:
                continue
            task = known[0]
            state = task.state_at(now)
            if task.state is ReviewState.CLAIMED and review_id in self._claimed:
                self._claimed.discard(review_id)
                self.n_changes += 1
                if state is ReviewState.WAITING:
                    self._wait(task)
                    self._wake(task.review.deadline, task, revision)
            if state is ReviewState.EXPIRED:
                self._leave(task)
                over.append(known)
            elif review_id in self._off and not task.is_off_at(now):
                self._off.discard(review_id)
                self._wait(task)
        return over

    def ahead_of(self, task: Task) -> int:
        """How many waiting tasks will be offered before this one."""
        return sum(bisect_left(waiting, task.urgency) for waiting in list(self._waiting.values()))

    def n_waiting(self, surface: str) -> int:
        return len(self._waiting.get(surface, ()))

    def n_off(self, surface: str | None = None) -> int:
        """How many were put off until later."""
        return sum(surface in (None, self._tasks[off][0].review.surface) for off in self._off)

    def waiting(self, surface: str | None = None) -> dict[ReviewReason, int]:
        counts = dict.fromkeys(ReviewReason, 0)
        for urgency in self._urgencies(surface):
            counts[self._tasks[urgency[2]][0].review.reason] += 1
        return counts

    def n_claimed(self, surface: str | None = None) -> int:
        return sum(surface in (None, self._tasks[held][0].review.surface) for held in self._claimed)

    def oldest_at(self, surface: str | None = None) -> datetime | None:
        return min((self._tasks[each[2]][0].review.at for each in self._urgencies(surface)), default=None)

    def of_session(self, session: str) -> list[Task]:
        """The escalations of one person's sitting, oldest first."""
        tasks = [self._tasks[each][0] for each in self._of_session.get(session, ())]
        return sorted(tasks, key=lambda task: (task.review.at, task.review.id))

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[tuple[Task, int]]:
        return iter(list(self._tasks.values()))

    def _urgencies(self, surface: str | None) -> Iterator[_Urgency]:
        for name, waiting in list(self._waiting.items()):
            if surface in (None, name):
                yield from waiting

    def _hold(self, task: Task) -> None:
        self.n_changes += 1
        self._claimed.add(task.review.id)

    def _wait(self, task: Task) -> None:
        self.n_changes += 1
        insort(self._waiting.setdefault(task.review.surface, []), task.urgency)

    def _leave(self, task: Task) -> None:
        self.n_changes += 1
        self._claimed.discard(task.review.id)
        self._off.discard(task.review.id)
        waiting = self._waiting.get(task.review.surface, [])
        at = bisect_left(waiting, task.urgency)
        if at < len(waiting) and waiting[at] == task.urgency:
            del waiting[at]

    def _wake(self, at: datetime | None, task: Task, revision: int) -> None:
        if at is not None:
            heapq.heappush(self._wakes, (at, task.review.id, revision))
