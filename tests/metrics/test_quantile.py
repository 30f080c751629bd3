"""Bounds of a quantile: the closest ranks, the coverage they promise whatever the values are, or none at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.quantile import Ranks, quantile_needs, quantile_ranks

scipy_stats = pytest.importorskip("scipy.stats")


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(0, 100_000), st.floats(0.01, 0.99), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_ranks_are_the_closest_whose_tails_are_small_enough(n: int, q: float, confidence: float) -> None:
    found, tail = quantile_ranks(n, q, confidence), (1 - confidence) / 2
    chance = scipy_stats.binom(n, q)
    slack = 1e-8  # of rounding
    low, high = found.low or 0, found.high or n + 1
    assert low == 0 or chance.cdf(low - 1) <= tail + slack
    assert low == n or chance.cdf(low) > tail - slack
    assert high == n + 1 or chance.sf(high - 1) <= tail + slack
    assert high == 1 or chance.sf(high - 2) > tail - slack
    assert low < high


@pytest.mark.parametrize("n", [6, 15, 40, 400])
@pytest.mark.parametrize("q", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["skewed", "two values", "even"])
def test_they_cover_as_often_as_they_say_whatever_the_values_are(n: int, q: float, kind: str) -> None:
    """4,000 samples each, with ties and without; the true quantile is known. Noise floor: 3 spreads of a share."""
    rng = np.random.default_rng(11)
    draws = {
        "skewed": rng.lognormal(3.0, 1.5, (4_000, n)),
        "two values": rng.choice([10.0, 60.0], (4_000, n), p=[0.7, 0.3]),
        "even": rng.random((4_000, n)),
    }[kind]
    true = {
        "skewed": scipy_stats.lognorm(1.5, scale=np.exp(3.0)).ppf(q),
        "two values": 10.0 if q < 0.7 else 60.0,
        "even": q,
    }[kind]
    ranks, values = quantile_ranks(n, q), np.sort(draws, axis=1)
    low = values[:, ranks.low - 1] if ranks.low else np.full(4_000, -np.inf)
    high = values[:, ranks.high - 1] if ranks.high else np.full(4_000, np.inf)
    covered = float(np.mean((low <= true) & (true <= high)))
    floor = 0.95 - 3 * (0.95 * 0.05 / 4_000) ** 0.5
    print(f"{kind}, n = {n}, q = {q}: covers {covered:.3f}, not under {floor:.3f}")
    assert covered >= floor


@pytest.mark.parametrize(("q", "needs"), [(0.5, 6), (0.9, 36), (0.1, 36)])
def test_one_value_less_than_is_needed_leaves_a_side_open(q: float, needs: int) -> None:
    assert quantile_needs(q) == needs
    assert None not in (quantile_ranks(needs, q).low, quantile_ranks(needs, q).high)
    assert None in (quantile_ranks(needs - 1, q).low, quantile_ranks(needs - 1, q).high)


def test_of_nothing_there_are_no_bounds() -> None:
    assert quantile_ranks(0, 0.5) == Ranks(low=None, high=None)


@pytest.mark.parametrize(("n", "q", "confidence"), [(-1, 0.5, 0.9), (3, 0.0, 0.9), (3, 1.0, 0.9), (3, 0.5, 1.0)])
def test_what_is_no_quantile_is_refused(n: int, q: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="a quantile is of"):
        quantile_ranks(n, q, confidence)
