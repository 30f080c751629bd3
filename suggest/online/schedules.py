"""When the report of each surface is sent, and up to where it was.

What is sent and the note that it was are one transaction: a report that was sent is not sent again after a restart, and
one that was not, is. Where several were missed, the last is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid
from suggest.domain.report_times import Every, ReportTimes
from suggest.store.ports import Cas, CasWrite, EventLog

PREFIX = "report-schedule/"
_NAMES = ("every", "hour", "weekday", "time_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    surface: str
    times: ReportTimes = field(default_factory=ReportTimes)
    address: str = ""  # of this server as whoever set it up reached it: links begin with it
    told_until: datetime | None = None  # no report due before is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A report that is to be sent, over [start, at)."""

    schedule: Schedule
    start: datetime
    at: datetime
    revision: int

    @property
    def surface(self) -> str:
        return self.schedule.surface


class Schedules:
    def __init__(self, log: EventLog, cas: Cas, *, clock: Clock) -> None:
        self._log = log
        self._cas = cas
        self._clock = clock

    def get(self, surface: str) -> Schedule:
        stored = self._cas.get(PREFIX + surface)
        return Schedule(surface=surface) if stored is None else _schedule(surface, stored.value)

    def put(self, surface: str, changes: Mapping[str, object], *, address: str) -> Schedule:
        """Change it; absent keys keep their value. What was due before this moment is not sent. Raises Invalid."""
        stored = self._cas.get(PREFIX + surface)
        before = self.get(surface)
        times = _changed(before.times, changes)
        after = replace(before, times=times, address=address, told_until=self._clock.now())
        self._cas.update(PREFIX + surface, _json(after), expected=0 if stored is None else stored.revision)
        return after

    def next_at(self, surface: str) -> datetime | None:
        return self.get(surface).times.following(self._clock.now())

    def due(self) -> list[Due]:
        """The reports that are to be sent now, at most one a surface."""
        now, found = self._clock.now(), []
        for key, stored in self._cas.keys(PREFIX).items():
            schedule = _schedule(key.removeprefix(PREFIX), stored.value)
            at = schedule.times.latest(now)
            if at is not None and (schedule.told_until is None or at > schedule.told_until):
                start = schedule.times.start_of(at)
                found.append(Due(schedule=schedule, start=start, at=at, revision=stored.revision))
        return found

    def told(self, due: Due, writes: Sequence[CasWrite]) -> bool:
        """Store what is to be sent, and that it was due, together. False where somebody else was first."""
        noted = CasWrite(PREFIX + due.surface, _json(replace(due.schedule, told_until=due.at)), due.revision)
        try:
            self._log.append([], writes=[noted, *writes])
        except Conflict:
            return False
        return True


def _changed(before: ReportTimes, changes: Mapping[str, object]) -> ReportTimes:
    unknown = [name for name in changes if name not in _NAMES]
    if unknown:
        raise _wrong(unknown[0], f"is no part of a schedule; there are {', '.join(_NAMES)}")
    stands = {"every": before.every, "hour": before.hour, "weekday": before.weekday, "time_zone": before.zone}
    wanted: dict[str, object] = {**stands, **changes}
    every, hour = wanted["every"], wanted["hour"]
    if every not in tuple(Every):
        raise _wrong("every", f"must be one of {', '.join(Every)}")
    if not isinstance(hour, int) or isinstance(hour, bool):
        raise _wrong("hour", "must be a whole number")
    try:
        return ReportTimes(
            every=Every(str(every)), hour=hour, weekday=str(wanted["weekday"]), zone=str(wanted["time_zone"])
        )
    except ValueError as wrong:
        name, _, detail = str(wrong).partition(" ")
        raise _wrong(name, detail) from None


def _wrong(name: str, detail: str) -> Invalid:
    fault = FieldError(pointer=f"/{name}", detail=detail)
    return Invalid(f"The schedule was not changed: {name} {detail}.", errors=(fault,))


def _json(schedule: Schedule) -> dict[str, object]:
    times = schedule.times
    return {
        "every": str(times.every),
        "hour": times.hour,
        "weekday": times.weekday,
        "time_zone": times.zone,
        "address": schedule.address,
        "told_until": None if schedule.told_until is None else rfc3339(schedule.told_until),
    }


def _schedule(surface: str, stored: Mapping[str, object]) -> Schedule:
    told = stored.get("told_until")
    return Schedule(
        surface=surface,
        times=ReportTimes(
            every=Every(str(stored["every"])),
            hour=int(str(stored["hour"])),
            weekday=str(stored["weekday"]),
            zone=str(stored["time_zone"]),
        ),
        address=str(stored.get("address", "")),
        told_until=None if told is None else parse_rfc3339(str(told)),
    )
