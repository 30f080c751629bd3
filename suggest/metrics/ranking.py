"""How well an order puts right options first. Each metric is per request, so that any two models can be compared in
pairs.

A request may have several right options: `right` is a set per request. A request with none has no rank to measure;
its value is NaN, which `interval.mean_interval` leaves out and `numpy.mean` does not hide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from suggest.metrics.arrays import Floats
from suggest.metrics.interval import Interval, mean_interval

Ranked: TypeAlias = Sequence[Sequence[str]]  # per request the option ids, best first
Right: TypeAlias = Sequence[Collection[str]]  # per request the ids that are right
Gains: TypeAlias = Sequence[
    Mapping[str, float] | Collection[str]
]  # per request id -> gain >= 0; a set means gain 1 each


def top_k_hits(ranked: Ranked, right: Right, k: int) -> Floats:
    """1 where any right option is among the first k, else 0; shape (n,).

    >>> top_k_hits([["a", "b"], ["a", "b"], ["a"]], [{"b"}, {"a", "b"}, set()], k=1)
    array([ 0.,  1., nan])
    """
    ranks = first_right_rank(ranked, right)
    return np.where(np.isnan(ranks), np.nan, (ranks <= _depth(k)).astype(np.float64))


def reciprocal_ranks(ranked: Ranked, right: Right) -> Floats:
    """1 / rank of the first right option, 0 where none was ranked; shape (n,).

    >>> reciprocal_ranks([["a", "b"], ["c"]], [{"b"}, {"x"}])
    array([0.5, 0. ])
    """
    return 1.0 / first_right_rank(ranked, right)


def mrr(ranked: Ranked, right: Right, confidence: float = 0.95) -> Interval:
    """Mean reciprocal rank. Blind below the first right option; Voorhees, TREC-8 1999.

    >>> mrr([["a", "b"], ["a", "b"]], [{"a"}, {"b"}]).mid
    0.75
    """
    return mean_interval(reciprocal_ranks(ranked, right), confidence)


def ndcg_at_k(ranked: Ranked, gains: Gains, k: int) -> Floats:
    """Normalised discounted cumulative gain: sum(gain_j / log2(1 + j)) over the first k, over the same sum of the
    ideal order.

    The ideal order counts right options that were not ranked at all, so a list cannot win by leaving them out. With
    one right option it is 1 / log2(1 + rank). Misleads when compared across requests with different numbers of right
    options. Järvelin & Kekäläinen, TOIS 2002; the gain is linear here, give 2^grade - 1 for the exponential form.
    Shape (n,).

    >>> ndcg_at_k([["a", "b", "c"]], [{"b"}], k=3).round(4)
    array([0.6309])
    >>> ndcg_at_k([["a", "b"]], [{"a": 1.0, "b": 3.0}], k=2).round(4)
    array([0.7967])
    """
    _same_requests(ranked, gains)
    discount = 1.0 / np.log2(np.arange(2, _depth(k) + 2))
    return np.array([_ndcg(ids, gain, discount) for ids, gain in zip(ranked, gains, strict=True)])


def first_right_rank(ranked: Ranked, right: Right) -> Floats:
    """Rank (1 = top) of the first right option; infinite where none was ranked, NaN where none is right; shape
    (n,)."""
    _same_requests(ranked, right)
    return np.array([_first_right(ids, set(good)) for ids, good in zip(ranked, right, strict=True)], dtype=np.float64)


def _first_right(ids: Sequence[str], good: set[str]) -> float:
    if not good:
        return float("nan")
    return next((float(rank) for rank, option in enumerate(ids, start=1) if option in good), float("inf"))


def _ndcg(ids: Sequence[str], gains: Mapping[str, float] | Collection[str], discount: Floats) -> float:
    gain_of = dict(gains) if isinstance(gains, Mapping) else dict.fromkeys(gains, 1.0)
    if any(not 0.0 <= gain < float("inf") for gain in gain_of.values()):
        raise ValueError("gains must be finite and not negative")
    if len(set(ids)) != len(ids):
        raise ValueError("an option may be ranked once only")
    ideal = sorted(gain_of.values(), reverse=True)[: discount.size]
    best = float(np.dot(ideal, discount[: len(ideal)]))
    if best == 0.0:
        return float("nan")
    found = [gain_of.get(option, 0.0) for option in ids[: discount.size]]
    return float(np.dot(found, discount[: len(found)])) / best


def _depth(k: int) -> int:
    if k < 1:
        raise ValueError(f"k counts ranks from the top and must be >= 1, got {k}")
    return k


def _same_requests(ranked: Sequence[object], right: Sequence[object]) -> None:
    if len(ranked) != len(right):
        raise ValueError(f"one list a request: {len(ranked)} ranked, {len(right)} judged")
