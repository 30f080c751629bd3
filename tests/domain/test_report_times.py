"""Reports are due by the clock on people's walls, summer time and all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.report_times import Every, ReportTimes

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
times = st.builds(
    ReportTimes,
    every=st.sampled_from([Every.DAILY, Every.WEEKLY]),
    hour=st.integers(0, 23),
    weekday=st.sampled_from(["Mo", "We", "Su"]),
    zone=st.sampled_from(ZONES),
)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
quick = settings(derandomize=True, deadline=None, max_examples=200)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def daily(hour: int) -> ReportTimes:
    return ReportTimes(every=Every.DAILY, hour=hour, zone="Europe/Berlin")


def test_the_hour_stays_the_same_on_the_wall_when_clocks_change() -> None:
    due = daily(9).latest(berlin("2026-03-27 12:00"))
    walls = []
    for _ in range(4):
        assert due is not None
        walls.append(due.astimezone(ZoneInfo("Europe/Berlin")).strftime("%d %H:%M"))
        due = daily(9).following(due)
    assert walls == ["27 09:00", "28 09:00", "29 09:00", "30 09:00"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_it_was(day: str, hours: int) -> None:
    due = daily(9).latest(berlin(f"{day} 10:00"))
    assert due is not None
    assert due - daily(9).start_of(due) == timedelta(hours=hours)


def test_an_hour_that_is_skipped_is_due_when_the_clock_has_passed_it_and_one_that_comes_twice_is_due_once() -> None:
    assert daily(2).latest(datetime(2026, 3, 29, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)  # 2:00 in summer time; an hour later it is 2:00 again
    assert daily(2).latest(first + timedelta(hours=3)) == first
    assert daily(2).following(first) == datetime(2026, 10, 26, 1, tzinfo=UTC)


def test_a_weekly_one_is_due_on_its_day() -> None:
    weekly = ReportTimes(every=Every.WEEKLY, hour=8, weekday="We", zone="Europe/Berlin")
    due = weekly.latest(berlin("2026-03-03 12:00"))
    assert due == berlin("2026-02-25 08:00")
    assert weekly.following(berlin("2026-03-04 08:00")) == berlin("2026-03-11 08:00")


def test_never_is_never_due() -> None:
    never = ReportTimes()
    assert (never.latest(berlin("2026-03-03 12:00")), never.following(berlin("2026-03-03 12:00"))) == (None, None)


@quick
@given(times, moments)
def test_there_is_always_one_before_and_one_after_and_nothing_between(when: ReportTimes, at: datetime) -> None:
    last, following = when.latest(at), when.following(at)
    assert last is not None
    assert following is not None
    assert last <= at < following
    assert when.following(last) == following
    assert when.start_of(following) == last
    usual = timedelta(days=1 if when.every is Every.DAILY else 7)
    assert abs(following - last - usual) <= timedelta(hours=24)  # Apia once left out a day


@pytest.mark.parametrize(
    ("wrong", "names"), [({"hour": 24}, "hour"), ({"weekday": "Xx"}, "weekday"), ({"zone": "Mars/Base"}, "time_zone")]
)
def test_what_no_clock_shows_is_refused_by_name(wrong: dict[str, object], names: str) -> None:
    with pytest.raises(ValueError, match=f"^{names} must be"):
        ReportTimes(every=Every.DAILY, **wrong)  # type: ignore[arg-type]
