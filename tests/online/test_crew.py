"""The people on duty against the traffic: what is told of a wait, and how many it would take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.online.crew import LOOK_BACK, Crew
from suggest.online.presence import ON_DUTY_FOR, Presence
from suggest.policy.staffing import LONGEST_WAIT_S, people_needed, wait_s

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Traffic:
    """A log that knows one number, and what it was asked."""

    def __init__(self, per_hour: int) -> None:
        self.per_hour = per_hour
        self.asked: list[tuple[str, dict[str, object]]] = []

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        self.asked.append((query, params))
        return [{"n": self.per_hour}]


class Queue:
    def __init__(self, pace_s: float, newcomer_s: float | None) -> None:
        self._pace_s = pace_s
        self._newcomer_s = newcomer_s

    def pace_s(self) -> float:
        return self._pace_s

    def wait_of_newcomer_s(self) -> float | None:
        return self._newcomer_s


def crew(*, per_hour: int = 60, pace_s: float = 30.0, newcomer_s: float | None = 30.0, workers: int = 2) -> Crew:
    presence = Presence(ManualClock(NOON))
    for n in range(workers):
        presence.mark(f"w{n}")
    queue: Any = Queue(pace_s, newcomer_s)
    return Crew(Traffic(per_hour), queue, presence, surface="s", now=NOON)


def test_the_busiest_hour_of_the_last_day_of_this_surface_is_what_is_planned_for() -> None:
    traffic, queue = Traffic(7), Queue(30.0, 0.0)
    told: Any = queue
    Crew(traffic, told, Presence(ManualClock(NOON)), surface="desk", now=NOON)
    assert traffic.asked == [("busiest_hour", {"surface": "desk", "since": NOON - LOOK_BACK})]


def test_the_wait_is_the_queueing_formula_at_that_share() -> None:
    expected = wait_s(per_hour=0.5 * 60, handling_s=30.0, workers=2)
    assert expected is not None
    assert crew().wait_s(0.5) == round(expected, 1)


def test_it_is_never_less_than_the_queue_as_it_is_now() -> None:
    assert crew(newcomer_s=900.0).wait_s(0.1) == 900.0


def test_with_nobody_on_duty_nobody_can_tell() -> None:
    assert crew(workers=0).wait_s(0.1) is None


def test_where_nothing_goes_to_people_the_answer_is_the_time_of_one() -> None:
    assert crew(newcomer_s=0.0).wait_s(0.0) == 30.0


def test_a_queue_that_does_not_move_now_has_no_wait_either() -> None:
    assert crew(newcomer_s=None).wait_s(0.1) is None


def test_a_load_above_the_crew_only_grows() -> None:
    busy = crew(per_hour=480, pace_s=30.0, workers=2)  # four people's work
    assert busy.wait_s(1.0) is None
    assert busy.wait_s(0.4) is not None


def test_an_answer_takes_at_least_a_second_whatever_the_pace_says() -> None:
    assert crew(pace_s=0.0, newcomer_s=0.0, per_hour=0).wait_s(1.0) == 1.0


def test_without_traffic_nobody_can_say_how_many_are_needed() -> None:
    assert crew(per_hour=0).people_needed(0.5) is None
    assert crew(per_hour=1).people_needed(0.5) == 1


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.integers(1, 2_000), st.floats(1.0, 300.0), st.floats(0.01, 1.0))
def test_the_number_is_the_fewest_with_whom_nobody_waits_long(per_hour: int, pace_s: float, share: float) -> None:
    """Against a search from one upwards."""
    needed = crew(per_hour=per_hour, pace_s=pace_s).people_needed(share)
    assert needed is not None

    def is_enough(workers: int) -> bool:
        found = wait_s(per_hour=share * per_hour, handling_s=pace_s, workers=workers)
        return found is not None and found - pace_s <= LONGEST_WAIT_S

    assert is_enough(needed)
    assert needed == 1 or not is_enough(needed - 1)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.integers(1, 500), st.floats(1.0, 120.0), st.integers(1, 12))
def test_a_larger_share_never_waits_less_nor_needs_fewer(per_hour: int, pace_s: float, workers: int) -> None:
    found = crew(per_hour=per_hour, pace_s=pace_s, workers=workers, newcomer_s=0.0)
    waits = [found.wait_s(share) for share in (0.0, 0.2, 0.5, 1.0)]
    known = [each for each in waits if each is not None]
    assert known == sorted(known)
    assert waits[len(known) :] == [None] * (len(waits) - len(known)), "what only grows does so for larger shares too"
    needs = [found.people_needed(share) or 0 for share in (0.0, 0.2, 0.5, 1.0)]
    assert needs == sorted(needs)


@pytest.mark.parametrize("per_hour", [1.0, 30.0, 500.0])
def test_another_worker_never_makes_it_slower(per_hour: float) -> None:
    enough = people_needed(per_hour=per_hour, handling_s=45.0)
    waits = [wait_s(per_hour=per_hour, handling_s=45.0, workers=enough + more) for more in range(5)]
    assert all(each is not None for each in waits)
    assert waits == sorted(waits, key=lambda each: -(each or 0.0))
    assert (waits[-1] or 0.0) >= 45.0, "the work itself takes as long as it takes"


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_hour": -1.0, "handling_s": 1.0, "workers": 1},
        {"per_hour": 1.0, "handling_s": 0.0, "workers": 1},
        {"per_hour": 1.0, "handling_s": 1.0, "workers": -1},
    ],
)
def test_what_is_no_queue_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="arrivals and workers"):
        wait_s(**wrong)


# -- presence ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def test_five_minutes_to_the_second(clock: ManualClock) -> None:
    presence = Presence(clock)
    presence.mark("ann")
    clock.advance(seconds=ON_DUTY_FOR.total_seconds() - 1)
    assert presence.n_on_duty() == 1
    clock.advance(seconds=1)
    assert presence.n_on_duty() == 0


def test_an_older_word_never_takes_back_a_newer_one(clock: ManualClock) -> None:
    """Words come from several connections, not in order."""
    presence = Presence(clock)
    presence.mark("ann")
    presence.mark("ann", at=NOON - timedelta(minutes=4))
    clock.advance(seconds=120)
    assert presence.n_on_duty() == 1


def test_a_word_of_long_ago_brings_nobody_on_duty_and_is_no_news(clock: ManualClock) -> None:
    presence = Presence(clock)
    assert not presence.mark("ann", at=NOON - ON_DUTY_FOR)
    assert presence.n_on_duty() == 0
    assert presence.mark("ben"), "she was not there: he is the first"


def test_the_first_after_everybody_has_gone_is_news_again(clock: ManualClock) -> None:
    presence = Presence(clock)
    assert [presence.mark("ann"), presence.mark("ben"), presence.mark("ann")] == [True, False, False]
    presence.leave("ann")
    presence.leave("ben")
    presence.leave("never met")
    assert presence.mark("ben")
    clock.advance(seconds=2 * ON_DUTY_FOR.total_seconds())
    assert presence.mark("ann")
