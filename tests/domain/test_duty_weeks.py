"""Hours of duty against a calendar read minute by minute: weeks, nights, time zones and the clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.duty import DAYS, DutyHours, duty_hours

quick = settings(derandomize=True, deadline=None, max_examples=60)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati")
clocks = st.tuples(st.integers(0, 23), st.integers(0, 59))
rules = st.tuples(st.integers(0, 6), st.integers(0, 6), clocks, clocks)
moments = st.integers(0, 366 * 24 * 60 - 1).map(lambda minute: MONDAY + timedelta(minutes=minute))
Rule = tuple[int, int, tuple[int, int], tuple[int, int]]


def written(told: list[Rule]) -> str:
    return "; ".join(
        f"{DAYS[first]}-{DAYS[last]} {start[0]:02d}:{start[1]:02d}-{end[0]:02d}:{end[1]:02d}"
        for first, last, start, end in told
    )


def is_there(told: list[Rule], here: datetime) -> bool:
    """Whether a sign on a door that is read by a person says open: today's line, or the night that began yesterday."""
    now = (here.hour, here.minute)
    for first, last, start, end in told:
        days = [first]
        while days[-1] != last:
            days.append((days[-1] + 1) % 7)
        is_night = end <= start
        if here.weekday() in days and start <= now and (is_night or now < end):
            return True
        if is_night and (here.weekday() - 1) % 7 in days and now < end:
            return True
    return False


@quick
@given(st.lists(rules, min_size=1, max_size=4), st.sampled_from(ZONES), moments)
def test_they_are_there_when_the_sign_on_the_door_says_so(told: list[Rule], zone: str, at: datetime) -> None:
    assert duty_hours(written(told), zone).is_open(at) == is_there(told, at.astimezone(ZoneInfo(zone)))


@quick
@given(rules, st.sampled_from(ZONES), moments)
def test_they_open_at_the_first_minute_that_is_open_and_not_before(told: Rule, zone: str, at: datetime) -> None:
    hours = duty_hours(written([told]), zone)
    opens = hours.opens_at(at)
    if opens is None:
        assert hours.is_open(at)
        return
    assert at < opens
    assert hours.is_open(opens)
    assert not hours.is_open(at)
    before = opens - timedelta(minutes=1)
    assert before <= at or not hours.is_open(before)
    half = at + (opens - at) / 2
    assert not hours.is_open(half)


@quick
@given(st.lists(rules, min_size=1, max_size=3), moments)
def test_spans_lie_within_one_week_and_their_order_does_not_matter(told: list[Rule], at: datetime) -> None:
    hours = duty_hours(written(told), "UTC")
    assert all(0 <= start <= end <= 7 * 24 * 60 for start, end in hours.spans)
    assert hours == duty_hours(written(told[::-1]), "UTC")
    assert hours.is_open(at) == hours.is_open(at + timedelta(days=7))


@quick
@given(rules, st.sampled_from(ZONES), moments)
def test_a_minute_is_open_from_its_first_second_to_its_last(told: Rule, zone: str, at: datetime) -> None:
    hours = duty_hours(written([told]), zone)
    assert hours.is_open(at) == hours.is_open(at + timedelta(seconds=59, microseconds=999_999))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Mo 09:00-17:00", 480),
        ("Mo-Fr 09:00-17:00", 5 * 480),
        ("Mo-Su 00:00-24:00", 7 * 1440),
        ("Mo 00:00-00:00", 1440),  # round the clock, not never
        ("Sa-Mo 10:00-11:00", 3 * 60),
        ("Mo-Mo 10:00-11:00", 60),
        ("Tu-Mo 10:00-11:00", 7 * 60),
        ("Mo-Su 22:00-06:00", 7 * 480),
        ("Mo 9:05-9:06", 1),
        ("Su 24:00-02:00", 120),  # that is Monday's first two hours
        ("  Mo 09:00-10:00 ;; Tu 09:00-10:00 ; ", 120),
        ("Mo 09:00-12:00; Mo 11:00-13:00", 240),  # said twice is still there once
    ],
)
def test_how_many_minutes_of_a_week_they_are_there(text: str, minutes: int) -> None:
    hours = duty_hours(text, "UTC")
    assert sum(hours.is_open(MONDAY + timedelta(minutes=each)) for each in range(7 * 1440)) == minutes


def test_a_lunch_break_is_two_lines() -> None:
    hours = duty_hours("Mo 09:00-12:00; Mo 13:00-17:00", "UTC")
    noon = MONDAY + timedelta(hours=12)
    assert not hours.is_open(noon)
    assert hours.opens_at(noon) == MONDAY + timedelta(hours=13)


def test_the_seconds_of_the_question_are_not_those_of_the_opening() -> None:
    hours = duty_hours("Mo 09:00-17:00", "UTC")
    asked = MONDAY + timedelta(hours=8, minutes=59, seconds=59, microseconds=5)
    assert hours.opens_at(asked) == MONDAY + timedelta(hours=9)


# -- clocks that change -----------------------------------------------------------------------------------------------


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    """Berlin, 29 March 2026: 02:00 is 03:00. From 22:00 to 06:00 seven hours pass."""
    hours = duty_hours("Sa 22:00-06:00", "Europe/Berlin")
    begins, ends = utc("2026-03-28T21:00"), utc("2026-03-29T04:00")
    assert [hours.is_open(begins - timedelta(minutes=1)), hours.is_open(begins)] == [False, True]
    assert [hours.is_open(ends - timedelta(minutes=1)), hours.is_open(ends)] == [True, False]


def test_a_night_in_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    """Berlin, 25 October 2026: 03:00 is 02:00. From 22:00 to 06:00 nine hours pass."""
    hours = duty_hours("Sa 22:00-06:00", "Europe/Berlin")
    begins, ends = utc("2026-10-24T20:00"), utc("2026-10-25T05:00")
    assert ends - begins == timedelta(hours=9)
    assert all(hours.is_open(begins + timedelta(minutes=each)) for each in range(9 * 60))
    assert not hours.is_open(ends)


def test_an_hour_that_the_clock_shows_twice_is_open_twice() -> None:
    hours = duty_hours("Su 02:15-02:45", "Europe/Berlin")
    assert [hours.is_open(utc(f"2026-10-25T{clock}")) for clock in ("00:30", "00:50", "01:30", "01:50")] == [
        True,
        False,
        True,
        False,
    ]
    assert hours.opens_at(utc("2026-10-25T00:45")) == utc("2026-10-25T01:15")


def test_an_hour_that_the_clock_leaves_out_is_waited_for_until_the_week_after() -> None:
    hours = duty_hours("Su 02:00-03:00", "Europe/Berlin")
    just_closed = utc("2026-03-22T02:00")  # 03:00 in Berlin
    assert hours.opens_at(just_closed) == utc("2026-04-05T00:00")


def test_the_same_words_mean_another_moment_in_another_place() -> None:
    text = "Mo 09:00-10:00"
    opened = {zone: duty_hours(text, zone).opens_at(utc("2026-03-01T12:00")) for zone in ZONES}
    assert opened["UTC"] == utc("2026-03-02T09:00")
    assert opened["Asia/Kathmandu"] == utc("2026-03-02T03:15")  # 5 h 45 min ahead
    assert opened["Pacific/Kiritimati"] == utc("2026-03-01T19:00")  # 14 h ahead
    assert opened["America/New_York"] == utc("2026-03-02T14:00")


def test_the_answer_does_not_depend_on_the_offset_the_question_is_written_with() -> None:
    hours = duty_hours("Mo 09:00-10:00", "Europe/Berlin")
    at = utc("2026-03-02T08:30")
    assert hours.is_open(at)
    assert hours.is_open(at.astimezone(ZoneInfo("America/New_York")))


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["Mo 24:01-25:00", "Mo 09:00-24:01", "Mo 09:60-10:00", "mo 09:00-10:00", "Mo,Tu 09:00-10:00", "Mo 09:00",
     "Mo 09:00-10:00 Tu 09:00-10:00", "Mo -1:00-10:00", "Mo 09:00\u201310:00", "Mo-Tu-We 09:00-10:00"],
)  # fmt: skip
def test_what_no_door_says_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="duty_hours") as refused:
        duty_hours(text, "UTC")
    assert repr(text) in str(refused.value)


def test_one_wrong_line_among_right_ones_is_the_one_that_is_quoted() -> None:
    with pytest.raises(ValueError, match="'Sa always'"):
        duty_hours("Mo 09:00-10:00; Sa always; Su 09:00-10:00", "UTC")


def test_hours_without_a_line_are_always_and_in_any_zone() -> None:
    for text in ("", " ; ;"):
        assert duty_hours(text, "Asia/Kathmandu") == DutyHours(zone="Asia/Kathmandu")
