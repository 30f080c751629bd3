"""E-processes: the closed form against quadrature, the error against Ville's bound, the power where it is wanted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suggest.metrics.eprocess import CalibrationWatch, log_e_wins


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (3, 1), (12, 30), (60, 41)])
def test_the_closed_form_is_the_integral(wins: int, losses: int) -> None:
    p = 0.5 + (np.arange(200_000) + 0.5) / 400_000
    integral = float(np.mean(p**wins * (1 - p) ** losses)) / 2
    assert log_e_wins(wins, losses) == pytest.approx(math.log(2 ** (wins + losses) * 2 * integral), abs=1e-6)


def test_it_is_a_martingale_under_a_fair_coin() -> None:
    """The mean of E after one more session, over win and loss, is E itself."""
    for wins, losses in [(0, 0), (5, 2), (40, 60), (3, 19)]:
        after = [math.exp(log_e_wins(wins + 1, losses)), math.exp(log_e_wins(wins, losses + 1))]
        assert np.mean(after) == pytest.approx(math.exp(log_e_wins(wins, losses)), rel=1e-9)


def test_it_is_stable_where_the_product_is_not() -> None:
    assert log_e_wins(5_000, 4_000) > 50
    assert -12 < log_e_wins(4_000, 5_000) < -3, "about 1 / (losses - wins)"
    assert math.isfinite(log_e_wins(0, 10_000))
    with pytest.raises(ValueError, match="counts"):
        log_e_wins(-1, 0)


@pytest.mark.parametrize("losses", [0, 10, 900, 960, 970, 1_100, 10_000])
def test_losses_alone_are_never_evidence_however_many(losses: int) -> None:
    """The integral of (1 - p)^l from one half on is 2^-(l+1) / (l+1), so that E is 1 / (l+1)."""
    assert log_e_wins(0, losses) == pytest.approx(-math.log(losses + 1), rel=1e-9)


@pytest.mark.parametrize(("wins", "losses"), [(40, 1_200), (400, 2_300), (2_000, 5_000), (3_000, 5_700)])
def test_it_is_a_martingale_where_probabilities_underflow_too(wins: int, losses: int) -> None:
    after = np.logaddexp(log_e_wins(wins + 1, losses), log_e_wins(wins, losses + 1)) - math.log(2)
    assert float(after) == pytest.approx(log_e_wins(wins, losses), abs=1e-7)
    assert log_e_wins(wins, losses) < 0


def test_a_fair_coin_is_seldom_promoted_however_often_one_looks() -> None:
    """1,000 runs, a look after each of 300 sessions: at most 5 % may ever reach 20; 4 standard errors allow 7.8 %."""
    fewest, wins = np.full(301, 999), 0
    for n in range(1, 301):
        while wins <= n and log_e_wins(wins, n - wins) < math.log(20):
            wins += 1
        fewest[n] = wins
    won = np.cumsum(np.random.default_rng(1).random((1_000, 300)) < 0.5, axis=1)
    assert (won >= fewest[1:]).any(axis=1).mean() <= 0.078


def watched(p: np.ndarray, right: np.ndarray) -> tuple[float, int | None]:
    watch, alarm = CalibrationWatch(), None
    for n, (each, came) in enumerate(zip(p, right, strict=True)):
        watch = watch.observed(float(each), right=bool(came))
        if alarm is None and watch.e >= 100:
            alarm = n + 1
    return watch.peak, alarm


def test_a_forecast_that_keeps_its_word_is_left_alone() -> None:
    """60 runs of 400 outcomes; at most 1 in 100 may ever reach 100: 4 standard errors allow 3."""
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(60):
        p = rng.beta(8, 1, 400)
        alarms += watched(p, rng.random(400) < p)[1] is not None
    assert alarms <= 3


def test_a_forecast_that_promises_too_little_is_left_alone() -> None:
    rng = np.random.default_rng(3)
    p = rng.beta(4, 4, 800)
    assert watched(p, rng.random(800) < np.minimum(p + 0.2, 1))[1] is None


@pytest.mark.parametrize(("fall", "within"), [(0.10, 500), (0.20, 150)])
def test_a_broken_word_is_found_in_time(fall: float, within: int) -> None:
    """The median delay of 10 runs in which that share of what should be right is not."""
    rng, delays = np.random.default_rng(4), []
    for _ in range(10):
        p = rng.beta(18, 1, 700)
        delays.append(watched(p, rng.random(700) < p * (1 - fall))[1] or 10_000)
    assert np.median(delays) <= within


def test_a_word_broken_after_long_good_service_is_found_too() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(18, 1, 2_600)
    right = rng.random(2_600) < np.where(np.arange(2_600) < 2_000, p, p * 0.75)
    alarm = watched(p, right)[1]
    assert alarm is not None
    assert 2_000 < alarm < 2_400


def test_forecasts_are_probabilities() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        CalibrationWatch().observed(1.2, right=True)
    assert CalibrationWatch().to_json()["said"] is None
    assert CalibrationWatch().e == 1.0
