"""Chances of places: against enumeration, also where one option is nearly certain."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from suggest.policy.arrange import step_propensities
from suggest.policy.places import place_chances


@pytest.mark.parametrize("scale", [0.5, 5.0, 30.0])
def test_they_are_the_sums_over_all_slates(scale: float) -> None:
    logits = np.random.default_rng(3).normal(size=6) * scale
    truth = np.zeros((6, 3))
    for order in permutations(range(6), 3):
        chance = np.prod(step_propensities(logits, order))
        for place, option in enumerate(order):
            truth[option, place] += chance
    for order in permutations(range(6), 3):
        expected = [truth[option, place] for place, option in enumerate(order)]
        np.testing.assert_allclose(place_chances(logits, order), expected, rtol=1e-9)


def test_the_first_place_is_the_conditional_one() -> None:
    logits = np.array([0.3, -1.0, 2.0, 0.0])
    assert place_chances(logits, [3])[0] == pytest.approx(step_propensities(logits, [3])[0])


def test_every_option_together_fills_each_place() -> None:
    logits = np.random.default_rng(5).normal(size=40) * 4
    for place in range(3):
        total = 0.0
        for option in range(40):
            others = [i for i in range(40) if i != option][:place]
            total += place_chances(logits, [*others, option])[place]
        assert total == pytest.approx(1.0)


def test_deeper_places_and_repeated_options_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 3"):
        place_chances(np.zeros(9), [0, 1, 2, 3])
    with pytest.raises(ValueError, match="at most 3"):
        place_chances(np.zeros(9), [1, 1])
