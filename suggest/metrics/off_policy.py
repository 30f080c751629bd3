"""What another policy would have earned on the log of this one, and how far that may be believed.

Every served slate carries, for each slot, the chance that the logging policy put this option here given the options
above it. `logged` and `target` are those per-slot chances, shape (n, k), for the options that were shown; a slate
shorter than k is padded with reward 0 and both chances 1. All estimators need `logged` > 0 wherever the target could
act: what was never tried is not known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite, probabilities, same_length
from suggest.metrics.interval import Interval, z_two_sided


def ips(reward: ArrayLike, logged: ArrayLike, target: ArrayLike) -> float:
    """Inverse propensity score: mean over requests of sum(w * r), w = target / logged. Arrays (n,) or,
    item-position, (n, k).

    Unbiased, and unsteady: one small `logged` can carry the estimate. In item-position form the chances must be
    those of the item at the position whatever stands above it; with conditional ones use `prefix_weights`. Horvitz &
    Thompson 1952; Li et al., KDD 2018.

    >>> ips([1.0, 0.0], [0.5, 0.5], [1.0, 0.0])
    1.0
    """
    value, weight = _weighted(reward, logged, target)
    return float((value * weight).sum() / value.shape[0])


def snips(reward: ArrayLike, logged: ArrayLike, target: ArrayLike) -> float:
    """Self-normalised IPS: sum(w * r) / sum(w), in item-position form per position, then summed over positions.

    Biased but far steadier than IPS, and stays within the range of the rewards; still misleads when the effective
    sample size is small. Swaminathan & Joachims, NeurIPS 2015.

    >>> snips([1.0, 0.0], [0.5, 0.5], [0.5, 0.5])
    0.5
    """
    value, weight = _weighted(reward, logged, target)
    total = weight.sum(axis=0)
    if (total == 0).any():
        raise ValueError("the target policy never acts as the log did; nothing can be said about it")
    return float(((value * weight).sum(axis=0) / total).sum())


def prefix_weights(logged: ArrayLike, target: ArrayLike) -> Floats:
    """Weight of the list down to each slot: the running product of target / logged, shape (n, k).

    >>> prefix_weights([[0.5, 0.5]], [[1.0, 0.25]])
    array([[2., 1.]])
    """
    below, above = _positive(logged), probabilities(target, "target")
    same_length(below, above)
    return np.asarray(np.cumprod(above / below, axis=-1), dtype=np.float64)


def cascade_dr(
    reward: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    *,
    q_shown: ArrayLike,
    q_expected: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Doubly robust value of a list read from the top: mean of sum_j w_j (r_j - Q_j) + w_{j-1} V_j, with w_j the
    prefix weights.

    `q_shown` (n, k) is Q_j, a model's expected reward from slot j downwards given the list down to j as shown;
    `q_expected` is V_j, its mean over the option that the target policy would put in slot j below the same prefix.
    Unbiased for any Q under the cascade assumption (the reward of a slot depends on it and those above), which holds
    when one option is picked reading down; with Q = 0 this is the cascade IPS. The interval is normal over requests
    and assumes they are independent; with an effective sample size under some hundred it is too short. Kiyohara et
    al., WSDM 2022.

    >>> r, b, t = [[1.0, 0.0], [0.0, 0.0]], [[0.5, 1.0]] * 2, [[0.5, 1.0]] * 2
    >>> cascade_dr(r, b, t, q_shown=np.zeros((2, 2)), q_expected=np.zeros((2, 2))).mid
    0.5
    """
    return normal_interval(cascade_dr_terms(reward, logged, target, q_shown=q_shown, q_expected=q_expected), confidence)


def cascade_dr_terms(
    reward: ArrayLike, logged: ArrayLike, target: ArrayLike, *, q_shown: ArrayLike, q_expected: ArrayLike
) -> Floats:
    """What each request adds to `cascade_dr`, (n,): their mean is the value, and the terms of two targets on the same
    requests can be subtracted.

    >>> cascade_dr_terms([[1.0]], [[0.5]], [[1.0]], q_shown=[[0.25]], q_expected=[[0.25]]).tolist()
    [1.75]
    """
    weight = prefix_weights(logged, target)
    gained, shown, expected = finite(reward, "reward"), finite(q_shown, "q_shown"), finite(q_expected, "q_expected")
    same_length(weight, gained, shown, expected)
    if weight.ndim != 2:
        raise ValueError(f"slates are (n, k), got {weight.shape}")
    before = np.hstack([np.ones((weight.shape[0], 1)), weight[:, :-1]])
    return np.asarray((weight * (gained - shown) + before * expected).sum(axis=1), np.float64)


def normal_interval(terms: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of per-request terms `(n,)` ± z·s/√n.

    Assumes independent requests; too short while a few terms carry the mean (see `effective_sample_size`).

    >>> normal_interval([0.0, 1.0, 0.0, 1.0]).mid
    0.5
    """
    array = finite(terms, "terms")
    same_length(array)
    mid, n = float(array.mean()), array.size
    half = z_two_sided(confidence) * float(array.std(ddof=1)) / n**0.5 if n > 1 else float("inf")
    return Interval(low=mid - half, mid=mid, high=mid + half, n=n)


def item_position_snips(
    reward: ArrayLike, logged: ArrayLike, target: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Item-position `snips` of slates (n, k) with its interval. `logged` and `target` are the chances of the item at
    the position *whatever stands above it* (see `suggest.policy.places.place_chances`), not the conditional ones.

    Assumes that an option is taken or not for its own sake and its place's, whatever stands around it; where people
    take one option only that is violated, and the value leans upwards where the target puts good options lower (a
    bias of .026 was measured; the cascade's was below .007). The interval is the delta method's: each position is a
    ratio R = Σ w r / Σ w, and a request moves it by w (r − R) / mean w. Li et al., KDD 2018; Owen 2013, chapter 9.

    >>> item_position_snips([[1.0], [0.0]], [[0.5], [0.5]], [[0.5], [0.5]]).mid
    0.5
    """
    value, weight = _weighted(reward, logged, target)
    if weight.ndim != 2:
        raise ValueError(f"slates are (n, k), got {weight.shape}")
    mean = weight.mean(axis=0)
    if (mean == 0).any():
        raise ValueError("the target policy never acts as the log did; nothing can be said about it")
    ratio = (weight * value).mean(axis=0) / mean
    moved = (weight * (value - ratio) / mean).sum(axis=1)
    return normal_interval(ratio.sum() + moved, confidence)


def effective_sample_size(weights: ArrayLike) -> float:
    """How many unweighted requests the weighted ones are worth: (sum w)^2 / sum w^2. Kish 1965.

    A necessary check only: weights that look even may hide actions that the log never took.

    >>> effective_sample_size([1.0, 1.0, 0.0, 0.0])
    2.0
    """
    weight = finite(weights, "weights")
    same_length(weight)
    if weight.min() < 0 or not weight.any():
        raise ValueError("weights are not negative and not all zero")
    return float(weight.sum() ** 2 / (weight**2).sum())


def _weighted(reward: ArrayLike, logged: ArrayLike, target: ArrayLike) -> tuple[Floats, Floats]:
    value, below, above = finite(reward, "reward"), _positive(logged), probabilities(target, "target")
    same_length(value, below, above)
    return value, above / below


def _positive(logged: ArrayLike) -> Floats:
    below = probabilities(logged, "logged")
    if below.size and below.min() <= 0.0:
        raise ValueError("a logged propensity of 0 means the option could not have been shown")
    return below
