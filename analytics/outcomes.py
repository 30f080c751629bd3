"""What became of what was served: outcomes over time, and by the position an option stood at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from analytics.period import Period
from analytics.snapshot import Analytics
from suggest.domain.event import Outcome
from suggest.metrics.interval import Interval, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesOverTime:
    at: tuple[datetime, ...]  # start of each stretch
    counts: Mapping[Outcome, tuple[int, ...]]  # one a stretch

    def total(self, outcome: Outcome) -> int:
        return sum(self.counts[outcome])

    @property
    def n(self) -> int:
        return sum(map(sum, self.counts.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionOutcomes:
    position: int  # 0 is the top
    shown: int
    examined: int
    selected: int

    @property
    def examined_share(self) -> Interval:
        """Of the times something stood here."""
        return wilson(self.examined, self.shown)

    @property
    def selected_share(self) -> Interval:
        """Of the times it was looked at."""
        return wilson(self.selected, self.examined)


def outcomes_over_time(analytics: Analytics, surface: str, period: Period) -> OutcomesOverTime:
    """Impressions of a surface by outcome, a column a stretch of the period; all six outcomes, zeros too."""
    rows = analytics.rows(
        "outcomes_over_time", surface=surface, step=period.step, **{"from": period.from_, "to": period.to}
    )
    counted = {(row["at"], row["outcome"]): cast(int, row["impressions"]) for row in rows}
    return OutcomesOverTime(
        at=period.columns,
        counts={outcome: tuple(counted.get((at, outcome.value), 0) for at in period.columns) for outcome in Outcome},
    )


def outcomes_by_position(analytics: Analytics, surface: str, period: Period) -> tuple[PositionOutcomes, ...]:
    """One row a position, from the top, over impressions that were shown and are no longer pending."""
    rows = analytics.rows("outcomes_by_position", surface=surface, **{"from": period.from_, "to": period.to})
    return tuple(
        PositionOutcomes(
            position=cast(int, row["position"]),
            shown=cast(int, row["shown"]),
            examined=cast(int, row["examined"]),
            selected=cast(int, row["selected"]),
        )
        for row in rows
    )
