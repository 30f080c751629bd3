"""The stretch of time a report speaks of, cut into hours, days or weeks so that a chart has columns one can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Step = Literal["hour", "day", "week"]
_LENGTH: dict[Step, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_MOST_HOURS = timedelta(hours=49)
_MOST_DAYS = timedelta(days=63)
_MOST_COLUMNS = 520
_YEAR = timedelta(days=366)
LONGEST = timedelta(weeks=_MOST_COLUMNS - 1)  # ten years; what is older is left to the export


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[from_, to): both aware, and in UTC whatever zone they came in, as SQL cuts time."""

    from_: datetime
    to: datetime

    def __post_init__(self) -> None:
        if self.from_.tzinfo is None or self.to.tzinfo is None:
            raise ValueError("a period needs aware times, e.g. 2026-01-02T00:00:00Z")
        for name, at in (("from_", self.from_), ("to", self.to)):
            object.__setattr__(self, name, at.astimezone(UTC))
        if not self.from_ < self.to:
            raise ValueError(f"a period runs forward, got {self.from_.isoformat()} to {self.to.isoformat()}")

    @property
    def step(self) -> Step:
        length = self.to - self.from_
        return "hour" if length <= _MOST_HOURS else "day" if length <= _MOST_DAYS else "week"

    @property
    def columns(self) -> tuple[datetime, ...]:
        """The start of every stretch, the empty ones too."""
        length, at = _LENGTH[self.step], _floor(self.from_, self.step)
        count = -((at - self.to) // length)
        return tuple(at + length * i for i in range(max(0, count - _MOST_COLUMNS), count))

    @property
    def whole_days(self) -> tuple[datetime, datetime] | None:
        """From the first midnight in it to the last; None where no day lies between, or hours are told apart."""
        first = _floor(self.from_ + timedelta(days=1) - timedelta(microseconds=1), "day")
        last = _floor(self.to, "day")
        return None if self.step == "hour" or last <= first else (first, last)

    @property
    def length(self) -> timedelta:
        """Of one stretch."""
        return _LENGTH[self.step]

    @property
    def axis(self) -> str:
        """What the columns are, for the axis under them."""
        return {"hour": "hour, UTC", "day": "day, UTC", "week": "week from, UTC"}[self.step]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._label(at) for at in self.columns)

    def _label(self, at: datetime) -> str:
        if self.step == "hour":
            return f"{at:%H}:00"
        is_long = self.to - self.from_ > _YEAR  # then a day alone could be of any year
        return f"{at:%b %Y}" if is_long else f"{at.day} {at:%b}"


def _floor(at: datetime, step: Step) -> datetime:
    """The start of the hour, day or ISO week, as SQL's date_trunc has it.

    >>> from datetime import UTC
    >>> _floor(datetime(2026, 1, 1, 10, 30, tzinfo=UTC), "week").isoformat()
    '2025-12-29T00:00:00+00:00'
    """
    if step == "hour":
        return at.replace(minute=0, second=0, microsecond=0)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if step == "day" else day - timedelta(days=day.weekday())
