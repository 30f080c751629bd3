"""Calibration errors against hand-worked bins, known biases and their own noise floor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics.calibration import (
    brier,
    debiased_ece,
    debiased_rms_error,
    ece,
    ece_noise_floor,
    group_gaps,
    nll,
    nll_with_none,
    reliability,
)


def calibrated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.beta(5, 2, n)
    return p, (rng.random(n) < p).astype(float)


def test_ece_by_hand() -> None:
    p = [0.1, 0.2, 0.7, 0.8]
    y = [0, 1, 1, 1]
    assert ece(p, y, bins=2) == pytest.approx(0.5 * abs(0.15 - 0.5) + 0.5 * abs(0.75 - 1.0))


def test_bins_hold_equal_mass_wherever_the_forecasts_lie() -> None:
    p = np.concatenate([np.linspace(0.90, 0.99, 140), np.linspace(0.0, 0.1, 10)])
    bars = reliability(p, np.zeros(150))
    assert [bar.n for bar in bars] == [10] * 15


def test_equal_forecasts_share_a_bin_so_row_order_does_not_matter() -> None:
    p = np.full(100, 0.5)
    y = np.repeat([1.0, 0.0], 50)
    assert ece(p, y) == 0.0  # cut between the rows it would be .5
    assert len(reliability(p, y)) == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.9]), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_ece_does_not_depend_on_the_order_of_rows(rows: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (ece([p for p, _ in some], [y for _, y in some]) for some in (rows, shuffled))
    assert first == pytest.approx(second, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_errors_stay_in_range_and_bars_add_up(rows: list[tuple[float, bool]]) -> None:
    p, y = [p for p, _ in rows], [y for _, y in rows]
    assert 0.0 <= ece(p, y) <= 1.0
    assert 0.0 <= debiased_ece(p, y) <= ece(p, y) + 1e-12
    bars = reliability(p, y)
    assert sum(bar.n for bar in bars) == len(rows)
    assert sum(bar.n / len(rows) * abs(bar.p_mean - bar.rate) for bar in bars) == pytest.approx(ece(p, y), abs=1e-9)
    for bar in bars:
        assert bar.p_low <= bar.p_mean + 1e-12
        assert bar.p_mean <= bar.p_high + 1e-12
        assert bar.rate_low <= bar.rate <= bar.rate_high


def test_the_bars_of_a_calibrated_model_hold_the_diagonal() -> None:
    """15 exact 95 % intervals on each of 20 samples: 300 bars, at least 90 % must cross the diagonal (4 standard
    errors)."""
    crossing = [
        bar.rate_low <= bar.p_mean <= bar.rate_high
        for seed in range(20)
        for bar in reliability(*calibrated(3_000, seed))
    ]
    assert np.mean(crossing) >= 0.90


def test_debiasing_takes_error_off_a_calibrated_model_and_leaves_a_real_gap() -> None:
    raw, corrected = zip(
        *[(ece(p, y), debiased_ece(p, y)) for p, y in (calibrated(800, s) for s in range(60))], strict=True
    )
    assert np.mean(corrected) < 0.75 * np.mean(raw)
    p, y = calibrated(20_000, 1)
    gap = np.clip(p + 0.1, 0, 1)
    assert debiased_ece(gap, y) == pytest.approx(np.mean(gap - p), abs=0.01)


def test_the_squared_error_is_unbiased_where_the_plain_one_is_not() -> None:
    """The mean of the uncut square over calibrated samples is 0; the plain squared gap is several standard errors
    above."""
    rng = np.random.default_rng(2)
    p = np.repeat([0.3, 0.6, 0.9], 100)
    plain, unbiased = [], []
    for _ in range(2_000):
        y = (rng.random(300) < p).astype(float)
        rate = y.reshape(3, 100).mean(axis=1)
        square = (np.array([0.3, 0.6, 0.9]) - rate) ** 2
        plain.append(square.mean())
        unbiased.append((square - rate * (1 - rate) / 99).mean())
    assert abs(np.mean(unbiased)) < 4 * np.std(unbiased) / math.sqrt(2_000)
    assert np.mean(plain) > 10 * np.std(plain) / math.sqrt(2_000)


def test_debiased_rms_error_recovers_a_known_gap() -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(50_000) < 0.7).astype(float)
    assert debiased_rms_error(np.full(50_000, 0.8), y) == pytest.approx(0.1, abs=0.01)
    with pytest.raises(ValueError, match="one row"):
        debiased_rms_error([0.1, 0.9], [0, 1])


def test_the_floor_falls_with_the_square_root_of_n() -> None:
    rng = np.random.default_rng(0)
    small, large = (ece_noise_floor(rng.beta(5, 2, n), 100, rng).mean for n in (1_000, 16_000))
    assert small / large == pytest.approx(4.0, rel=0.2)


def test_the_floor_matches_labels_drawn_by_hand() -> None:
    p, _ = calibrated(500, 0)
    rng = np.random.default_rng(8)
    by_hand = [ece(p, rng.random(500) < p) for _ in range(400)]
    floor = ece_noise_floor(p, 400, np.random.default_rng(9))
    assert floor.mean == pytest.approx(np.mean(by_hand), rel=0.05)
    assert floor.p95 == pytest.approx(np.quantile(by_hand, 0.95), rel=0.08)


def test_certain_forecasts_have_no_floor() -> None:
    floor = ece_noise_floor([0.0, 1.0] * 20, 10, np.random.default_rng(0))
    assert (floor.mean, floor.p95) == (0.0, 0.0)


def test_brier_and_nll_are_proper() -> None:
    _, y = np.zeros(1_000), (np.arange(1_000) < 700).astype(float)
    grid = np.linspace(0.01, 0.99, 99)
    for score in (brier, nll):
        assert grid[np.argmin([score(np.full(1_000, q), y) for q in grid])] == pytest.approx(0.7)


def test_nll_of_a_confident_mistake_is_large_and_finite() -> None:
    assert 27 < nll([1.0], [0]) < 28


def test_none_has_what_the_options_leave() -> None:
    p = [[0.6, 0.3], [0.2, 0.1], [0.5, 0.5]]
    by_hand = -(math.log(0.3) + math.log(0.7) + math.log(0.5)) / 3
    assert nll_with_none(p, [1, -1, 0]) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("p", "chosen"),
    [([[0.5, 0.5]], [2]), ([[0.5, 0.5]], [-2]), ([[0.9, 0.9]], [0]), ([0.5], [0]), ([[0.5]], [0, 0])],
)
def test_choices_that_are_no_option_are_refused(p: list[list[float]], chosen: list[int]) -> None:
    with pytest.raises(ValueError, match=r"p must be|choices index"):
        nll_with_none(p, chosen)


def test_group_gaps_show_what_cancels_on_average() -> None:
    p = np.full(2_000, 0.5)
    y = np.concatenate([np.ones(600), np.zeros(400), np.ones(400), np.zeros(600)])
    groups = ["billing"] * 1_000 + ["orders"] * 1_000
    assert ece(p, y) == 0.0
    gaps = {g.group: g for g in group_gaps(p, y, groups)}
    assert gaps["billing"].gap == pytest.approx(-0.1)
    assert gaps["orders"].gap == pytest.approx(0.1)
    assert all(abs(g.gap) > g.noise for g in gaps.values())


def test_the_noise_of_a_group_gap_is_its_95_percent_half_width() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(5, 2, 300)
    within = [abs(g.gap) <= g.noise for _ in range(500) for g in group_gaps(p, rng.random(300) < p, ["all"] * 300)]
    assert np.mean(within) == pytest.approx(0.95, abs=0.04)


def test_the_worst_group_comes_first() -> None:
    gaps = group_gaps([0.5, 0.5, 0.9, 0.9], [1, 0, 0, 0], ["fine", "fine", "bad", "bad"])
    assert [g.group for g in gaps] == ["bad", "fine"]


@pytest.mark.parametrize(
    ("p", "y", "says"),
    [
        ([1.2], [1], "probabilities"),
        ([math.nan], [1], "finite"),
        ([0.5], [0.5], "0 or 1"),
        ([0.5, 0.5], [1], "pair up"),
        ([], [], "no observations"),
    ],
)
def test_samples_that_are_no_forecasts_are_refused_in_words(p: list[float], y: list[float], says: str) -> None:
    for metric in (ece, debiased_ece, brier, nll, reliability):
        with pytest.raises(ValueError, match=says):
            metric(p, y)


def test_settings_that_make_no_figure_are_refused() -> None:
    with pytest.raises(ValueError, match="bins"):
        ece([0.5], [1], bins=0)
    with pytest.raises(ValueError, match="draw"):
        ece_noise_floor([0.5], 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="one group a row"):
        group_gaps([0.5], [1], ["a", "b"])
