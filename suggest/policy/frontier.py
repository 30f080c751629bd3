"""What each place of the slider would buy: quality, people's time and cost, from the labels and the traffic there
are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from suggest.metrics.arrays import Bools, Floats, outcomes, probabilities
from suggest.metrics.interval import Interval, clopper_pearson_bounds
from suggest.policy.threshold import NEVER_ESCALATE, SEND_ALL, thin_to_exchangeable

_CONFIDENCE = 0.9


def _no_floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Prices in one unit, say minutes of a person: of showing a slate without a right option, and of asking a
    person."""

    error: float = 5.0
    human: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.error < math.inf or not 0.0 <= self.human < math.inf:
            raise ValueError(f"costs must be finite and >= 0, got {self.error} and {self.human}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about a surface: p_any of recent traffic, and of the requests whose answer is known."""

    recent: Floats = field(default_factory=_no_floats)  # (m,) p_any as served now, unlabelled
    p_any: Floats = field(default_factory=_no_floats)  # (n,) p_any of labelled requests, by the model that serves
    correct: Floats = field(default_factory=_no_floats)  # (n,) 1 where a right option was in the slate
    inclusion: Floats | None = None  # (n,) the chance each had of being labelled; None = the same for all

    def __post_init__(self) -> None:
        probabilities(self.recent, "recent")
        labelled, right = probabilities(self.p_any, "p_any"), outcomes(self.correct, "correct")
        if labelled.shape != right.shape or (self.inclusion is not None and self.inclusion.shape != right.shape):
            raise ValueError("p_any, correct and inclusion describe the same labelled requests")

    @property
    def traffic(self) -> Floats:
        """p_any of requests as they come: recent ones, else the labelled ones."""
        return self.recent if self.recent.size else self.p_any

    def exchangeable(self, rng: np.random.Generator) -> Evidence:
        """The same with labels thinned to one common rate, so that they look like traffic."""
        if self.inclusion is None:
            return self
        keep: Bools = thin_to_exchangeable(self.inclusion, rng)
        return Evidence(recent=self.recent, p_any=self.p_any[keep], correct=self.correct[keep])


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """One place of the slider."""

    threshold: float
    precision: Interval  # of what is shown; 90 % exact interval; n = labels it rests on
    review_share: float  # of traffic that goes to people
    cost: float  # per request, in the unit of `Costs`
    wait_s: float | None = None  # of a request that goes to people; None where none does, or nobody can tell


def points(thresholds: Sequence[float], evidence: Evidence, costs: Costs) -> tuple[FrontierPoint, ...]:
    """What is expected at each of these thresholds.

    precision: labelled requests with p_any >= threshold, Clopper-Pearson; without any, the mean p_any of what would be
    shown, with the interval (0, 1) of knowing nothing. Where nothing is shown nothing is wrong: 1.
    cost = human * review_share + error * (1 - review_share) * (1 - precision).
    The labels must look like traffic: give `evidence.exchangeable(rng)`. Without traffic p_any is taken as uniform.

    >>> seen = Evidence(recent=np.array([0.2, 0.8]), p_any=np.array([0.9] * 10), correct=np.array([1.0] * 9 + [0.0]))
    >>> here = points([0.5], seen, Costs(error=5, human=1))[0]
    >>> here.precision.mid, here.review_share, round(here.cost, 2)
    (0.9, 0.5, 0.75)
    """
    line = np.asarray(thresholds, dtype=np.float64)
    n = _sum_from(line, evidence.p_any, np.ones(evidence.p_any.size)).astype(np.int64)
    right = np.rint(_sum_from(line, evidence.p_any, evidence.correct)).astype(np.int64)
    low, high = clopper_pearson_bounds(np.minimum(right, n), n, _CONFIDENCE)
    traffic = evidence.traffic
    shown = _sum_from(line, traffic, np.ones(traffic.size))
    believed = np.where(shown > 0, _sum_from(line, traffic, traffic) / np.maximum(shown, 1.0), 1.0)
    mid = np.where(n > 0, right / np.maximum(n, 1), np.clip(believed, 0.0, 1.0))
    review_share = 1.0 - shown / traffic.size if traffic.size else np.clip(line, 0.0, 1.0)
    cost = costs.human * review_share + costs.error * (1.0 - review_share) * (1.0 - mid)
    return tuple(
        FrontierPoint(
            threshold=float(line[i]),
            precision=Interval(low=float(low[i]), mid=float(mid[i]), high=float(high[i]), n=int(n[i])),
            review_share=float(review_share[i]),
            cost=float(cost[i]),
        )
        for i in range(line.size)
    )


def frontier(evidence: Evidence, costs: Costs, *, n_points: int = 25) -> tuple[FrontierPoint, ...]:
    """Places of the slider from never asking a person to always, at even steps of review share; both ends included.

    The intervals hold one place at a time, not the best of all: pick with `solve`, draw with this.

    >>> [round(p.review_share, 1) for p in frontier(Evidence(recent=np.linspace(0, 0.9, 10)), Costs(), n_points=3)]
    [0.0, 0.5, 1.0]
    """
    if n_points < 2:
        raise ValueError(f"a frontier has two ends, got n_points={n_points}")
    inner = np.linspace(0.0, 1.0, n_points)[1:-1]
    middle = np.quantile(evidence.traffic, inner, method="higher") if evidence.traffic.size else inner
    thresholds: Sequence[float] = [NEVER_ESCALATE, *np.unique(middle[middle > 0.0]).tolist(), SEND_ALL]
    return points(thresholds, evidence, costs)


def _sum_from(line: Floats, p_any: Floats, values: Floats) -> Floats:
    """Sum of `values` over the requests with p_any >= t, for each t of the line."""
    order = np.argsort(p_any, kind="stable")
    from_here = np.append(np.cumsum(values[order][::-1])[::-1], 0.0)
    return np.asarray(from_here[np.searchsorted(p_any[order], line, "left")], dtype=np.float64)
