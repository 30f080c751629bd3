"""Intervals of a share and of a mean: right numbers, right coverage, and no number where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.discrete import binomial_cdf
from suggest.metrics.interval import (
    Interval,
    clopper_pearson,
    clopper_pearson_bounds,
    lower_bound,
    mean_interval,
    wilson,
)

scipy_stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 59), (8, 10), (470, 500), (4_999, 5_000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_clopper_pearson_agrees_with_scipy(k: int, n: int, confidence: float) -> None:
    ours = clopper_pearson(k, n, confidence)
    theirs = scipy_stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (8, 10), (10, 10), (470, 500)])
def test_wilson_agrees_with_scipy(k: int, n: int) -> None:
    ours = wilson(k, n)
    theirs = scipy_stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("n", [5, 40, 200])
def test_clopper_pearson_covers_at_least_what_it_says_for_every_p(n: int, p: float) -> None:
    k = np.arange(n + 1)
    low, high = clopper_pearson_bounds(k, n, 0.9)
    mass = np.diff(binomial_cdf(k, n, p), prepend=0.0)
    assert mass[(low <= p) & (p <= high)].sum() >= 0.9


@settings(deadline=None)
@given(n=st.integers(1, 500), data=st.data())
def test_every_interval_of_a_share_holds_the_share_and_stays_in_the_unit_range(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    for interval in (wilson(k, n), clopper_pearson(k, n)):
        assert 0.0 <= interval.low <= interval.mid <= interval.high <= 1.0
        assert interval.contains(k / n)
        assert interval.n == n


def test_nothing_observed_says_nothing() -> None:
    for interval in (wilson(0, 0), clopper_pearson(0, 0)):
        assert (interval.low, interval.high, interval.n) == (0.0, 1.0, 0)


def test_the_one_sided_bound_is_where_the_binomial_test_turns() -> None:
    """A certificate's test and its printed bound must say the same: cdf(errors) at the bound is exactly delta."""
    bound = float(lower_bound(290, 300, 0.9))
    assert float(binomial_cdf(10, 300, 1 - bound)) == pytest.approx(0.1, abs=1e-9)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(k: int, n: int) -> None:
    for interval in (wilson, clopper_pearson):
        with pytest.raises(ValueError, match="share"):
            interval(k, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0])
def test_a_confidence_of_nothing_or_all_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson(1, 2, confidence)


def test_an_interval_runs_upwards() -> None:
    with pytest.raises(ValueError, match="upwards"):
        Interval(low=1.0, mid=0.5, high=0.0, n=1)
    with pytest.raises(ValueError, match="counts"):
        Interval(low=0.0, mid=0.5, high=1.0, n=-1)


def test_the_mean_of_hits_is_a_share() -> None:
    assert mean_interval([1, 1, 0, 1]) == wilson(3, 4)


def test_the_mean_of_graded_values_has_a_normal_interval() -> None:
    values = np.array([0.2, 0.4, 0.6, 0.8])
    interval = mean_interval(values)
    half = 1.959964 * values.std(ddof=1) / 2
    assert (interval.low, interval.mid, interval.high) == pytest.approx((0.5 - half, 0.5, 0.5 + half), abs=1e-6)


def test_requests_without_an_answer_are_left_out_and_not_counted_as_wrong() -> None:
    assert mean_interval([1.0, math.nan, 1.0]) == wilson(2, 2)


def test_the_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no observations"):
        mean_interval([math.nan])


def test_one_graded_value_has_no_width_to_tell() -> None:
    assert mean_interval([0.5]).high == math.inf
