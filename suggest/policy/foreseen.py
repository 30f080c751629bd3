"""What a mode makes of a line: where everything goes to people the line decides nothing, and where nobody may be asked
nobody is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from suggest.domain.policy import Mode, Policy
from suggest.metrics.interval import Interval
from suggest.policy.solve import Costs, Expected

_OF_NOTHING = Interval(low=0.0, mid=math.nan, high=1.0, n=0)  # how right what is shown is, where nothing is


def as_served(
    by_line: Expected,
    policy: Policy,
    *,
    costs: Costs,
    wait_s: Callable[[float], float | None],
    people: Callable[[float], int | None],
) -> Expected:
    """What would become of traffic under this policy, where `by_line` is what its line alone comes to.

    What is withheld without asking anybody costs nothing here: nobody has said what a missing answer costs."""
    if policy.mode is Mode.REVIEW_ALL or (policy.mode is Mode.SHADOW and policy.escalation):
        told = replace(by_line, precision=_OF_NOTHING, review_share=1.0, wait_s=wait_s(1.0), people_needed=people(1.0))
        return _priced(told, costs.human)
    if policy.escalation:
        return by_line
    unasked = replace(by_line, review_share=0.0, wait_s=None, people_needed=people(0.0))
    if policy.mode is Mode.SHADOW or by_line.review_share >= 1.0:
        return _priced(replace(unasked, precision=_OF_NOTHING), 0.0)
    return _priced(unasked, max(0.0, by_line.cost - costs.human * by_line.review_share))


def _priced(told: Expected, cost: float) -> Expected:
    return replace(told, cost=cost, cost_per_1000=1_000 * cost)
