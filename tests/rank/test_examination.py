"""How people read is found again from clicks alone, and what a click tells follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.rank.examination import DISMISSED, LARGEST_WEIGHT, Examination, Reading, fit_examination

SLOTS = 6
TRUTH = Examination(theta=1 / np.arange(1, SLOTS + 1), right=0.9, wrong=np.linspace(0.2, 0.05, SLOTS))


def readings(n: int, *, seed: int = 0, truth: Examination = TRUTH) -> list[Reading]:
    """People read slates whose right option a fair model knows to some degree; where it stands is drawn by lot."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        prior = rng.dirichlet(np.full(SLOTS + 1, 0.3))[:SLOTS]
        right = rng.choice(SLOTS + 1, p=np.append(prior, 1 - prior.sum()))
        takes = np.where(np.arange(SLOTS) == right, truth.right, truth.wrong)
        hits = np.flatnonzero((rng.random(SLOTS) < truth.theta) & (rng.random(SLOTS) < takes))
        made.append(Reading(prior=prior, slot=int(hits[0]) if len(hits) else DISMISSED))
    return made


def test_theta_right_and_wrong_are_found_again() -> None:
    """6,000 readings; the tolerance is four standard errors of a share of the few hundred that reach the last slot."""
    found = fit_examination(readings(6_000))
    np.testing.assert_allclose(found.theta, TRUTH.theta, atol=0.09)
    np.testing.assert_allclose(found.wrong[:2], TRUTH.wrong[:2], atol=0.04)
    assert found.right == pytest.approx(TRUTH.right, abs=0.05)


def test_a_world_without_bias_is_seen_as_such() -> None:
    fair = Examination(theta=np.ones(SLOTS), right=0.9, wrong=np.full(SLOTS, 0.1))
    found = fit_examination(readings(6_000, truth=fair))
    assert found.theta.min() > 0.85


def test_where_trust_is_greater_a_selection_proves_less() -> None:
    """At the top people take what is wrong four times as often: the odds that it was right are a quarter."""
    odds = [float(TRUTH.odds(SLOTS, slot)[slot]) for slot in range(SLOTS)]
    assert odds == sorted(odds)
    assert odds[0] == pytest.approx(0.9 / 0.2)


def test_what_was_passed_over_far_down_says_little_and_what_stood_below_says_nothing() -> None:
    odds = TRUTH.odds(SLOTS, 4)
    assert list(odds[:4]) == sorted(odds[:4])
    assert odds[0] < 0.2 < 0.7 < odds[3] < 1
    assert odds[5] == 1
    assert (TRUTH.odds(SLOTS, DISMISSED) < 1).all()


def test_few_selections_far_down_cannot_decide_alone() -> None:
    steep = Examination(theta=1 / np.arange(1, 11) ** 2, right=0.9, wrong=np.full(10, 0.1))
    assert [steep.weight(s) for s in (0, 1, 9)] == [1.0, 4.0, LARGEST_WEIGHT]


def test_slots_never_seen_are_like_the_last_one_seen() -> None:
    assert TRUTH.weight(40) == TRUTH.weight(SLOTS - 1)
    assert len(TRUTH.odds(40, 39)) == 40


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_any_clicks_give_a_valid_model(n: int, seed: int) -> None:
    """However few they are, and whatever was taken."""
    rng = np.random.default_rng(seed)
    few = [
        Reading(prior=rng.dirichlet(np.ones(4))[: rng.integers(2, 4)], slot=int(rng.integers(-1, 2))) for _ in range(n)
    ]
    found = fit_examination(few)
    assert found.theta[0] == 1
    assert (found.wrong < found.right).all()


def test_it_is_stored_and_read_back() -> None:
    again = Examination.from_json(TRUTH.to_json())
    np.testing.assert_array_equal(again.theta, TRUTH.theta)
    np.testing.assert_array_equal(again.wrong, TRUTH.wrong)
    assert again.right == TRUTH.right


@pytest.mark.parametrize(
    ("theta", "right", "wrong"),
    [([1.0, 0.0], 0.9, [0.1, 0.1]), ([1.0], 0.9, [0.1, 0.1]), ([1.0, 0.5], 0.1, [0.1, 0.1]), ([], 0.9, [])],
)
def test_what_cannot_be_is_refused(theta: list[float], right: float, wrong: list[float]) -> None:
    with pytest.raises(ValueError):
        Examination(theta=np.array(theta), right=right, wrong=np.array(wrong))


@pytest.mark.parametrize("n", [150, 1_500])
def test_the_interval_of_how_far_down_people_read_holds_the_truth(n: int) -> None:
    """At least the 95% it promises, less chance over 40 worlds of six slots; ten times the slates, a narrower one."""
    held, width = 0, 0.0
    for seed in range(40):
        bounds = fit_examination(readings(n, seed=seed)).theta_bounds
        assert bounds is not None
        held += int(((bounds[:, 0] <= TRUTH.theta) & (bounds[:, 1] >= TRUTH.theta)).sum())
        width += float((bounds[1:, 1] - bounds[1:, 0]).mean()) / 40
    print(f"{n} slates: held {held / (40 * SLOTS):.3f} of 0.95, {width:.3f} wide")
    assert held / (40 * SLOTS) >= 0.92
    assert width < (0.6 if n == 150 else 0.3)


def test_an_interval_holds_its_estimate_and_is_stored_with_it() -> None:
    found = fit_examination(readings(400))
    assert found.theta_bounds is not None
    assert (found.theta_bounds[:, 0] <= found.theta).all()
    assert (found.theta_bounds[:, 1] >= found.theta).all()
    assert (found.theta_bounds >= 0).all()
    assert (found.theta_bounds <= 1).all()
    again = Examination.from_json(found.to_json())
    np.testing.assert_array_equal(again.theta_bounds, found.theta_bounds)
    assert Examination.from_json(TRUTH.to_json()).theta_bounds is None
