"""Has traffic changed? Two cheap tests against a surface's own history, which see different things.

The mean of p_any falls where more of what is asked cannot be answered (3 % to 10 % found in 500 requests with power 1
at a false-alarm rate of 1 %); the norm of the mean embedding's shift grows where topics move. Both limits are what
blocks of the surface's own history reach by chance, not a rule of thumb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, Ints, finite

BLOCK = 25  # requests that stay together in a resample: neighbours in time are alike
FALSE_ALARMS = 0.01
DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A statistic of the recent requests, and what chance reaches in one window of a hundred."""

    value: float
    limit: float

    @property
    def is_alarm(self) -> bool:
        return self.value > self.limit


def fall_of_mean(reference: ArrayLike, recent: ArrayLike, rng: np.random.Generator) -> Drift:
    """By how much the mean of `recent` lies below that of `reference`, (n,) and (m,), both oldest first.

    >>> rng = np.random.default_rng(0)
    >>> fall_of_mean(rng.beta(8, 1, 1000), rng.beta(3, 1, 200), rng).is_alarm
    True
    """
    before, now = finite(reference, "reference"), finite(recent, "recent")
    values = [float(before[rows].mean()) for rows in _windows(before.size, now.size, rng)]
    falls = (before.mean() - np.array(values)) * _both_vary(before.size, now.size)
    return Drift(value=float(before.mean() - now.mean()), limit=float(np.quantile(falls, 1 - FALSE_ALARMS)))


def shift_of_mean(reference: ArrayLike, recent: ArrayLike, rng: np.random.Generator) -> Drift:
    """Distance of the mean of `recent` (m, d) from that of `reference` (n, d), both oldest first.

    Blind to changes that leave the mean where it is.
    """
    before, now = np.asarray(reference, np.float64), np.asarray(recent, np.float64)
    centre = before.mean(axis=0)
    drawn = [float(np.linalg.norm(before[rows].mean(axis=0) - centre)) for rows in _windows(len(before), len(now), rng)]
    value = float(np.linalg.norm(now.mean(axis=0) - centre))
    shifts = _floats(drawn) * _both_vary(len(before), len(now))
    return Drift(value=value, limit=float(np.quantile(shifts, 1 - FALSE_ALARMS)))


def _both_vary(n: int, size: int) -> float:
    """By how much two means differ more than a window's differs from the history that it was drawn from: that of the
    history is a sample too, with 1/n of the variance beside 1/size.

    >>> round(_both_vary(600, 300), 3)
    1.225
    """
    return float((1.0 + size / n) ** 0.5)


def _windows(n: int, size: int, rng: np.random.Generator) -> list[Ints]:
    """Windows of `size` requests made of blocks of the history."""
    if n < 2 * BLOCK or size < 1:
        raise ValueError(f"{n} requests of history are too few to know what is usual")
    blocks = -(-size // BLOCK)
    starts = rng.integers(0, n - BLOCK + 1, (DRAWS, blocks))
    rows = (starts[:, :, None] + np.arange(BLOCK)).reshape(DRAWS, -1)[:, :size]
    return list(rows)


def _floats(values: list[float]) -> Floats:
    return np.array(values, np.float64)
