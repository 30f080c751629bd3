"""Whether a probability means what it says: of all that was given 0.8, did 80 % happen?

Every error here is biased upwards by sampling noise, more so with fewer observations. So the noise floor is printed
beside the figure: an error under its 95th percentile cannot be told from perfect calibration at that n."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suggest.metrics.arrays import Floats, Ints, probabilities, same_length, scored
from suggest.metrics.interval import clopper_pearson_bounds, z_two_sided

N_BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar of a reliability diagram."""

    n: int
    p_low: float  # smallest and largest forecast in the bin
    p_high: float
    p_mean: float
    rate: float  # what happened
    rate_low: float  # Clopper-Pearson
    rate_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the error would measure if the forecasts were exactly right, at this n and this spread of forecasts."""

    mean: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap:
    """How far the forecasts of one group are off on average."""

    group: Hashable
    n: int
    gap: float  # mean forecast minus rate; positive = overconfident
    noise: float  # half-width of the gap's 95 % interval if the forecasts were exactly right


def ece(p: ArrayLike, y: ArrayLike, bins: int = N_BINS) -> float:
    """Expected calibration error over equal-mass bins: sum_b n_b / n * |mean p - mean y|.

    Equal forecasts always share a bin, so the order of the rows does not matter. Biased upwards (see
    `ece_noise_floor`), and blind to errors that cancel inside a bin or between groups (see `group_gaps`). Naeini et
    al., AAAI 2015; equal mass: Nguyen & O'Connor 2015.

    >>> round(ece([0.9, 0.9, 0.1, 0.1], [1, 0, 0, 0]), 3)
    0.25
    """
    forecast, happened = scored(p, y)
    groups = _Bins.of(forecast, bins)
    return float(groups.share @ np.abs(groups.means(forecast) - groups.means(happened)))


def debiased_ece(p: ArrayLike, y: ArrayLike, bins: int = N_BINS) -> float:
    """ECE less the part that noise explains: per bin 2|d| - E|N(d, s)|, with d = mean p - mean y and s its standard
    error.

    The closed form (folded normal) of the Gaussian correction of Kumar, Liang & Ma, NeurIPS 2019. Removes some 40 %
    of the bias at d = 0 and all of it where d is several s, so a small remainder still needs the floor beside it.
    Never below 0.

    >>> debiased_ece([0.5] * 100, [1] * 52 + [0] * 48)
    0.0
    """
    forecast, happened = scored(p, y)
    groups = _Bins.of(forecast, bins)
    rate = groups.means(happened)
    d = np.abs(groups.means(forecast) - rate)
    s = np.sqrt(rate * (1.0 - rate) / groups.n)
    return max(0.0, float(groups.share @ (2.0 * d - _folded_normal_mean(d, s))))


def debiased_rms_error(p: ArrayLike, y: ArrayLike, bins: int = N_BINS) -> float:
    """Root of the unbiased squared calibration error: sum_b n_b / n * ((mean p - mean y)^2 - var_b / (n_b - 1)),
    never below 0.

    Unbiased in the square for the binned forecast, so it compares models at different n; at least as large as the
    ECE it estimates. Kumar, Liang & Ma, NeurIPS 2019, section 5. Bins of one row cannot be corrected and are
    refused.

    >>> round(debiased_rms_error([0.8] * 10, [1] * 4 + [0] * 6), 3)
    0.365
    """
    forecast, happened = scored(p, y)
    groups = _Bins.of(forecast, bins)
    if groups.n.min() < 2:
        raise ValueError("a bin of one row has no variance; use fewer bins")
    rate = groups.means(happened)
    squared = (groups.means(forecast) - rate) ** 2 - rate * (1.0 - rate) / (groups.n - 1)
    return float(np.sqrt(max(0.0, float(groups.share @ squared))))


def ece_noise_floor(p: ArrayLike, n_draws: int, rng: np.random.Generator, bins: int = N_BINS) -> Floor:
    """ECE of labels drawn from the forecasts themselves: what a perfectly calibrated model would show at this n.

    Assumes independent rows: repeated contexts raise the true floor. A calibrated model passes p95 19 times in 20.
    Bröcker & Smith, Weather and Forecasting 2007 (consistency resampling).

    >>> floor = ece_noise_floor(np.full(400, 0.5), 500, np.random.default_rng(0))
    >>> 0.01 < floor.mean < floor.p95 < 0.06
    True
    """
    forecast = probabilities(p)
    same_length(forecast)
    if n_draws < 1:
        raise ValueError(f"a floor needs at least one draw, got {n_draws}")
    groups = _Bins.of(forecast, bins)
    centre = groups.means(forecast)
    ordered = forecast[groups.order]
    draws = np.array([groups.share @ np.abs(centre - groups.rates(ordered, rng)) for _ in range(n_draws)])
    return Floor(mean=float(draws.mean()), p95=float(np.quantile(draws, 0.95)))


def reliability(p: ArrayLike, y: ArrayLike, bins: int = N_BINS) -> tuple[Bin, ...]:
    """Bars of a reliability diagram over the bins of `ece`, each with an exact 95 % interval of its rate.

    >>> [(b.n, b.p_mean, b.rate) for b in reliability([0.2, 0.2, 0.7, 0.7], [0, 0, 1, 0], bins=2)]
    [(2, 0.2, 0.0), (2, 0.7, 0.5)]
    """
    forecast, happened = scored(p, y)
    return tuple(_bars(forecast, happened, bins))


def brier(p: ArrayLike, y: ArrayLike) -> float:
    """Mean squared error of a probability. Proper: only the true probability minimises it. Brier, 1950.

    >>> brier([1.0, 0.5], [1, 0])
    0.125
    """
    forecast, happened = scored(p, y)
    return float(np.mean((forecast - happened) ** 2))


def nll(p: ArrayLike, y: ArrayLike) -> float:
    """Mean negative log-likelihood in nats. Proper; one confident mistake weighs without bound, so p is held 1e-12
    from 0 and 1.

    >>> round(nll([0.5, 0.5], [1, 0]), 4)
    0.6931
    """
    forecast, happened = scored(p, y)
    return float(-np.mean(_log(np.where(happened == 1.0, forecast, 1.0 - forecast))))


def nll_with_none(p: ArrayLike, chosen: ArrayLike) -> float:
    """Mean negative log-likelihood of what was right among k options and "none": p `(n, k)`, chosen `(n,)` an index
    or -1 for none.

    P(none) is what the options leave over, 1 - sum(p); that is why the rows need not add up to one.

    >>> round(nll_with_none([[0.5, 0.25], [0.5, 0.25]], [0, -1]), 4)
    1.0397
    """
    options, index = probabilities(p), np.asarray(chosen, dtype=np.int64)
    if options.ndim != 2 or options.shape[0] != index.size or not index.size:
        raise ValueError(f"p must be (n, k) with one choice a row, got {options.shape} and {index.shape}")
    if index.min() < -1 or index.max() >= options.shape[1] or options.sum(axis=1).max() > 1.0 + 1e-6:
        raise ValueError("choices index the options (or are -1), whose probabilities sum to at most 1")
    none = np.clip(1.0 - options.sum(axis=1, keepdims=True), 0.0, 1.0)
    return float(-np.mean(_log(np.hstack([options, none])[np.arange(index.size), index])))


def group_gaps(p: ArrayLike, y: ArrayLike, groups: Sequence[Hashable]) -> tuple[GroupGap, ...]:
    """Mean forecast minus rate per group, the worst first. Marginal calibration hides these.

    The worst of many groups is off by noise alone: compare |gap| with `noise`, not with 0. Hébert-Johnson et al.,
    ICML 2018.

    >>> [(g.group, round(g.gap, 2)) for g in group_gaps([0.9, 0.9, 0.1], [1, 0, 0], ["en", "en", "de"])]
    [('en', 0.4), ('de', 0.1)]
    """
    forecast, happened = scored(p, y)
    if len(groups) != forecast.size:
        raise ValueError(f"one group a row, got {len(groups)} for {forecast.size}")
    names = list(dict.fromkeys(groups))
    number = {name: i for i, name in enumerate(names)}
    code = np.array([number[name] for name in groups])
    n = np.bincount(code)
    gap = np.bincount(code, weights=forecast - happened) / n
    noise = z_two_sided(0.95) * np.sqrt(np.bincount(code, weights=forecast * (1.0 - forecast))) / n
    worst_first = np.argsort(-np.abs(gap), kind="stable")
    return tuple(
        GroupGap(group=names[i], n=int(n[i]), gap=float(gap[i]), noise=float(noise[i])) for i in worst_first.tolist()
    )


@dataclass(frozen=True, slots=True)
class _Bins:
    """Rows sorted by forecast and cut into bins of equal mass, never between two equal forecasts."""

    order: NDArray[np.intp]
    starts: Ints
    n: Ints

    @classmethod
    def of(cls, forecast: Floats, bins: int) -> _Bins:
        if bins < 1:
            raise ValueError(f"bins must be >= 1, got {bins}")
        order = np.argsort(forecast, kind="stable")
        ordered = forecast[order]
        first, last = np.searchsorted(ordered, ordered, "left"), np.searchsorted(ordered, ordered, "right") - 1
        bin_of = ((first + last) // 2 * bins) // forecast.size
        starts = np.flatnonzero(np.diff(bin_of, prepend=-1))
        return cls(order=order, starts=starts, n=np.diff(starts, append=forecast.size))

    @property
    def share(self) -> Floats:
        return np.asarray(self.n / self.n.sum(), dtype=np.float64)

    def means(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[self.order], self.starts) / self.n, dtype=np.float64)

    def rates(self, ordered: Floats, rng: np.random.Generator) -> Floats:
        """Rate per bin of one draw of labels from the ordered forecasts."""
        drawn = (rng.random(ordered.size) < ordered).astype(np.float64)
        return np.asarray(np.add.reduceat(drawn, self.starts) / self.n, dtype=np.float64)


def _bars(forecast: Floats, happened: Floats, bins: int) -> Iterator[Bin]:
    groups = _Bins.of(forecast, bins)
    ordered = forecast[groups.order]
    p_mean, rate = groups.means(forecast), groups.means(happened)
    low, high = clopper_pearson_bounds(np.rint(rate * groups.n), groups.n)
    for i, (start, n) in enumerate(zip(groups.starts.tolist(), groups.n.tolist(), strict=True)):
        yield Bin(
            n=n,
            p_low=float(ordered[start]),
            p_high=float(ordered[start + n - 1]),
            p_mean=float(p_mean[i]),
            rate=float(rate[i]),
            rate_low=float(low[i]),
            rate_high=float(high[i]),
        )


def _folded_normal_mean(d: Floats, s: Floats) -> Floats:
    """E|N(d, s)| for d >= 0; |d| where s is 0."""
    safe = np.where(s > 0, s, 1.0)
    ratio = d / safe
    value = safe * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * ratio**2) + d * (1.0 - 2.0 * _normal_cdf(-ratio))
    return np.where(s > 0, value, d)


def _normal_cdf(z: Floats) -> Floats:
    return np.array([0.5 * math.erfc(-v / 2.0**0.5) for v in z.tolist()])


def _log(p: Floats) -> Floats:
    return np.log(np.clip(p, 1e-12, 1.0))
