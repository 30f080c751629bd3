"""How right what is shown has been, with bounds that hold however often one looks.

An ordinary interval is for one look: watched after every audit it is wrong sooner or later. This one is not."""

from __future__ import annotations

import math

import numpy as np

from suggest.metrics.arrays import Floats
from suggest.metrics.interval import Interval

CONFIDENCE = 0.9
_TILTS: Floats = np.geomspace(0.05, 4.0, 16)  # log odds ratios that the bets are spread over, fixed beforehand
_CUTS, _PIECES = 5, 32  # of the bracket: 3e-8 of it is left


def live_bounds(right: int, n: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Bounds of the average chance of being right over n audits, valid at all n at once.

    For a tilt b > 0 the wealth  exp(b * right - n * log(1 - p + p * exp(b)))  of a bet against "the average is p" is
    in expectation at most 1 at every n, also where the chance moves (log is concave), and so is the mean of such bets
    over fixed tilts. By Ville's inequality it ever exceeds 1 / alpha with chance at most alpha: every p whose wealth
    has is out. Above and below share alpha. The price is width: about 1.5 times that of the interval for one look.
    Misleads where audits are not a random sample of what is shown, or verdicts are wrong.
    Howard, Ramdas, McAuliffe & Sekhon, Annals of Statistics 2021; Waudby-Smith & Ramdas, JRSS B 2024.

    >>> bounds = live_bounds(97, 100)
    >>> round(bounds.low, 3), bounds.mid, round(bounds.high, 3)
    (0.892, 0.97, 0.998)
    >>> live_bounds(0, 0).low, live_bounds(0, 0).high
    (0.0, 1.0)
    """
    if not 0 <= right <= n:
        raise ValueError(f"a share counts 0 <= right <= n, got {right} of {n}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie strictly between 0 and 1, got {confidence}")
    if n == 0:
        return Interval(low=0.0, mid=0.5, high=1.0, n=0)
    bar = math.log(2.0 / (1.0 - confidence))
    share = right / n
    return Interval(
        low=min(_lowest(right, n, bar), share), mid=share, high=max(1.0 - _lowest(n - right, n, bar), share), n=n
    )


def _lowest(right: int, n: int, bar: float) -> float:
    """The smallest p that is not refuted from above: the wealth falls as p grows, so the bracket is cut into pieces."""
    low, high = 0.0, 1.0
    for _ in range(_CUTS):
        grid = np.linspace(low, high, _PIECES + 1)
        n_refuted = int(np.count_nonzero(_log_wealth(right, n, grid) > bar))
        low, high = float(grid[max(n_refuted - 1, 0)]), float(grid[min(n_refuted, _PIECES)])
    return low


def _log_wealth(right: int, n: int, p: Floats) -> Floats:
    exponents = _TILTS * right - n * np.log1p(p[:, None] * np.expm1(_TILTS))
    top = exponents.max(axis=1)
    return np.asarray(top + np.log(np.exp(exponents - top[:, None]).mean(axis=1)), np.float64)
