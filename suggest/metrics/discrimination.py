"""Whether a score tells two kinds of request apart, whatever its scale: answerable from not, right from wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Bools, Floats, finite, outcomes, same_length


def auroc(score: ArrayLike, positive: ArrayLike) -> float:
    """P(score of a random positive > score of a random negative), ties counting one half: the Mann-Whitney statistic.

    Says nothing about calibration, and little where positives are rare and only the top matters. Hanley & McNeil,
    1982.

    >>> auroc([0.9, 0.5, 0.5, 0.1], [1, 1, 0, 0])
    0.875
    """
    value, is_positive = _two_kinds(score, positive)
    n_positive = int(is_positive.sum())
    n_negative = is_positive.size - n_positive
    ranks = mid_ranks(value)
    return float((ranks[is_positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def fpr_at_tpr(score: ArrayLike, positive: ArrayLike, tpr: float = 0.95) -> float:
    """Share of negatives at or above the highest threshold that keeps at least `tpr` of the positives (score >=
    threshold).

    Rests on the few positives near one quantile: noisy below some hundreds of them. Ties count against the score.

    >>> fpr_at_tpr([0.9, 0.8, 0.7, 0.75, 0.1], [1, 1, 1, 0, 0])
    0.5
    """
    if not 0.0 < tpr <= 1.0:
        raise ValueError(f"tpr must be in (0, 1], got {tpr}")
    value, is_positive = _two_kinds(score, positive)
    kept = np.sort(value[is_positive])[::-1]
    threshold = kept[int(np.ceil(tpr * kept.size - 1e-9)) - 1]
    return float(np.mean(value[~is_positive] >= threshold))


def fpr95(score: ArrayLike, positive: ArrayLike) -> float:
    """False positives at 95 % true positives, as out-of-scope detection reports it. Hendrycks & Gimpel, ICLR 2017.

    >>> fpr95([2.0, 1.0], [1, 0])
    0.0
    """
    return fpr_at_tpr(score, positive, 0.95)


def mid_ranks(value: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs.

    >>> mid_ranks(np.array([3.0, 1.0, 3.0]))
    array([2.5, 1. , 2.5])
    """
    ordered = np.sort(value)
    return (np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right") + 1) / 2.0


def _two_kinds(score: ArrayLike, positive: ArrayLike) -> tuple[Floats, Bools]:
    value, is_positive = finite(score, "score"), outcomes(positive, "positive") == 1.0
    same_length(value, is_positive)
    if is_positive.all() or not is_positive.any():
        raise ValueError("telling two kinds apart needs at least one of each")
    return value, is_positive
