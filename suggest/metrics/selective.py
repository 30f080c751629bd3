"""What is gained by answering only the confident part: risk against coverage as the threshold moves.

Requests with equal confidence are taken or left together, since no threshold can part them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite, outcomes, same_length


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """One point a distinct confidence, strictest first: answer iff confidence >= threshold. Arrays of one length."""

    threshold: Floats
    coverage: Floats  # share answered, ends at 1
    risk: Floats  # share wrong among the answered


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """The whole curve. El-Yaniv & Wiener, JMLR 2010.

    >>> curve = risk_coverage([0.9, 0.6, 0.6, 0.1], [1, 1, 0, 0])
    >>> curve.coverage.tolist(), curve.risk.round(3).tolist()
    ([0.25, 0.75, 1.0], [0.0, 0.333, 0.5])
    """
    value, right = finite(confidence, "confidence"), outcomes(correct, "correct")
    same_length(value, right)
    order = np.argsort(-value, kind="stable")
    ordered = value[order]
    last = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
    answered = last + 1
    wrong = np.cumsum(1.0 - right[order])[last]
    return RiskCoverage(threshold=ordered[last], coverage=answered / value.size, risk=wrong / answered)


def coverage_at_precision(confidence: ArrayLike, correct: ArrayLike, precision: float) -> float:
    """Largest share that can be answered with at least this share right, in hindsight; 0 where no threshold reaches
    it.

    A threshold picked so misses its target on new requests about half of the time: this compares models, it promises
    nothing. `suggest.policy.threshold.certify` promises. Geifman & El-Yaniv, NeurIPS 2017.

    >>> coverage_at_precision([0.9, 0.8, 0.7, 0.1], [1, 1, 0, 0], 0.95)
    0.5
    """
    curve = risk_coverage(confidence, correct)
    reaches = 1.0 - curve.risk >= precision - 1e-12
    return float(curve.coverage[reaches].max()) if reaches.any() else 0.0


def aurc(confidence: ArrayLike, correct: ArrayLike) -> float:
    """Area under risk-coverage: mean over i of the risk of the i most confident; ties at their expectation over
    orders.

    Mixes ranking and accuracy: a model with fewer errors wins even where it knows less about them. Geifman et al.,
    ICLR 2019.

    >>> round(aurc([0.9, 0.8, 0.7], [1, 1, 0]), 4)
    0.1111
    """
    value, right = finite(confidence, "confidence"), outcomes(correct, "correct")
    same_length(value, right)
    _, group, size = np.unique(-value, return_inverse=True, return_counts=True)
    expected_wrong = np.bincount(group, weights=1.0 - right) / size
    wrong = np.repeat(expected_wrong, size)
    return float(np.mean(np.cumsum(wrong) / np.arange(1, value.size + 1)))
