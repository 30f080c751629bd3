"""Escalations as the person who waits sees them: where it stands, how long it may take, and news as they happen."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from threading import Lock

from suggest.domain.clock import Clock
from suggest.domain.review import ReviewState
from suggest.online.messages import EscalationView
from suggest.online.presence import Presence
from suggest.online.queue import Queue
from suggest.online.task import Task

DEFAULT_HANDLING_S = 60.0  # of a review, until there is a worker's own pace to go by
_RECENT = 50  # answers whose handling time counts
_FEWEST = 10  # answers from which on their spread says something

Listener = Callable[[EscalationView], None]


class Escalations:
    """Views and listeners over the queue. The queue is only read, under its owner's lock."""

    def __init__(
        self,
        queue: Queue,
        presence: Presence,
        *,
        clock: Clock,
        out_of_hours: Callable[[str], str | None],
        is_open: Callable[[str], bool] = lambda surface: True,
    ) -> None:
        """`out_of_hours` is what a surface says while nobody is on duty, or outside its hours, by `is_open`."""
        self._is_open = is_open
        self._queue = queue
        self._presence = presence
        self._clock = clock
        self._out_of_hours = out_of_hours
        self._handling_s: deque[float] = deque(maxlen=_RECENT)
        self._listeners: dict[str, dict[int, Listener]] = defaultdict(dict)
        self._n_listeners = 0
        self._lock = Lock()

    def handled_in(self, taken: timedelta) -> None:
        """A worker needed this long for an answer."""
        self._handling_s.append(max(taken.total_seconds(), 0.0))

    def view(self, task: Task) -> EscalationView:
        now = self._clock.now()
        state = task.state_at(now)
        n_workers = self._presence.n_on_duty()
        is_final = state in {ReviewState.ANSWERED, ReviewState.EXPIRED}
        is_away = n_workers == 0 or not self._is_open(task.review.surface)
        wait_s = None if is_final else self._wait_s(task, state, now, n_workers)
        return EscalationView(
            id=task.review.id,
            surface=task.review.surface,
            impression=task.review.impression,
            state=state,
            answer=None if task.given is None else task.given.answer,
            expected_wait_s=wait_s,
            on_duty=n_workers > 0,
            message=self._out_of_hours(task.review.surface) if not is_final and is_away else None,
            wait_range_s=None if wait_s is None else self._wait_range_s(wait_s),
        )

    def wait_of_newcomer_s(self) -> float | None:
        """What an escalation that arrives now would be told; None with nobody on duty."""
        n_workers = self._presence.n_on_duty()
        n_waiting = sum(self._queue.waiting().values())
        return None if n_workers == 0 else round((n_waiting + 1) * self.pace_s() / n_workers, 1)

    def pace_s(self) -> float:
        """Median seconds a recent answer took its worker."""
        return median(self._handling_s) if self._handling_s else DEFAULT_HANDLING_S

    def subscribe(self, review_id: str, listener: Listener) -> Callable[[], None]:
        """Hear of every later change of an escalation. Returns what ends it."""
        with self._lock:
            self._n_listeners += 1
            name = self._n_listeners
            self._listeners[review_id][name] = listener

        def unsubscribe() -> None:
            with self._lock:
                of_review = self._listeners.get(review_id, {})
                of_review.pop(name, None)
                if not of_review:
                    self._listeners.pop(review_id, None)

        return unsubscribe

    def tell(self, task: Task) -> None:
        """Something about this task has changed."""
        with self._lock:
            listeners = list(self._listeners.get(task.review.id, {}).values())
        if listeners:
            view = self.view(task)
            for listener in listeners:
                listener(view)

    def tell_all(self) -> None:
        """Something that concerns everybody who waits has changed: a worker came or the last one left."""
        with self._lock:
            listened = list(self._listeners)
        for review_id in listened:
            known = self._queue.get(review_id)
            if known is not None:
                self.tell(known[0])

    def _wait_s(self, task: Task, state: ReviewState, now: datetime, n_workers: int) -> float | None:
        """(reviews ahead + 1) x the usual handling time / workers; for one in work, what is left of that time."""
        if n_workers == 0:
            return None
        pace_s = self.pace_s()
        if state is ReviewState.CLAIMED and task.claimed_at is not None:
            return round(max(pace_s - (now - task.claimed_at).total_seconds(), pace_s / 4), 1)
        queued_s = (self._queue.ahead_of(task) + 1) * pace_s / n_workers
        off_s = (task.not_before - now).total_seconds() + pace_s if task.not_before is not None else 0.0
        return round(max(queued_s, off_s), 1)

    def _wait_range_s(self, wait_s: float) -> tuple[float, float]:
        """Between which two times it will most likely be: the expected wait, as much shorter and longer as a tenth of
        the recent answers were, less so the more answers the wait is made of."""
        recent = sorted(self._handling_s)
        pace_s = self.pace_s()
        if len(recent) < _FEWEST or pace_s <= 0.0:
            return round(wait_s / 2, 1), round(wait_s * 2, 1)
        n_answers = max(wait_s / pace_s, 1.0)
        low, high = recent[len(recent) // 10] / pace_s, recent[-1 - len(recent) // 10] / pace_s
        return (
            round(wait_s * (1 + (min(low, 1.0) - 1) / n_answers**0.5), 1),
            round(wait_s * (1 + (max(high, 1.0) - 1) / n_answers**0.5), 1),
        )
