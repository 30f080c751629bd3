"""The shares of unanswerable requests are found in unlabelled traffic, and held where there is little of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.calibrate.prior_shift import estimate_shares, shifted

FITTED = np.array([0.85, 0.1, 0.05])
MEANS = np.array([[0.0, 0.0], [1.8, 0.0], [1.0, 3.0]])  # of what answerable, near and far requests look like


def traffic(shares: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Requests of three kinds, each a normal cloud: the exact P(kind) under FITTED shares, and the true kinds."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(3, size=n, p=shares)
    seen = MEANS[kinds] + rng.normal(size=(n, 2))
    log_p = -0.5 * ((seen[:, None, :] - MEANS) ** 2).sum(axis=2) + np.log(FITTED)
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True), kinds


@pytest.mark.parametrize("now", [(0.85, 0.1, 0.05), (0.6, 0.35, 0.05), (0.5, 0.1, 0.4), (0.95, 0.02, 0.03)])
def test_the_shares_of_a_known_mixture_are_found(now: tuple[float, float, float]) -> None:
    """2,000 requests, 20 seeds. Counting the true kinds would err by sqrt(.25 / 2000) = .011 at most; clouds that
    overlap cost two to three times as much, the Dirichlet prior of 20 requests pulls by 1 % of the shift: the mean of
    20 seeds is within .015, a single one within .09."""
    truth = np.array(now)
    found = np.array([estimate_shares(traffic(truth, 2_000, s)[0], fitted=FITTED) for s in range(20)])
    print(f"true {truth}, found {found.mean(axis=0).round(3)} +- {found.std(axis=0).round(3)}")
    np.testing.assert_allclose(found.mean(axis=0), truth, atol=0.015)
    np.testing.assert_allclose(found, np.tile(truth, (20, 1)), atol=0.09)


def test_without_traffic_the_shares_stay() -> None:
    np.testing.assert_allclose(estimate_shares(np.zeros((0, 3)), fitted=FITTED), FITTED)


def test_thin_traffic_moves_them_no_further_than_its_weight() -> None:
    """Five requests that are surely far, against a prior worth twenty: the share rises by a fifth of the way."""
    surely_far = np.tile([1e-9, 1e-9, 1.0], (5, 1))
    found = estimate_shares(surely_far, fitted=FITTED)
    np.testing.assert_allclose(found, (20 * FITTED + [0, 0, 5]) / 25, atol=1e-5)
    surely_far = np.tile([1e-9, 1e-9, 1.0], (2_000, 1))
    assert estimate_shares(surely_far, fitted=FITTED)[2] > 0.98


def test_a_doubted_model_is_never_wholly_believed() -> None:
    """At a doubt of 1 each request weighs as much as what is usual: 2,000 that are surely far make half of it far."""
    usual = np.array([0.9, 0.05, 0.05])
    surely_far = np.tile([1e-9, 1e-9, 1.0], (2_000, 1))
    found = estimate_shares(surely_far, fitted=FITTED, usual=usual, doubt=1.0)
    np.testing.assert_allclose(found, (2_020 * usual + [0, 0, 2_000]) / 4_020, atol=1e-5)


def test_without_traffic_the_shares_are_the_usual_ones() -> None:
    usual = np.array([0.9, 0.05, 0.05])
    np.testing.assert_allclose(estimate_shares(np.zeros((0, 3)), fitted=FITTED, usual=usual, doubt=1.0), usual)


def test_a_wrong_model_does_less_harm_when_it_is_doubted() -> None:
    """All answerable, but every log-likelihood ratio is 1.5 too high for none: EM believes most of it, doubt half."""
    p, _ = traffic(np.array([0.9, 0.05, 0.05]), 2_000, seed=0)
    wrong = p * np.exp([0.0, 1.5, 1.5])
    wrong /= wrong.sum(axis=1, keepdims=True)
    usual = np.array([0.9, 0.05, 0.05])
    believed, doubted = (estimate_shares(wrong, fitted=FITTED, usual=usual, doubt=d)[0] for d in (0.0, 1.0))
    assert believed < doubted < 0.9
    assert 0.9 - doubted < 0.6 * (0.9 - believed)


def test_no_share_ever_dies() -> None:
    """A share at zero could never come back, and a request of that kind would be impossible."""
    surely_answerable = np.tile([1.0, 0.0, 0.0], (2_000, 1))
    found = estimate_shares(surely_answerable, fitted=FITTED, prior_count=0)
    assert (found > 0).all()
    assert found.sum() == pytest.approx(1)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1, max_size=40),
    st.tuples(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1)),
)
def test_the_estimate_explains_the_traffic_at_least_as_well_as_the_fitted_shares(
    rows: list[tuple[float, float, float]], shares: tuple[float, float, float]
) -> None:
    """EM never lowers log p(traffic) + log Dirichlet; both are compared up to a constant."""
    p = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    fitted = np.array(shares) / np.sum(shares)

    def explained(now: np.ndarray) -> float:
        return float(np.log((p * (now / fitted)).sum(axis=1)).sum() + 20 * (fitted * np.log(now)).sum())

    found = estimate_shares(p, fitted=fitted)
    assert found.sum() == pytest.approx(1)
    assert explained(found) >= explained(fitted) - 1e-6


def test_shifting_to_the_fitted_shares_changes_nothing() -> None:
    p, _ = traffic(FITTED, 50, seed=0)
    np.testing.assert_allclose(shifted(p, fitted=FITTED, now=FITTED), p)


def test_shifting_there_and_back_changes_nothing() -> None:
    p, _ = traffic(FITTED, 50, seed=0)
    now = np.array([0.5, 0.3, 0.2])
    there = shifted(p, fitted=FITTED, now=now)
    np.testing.assert_allclose(there.sum(axis=1), 1)
    np.testing.assert_allclose(shifted(there, fitted=now, now=FITTED), p)
