"""The paired bootstrap: covers the truth as often as it says, gains from pairing, and repeats itself with its
seed."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.metrics.bootstrap import bootstrap_mean, clopper_pearson, paired_bootstrap, wilson


def test_the_same_seed_gives_the_same_interval() -> None:
    a, b = np.arange(30) % 3, np.arange(30) % 2
    first = paired_bootstrap(a, b, np.random.default_rng(5))
    assert first == paired_bootstrap(a, b, np.random.default_rng(5))
    assert first != paired_bootstrap(a, b, np.random.default_rng(6))


def test_covers_a_known_difference_about_as_often_as_it_says() -> None:
    """95 % nominal over 300 samples of n = 80; 4 binomial standard errors allow .90 to 1."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(300):
        hard = rng.normal(size=80)
        a, b = hard + rng.normal(0.3, 0.5, 80), hard + rng.normal(0.0, 0.5, 80)
        covered += paired_bootstrap(a, b, rng, n_draws=400).contains(0.3)
    assert covered / 300 >= 0.90


def test_pairing_takes_out_what_requests_have_in_common() -> None:
    rng = np.random.default_rng(3)
    difficulty = rng.normal(0, 5, 200)
    a, b = difficulty + 0.5, difficulty + rng.normal(0, 0.1, 200)
    paired = paired_bootstrap(a, b, rng)
    unpaired = paired_bootstrap(a, rng.permutation(b), rng)
    assert paired.low > 0 > unpaired.low


def test_large_samples_are_resampled_in_pieces() -> None:
    interval = bootstrap_mean(np.tile([0.0, 1.0], 60_000), np.random.default_rng(0), n_draws=40)
    assert interval.low < 0.5 < interval.high
    assert interval.high - interval.low < 0.01


@pytest.mark.parametrize("arguments", [{"n_draws": 0}, {"confidence": 1.0}])
def test_settings_that_make_no_interval_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="bootstrap"):
        bootstrap_mean([1.0, 2.0], np.random.default_rng(0), **arguments)  # type: ignore[arg-type]


def test_samples_of_different_requests_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="pair up"):
        paired_bootstrap([1, 2], [1], np.random.default_rng(0))


def test_the_exact_intervals_are_offered_here_too() -> None:
    assert clopper_pearson(1, 2).n == wilson(1, 2).n == 2
