"""Bounds of live precision: right whenever one looks, not only at the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.interval import clopper_pearson, wilson
from suggest.policy.live import live_bounds


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_the_share_lies_between_its_bounds(right: int, wrong: int) -> None:
    bounds = live_bounds(right, right + wrong)
    assert 0.0 <= bounds.low <= bounds.mid <= bounds.high <= 1.0


@pytest.mark.parametrize(("right", "n"), [(10, 10), (45, 50), (97, 100), (930, 1_000)])
def test_being_valid_at_every_look_costs_width(right: int, n: int) -> None:
    once, always = clopper_pearson(right, n, 0.9), live_bounds(right, n)
    assert always.low < once.low
    assert always.high >= once.high
    assert always.high - always.low < 3 * (once.high - once.low)


def test_more_of_the_same_narrows_it() -> None:
    widths = [live_bounds(19 * n, 20 * n) for n in (5, 20, 80)]
    assert [b.high - b.low for b in widths] == sorted((b.high - b.low for b in widths), reverse=True)


def test_watched_after_every_audit_it_is_still_rarely_wrong_where_a_usual_interval_mostly_is() -> None:
    rng, truth, n_runs, n = np.random.default_rng(5), 0.95, 100, 300
    ever_wrong = {"always": 0, "once": 0}
    for _ in range(n_runs):
        right = np.cumsum(rng.random(n) < truth)
        looks = range(20, n, 20)
        ever_wrong["always"] += any(not live_bounds(int(right[k - 1]), k).contains(truth) for k in looks)
        ever_wrong["once"] += any(not wilson(int(right[k - 1]), k, 0.9).contains(truth) for k in looks)
    assert ever_wrong["always"] / n_runs <= 0.1
    assert ever_wrong["once"] / n_runs > 0.1  # so that the test can fail


def test_the_bounds_are_of_the_average_where_the_chance_moves() -> None:
    """Half of the time .99, then .91: the average of .95 is what must lie inside."""
    rng, wrong = np.random.default_rng(6), 0
    for _ in range(100):
        chances = np.concatenate([np.full(150, 0.99), np.full(150, 0.91)])
        right = np.cumsum(rng.random(300) < chances)
        average = np.cumsum(chances) / np.arange(1, 301)
        wrong += any(not live_bounds(int(right[k - 1]), k).contains(float(average[k - 1])) for k in range(20, 301, 20))
    assert wrong / 100 <= 0.1


@pytest.mark.parametrize(("right", "n"), [(-1, 3), (4, 3)])
def test_more_right_than_there_are_is_refused(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= right <= n"):
        live_bounds(right, n)
