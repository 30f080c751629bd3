"""A plan for handing work over to the model: which share of requests goes to people at least, from when to when."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_STEP = re.compile(r"(\d{4}-\d\d-\d\d)\s+(\d{1,3}(?:\.\d+)?)\s*%")
MOST_STEPS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    """Shares at moments in order; a straight line between two, the first before them all, the last after."""

    steps: tuple[tuple[datetime, float], ...] = ()

    def share_at(self, moment: datetime) -> float:
        """The share of requests that goes to people at least; 0 without a plan."""
        if not self.steps:
            return 0.0
        place = bisect_right([at for at, _ in self.steps], moment)
        if place in (0, len(self.steps)):
            return self.steps[min(place, len(self.steps) - 1)][1]
        (begin, high), (end, low) = self.steps[place - 1], self.steps[place]
        return high + (low - high) * ((moment - begin) / (end - begin))


@lru_cache(maxsize=256)
def review_plan(text: str, zone: str) -> ReviewPlan:
    """Days and shares as people write them, each day from its midnight in `zone`. Raises ValueError for what is none.

    >>> plan = review_plan("2026-12-01 100%; 2026-12-11 20%", "UTC")
    >>> [round(plan.share_at(datetime.fromisoformat(f"2026-12-{day}T00:00:00+00:00")), 2) for day in ("01", "06", "24")]
    [1.0, 0.6, 0.2]
    """
    steps: list[tuple[datetime, float]] = []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        found = _STEP.fullmatch(part)
        if found is None or float(found[2]) > 100:
            raise ValueError(f"review_plan must read like '2026-12-01 100%; 2027-03-01 20%', got {part!r}")
        try:
            day = datetime.fromisoformat(found[1])
        except ValueError:
            raise ValueError(f"review_plan has a day that no calendar shows: {found[1]!r}") from None
        steps.append((day.replace(tzinfo=ZoneInfo(zone)), float(found[2]) / 100))
    days = [at for at, _ in steps]
    if any(after <= before for before, after in pairwise(days)):
        raise ValueError("review_plan must name its days in order, each once")
    if len(steps) > MOST_STEPS:
        raise ValueError(f"review_plan may have {MOST_STEPS} days at most, got {len(steps)}")
    return ReviewPlan(steps=tuple(steps))
