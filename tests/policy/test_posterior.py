"""Posterior sampling says what it does: its chances sum to one and are those of the draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.policy.arrange import arrange, impression_rng
from suggest.policy.posterior import LEAST_SPREAD, posterior_draw, posterior_step

logits = st.lists(st.floats(-6, 6), min_size=1, max_size=7)


@settings(deadline=None, max_examples=40)
@given(logits, st.integers(0, 2**32 - 1))
def test_the_chances_of_all_options_sum_to_one(means: list[float], seed: int) -> None:
    spreads = np.random.default_rng(seed).uniform(0.01, 2.0, len(means))
    total = sum(posterior_step(means, spreads, i) for i in range(len(means)))
    assert total == pytest.approx(1.0, abs=1e-7)


def test_each_chance_is_the_share_of_draws() -> None:
    """20,000 slates of three; tolerance: four standard errors of a share."""
    means, spreads = np.array([1.0, 0.6, 0.2, -1.0]), np.array([0.3, 0.8, 1.5, 1.0])
    rng, n = np.random.default_rng(4), 20_000
    first = np.zeros(4)
    second = np.zeros(4)
    for _ in range(n):
        order = []
        left = [0, 1, 2, 3]
        for _ in range(2):
            drawn = rng.normal(means[left], spreads[left])
            order.append(left.pop(int(np.argmax(drawn))))
        first[order[0]] += 1
        second[order[1]] += order[0] == 2
    for i in range(4):
        p = posterior_step(means, spreads, i)
        assert first[i] / n == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / n))
    given_2 = first[2]
    for i, place in ((0, 0), (1, 1), (3, 2)):  # of what is left under option 2
        p = posterior_step(means[[0, 1, 3]], spreads[[0, 1, 3]], place)
        assert second[i] / given_2 == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / given_2))


def test_what_is_drawn_carries_the_chance_of_each_slot_given_those_above() -> None:
    means, spreads = np.array([1.0, 0.6, 0.2]), np.array([0.3, 0.8, 1.5])
    order, steps = posterior_draw(means, spreads, 3, np.random.default_rng(0))
    assert sorted(order) == [0, 1, 2]
    assert steps[0] == posterior_step(means, spreads, order[0])
    assert steps[2] == pytest.approx(1.0)


def test_equal_spreads_and_two_options_are_a_normal_difference() -> None:
    assert posterior_step([2.0, 0.0], [1.0, 1.0], 0) == pytest.approx(0.9213503964748575, abs=1e-9)  # Φ(2 / √2)


def test_what_is_unsure_is_tried_more_than_what_is_known_to_be_as_good() -> None:
    unsure = posterior_step([2.0, 0.0, 0.0], [0.5, 2.0, 0.5], 1)
    known = posterior_step([2.0, 0.0, 0.0], [0.5, 2.0, 0.5], 2)
    assert unsure > 5 * known


def test_a_spread_of_next_to_nothing_counts_as_a_tenth_of_the_widest() -> None:
    assert posterior_step([0.0, 0.5], [1e-9, 1.0], 0) == posterior_step([0.0, 0.5], [LEAST_SPREAD, 1.0], 0)


def test_a_large_pool_with_one_favourite_is_nearly_certain_and_never_impossible() -> None:
    means = np.append(np.full(159, -9.0), 9.0)
    assert posterior_step(means, np.ones(160), 159) == pytest.approx(1.0, abs=1e-9)
    assert 0 < posterior_step(means, np.ones(160), 0) < 1e-30


def test_it_is_stable_for_an_impression_and_respects_clusters() -> None:
    ids, logits_, twins = ["a", "b", "c", "d"], [1.0, 0.9, 0.2, 0.1], {"a": "t", "b": "t"}
    one, two = (
        arrange(ids, logits_, 3, tau=0.5, spreads=[1.0] * 4, rng=impression_rng("i", 0), clusters=twins)
        for _ in range(2)
    )
    assert one == two
    assert not {0, 1} <= set(one.order)
    assert one.propensities[2] == pytest.approx(1.0)


def test_without_exploration_nothing_is_drawn() -> None:
    assert arrange(["a", "b"], [0.0, 1.0], 2, tau=0.0, spreads=[3.0, 3.0]).propensities == (1.0, 1.0)


@pytest.mark.parametrize("spreads", [[1.0], [1.0, 0.0], [1.0, float("nan")]])
def test_what_is_no_spread_is_refused(spreads: list[float]) -> None:
    with pytest.raises(ValueError):
        posterior_draw([0.0, 1.0], spreads, 2, np.random.default_rng(0))
