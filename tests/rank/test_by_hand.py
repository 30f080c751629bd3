"""What a click says, by Bayes' rule over every way it could have come about; and the head against its exact filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank.examination import DISMISSED, LARGEST_WEIGHT, Examination, Reading, fit_examination
from suggest.rank.head import DRIFT, PRIOR_VARIANCE, Head

SOME = settings(deadline=None, max_examples=30, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def readers(seed: int, slots: int = 4) -> Examination:
    rng = np.random.default_rng(seed)
    theta = np.append(1.0, rng.uniform(0.1, 1.0, slots - 1))
    return Examination(theta=theta, right=0.9, wrong=rng.uniform(0.02, 0.5, slots))


def likelihood(people: Examination, right: int | None, slot: int, shown: int) -> float:
    """P(what was seen | the option of slot `right` is the right one), read from the top."""
    chance = 1.0
    for at in range(shown):
        taken = people.theta[at] * (people.right if at == right else people.wrong[at])
        if at == slot:
            return float(chance * taken)
        chance *= 1 - taken
    return float(chance)


@SOME
@given(SEEDS, st.integers(-1, 3))
def test_odds_are_ratios_of_likelihoods(seed: int, slot: int) -> None:
    people = readers(seed)
    of_none = likelihood(people, None, slot, 4)
    expected = [likelihood(people, right, slot, 4) / of_none for right in range(4)]
    np.testing.assert_allclose(people.odds(4, slot), expected)


@SOME
@given(SEEDS)
def test_all_that_can_be_seen_adds_up_to_one(seed: int) -> None:
    people = readers(seed)
    for right in (None, 0, 2):
        assert sum(likelihood(people, right, slot, 4) for slot in (DISMISSED, 0, 1, 2, 3)) == pytest.approx(1.0)


@SOME
@given(SEEDS, st.integers(0, 12))
def test_a_selection_stands_for_at_least_itself_and_for_no_crowd(seed: int, slot: int) -> None:
    assert 1.0 <= readers(seed).weight(slot) <= LARGEST_WEIGHT
    assert readers(seed).weight(0) == 1.0


def test_without_a_single_round_nothing_but_the_start_is_known() -> None:
    found = fit_examination([Reading(prior=np.array([0.5, 0.2]), slot=0)], rounds=0)
    np.testing.assert_allclose(found.theta, [1.0, 1 / np.sqrt(2)])
    assert (found.right, found.wrong.tolist()) == (0.9, [0.1, 0.1])


def test_slots_that_nobody_reached_keep_the_start() -> None:
    found = fit_examination([Reading(prior=np.array([0.5, 0.2, 0.1]), slot=0)] * 50)
    np.testing.assert_allclose(found.theta, 1 / np.sqrt([1, 2, 3]))


def test_the_order_of_the_readings_is_of_no_account() -> None:
    rng = np.random.default_rng(0)
    made = [Reading(prior=rng.dirichlet(np.ones(4))[:3], slot=int(rng.integers(-1, 3))) for _ in range(40)]
    there, back = fit_examination(made), fit_examination(made[::-1])
    np.testing.assert_allclose(there.theta, back.theta)
    np.testing.assert_allclose(there.wrong, back.wrong)
    assert there.right == pytest.approx(back.right)


# -- the head ----------------------------------------------------------------------------------------------------------


@SOME
@given(st.floats(-3, 3), st.booleans(), SEEDS)
def test_one_step_is_the_extended_filter_by_hand(offset: float, accepted: bool, seed: int) -> None:
    at = np.random.default_rng(seed).normal(size=5).astype(np.float32)
    at /= np.linalg.norm(at)
    head = Head(dim=5)
    head.update(at, "a", accepted=accepted, offset=offset)
    p = 1 / (1 + np.exp(-offset))
    curvature = max(p * (1 - p), 1e-3)
    variance = np.full(5, min(PRIOR_VARIANCE + DRIFT, PRIOR_VARIANCE))
    innovation = 1 + curvature * float(at @ (variance * at))
    mean, left = head.state()["a"]
    np.testing.assert_allclose(mean, variance * at * (accepted - p) / innovation, atol=1e-5)
    np.testing.assert_allclose(left, variance - (variance * at) ** 2 * curvature / innovation, atol=1e-5)


@SOME
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(-5, 5)), max_size=25), SEEDS)
def test_options_do_not_hear_of_each_other(told: list[tuple[str, bool, float]], seed: int) -> None:
    """Each ends as if it had been alone, in whatever order they came between each other."""
    contexts = np.random.default_rng(seed).normal(size=(len(told), 4)).astype(np.float32)
    together, alone = Head(dim=4), {item: Head(dim=4) for item in "abc"}
    for at, (item, accepted, offset) in zip(contexts, told, strict=True):
        together.update(at, item, accepted=accepted, offset=offset)
        alone[item].update(at, item, accepted=accepted, offset=offset)
    asked = np.ones(4, np.float32)
    expected = [float(alone[item].residuals(asked, [item])[0]) for item in "abc"]
    found = together.residuals(asked, ["a", "b", "c"])
    np.testing.assert_allclose(found, np.array(expected, np.float32), rtol=1e-5, atol=1e-6)  # one product rounds apart
    assert len(together) == len({item for item, _, _ in told})


@SOME
@given(st.lists(st.tuples(st.booleans(), st.floats(-5, 5)), max_size=30), SEEDS)
def test_its_doubt_is_never_negative_nor_more_than_at_the_start(told: list[tuple[bool, float]], seed: int) -> None:
    rng, head = np.random.default_rng(seed), Head(dim=4)
    for accepted, offset in told:
        head.update(rng.normal(size=4).astype(np.float32), "a", accepted=accepted, offset=offset)
        at = rng.normal(size=4).astype(np.float32)
        assert 0 <= head.variance(at, "a") <= PRIOR_VARIANCE * float(at @ at) * (1 + 1e-5)


def test_an_empty_context_teaches_nothing() -> None:
    head = Head(dim=3)
    head.update(np.zeros(3, np.float32), "a", accepted=True, offset=0.0)
    assert head.residuals(np.ones(3, np.float32), ["a"]).tolist() == [0.0]
