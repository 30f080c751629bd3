"""When a report is due: once a day or a week, at an hour that people's clocks show.

A day is 23 hours where clocks go forward and 25 where they go back, and so is the time a daily report speaks of then.
An hour that is skipped is due when the clock has passed it; one that comes twice is due the first time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from suggest.domain.duty import DAYS

_A_MOMENT = timedelta(microseconds=1)


class Every(StrEnum):
    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTimes:
    every: Every = Every.NEVER
    hour: int = 8  # 0 to 23, of the zone's clock
    weekday: str = "Mo"  # of a weekly one
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not 0 <= self.hour <= 23:
            raise ValueError(f"hour must be from 0 to 23, got {self.hour}")
        if self.weekday not in DAYS:
            raise ValueError(f"weekday must be one of {', '.join(DAYS)}, got {self.weekday!r}")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"time_zone must be a name like Europe/Berlin, got {self.zone!r}") from None

    def latest(self, at: datetime) -> datetime | None:
        """The last time one was due, up to and with `at`; None: never.

        >>> nine = ReportTimes(every=Every.DAILY, hour=9, zone="Europe/Berlin")
        >>> nine.latest(datetime(2026, 3, 29, 7, 0, tzinfo=UTC)).isoformat()  # clocks went forward that night
        '2026-03-29T07:00:00+00:00'
        >>> nine.latest(datetime(2026, 3, 29, 6, 59, tzinfo=UTC)).isoformat()
        '2026-03-28T08:00:00+00:00'
        """
        found = [moment for moment in self._around(at) if moment <= at]
        return max(found) if found else None

    def following(self, at: datetime) -> datetime | None:
        """The next time one is due, after `at`; None: never."""
        found = [moment for moment in self._around(at) if moment > at]
        return min(found) if found else None

    def start_of(self, due: datetime) -> datetime:
        """Where the time begins that the report of `due` speaks of: the time before that one was due."""
        before = self.latest(due - _A_MOMENT)
        assert before is not None
        return before

    def _around(self, at: datetime) -> list[datetime]:
        """The times due within a good week of `at`."""
        if self.every is Every.NEVER:
            return []
        zone = ZoneInfo(self.zone)
        here = at.astimezone(zone).date()
        days = [here + timedelta(days=ahead) for ahead in range(-8, 9)]
        if self.every is Every.WEEKLY:
            days = [day for day in days if DAYS[day.weekday()] == self.weekday]
        return [datetime.combine(day, time(self.hour), zone).astimezone(UTC) for day in days]
