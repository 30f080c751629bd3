"""What became of the latest waits, against what the model had said when they began: what the next one is told by.

Numbers alone: they may outlive the reviews. After a restart they are those of the tasks that are still known, so the
board keeps the tasks of these (`goes_by`) beyond the day that it keeps every answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from suggest.domain.review import ReviewState
from suggest.online.task import Task
from suggest.policy.waiting import FEWEST, Miss, Modelled

MOST = 300  # waits, the latest to begin
_FRESH_S = 5.0  # so long what was counted of them serves everybody who asks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    surface: str
    at: datetime
    model: Modelled
    over_at: datetime | None  # None: still waiting
    ends_at: datetime | None  # when nobody waits any more


class Waits:
    def __init__(self) -> None:
        self._lock = Lock()  # whoever waits is told outside of the board's
        self._begun: dict[str, _Begun] = {}  # review -> its wait, in the order in which they began
        self._counted: dict[str | None, tuple[datetime, list[Miss]]] = {}

    def put(self, task: Task) -> None:
        """Take in a version of an escalation. Waits that nobody could tell anything of are left out."""
        if task.told is None:
            return
        review = task.review
        is_answered = task.state is ReviewState.ANSWERED and task.given is not None
        over_at = task.given.at if is_answered and task.given is not None else None
        begun = _Begun(surface=review.surface, at=review.at, model=task.told, over_at=over_at, ends_at=review.deadline)
        with self._lock:
            if self._begun.get(review.id) == begun:
                return
            self._begun[review.id] = begun
            if len(self._begun) > MOST:
                del self._begun[next(iter(self._begun))]
            if over_at is not None:
                self._counted.clear()

    def goes_by(self, review: str) -> bool:
        """Whether what others are told rests on this review's wait."""
        with self._lock:
            return review in self._begun

    def misses(self, surface: str | None, now: datetime) -> list[Miss]:
        """Of a surface's own waits, where enough of them have ended; else, and for None, of all."""
        with self._lock:
            known = self._counted.get(surface)
            if known is None or not 0.0 <= (now - known[0]).total_seconds() < _FRESH_S:
                known = self._counted[surface] = now, self._count(surface, now)
            return known[1]

    def is_late(self, task: Task, now: datetime) -> bool:
        """Whether a wait lasts longer than nearly all that are known, so that nothing is left to be told of it."""
        if task.told is None:
            return False
        miss = task.told.miss((now - task.review.at).total_seconds())
        known = [each.spreads for each in self.misses(task.review.surface, now) if each.is_over]
        return len(known) >= FEWEST and sum(each < miss for each in known) > 0.95 * len(known)

    def _count(self, surface: str | None, now: datetime) -> list[Miss]:
        own = [begun for begun in self._begun.values() if begun.surface == surface]
        has_enough = sum(begun.over_at is not None for begun in own) >= FEWEST
        return [_miss(begun, now) for begun in (own if has_enough else self._begun.values())]


def _miss(begun: _Begun, now: datetime) -> Miss:
    end = begun.over_at or (now if begun.ends_at is None else min(now, begun.ends_at))
    return Miss(spreads=begun.model.miss((end - begun.at).total_seconds()), is_over=begun.over_at is not None)
