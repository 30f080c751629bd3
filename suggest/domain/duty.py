"""When people are there to answer: hours of a week, written as people write them on a door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = "|".join(DAYS)
_RULE = re.compile(rf"({_DAY})(?:-({_DAY}))?\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)")
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyHours:
    """Open intervals as minutes of a week that starts on Monday; none at all means always."""

    spans: tuple[tuple[int, int], ...] = ()
    zone: str = "UTC"

    def is_open(self, at: datetime) -> bool:
        if not self.spans:
            return True
        here = at.astimezone(ZoneInfo(self.zone))
        minute = here.weekday() * _MINUTES_A_DAY + here.hour * 60 + here.minute
        return any(start <= minute < end for start, end in self.spans)

    def opens_at(self, at: datetime) -> datetime | None:
        """When people are there again; None where they are there now."""
        if self.is_open(at):
            return None
        for ahead in range(1, 15 * _MINUTES_A_DAY + 1):  # a week; two where the clock change skips this week's hours
            moment = at.replace(second=0, microsecond=0) + timedelta(minutes=ahead)
            if self.is_open(moment):
                return moment
        return None


@lru_cache(maxsize=256)
def duty_hours(text: str, zone: str) -> DutyHours:
    """Raises ValueError where the text is no hours, or the zone is none.

    >>> nine_to_five = duty_hours("Mo-Fr 09:00-17:00; Sa 10:00-12:00", "UTC")
    >>> nine_to_five.is_open(datetime.fromisoformat("2026-03-02T08:59:00+00:00"))  # a Monday
    False
    >>> nine_to_five.opens_at(datetime.fromisoformat("2026-03-01T12:00:00+00:00")).isoformat()
    '2026-03-02T09:00:00+00:00'
    >>> duty_hours("Fr 22:00-06:00", "UTC").spans  # over midnight
    ((7080, 7560),)
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time_zone must be a name like Europe/Berlin, got {zone!r}") from None
    spans: list[tuple[int, int]] = []
    for rule in filter(None, (part.strip() for part in text.split(";"))):
        found = _RULE.fullmatch(rule)
        if found is None:
            raise ValueError(f"duty_hours must read like 'Mo-Fr 09:00-17:00; Sa 10:00-12:00', got {rule!r}")
        first, last, *clock = found.groups()
        start, end = (int(clock[0]) * 60 + int(clock[1])), (int(clock[2]) * 60 + int(clock[3]))
        if max(start, end) > _MINUTES_A_DAY or int(clock[1]) > 59 or int(clock[3]) > 59:
            raise ValueError(f"duty_hours has a time that no clock shows: {rule!r}")
        end += _MINUTES_A_DAY if end <= start else 0
        n_days = (DAYS.index(last or first) - DAYS.index(first)) % 7 + 1
        spans += [
            span
            for day in range(DAYS.index(first), DAYS.index(first) + n_days)
            for span in _within_a_week(day % 7 * _MINUTES_A_DAY + start, day % 7 * _MINUTES_A_DAY + end)
        ]
    return DutyHours(spans=tuple(sorted(spans)), zone=zone)


def _within_a_week(start: int, end: int) -> list[tuple[int, int]]:
    """A night from Sunday to Monday is two pieces of the week."""
    week = 7 * _MINUTES_A_DAY
    return [(start, end)] if end <= week else [(start, week), (0, end - week)]
