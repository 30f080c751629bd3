"""Two arms: nothing is alarmed by nothing, what was planned is found, and a broken split is known as such."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.experiment import FEWEST_OF_AN_ARM, Arm, difference, people_needed, sample_ratio_p


def alarms(base: float, effect: float, *, n: int, surfaces: int, tuned_for: int, seed: int) -> float:
    """Share of simulated surfaces in which zero ever left the interval, looked at sixty times up to n outcomes."""
    rng = np.random.default_rng(seed)
    looks = [int(look) for look in np.unique(np.geomspace(2 * FEWEST_OF_AN_ARM, n, 60).astype(int))]
    ever = 0
    for _ in range(surfaces):
        to_b = rng.random(n) < 0.5
        right = rng.random(n) < base + effect * to_b
        n_b, right_b, right_all = np.cumsum(to_b), np.cumsum(to_b & right), np.cumsum(right)
        for look in looks:
            b = Arm(right=int(right_b[look - 1]), n=int(n_b[look - 1]))
            a = Arm(right=int(right_all[look - 1]) - b.right, n=look - b.n)
            seen = difference(a, b, tuned_for=tuned_for)
            if seen.low > 0 or seen.high < 0:
                ever += 1
                break
    return ever / surfaces


@pytest.mark.parametrize("base", [0.05, 0.3, 0.5])
def test_where_nothing_changed_at_most_one_surface_in_twenty_is_ever_alarmed(base: float) -> None:
    """1,000 A/A surfaces of 4,000 outcomes each, looked at 60 times."""
    share = alarms(base, 0.0, n=4_000, surfaces=1_000, tuned_for=2_000, seed=11)
    print(f"A/A at {base:.0%}: {share:.1%} of 1,000 surfaces ever alarmed")
    assert share <= 0.05


@pytest.mark.parametrize(("base", "effect", "power"), [(0.3, 0.1, 0.8), (0.3, 0.05, 0.8), (0.1, 0.05, 0.9)])
def test_a_planted_change_is_found_as_often_as_was_planned(base: float, effect: float, power: float) -> None:
    """300 surfaces: at least the planned power less 3 standard errors; looks before the end only add to it."""
    n = people_needed(base, effect, power=power)
    assert n is not None
    found = alarms(base, effect, n=n, surfaces=300, tuned_for=n, seed=12)
    print(f"{base:.0%} + {effect:.0%}: {found:.1%} found after {n:,} outcomes, {power:.0%} planned")
    assert found >= power - 3 * math.sqrt(power * (1 - power) / 300)
    assert found <= power + 0.15, "the planner asks for no more than it takes"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_the_difference_lies_in_its_interval_and_turns_round_with_the_arms(a: int, b: int, c: int, d: int) -> None:
    one, two = Arm(right=min(a, b), n=max(a, b)), Arm(right=min(c, d), n=max(c, d))
    there, back = difference(one, two), difference(two, one)
    assert -1 <= there.low <= there.mid <= there.high <= 1
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_with_few_outcomes_nothing_is_claimed() -> None:
    assert difference(Arm(right=0, n=FEWEST_OF_AN_ARM - 1), Arm(right=500, n=500)).low == -1.0


def test_a_smaller_effect_and_more_power_take_more_people() -> None:
    needed = [people_needed(0.3, effect) or 0 for effect in (0.1, 0.05, 0.02, 0.01)]
    assert needed == sorted(needed)
    assert (people_needed(0.3, 0.05, power=0.95) or 0) > (people_needed(0.3, 0.05, power=0.5) or 0)
    assert people_needed(0.3, 1e-6) is None


@pytest.mark.parametrize(("base", "effect"), [(0.0, 0.1), (0.5, 0.0), (0.95, 0.1), (0.05, -0.1)])
def test_what_cannot_be_planned_is_refused(base: float, effect: float) -> None:
    with pytest.raises(ValueError, match="strictly between"):
        people_needed(base, effect)


def test_the_sample_ratio_is_surprised_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    draws = rng.binomial(2_000, 0.5, 4_000)
    share = np.mean([sample_ratio_p(2_000 - int(n), int(n)) < 0.05 for n in draws])
    assert 0.035 <= share <= 0.065
    assert sample_ratio_p(1_000, 1_300) < 0.001
    assert sample_ratio_p(0, 0) == 1.0
    assert sample_ratio_p(900, 100, share_b=0.1) == 1.0
