"""A wait as a model corrected by its own misses: the parts of it, on cases that can be done by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.policy.waiting import FEWEST, Miss, Modelled, Wait, modelled, quantiles, rest_of_answer, told

MODEL = Modelled(middle_s=100.0, spread=0.5)
LONG = 86_400.0


def over(*spreads: float) -> list[Miss]:
    return [Miss(spreads=each, is_over=True) for each in spreads]


def still(*spreads: float) -> list[Miss]:
    return [Miss(spreads=each, is_over=False) for each in spreads]


def test_with_somebody_free_there_is_nothing_but_the_answer() -> None:
    assert modelled([40.0, 60.0, 80.0], ahead=0, held=2, workers=3).middle_s == 60.0


def test_each_turn_takes_a_mean_answer_shared_by_all_who_work() -> None:
    assert modelled([30.0, 30.0, 90.0], ahead=3, held=2, workers=2).middle_s == 30.0 + 4 * 50.0 / 2


def test_somebody_who_went_to_lunch_does_not_make_everybody_wait() -> None:
    assert modelled([60.0, 60.0, 7200.0], ahead=1, held=0, workers=1).middle_s == 60.0 + (60 + 60 + 240) / 3


def test_a_wait_of_many_answers_spreads_less_than_one_answer() -> None:
    handled = [20.0, 40.0, 60.0, 80.0, 100.0] * 4
    spreads = [modelled(handled, ahead=n, held=1, workers=1).spread for n in (0, 4, 40)]
    assert spreads == sorted(spreads, reverse=True)


def test_answers_that_all_take_as_long_do_not_make_a_wait_certain() -> None:
    assert modelled([60.0] * 20, ahead=0, held=0, workers=1).spread > 0.1


@pytest.mark.parametrize(("handled", "workers"), [([], 1), ([60.0], 0)])
def test_nobody_and_nothing_known_is_refused(handled: list[float], workers: int) -> None:
    with pytest.raises(ValueError, match="on duty"):
        modelled(handled, ahead=0, held=0, workers=workers)


def test_until_enough_waits_are_over_the_range_is_wide_and_says_so() -> None:
    guess = told(MODEL, over(*[0.0] * (FEWEST - 1)), longest_s=LONG)
    own = told(MODEL, over(*[0.0] * FEWEST), longest_s=LONG)
    assert (guess.n_known, own.n_known) == (0, FEWEST)
    assert guess.low_s < 100.0 / 2
    assert guess.high_s > 100.0 * 2
    assert own == Wait(middle_s=100.0, low_s=100.0, high_s=100.0, n_known=FEWEST)


def test_a_model_that_is_always_wrong_by_as_much_is_put_right() -> None:
    twice = over(*[MODEL.miss(200.0)] * 40)
    assert told(MODEL, twice, longest_s=LONG).middle_s == pytest.approx(200.0)


def test_who_still_waits_counts_as_having_waited_at_least_so_long() -> None:
    ended = [n / 20 for n in range(-20, 20)]
    without = told(MODEL, over(*ended), longest_s=LONG)
    beside = told(MODEL, over(*ended) + still(*[0.25] * 6), longest_s=LONG)
    young = told(MODEL, over(*ended) + still(*[-5.0] * 6), longest_s=LONG)
    assert beside.high_s > without.high_s
    assert beside.middle_s > without.middle_s
    assert young.middle_s == without.middle_s, "who has just come tells nothing yet"


def test_where_too_many_never_end_the_range_ends_when_nobody_waits_any_more() -> None:
    forgotten = over(*[0.0] * 30) + still(*[9.0] * 10)
    assert told(MODEL, forgotten, longest_s=LONG).high_s == LONG


def test_what_is_left_of_an_answer_goes_by_those_that_took_longer() -> None:
    handled = [float(n) for n in range(10, 110, 5)]
    begun = rest_of_answer(handled, since_s=0.0)
    later = rest_of_answer(handled, since_s=50.0)
    assert begun.low_s < begun.middle_s < begun.high_s
    assert (later.low_s, later.high_s) == (10.0, 55.0), "of 5, 10 … 55 that are left"
    assert later.n_known == 11
    assert rest_of_answer(handled, since_s=500.0).n_known == 0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_without_anybody_waiting_it_is_the_plain_quantile(spreads: list[float], share: float) -> None:
    (found,) = quantiles(over(*spreads), [share])
    n = len(spreads)
    rank = math.ceil(min(share * (n + 1), n) - 1e-6)
    assert found == sorted(spreads)[max(rank, 1) - 1]


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.booleans()), max_size=80),
    st.floats(1.0, 10_000.0),
    st.floats(0.15, 2.0),
    st.floats(1.0, 100_000.0),
)
def test_the_range_is_always_in_order_and_never_beyond_the_longest_wait(
    seen: list[tuple[float, bool]], middle_s: float, spread: float, longest_s: float
) -> None:
    misses = [Miss(spreads=spreads, is_over=is_over) for spreads, is_over in seen]
    wait = told(Modelled(middle_s=middle_s, spread=spread), misses, longest_s=longest_s)
    assert 0.0 < wait.low_s <= wait.middle_s <= wait.high_s <= longest_s
