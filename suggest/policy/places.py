"""The chance of an option at a place whatever stands above it: what item-position estimators weigh by.

A slate's own propensities are conditional on what stands above; these are sums over all the ways to get there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite

DEEPEST = 3  # places whose chance is summed exactly; each further one would cost a factor of n


def place_chances(scaled_logits: ArrayLike, order: Sequence[int]) -> Floats:
    """P(option order[j] stands at place j) under Plackett–Luce, for the first DEEPEST places of `order`, (len,).

        place 0: p_a
        place 1: Σ_b p_b · p_a / (1 - p_b)
        place 2: Σ_b Σ_c p_b · p_c / (1 - p_b) · p_a / (1 - p_b - p_c)

    over b, c other than a and each other. O(n²). What is left after an option is taken is summed anew where that
    option is most of it: subtracting it would leave rounding errors only. Plackett 1975.

    >>> place_chances([0.0, 0.0, 0.0], [2, 0, 1]).round(4).tolist()
    [0.3333, 0.3333, 0.3333]
    """
    score = finite(scaled_logits, "scaled_logits")
    if len(order) > min(DEEPEST, score.size) or len(set(order)) != len(order):
        raise ValueError(f"at most {DEEPEST} different places of {score.size} options, got {list(order)}")
    p = np.exp(score - score.max()) if score.size else score
    p = p / p.sum() if score.size else p
    chances = [float(p[order[0]])] if len(order) > 0 else []
    if len(order) > 1:
        left = _left(p)
        chances.append(_second(p, left, order[1]))
        if len(order) > 2:
            chances.append(_third(p, left, order[2]))
    return np.asarray(np.clip(np.array(chances), np.finfo(np.float64).tiny, 1.0), np.float64)


def _left(p: Floats) -> Floats:
    """Mass of all options but b, (n,)."""
    left = 1.0 - p
    top = int(p.argmax())
    left[top] = np.delete(p, top).sum()
    return np.asarray(left, np.float64)


def _second(p: Floats, left: Floats, a: int) -> float:
    others = np.arange(p.size) != a
    return float((p[others] / left[others]).sum() * p[a])


def _third(p: Floats, left: Floats, a: int) -> float:
    """Over the ordered pairs (b, c) above a."""
    n = p.size
    after = left[:, None] - p[None, :]  # mass of all but b and c
    first, second = np.argsort(-p)[:2] if n > 1 else (0, 0)
    after[np.arange(n) != first, first] = left[first] - p[np.arange(n) != first]
    after[first, :] = left[first] - p  # here the second option may be most of what is left
    rest = float(np.delete(p, [first, second]).sum())
    after[first, second] = after[second, first] = rest
    np.fill_diagonal(after, np.inf)  # no pair
    after[a, :] = after[:, a] = np.inf
    return float((p / left) @ (1.0 / after) @ p * p[a])
