"""Intervals by resampling, for what has no formula: chiefly the difference of two models judged on the same requests.

The exact intervals of a plain share, `clopper_pearson` and `wilson`, live in `interval` and are offered here beside
it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, Ints, finite, same_length
from suggest.metrics.interval import Interval, clopper_pearson, wilson

__all__ = ["bootstrap_mean", "clopper_pearson", "paired_bootstrap", "wilson"]

_CELLS_AT_ONCE = 2_000_000  # 16 MB of indices


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, rng: np.random.Generator, *, n_draws: int = 2_000, confidence: float = 0.95
) -> Interval:
    """Percentile interval of mean(a - b), resampling requests, each with both of its values.

    Pairing removes what the requests have in common, which is most of the variance: hard ones are hard for both.
    Assumes independent requests (resample sessions instead where one person sends many); the percentile interval is
    a little short under n of about 50. Efron & Tibshirani, 1993, chapter 13.

    >>> gain = paired_bootstrap([1, 1, 1, 0], [0, 0, 1, 0], np.random.default_rng(1))
    >>> gain.mid, gain.low >= 0
    (0.5, True)
    """
    left, right = finite(a, "a"), finite(b, "b")
    same_length(left, right)
    return bootstrap_mean(left - right, rng, n_draws=n_draws, confidence=confidence)


def bootstrap_mean(
    values: ArrayLike, rng: np.random.Generator, *, n_draws: int = 2_000, confidence: float = 0.95
) -> Interval:
    """Percentile interval of the mean of `values` `(n,)`.

    >>> bootstrap_mean([2.0, 2.0], np.random.default_rng(0)).high
    2.0
    """
    sample = finite(values, "values")
    same_length(sample)
    if not 0.0 < confidence < 1.0 or n_draws < 1:
        raise ValueError("a bootstrap needs 0 < confidence < 1 and n_draws >= 1")
    means = np.concatenate([_means(sample, chosen) for chosen in _resamples(sample.size, n_draws, rng)])
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(low=float(low), mid=float(sample.mean()), high=float(high), n=sample.size)


def _means(sample: Floats, chosen: Ints) -> Floats:
    means: Floats = sample[chosen].mean(axis=1)
    return means


def _resamples(n: int, n_draws: int, rng: np.random.Generator) -> Iterator[Ints]:
    rows = max(1, _CELLS_AT_ONCE // n)
    for start in range(0, n_draws, rows):
        yield rng.integers(0, n, size=(min(rows, n_draws - start), n))
