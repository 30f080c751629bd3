"""Time and names: what is parsed is what was meant, and ids sort by birth."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock, SystemClock, parse_rfc3339, rfc3339
from suggest.domain.ids import new_id

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS)  # noqa: DTZ001 hypothesis adds one


@MODEST
@given(MOMENTS)
def test_a_moment_written_down_is_the_same_moment_to_the_millisecond(at: datetime) -> None:
    back = parse_rfc3339(rfc3339(at))
    assert back.tzinfo is UTC
    assert timedelta(0) <= at - back < timedelta(milliseconds=1)


@MODEST
@given(MOMENTS)
def test_any_offset_is_read_and_kept_in_utc(at: datetime) -> None:
    assert parse_rfc3339(at.isoformat()) == at
    assert parse_rfc3339(at.isoformat()).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z"])
def test_zulu_is_utc_in_either_case(text: str) -> None:
    assert parse_rfc3339(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-13-01T00:00:00Z", "2026-01-02T25:00:00Z", "1e9", "\x00"],
)
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_moment_that_utc_cannot_hold_is_a_value_error_too(text: str) -> None:
    with pytest.raises(ValueError, match="between the years 1 and 9999"):
        parse_rfc3339(text)


def test_a_manual_clock_stands_still_until_told() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(seconds=0.5) == NOON + timedelta(milliseconds=500) == clock.now()


def test_a_manual_clock_needs_to_know_where_it_is() -> None:
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 3, 1))  # noqa: DTZ001 the point
    tokyo = ManualClock(datetime(2026, 3, 1, 21, tzinfo=timezone(timedelta(hours=9))))
    assert tokyo.now() == NOON
    assert tokyo.now().tzinfo is UTC


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


@MODEST
@given(st.integers(0, 2**41), st.integers(0, 2**12 - 1), st.integers(0, 2**62 - 1))
def test_an_id_is_a_uuid_of_version_7_that_carries_its_millisecond(after_ms: int, first: int, second: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=after_ms)
    id = uuid.UUID(new_id(ManualClock(at), lambda bits: first if bits == 12 else second))
    assert id.version == 7
    assert id.variant == uuid.RFC_4122
    assert abs((id.int >> 80) - after_ms) <= 1, "a float of seconds may lose one"
    assert id.int & (1 << 62) - 1 == second


def test_ids_sort_by_birth() -> None:
    clock = ManualClock(NOON)
    born = []
    for _ in range(50):
        born.append(new_id(clock))
        clock.advance(seconds=0.002)
    assert born == sorted(born)


def test_ids_of_one_millisecond_differ() -> None:
    clock = ManualClock(NOON)
    assert len({new_id(clock) for _ in range(2_000)}) == 2_000
