"""The slider's solver: from what the owner asks for to the threshold in force, and the reason for it in words.

Four ways of asking: a precision (a promise, kept by an exact test), a share of requests for people, the price of an
error, or the threshold itself. The two ends are exact whatever the model thinks: 0 never asks a person, and all to
people means all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from suggest.domain.policy import Target, TargetKind
from suggest.metrics.interval import Interval
from suggest.policy.alone import Alone
from suggest.policy.frontier import Costs, Evidence, FrontierPoint, frontier, points
from suggest.policy.groups import GroupLine
from suggest.policy.threshold import (
    NEVER_ESCALATE,
    SEND_ALL,
    Certified,
    certify,
    chow_threshold,
    review_share_threshold,
)

__all__ = ["Costs", "Evidence", "Expected", "InForce", "Preview", "preview", "solve", "stricter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The line that decides, and why it runs there."""

    threshold: float  # show iff p_any >= threshold; above 1 sends everything to people
    why: str
    certified: bool  # a test stands behind the promise, or nothing is left to promise
    n_needed: int | None = None  # more labels until the wish can be certified; None where that is no question


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the line would do to traffic as it is now."""

    precision: Interval
    review_share: float
    wait_s: float | None  # of a request that goes to people; None where none does, or nobody can tell
    cost: float  # of a request
    cost_per_1000: float
    people_needed: int | None  # so that nobody waits long; None where traffic is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen, before anything changes."""

    in_force: InForce
    expected: Expected
    line: FrontierPoint  # what the line alone comes to, whatever the mode makes of it
    frontier: tuple[FrontierPoint, ...]
    groups: tuple[GroupLine, ...] = ()  # lines of their own; what is expected is told of the surface's
    auto: Alone | None = None  # in `auto`: the line for acting alone; None in every other mode
    n_traffic: int = 0  # requests that it is reckoned on; 0: nothing was asked, and what is expected is a guess


def solve(
    target: Target, evidence: Evidence, *, rng: np.random.Generator, costs: Costs | None = None, delta: float = 0.1
) -> InForce:
    """Threshold for a target. `costs.human` prices a person where the target is a cost, whose value is the price of
    an error.

    A precision that cannot be certified falls back to p_any >= target: with calibrated probabilities that is right
    on average, which is not a promise, and `why` says so together with the labels that would make it one.

    >>> solve(Target(kind=TargetKind.P_ANY, value=0.6), Evidence(), rng=np.random.default_rng(0)).threshold
    0.6
    >>> wish = solve(Target(kind=TargetKind.PRECISION, value=0.95), Evidence(), rng=np.random.default_rng(0))
    >>> wish.threshold, wish.certified, wish.n_needed
    (0.95, False, 45)
    """
    value = target.value
    match target.kind:
        case TargetKind.P_ANY:
            return _for_p_any(value)
        case TargetKind.REVIEW_SHARE:
            return _for_review_share(value, evidence)
        case TargetKind.COST:
            return _for_cost(value, costs or Costs())
        case TargetKind.PRECISION:
            return _for_precision(value, evidence, rng=rng, delta=delta)


def stricter(line: InForce, target: Target, *, error_cost: float, costs: Costs | None = None) -> InForce:
    """The stricter of a promised line and the cheapest one: both wishes are met. Ends stay ends.

    >>> line = InForce(threshold=0.6, why="as promised", certified=True)
    >>> stricter(line, Target(kind=TargetKind.PRECISION, value=0.9), error_cost=5.0).threshold
    0.8
    """
    cheapest = _for_cost(error_cost, costs or Costs())
    is_end = not 0.0 < target.value < 1.0
    if target.kind is not TargetKind.PRECISION or is_end or cheapest.threshold <= line.threshold:
        return line
    return InForce(
        threshold=cheapest.threshold,
        why=f"{cheapest.why}, stricter than the promise, which holds all the more ({line.why})",
        certified=line.certified,
        n_needed=line.n_needed,
    )


def preview(
    target: Target,
    evidence: Evidence,
    *,
    rng: np.random.Generator,
    costs: Costs | None = None,
    delta: float = 0.1,
    wait_s: Callable[[float], float | None] = lambda review_share: None,
    people: Callable[[float], int | None] = lambda review_share: None,
    n_points: int = 25,
    in_force: InForce | None = None,
) -> Preview:
    """What a target would do, with the whole frontier beside it. `wait_s` and `people` say how long people take
    at a review share, and how many it needs; `in_force` is the line where more is known of it than `evidence` says.

    >>> seen = Evidence(recent=np.linspace(0.0, 0.9, 10))
    >>> half = preview(Target(kind=TargetKind.REVIEW_SHARE, value=0.5), seen, rng=np.random.default_rng(0))
    >>> half.expected.review_share, half.expected.precision.n
    (0.5, 0)
    """
    prices = costs or Costs()
    if target.kind is TargetKind.COST:
        prices = Costs(error=target.value, human=prices.human)
    if in_force is None:
        in_force = solve(target, evidence, rng=rng, costs=prices, delta=delta)
    like_traffic = evidence.exchangeable(rng)
    here = points([in_force.threshold], like_traffic, prices)[0]
    return Preview(
        in_force=in_force,
        expected=Expected(
            precision=here.precision,
            review_share=here.review_share,
            wait_s=wait_s(here.review_share) if here.review_share > 0.0 else None,
            cost=here.cost,
            cost_per_1000=1_000 * here.cost,
            people_needed=people(here.review_share),
        ),
        line=here,
        frontier=tuple(
            replace(place, wait_s=wait_s(place.review_share) if place.review_share > 0.0 else None)
            for place in frontier(like_traffic, prices, n_points=n_points)
        ),
        n_traffic=like_traffic.traffic.size,
    )


def _for_p_any(value: float) -> InForce:
    if value == 1.0:
        return InForce(threshold=SEND_ALL, why="nothing is quite certain: everything goes to people", certified=True)
    return InForce(threshold=value, why=f"p_any itself, set to {value:g}", certified=value == 0.0)


def _for_review_share(share: float, evidence: Evidence) -> InForce:
    threshold = review_share_threshold(evidence.traffic, share)
    if share == 0.0:
        return InForce(threshold=threshold, why="nothing goes to people", certified=True)
    if share == 1.0:
        return InForce(threshold=threshold, why="everything goes to people", certified=True)
    seen = evidence.traffic.size
    why = (
        f"the least certain {share:.1%} of the last {seen} requests"
        if seen
        else "no traffic yet: p_any taken as uniform"
    )
    return InForce(threshold=threshold, why=why, certified=False)


def _for_cost(error: float, costs: Costs) -> InForce:
    threshold = chow_threshold(error, costs.human)
    why = f"an error costs {error:g}, a person {costs.human:g}: cheapest to ask where p_any < {threshold:.3f}"
    return InForce(threshold=threshold, why=why, certified=False)


def _for_precision(wish: float, evidence: Evidence, *, rng: np.random.Generator, delta: float) -> InForce:
    if wish == 0.0:
        return InForce(threshold=NEVER_ESCALATE, why="no precision asked for: nothing goes to people", certified=True)
    if wish == 1.0:
        return InForce(threshold=SEND_ALL, why="no model is never wrong: everything goes to people", certified=True)
    labels = evidence.exchangeable(rng)
    found = certify(labels.p_any, labels.correct, target=wish, delta=delta)
    if isinstance(found, Certified):
        why = (
            f"at least {wish:.1%} of what is shown contains a right option, wrong at most one time in {1 / delta:g}: "
            f"{found.errors} errors in {found.n} labelled requests (bound {found.bound:.1%})"
        )
        return InForce(threshold=found.threshold, why=why, certified=True)
    why = f"not certifiable: {found.why}; until then p_any >= {wish:g}, right on average only"
    return InForce(threshold=wish, why=why, certified=False, n_needed=found.n_needed)
