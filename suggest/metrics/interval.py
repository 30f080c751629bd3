"""A figure with its uncertainty: the interval every report prints, and the two standard intervals of a share.

A share without an interval invites a decision that the sample cannot carry."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite, same_length
from suggest.metrics.discrete import beta_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate `mid` with the bounds of its confidence interval; `n` observations stand behind it."""

    low: float
    mid: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"an interval runs upwards, got {self.low} to {self.high}")
        if self.n < 0:
            raise ValueError(f"n counts observations, got {self.n}")

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high


def z_two_sided(confidence: float) -> float:
    """Standard normal quantile of a two-sided interval.

    >>> round(z_two_sided(0.95), 2)
    1.96
    """
    return NormalDist().inv_cdf(0.5 + _valid(confidence) / 2)


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Exact two-sided interval of a share, k of n: the p for which k is not surprising in either tail.

    Covers at least `confidence` for every n, and usually more (conservative for small n). Assumes independent draws
    with one common p; repeated contexts make it too narrow. Clopper & Pearson, Biometrika 1934.

    >>> i = clopper_pearson(0, 59)
    >>> i.low, i.mid, round(i.high, 4)
    (0.0, 0.0, 0.0606)
    """
    low, high = clopper_pearson_bounds(np.array([k]), np.array([n]), confidence)
    return Interval(low=float(low[0]), mid=k / n if n else 0.5, high=float(high[0]), n=n)


def clopper_pearson_bounds(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The same for arrays of counts: (low, high). Nothing observed is (0, 1)."""
    tail = (1.0 - _valid(confidence)) / 2
    k_, n_ = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    low, high = lower_bound(np.stack([k_, n_ - k_]), n_, 1.0 - tail)  # in one go: half the time of two
    return low, 1.0 - high


def lower_bound(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Floats:
    """One-sided exact lower bound of a share: the p at which k or more successes have chance 1 - confidence.

    >>> lower_bound(59, 59, 0.95).round(4).tolist()  # the rule of three
    0.9505
    """
    k_, n_ = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if (k_ < 0).any() or (k_ > n_).any():
        raise ValueError("a share counts 0 <= k <= n")
    bound = np.zeros(k_.shape)
    some = k_ > 0
    if some.any():
        bound[some] = beta_quantile(1.0 - _valid(confidence), k_[some], n_[some] - k_[some] + 1.0)
    return bound


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of a share: shorter than Clopper–Pearson, right on average over p rather than for each p.

    Good for a chart; use the exact one where the bound is a promise. Wilson, JASA 1927.

    >>> i = wilson(8, 10)
    >>> round(i.low, 3), round(i.high, 3)
    (0.49, 0.943)
    """
    if not 0 <= k <= n:
        raise ValueError(f"a share counts 0 <= k <= n, got {k} of {n}")
    if n == 0:
        return Interval(low=0.0, mid=0.5, high=1.0, n=0)
    z = z_two_sided(confidence)
    share, z2n = k / n, z * z / n
    centre = (share + z2n / 2) / (1 + z2n)
    half = z * ((share * (1 - share) + z2n / 4) / n) ** 0.5 / (1 + z2n)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    return Interval(low=low, mid=share, high=1.0 if k == n else min(1.0, centre + half), n=n)


def difference(now: Interval, before: Interval) -> Interval:
    """Of two shares of different people, each with its Wilson interval: now less before. Newcombe (1998), method 10.

    For one look; `experiment.difference` is the one that may be looked at every day.

    >>> found = difference(wilson(56, 70), wilson(48, 80))
    >>> round(found.low, 4), round(found.mid, 4), round(found.high, 4)
    (0.0524, 0.2, 0.3339)
    """
    found = square_and_add(now, before)
    return Interval(low=max(-1.0, found.low), mid=found.mid, high=min(1.0, found.high), n=found.n)


def square_and_add(now: Interval, before: Interval) -> Interval:
    """The same of any two estimates of different requests, in whatever unit: Zou & Donner, Statistics in Medicine 2008.

    As right as the two intervals are, and a little wide where both are exact. An open end (infinite) stays one.

    >>> found = square_and_add(Interval(low=50, mid=60, high=80, n=9), Interval(low=10, mid=20, high=35, n=9))
    >>> round(found.low, 1), found.mid, round(found.high, 1)
    (22.0, 40, 62.4)
    """
    mid = now.mid - before.mid
    low = mid - ((now.mid - now.low) ** 2 + (before.high - before.mid) ** 2) ** 0.5
    high = mid + ((now.high - now.mid) ** 2 + (before.mid - before.low) ** 2) ** 0.5
    return Interval(low=low, mid=mid, high=high, n=now.n + before.n)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of per-request values `(n,)`: Wilson where all are 0 or 1, otherwise mean ± z·s/√n.

    NaN marks a request the metric has no answer for (see `ranking`); those are left out, and `n` says how many
    remain. The normal interval misleads for very skewed values or n under about 30: use `bootstrap.bootstrap_mean`
    there.

    >>> mean_interval([1.0, 1.0, 0.0, float("nan")]).n
    3
    """
    array = np.asarray(values, dtype=np.float64)
    array = finite(array[~np.isnan(array)], "values")
    same_length(array)
    if ((array == 0.0) | (array == 1.0)).all():
        return wilson(int(array.sum()), array.size, confidence)
    mid = float(array.mean())
    half = z_two_sided(confidence) * float(array.std(ddof=1)) / array.size**0.5 if array.size > 1 else float("inf")
    return Interval(low=mid - half, mid=mid, high=mid + half, n=array.size)


def _valid(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence}")
    return confidence
