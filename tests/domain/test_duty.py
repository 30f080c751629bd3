"""Hours of duty, as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from suggest.domain.duty import duty_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_no_hours_are_always() -> None:
    assert duty_hours("", "UTC").is_open(at("2026-03-01T03:00"))
    assert duty_hours("", "UTC").opens_at(at("2026-03-01T03:00")) is None


def test_hours_begin_and_end_to_the_minute_where_people_are() -> None:
    berlin = duty_hours("Mo-Fr 09:00-17:00", "Europe/Berlin")
    assert [berlin.is_open(at(f"2026-03-02T{clock}")) for clock in ("07:59", "08:00", "15:59", "16:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert berlin.is_open(at("2026-07-06T07:00")), "an hour earlier in summer"


def test_a_night_crosses_midnight_and_the_end_of_the_week() -> None:
    nights = duty_hours("Su 22:00-06:00", "UTC")
    assert nights.is_open(at("2026-03-01T23:00"))  # a Sunday
    assert nights.is_open(at("2026-03-02T05:59"))
    assert not nights.is_open(at("2026-03-02T06:00"))
    assert duty_hours("Fr-Mo 08:00-09:00", "UTC").is_open(at("2026-03-02T08:30")), "over the week's end"
    assert duty_hours("Mo 00:00-24:00", "UTC").is_open(at("2026-03-02T23:59"))


def test_when_people_are_there_again() -> None:
    hours = duty_hours("Mo-Fr 09:00-17:00", "UTC")
    assert hours.opens_at(at("2026-02-27T17:00")) == at("2026-03-02T09:00")  # from Friday to Monday


@pytest.mark.parametrize(
    "text", ["always", "Mo 9-17", "Mo 25:00-26:00", "Mo 09:60-10:00", "Xx 09:00-10:00", "Mo 09:00-17:00,"]
)
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duty_hours"):
        duty_hours(text, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "x" * 300])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time_zone"):
        duty_hours("", zone)
