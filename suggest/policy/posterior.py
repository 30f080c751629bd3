"""Explore where the model is unsure: draw each option's logit from its posterior, take the best, and know the chance.

For every slot anew, x_j ~ N(logit_j, spread_j²), independent, over the options that are left; the largest x takes the
slot (Thompson 1933, slot by slot). Because each slot draws afresh, the chance of a pick given those above it is one
integral,

    P(a) = ∫ φ_a(x) · Π_{j left, j ≠ a} Φ_j(x) dx,

computed by the trapezoid rule, which converges exponentially for products of Gaussians: with a third of the smallest
spread as its step, the chances of all options sum to 1 within 2e-7 for 40 equal options, 2e-5 for 160, the worst case.
Nothing is estimated by drawing. A spread below LEAST_SPREAD of the widest counts as that much. It misleads where the
posterior is too narrow: what is wrongly thought known is never tried again; Plackett-Luce has no such blind spot."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suggest.metrics.arrays import Floats, finite

LEAST_SPREAD = 0.1  # of the widest: the integral's step is the smallest spread, its range the widest
_REACH = 7.0  # spreads from the mean on either side; 1e-11 lies beyond
_STEP = 1 / 3  # of the smallest spread
_BELOW = 8.5  # spreads from its mean to the range: an option so far below has no say, its factor is 1


def posterior_step(logits: ArrayLike, spreads: ArrayLike, picked: int) -> float:
    """The chance that `picked` has the largest draw of all. Never 0: the smallest normal float stands for that.

    >>> round(posterior_step([1.0, 1.0], [0.5, 2.0], 0), 6)
    0.5
    >>> round(posterior_step([1.0, 0.0], [0.6, 0.8], 0), 4)  # Φ(1)
    0.8413
    """
    from scipy.special import log_ndtr

    mean, spread = finite(logits, "logits"), floored(spreads)
    own, sigma = mean[picked], spread[picked]
    step = float(spread.min()) * _STEP
    top = own + _REACH * sigma
    low_end = min(float((mean - _REACH * spread).max()), top - step)  # below it somebody else is surely larger
    x = np.linspace(low_end, top, int(np.ceil((top - low_end) / step)) + 1)
    others = np.arange(mean.size) != picked
    low = (x[0] - mean) / spread
    others &= low < _BELOW
    log_product = log_ndtr((x[:, None] - mean[others]) / spread[others]).sum(axis=1)
    density = np.exp(-0.5 * ((x - own) / sigma) ** 2 + log_product) / (sigma * np.sqrt(2 * np.pi))
    chance = float(np.trapezoid(density, x))
    return float(np.clip(chance, np.finfo(np.float64).tiny, 1.0))


def posterior_draw(
    logits: ArrayLike, spreads: ArrayLike, k: int, rng: np.random.Generator
) -> tuple[list[int], list[float]]:
    """k options in order, and the chance of each given those above it."""
    mean, spread = finite(logits, "logits"), floored(spreads)
    if mean.shape != spread.shape:
        raise ValueError(f"one spread a logit: {mean.shape} and {spread.shape}")
    left = np.arange(mean.size)
    order: list[int] = []
    steps: list[float] = []
    for _ in range(min(k, mean.size)):
        place = int(np.argmax(rng.normal(mean[left], spread[left])))
        steps.append(posterior_step(mean[left], spread[left], place))
        order.append(int(left[place]))
        left = np.delete(left, place)
    return order, steps


def floored(spreads: ArrayLike) -> Floats:
    """Every spread at least LEAST_SPREAD of the widest."""
    spread = finite(spreads, "spreads")
    if spread.size and (spread <= 0).any():
        raise ValueError("spreads must be above 0")
    widest: NDArray[np.float64] | float = spread.max(initial=0.0)
    return np.asarray(np.maximum(spread, LEAST_SPREAD * widest), np.float64)
