"""The binomial tails behind every certificate, held against scipy and against counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.discrete import beta_cdf, beta_quantile, binomial_cdf

scipy_stats = pytest.importorskip("scipy.stats")
scipy_special = pytest.importorskip("scipy.special")


@pytest.mark.parametrize("n", [1, 2, 10, 59, 300, 5_000, 100_000])
@pytest.mark.parametrize("p", [1e-4, 0.01, 0.05, 0.3, 0.5, 0.95])
def test_binomial_cdf_agrees_with_scipy_over_the_whole_range(n: int, p: float) -> None:
    k = np.unique(np.linspace(0, n, 25).round())
    np.testing.assert_allclose(binomial_cdf(k, n, p), scipy_stats.binom.cdf(k, n, p), rtol=1e-8, atol=1e-13)


@settings(deadline=None)
@given(n=st.integers(1, 30), p=st.floats(0, 1))
def test_binomial_cdf_is_the_sum_of_the_probabilities(n: int, p: float) -> None:
    mass = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    np.testing.assert_allclose(binomial_cdf(np.arange(n + 1), n, p), np.minimum(np.cumsum(mass), 1.0), atol=1e-12)


def test_binomial_cdf_at_the_edges() -> None:
    assert binomial_cdf(-1, 10, 0.5) == 0.0
    assert binomial_cdf(10, 10, 0.5) == 1.0
    assert binomial_cdf(0, 0, 0.5) == 1.0
    assert binomial_cdf(3, 10, 0.0) == 1.0
    assert binomial_cdf(3, 10, 1.0) == 0.0


def test_binomial_cdf_interpolates_between_integers_without_a_step() -> None:
    k = np.linspace(0, 20, 401)
    assert (np.diff(binomial_cdf(k, 100, 0.1)) > 0).all()


def test_binomial_cdf_broadcasts() -> None:
    assert binomial_cdf(np.zeros((3, 1)), np.array([10, 20]), 0.1).shape == (3, 2)


@pytest.mark.parametrize(("n", "p"), [(-1, 0.5), (3, 1.5), (3, -0.1)])
def test_a_binomial_that_cannot_be_is_refused(n: int, p: float) -> None:
    with pytest.raises(ValueError, match="binomial"):
        binomial_cdf(0, n, p)


@settings(deadline=None)
@given(a=st.floats(0.05, 2_000), b=st.floats(0.05, 2_000), x=st.floats(0, 1))
def test_beta_cdf_agrees_with_scipy(a: float, b: float, x: float) -> None:
    assert float(beta_cdf(x, a, b)) == pytest.approx(float(scipy_special.betainc(a, b, x)), rel=1e-8, abs=1e-12)


@settings(deadline=None)
@given(a=st.integers(1, 5_000), b=st.integers(1, 5_000), q=st.floats(0.001, 0.999))
def test_beta_quantile_undoes_the_cdf(a: int, b: int, q: float) -> None:
    x = beta_quantile(q, a, b)
    assert 0 < x < 1
    assert float(beta_cdf(x, a, b)) == pytest.approx(q, abs=1e-8)


def test_beta_quantile_at_the_edges() -> None:
    np.testing.assert_array_equal(beta_quantile([0.0, 1.0], 2, 3), [0.0, 1.0])


def test_a_beta_needs_positive_parameters() -> None:
    with pytest.raises(ValueError, match="beta"):
        beta_cdf(0.5, 0, 1)
    with pytest.raises(ValueError, match="quantile"):
        beta_quantile(1.5, 1, 1)
