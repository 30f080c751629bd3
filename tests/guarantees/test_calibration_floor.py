"""The noise floor: a calibrated model passes its 95th percentile 19 times in 20, a miscalibrated one does not.

This is the yardstick that "p_select and p_any are probabilities" is measured with, so it is tested before it
measures."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from suggest.metrics.calibration import debiased_ece, ece, ece_noise_floor

pytestmark = pytest.mark.slow

N_SAMPLES = 1_000 if os.environ.get("SUGGEST_FULL") else 300
FLOOR_DRAWS = 300


def forecasts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Like p_any in service: mostly sure, one in eight lost."""
    return np.where(rng.random(n) < 0.87, 1 - rng.beta(0.35, 6, n), rng.beta(1, 4, n))


@pytest.mark.parametrize("n", [300, 1_000, 4_000])
def test_a_calibrated_model_is_under_the_floor_19_times_in_20(n: int) -> None:
    """Two-sided, 4 binomial standard errors plus the noise of the floor's own quantile: a floor too high fails as
    well."""
    under = []
    for seed in range(N_SAMPLES):
        rng = np.random.default_rng([seed, n])
        p = forecasts(n, rng)
        y = rng.random(n) < p
        under.append(ece(p, y) <= ece_noise_floor(p, FLOOR_DRAWS, rng).p95)
    slack = 4 * math.sqrt(0.05 * 0.95 / N_SAMPLES + 0.05 * 0.95 / FLOOR_DRAWS / N_SAMPLES)
    print(f"n={n}: under the floor {np.mean(under):.1%} (95% +- {slack:.1%})")
    assert np.mean(under) == pytest.approx(0.95, abs=slack)


@pytest.mark.parametrize(
    ("name", "distort"),
    [
        ("overconfident", lambda p: np.clip(p + 0.5 * (1 - p), 0, 1)),
        ("timid", lambda p: 0.5 + 0.85 * (p - 0.5)),
        ("shifted", lambda p: np.clip(p - 0.03, 0, 1)),
    ],
)
def test_a_miscalibrated_model_is_above_the_floor(name: str, distort: object) -> None:
    above = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 1])
        p = forecasts(4_000, rng)
        y = rng.random(4_000) < p
        said = distort(p)  # type: ignore[operator]
        above.append(ece(said, y) > ece_noise_floor(said, 100, rng).p95)
    assert np.mean(above) >= 0.95, name


@pytest.mark.parametrize("n", [1_000, 4_300])
def test_the_floor_is_the_size_that_theory_gives(n: int) -> None:
    """Per bin E|N(0, v / n_b)| = sqrt(2 v / (pi n_b)), with v the mean of p (1 - p): good to 5 % where bins are not
    all sure."""
    rng = np.random.default_rng(0)
    p = np.sort(rng.beta(4, 2, n))
    spread = [math.sqrt(2 * float(np.mean(b * (1 - b))) / (math.pi * b.size)) for b in np.array_split(p, 15)]
    floor = ece_noise_floor(p, 400, rng)
    print(f"n={n}: floor {floor.mean:.4f}, p95 {floor.p95:.4f}, theory {np.mean(spread):.4f}")
    assert floor.mean == pytest.approx(np.mean(spread), rel=0.05)


def test_debiasing_brings_the_calibrated_model_under_half_a_point() -> None:
    figures = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 2])
        p = forecasts(5_000, rng)
        figures.append(debiased_ece(p, rng.random(5_000) < p))
    assert np.mean(figures) <= 0.005
