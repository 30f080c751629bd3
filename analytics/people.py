"""Where people were asked: how much went to them and why, what came back, and what the audit says of the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from analytics import quantiles
from analytics.period import Period
from analytics.snapshot import Analytics
from suggest.domain.slate import Decision
from suggest.metrics.interval import Interval, wilson
from suggest.policy.live import live_bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsOverTime:
    at: tuple[datetime, ...]
    counts: Mapping[Decision, tuple[int, ...]]  # one a stretch
    reasons: Mapping[tuple[Decision, str], int]  # over the whole period; an empty reason: likely right, so shown

    @property
    def requests(self) -> tuple[int, ...]:
        return tuple(map(sum, zip(*self.counts.values(), strict=True)))

    @property
    def n(self) -> int:
        return sum(self.requests)

    def share(self, decision: Decision, column: int) -> Interval | None:
        """Of the requests of one stretch; None where there were none."""
        n = self.requests[column]
        return wilson(self.counts[decision][column], n) if n else None

    def overall(self, decision: Decision) -> Interval | None:
        return wilson(sum(self.counts[decision]), self.n) if self.n else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsByReason:
    reason: str
    reviews: int
    answered: int
    handling_s_median: float | None  # of the answered ones that were timed, and the ends of its interval
    handling_s_low: float | None = None
    handling_s_high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audits:
    """A random sample of confident decisions, judged by people: live quality without the bias of who reacts."""

    sampled: int
    answered: int
    right: int  # a right option was in the slate

    @property
    def quality(self) -> Interval | None:
        """Share of confident slates that held a right option, 95 % bounds that hold whenever one looks; None before
        the first answer."""
        return live_bounds(self.right, self.answered, confidence=0.95) if self.answered else None


def decisions_over_time(analytics: Analytics, surface: str, period: Period) -> DecisionsOverTime:
    rows = analytics.rows(
        "decisions_over_time", surface=surface, step=period.step, **{"from": period.from_, "to": period.to}
    )
    counted: dict[tuple[object, object], int] = defaultdict(int)
    reasons: Counter[tuple[Decision, str]] = Counter()
    for row in rows:
        n = cast(int, row["requests"])
        counted[row["at"], row["decision"]] += n
        reasons[Decision(cast(str, row["decision"])), cast(str, row["reason"])] += n
    return DecisionsOverTime(
        at=period.columns,
        counts={each: tuple(counted[at, each.value] for at in period.columns) for each in Decision},
        reasons=dict(reasons.most_common()),
    )


def reviews_by_reason(analytics: Analytics, surface: str, period: Period) -> tuple[ReviewsByReason, ...]:
    bounds = {"surface": surface, "from": period.from_, "to": period.to}
    rows = quantiles.with_bounds(analytics, "reviews_by_reason", ("handling_s",), bounds, key="reason")
    return tuple(
        ReviewsByReason(
            reason=cast(str, row["reason"]),
            reviews=cast(int, row["reviews"]),
            answered=cast(int, row["answered"]),
            handling_s_median=cast("float | None", row["handling_s_median"]),
            handling_s_low=cast("float | None", row["handling_s_median_low"]),
            handling_s_high=cast("float | None", row["handling_s_median_high"]),
        )
        for row in rows
    )


def audits(analytics: Analytics, surface: str, period: Period) -> Audits:
    counted = analytics.rows("audits", surface=surface, **{"from": period.from_, "to": period.to})[0]
    return Audits(**{name: cast(int, n) for name, n in counted.items()})
