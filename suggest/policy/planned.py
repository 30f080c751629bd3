"""What an owner's plan for handing work over makes of a line: the stricter of both decides.

A plan says which share of requests goes to people at least; the least certain of recent traffic go first. It holds as
long as traffic stays as it was, and it promises nothing: what is promised is the target's, which holds all the more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from suggest.domain.policy import Policy
from suggest.policy.solve import InForce
from suggest.policy.threshold import review_share_threshold


def planned_line(policy: Policy, recent: Sequence[float], *, now: datetime) -> float:
    """The least threshold by the plan, from p_any of recent requests; 0 where nothing is planned.

    >>> noon = datetime.fromisoformat("2026-12-06T00:00:00+00:00")
    >>> planned_line(Policy(review_plan="2026-12-01 100%; 2026-12-11 0%"), [0.1, 0.4, 0.6, 0.9], now=noon)
    0.6
    """
    share = policy.plan.share_at(now)
    return review_share_threshold(list(recent), share) if share > 0.0 else 0.0


def as_planned(line: InForce, policy: Policy, recent: Sequence[float], *, now: datetime) -> InForce:
    """The line, or the stricter one of the plan, which says so."""
    planned = planned_line(policy, recent, now=now)
    if planned <= line.threshold:
        return line
    share = policy.plan.share_at(now)
    return replace(
        line, threshold=planned, why=f"at least {share:.0%} of requests go to people by the plan; {line.why}"
    )
