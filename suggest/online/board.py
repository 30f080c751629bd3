"""The board of all tasks: what is durable of them, folded into a queue in memory, in this process and any other.

A task changes only by a compare-and-set on its version. Whatever becomes durable, here or elsewhere, is folded in, and
whoever waits for it is told. After a crash the board is rebuilt from the versions alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from suggest.domain.clock import Clock
from suggest.domain.errors import Conflict, NotFound
from suggest.domain.review import ReviewState
from suggest.online.bell import Bell
from suggest.online.escalations import Escalations
from suggest.online.messages import EscalationView, QueueCounts
from suggest.online.presence import Presence
from suggest.online.queue import Queue
from suggest.online.task import Task, task_from_json, task_json
from suggest.store.ports import Cas, CasWrite, EventLog, Versioned

PREFIX = "lease/"
KEPT_FOR = timedelta(hours=25)  # an answer, for whoever holds the token of its impression
MOST_TIDIED = 50  # tasks at a time, so that tidying never stands in the way of the queue
_NEVER = datetime.max.replace(tzinfo=UTC)


class Board:
    def __init__(
        self,
        cas: Cas,
        *,
        log: EventLog,
        queue: Queue,
        escalations: Escalations,
        presence: Presence,
        clock: Clock,
        writes_beside: Callable[[Task], list[CasWrite]] = lambda task: [],
        bell: Bell | None = None,
    ) -> None:
        """`writes_beside(task)`: what else becomes durable with a version of a task, for others to hear of it.
        `bell` rings whenever `counts` may have changed."""
        self._bell = bell or Bell()
        self._counted: tuple[tuple[object, ...], QueueCounts] | None = None  # of all surfaces, and at which state
        self._cas = cas
        self._log = log
        self._writes_beside = writes_beside
        self._queue = queue
        self._escalations = escalations
        self._presence = presence
        self._clock = clock
        self._review_of_eid: dict[str, str] = {}
        self._lock = RLock()  # over the queue; never held while something is made durable

    def restore(self) -> None:
        """Rebuild the queue from what is durable, and follow what other processes do to it."""
        known = [
            (task_from_json(key.removeprefix(PREFIX), stored.value), stored.revision)
            for key, stored in self._cas.keys(PREFIX).items()
        ]
        for task, revision in sorted(known, key=lambda each: each[0].review.at):
            with self._lock:
                self._queue.put(task, revision)
                self._note_eids(task)
                self._escalations.heard_of(task)
            if task.given is not None and task.claimed_at is not None:
                self._escalations.handled_in(task.given.at - task.claimed_at)
        self._cas.watch(PREFIX, self._on_change)

    # -- versions -----------------------------------------------------------------------------------------------------

    def known(self, review_id: str) -> tuple[Task, int]:
        """The newest version of a task and its revision. Raises NotFound."""
        for is_last_try in (False, True):
            with self._lock:
                known = self._queue.get(review_id)
            if known is not None:
                return known
            if not is_last_try:
                self.reread(review_id)
        raise NotFound(f"There is no review {review_id!r}.")

    def write(self, task: Task, revision: int) -> None:
        """Make a version durable and fold it in. Raises Conflict where another came first."""
        self.took(task, self._log.append([], writes=self.writes_of(task, revision)).revisions[0])

    def writes_of(self, task: Task, revision: int) -> list[CasWrite]:
        """The change of a task as part of a larger transaction, first, and what goes with it; 0: it is new."""
        return [CasWrite(PREFIX + task.review.id, task_json(task), revision), *self._writes_beside(task)]

    def took(self, task: Task, revision: int) -> None:
        """A version became durable: fold it in and tell who waits for it."""
        with self._lock:
            is_news = self._queue.put(task, revision)
            self._note_eids(task)
            if is_news:
                self._escalations.heard_of(task)
        if is_news:
            self._bell.ring()
        if is_news and task.is_awaited:
            self._escalations.tell(task)

    def reread(self, review_id: str) -> None:
        """Somebody else was faster: look at what they made of it."""
        self._on_change(PREFIX + review_id, self._cas.get(PREFIX + review_id))

    def review_of_eid(self, eid: str) -> str | None:
        """The review that an answer of this eid was given to, standing or taken back."""
        return self._review_of_eid.get(eid)

    # -- the queue ----------------------------------------------------------------------------------------------------

    def next(self, surface: str | None, *, suits: Callable[[Task], bool]) -> tuple[Task, int] | None:
        """The task that should be claimed now; what has lapsed by now is free again."""
        self.sweep()
        with self._lock:
            return self._queue.next(self._clock.now(), surface, suits=suits)

    def n_waiting(self, surface: str) -> int:
        with self._lock:
            return self._queue.n_waiting(surface)

    def sweep(self) -> None:
        """Let time pass: lapsed leases return to the queue, waits past their deadline end."""
        with self._lock:
            before = self._queue.n_changes
            over = self._queue.advance(self._clock.now())
            is_other = self._queue.n_changes != before
        if is_other:
            self._bell.ring()
        for task, revision in over:
            with suppress(Conflict):
                self.write(task.expired(), revision)

    def tidy(self) -> None:
        """Let go of tasks that ended more than a day ago: their answers are in the log, their tokens have expired. The
        few that waits are told by stay, else a restart after a quiet day would have to guess them."""
        before, goes_by = self._clock.now() - KEPT_FOR, self._escalations.goes_by
        with self._lock:
            old = [known for known in self._queue if _ended_at(known[0]) < before and not goes_by(known[0].review.id)]
            del old[MOST_TIDIED:]
        for task, revision in old:
            with suppress(Conflict):
                self._cas.update(PREFIX + task.review.id, None, expected=revision)
            self._drop(task.review.id)

    def forget(self, impressions: frozenset[str]) -> None:
        """The reviews of these slates were erased."""
        with self._lock:
            doomed = [task.review.id for task, _ in self._queue if task.review.impression in impressions]
        for review_id in doomed:
            self._drop(review_id)

    def counts(self, surface: str | None = None) -> QueueCounts:
        self.sweep()
        with self._lock:
            state = (self._queue.n_changes, self._presence.n_on_duty(), self._escalations.pace_s())
            if surface is None and self._counted is not None and self._counted[0] == state:
                return self._counted[1]  # ten consoles ask at every change, and it is a walk over all that wait
            by_reason = self._queue.waiting(surface)
            counts = QueueCounts(
                waiting=sum(by_reason.values()),
                claimed=self._queue.n_claimed(surface),
                by_reason=by_reason,
                oldest_at=self._queue.oldest_at(surface),
                postponed=self._queue.n_off(surface),
                workers=self._presence.n_on_duty(),
                expected_wait_s=self._escalations.wait_of_newcomer_s(),
            )
            if surface is None:
                self._counted = state, counts
            return counts

    def of_session(self, session: str) -> list[Task]:
        """The escalations of one sitting, oldest first. `session` as it stands on the tasks."""
        with self._lock:
            return self._queue.of_session(session)

    def told(self, task: Task, *, n_before: int) -> Task:
        """An escalation that is about to wait, behind so many of the same commit, with what it can be told."""
        with self._lock:
            return replace(task, told=self._escalations.estimate(task, n_before=n_before))

    def view(self, task: Task) -> EscalationView:
        with self._lock:
            return self._escalations.view(task)

    # -- steps --------------------------------------------------------------------------------------------------------

    def _on_change(self, key: str, stored: Versioned | None) -> None:
        review_id = key.removeprefix(PREFIX)
        if stored is None:
            self._drop(review_id)
        else:
            self.took(task_from_json(review_id, stored.value), stored.revision)

    def _drop(self, review_id: str) -> None:
        with self._lock:
            known = self._queue.get(review_id)
            self._queue.drop(review_id)
            for eid in () if known is None else _eids(known[0]):
                self._review_of_eid.pop(eid, None)
        if known is not None:
            self._bell.ring()

    def _note_eids(self, task: Task) -> None:
        for eid in _eids(task):
            self._review_of_eid[eid] = task.review.id


def _eids(task: Task) -> tuple[str, ...]:
    given = () if task.given is None else (task.given.eid,)
    return (*task.undone, *given, *(voice.eid for voice in task.voices))


def _ended_at(task: Task) -> datetime:
    """When a task was over; for one that is not, a time that never comes."""
    if task.state is ReviewState.ANSWERED and task.given is not None:
        return task.given.at
    if task.state is ReviewState.EXPIRED:
        return task.review.deadline or task.review.at
    return _NEVER
