"""Escalations as the person who waits sees them: where it stands, how long it may take, and news as they happen."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from threading import Lock

from suggest.domain.clock import Clock
from suggest.domain.review import ReviewState
from suggest.online.messages import EscalationView
from suggest.online.presence import Presence
from suggest.online.queue import Queue
from suggest.online.task import Task
from suggest.online.waits import Waits
from suggest.policy.waiting import FEWEST_HANDLED, Modelled, Wait, modelled, rest_of_answer, told

DEFAULT_HANDLING_S = 60.0  # of a review, until there is a worker's own pace to go by
_RECENT = 50  # answers whose handling time counts

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
        self._waits = Waits()
        self._listeners: dict[str, dict[int, Listener]] = defaultdict(dict)
        self._n_listeners = 0
        self._lock = Lock()

    def handled_in(self, taken: timedelta) -> None:
        """A worker needed this long for an answer."""
        self._handling_s.append(max(taken.total_seconds(), 0.0))

    def heard_of(self, task: Task) -> None:
        """A version of an escalation: when it came, and whether its wait is over."""
        self._waits.put(task)

    def goes_by(self, review: str) -> bool:
        """Whether what others are told of their wait rests on this review."""
        return self._waits.goes_by(review)

    def view(self, task: Task) -> EscalationView:
        now = self._clock.now()
        state = task.state_at(now)
        n_workers = self._presence.n_on_duty()
        is_final = state in {ReviewState.ANSWERED, ReviewState.EXPIRED}
        is_away = n_workers == 0 or not self._is_open(task.review.surface)
        wait = None if is_final else self._wait(task, state, now, n_workers)
        is_late = state is ReviewState.WAITING and self._waits.is_late(task, now)
        return EscalationView(
            id=task.review.id,
            surface=task.review.surface,
            impression=task.review.impression,
            state=state,
            answer=None if task.given is None else task.given.answer,
            expected_wait_s=None if wait is None else round(wait.middle_s, 1),
            on_duty=n_workers > 0,
            message=self._out_of_hours(task.review.surface) if not is_final and is_away else None,
            wait=None if wait is None or is_late else wait,
            is_late=is_late,
        )

    def wait_of_newcomer_s(self) -> float | None:
        """What an escalation that arrives now, behind all that wait, would be told; None with nobody on duty."""
        n_workers = self._presence.n_on_duty()
        if n_workers == 0:
            return None
        model = self._modelled(sum(self._queue.waiting().values()), n_workers)
        return round(told(model, self._waits.misses(None, self._clock.now()), longest_s=math.inf).middle_s, 1)

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

    def estimate(self, task: Task, *, n_before: int = 0) -> Modelled | None:
        """What the model says of an escalation that begins to wait now, behind `n_before` that come with it; None while
        nobody can tell when somebody will look, or how long an answer takes here."""
        n_workers = self._presence.n_on_duty()
        is_known = len(self._handling_s) >= FEWEST_HANDLED
        if n_workers == 0 or not is_known or not self._is_open(task.review.surface):
            return None
        return self._modelled(self._queue.ahead_of(task) + n_before, n_workers)

    def _wait(self, task: Task, state: ReviewState, now: datetime, n_workers: int) -> Wait | None:
        """What is left of the wait of a task that is not over, with somebody on duty."""
        if n_workers == 0:
            return None
        if state is ReviewState.CLAIMED and task.claimed_at is not None:
            return rest_of_answer(self._handled_s(), since_s=(now - task.claimed_at).total_seconds())
        model = self._modelled(self._queue.ahead_of(task), n_workers)
        longest_s = math.inf if task.review.deadline is None else max((task.review.deadline - now).total_seconds(), 0.0)
        wait = told(model, self._waits.misses(task.review.surface, now), longest_s=longest_s)
        if task.not_before is None:
            return wait
        off_s = max((task.not_before - now).total_seconds(), 0.0) + self.pace_s()
        return replace(wait, **{end: max(getattr(wait, end), off_s) for end in ("middle_s", "low_s", "high_s")})

    def _modelled(self, ahead: int, n_workers: int) -> Modelled:
        return modelled(self._handled_s(), ahead=ahead, held=self._queue.n_claimed(), workers=n_workers)

    def _handled_s(self) -> Sequence[float]:
        return self._handling_s or (DEFAULT_HANDLING_S,)
