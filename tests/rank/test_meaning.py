"""Surprise about an option adds up to an alarm only where people keep passing over what was sure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.rank.meaning import CHANGED, LIMIT, SUREST, Meanings


def passes_until_alarm(p: float, *, weight: float = 1.0, most: int = 100) -> int:
    meanings = Meanings()
    return next((n for n in range(1, most) if meanings.passed_over("a", p, weight=weight)), most)


@pytest.mark.parametrize(("p", "passes"), [(1.0, 4), (0.95, 4), (0.8, 7), (0.5, 16)])
def test_the_surer_it_was_the_fewer_say_that_it_changed(p: float, passes: int) -> None:
    assert passes_until_alarm(p) == passes


@given(st.floats(0, 1))
def test_no_single_person_decides(p: float) -> None:
    assert not Meanings().passed_over("a", p)


def test_who_is_not_vouched_for_counts_as_half() -> None:
    whole = passes_until_alarm(0.95)
    assert passes_until_alarm(0.95, weight=0.5) in {2 * whole - 1, 2 * whole}, (
        "the last of them may say more than enough"
    )


def test_what_was_unlikely_may_be_passed_over_for_ever() -> None:
    assert passes_until_alarm(CHANGED) == 100


def test_taking_it_makes_up_for_passing_it_over() -> None:
    meanings = Meanings()
    for _ in range(20):
        assert not meanings.passed_over("a", 0.9)
        meanings.taken("a", 0.9)


def test_options_are_counted_apart_and_a_retired_one_starts_anew() -> None:
    meanings = Meanings()
    meanings.passed_over("a", SUREST)
    assert not meanings.passed_over("b", SUREST)
    meanings.forget("a")
    assert not meanings.passed_over("a", SUREST)


@pytest.mark.parametrize("p", [0.5, 0.8, 0.95])
def test_false_alarms_are_as_rare_as_the_limit_says(p: float) -> None:
    """Nothing changes and p_select is calibrated: at least exp(LIMIT) = 10,000 acts between two alarms, on average. Of
    20,000 acts that is two; noise (three standard deviations) 4."""
    rng, meanings, alarms = np.random.default_rng(3), Meanings(), 0
    for takes in rng.random(20_000) < p:
        if takes:
            meanings.taken("a", p)
        else:
            alarms += meanings.passed_over("a", p)
    print(f"{alarms} false alarms in 20,000 acts at p = {p}")
    assert alarms <= 20_000 / np.exp(LIMIT) + 4


def test_a_change_is_found_within_a_few_acts() -> None:
    rng = np.random.default_rng(4)
    delays = []
    for _ in range(300):
        meanings, n = Meanings(), 0
        while True:
            n += 1
            if rng.random() < CHANGED:
                meanings.taken("a", 0.9)
            elif meanings.passed_over("a", 0.9):
                break
        delays.append(n)
    assert np.mean(delays) < 10
