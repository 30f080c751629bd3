"""What a mode makes of a line: nobody is told that a quarter goes to people where all of it does."""

from __future__ import annotations

import math

import pytest

from suggest.domain.policy import Mode, Policy
from suggest.metrics.interval import Interval
from suggest.policy.foreseen import as_served
from suggest.policy.solve import Costs, Expected

COSTS = Costs(error=10.0, human=1.0)


def by_line(*, share: float = 0.2, right: float = 0.9) -> Expected:
    cost = share + 10.0 * (1.0 - share) * (1.0 - right)
    return Expected(
        precision=Interval(low=0.8, mid=right, high=0.95, n=100),
        review_share=share,
        wait_s=60.0 + share,
        cost=cost,
        cost_per_1000=1_000 * cost,
        people_needed=2,
    )


def served(policy: Policy, line: Expected | None = None) -> Expected:
    def wait_s(share: float) -> float:
        return 60.0 + share

    return as_served(line or by_line(), policy, costs=COSTS, wait_s=wait_s, people=lambda share: round(10 * share))


@pytest.mark.parametrize("mode", [Mode.ASSIST, Mode.AUTO])
def test_where_the_line_decides_it_is_the_lines(mode: Mode) -> None:
    assert served(Policy(mode=mode)) == by_line()


@pytest.mark.parametrize(
    "policy", [Policy(mode=Mode.REVIEW_ALL), Policy(mode=Mode.REVIEW_ALL, escalation=False), Policy(mode=Mode.SHADOW)]
)
def test_where_people_answer_everything_that_is_what_it_costs(policy: Policy) -> None:
    told = served(policy)
    assert (told.review_share, told.cost, told.cost_per_1000, told.wait_s, told.people_needed) == (1, 1, 1_000, 61, 10)
    assert math.isnan(told.precision.mid)
    assert (told.precision.low, told.precision.high, told.precision.n) == (0.0, 1.0, 0)


def test_where_nobody_may_be_asked_only_errors_cost() -> None:
    told = served(Policy(escalation=False))
    assert (told.review_share, told.wait_s, told.people_needed) == (0.0, None, 0)
    assert told.cost == pytest.approx(10.0 * 0.8 * 0.1)
    assert told.cost_per_1000 == pytest.approx(1_000 * told.cost)
    assert told.precision == by_line().precision


@pytest.mark.parametrize(
    ("policy", "share"), [(Policy(mode=Mode.SHADOW, escalation=False), 0.2), (Policy(escalation=False), 1.0)]
)
def test_where_nothing_is_shown_and_nobody_asked_nothing_is_right_and_nothing_costs(
    policy: Policy, share: float
) -> None:
    told = served(policy, by_line(share=share))
    assert (told.review_share, told.cost) == (0.0, 0.0)
    assert math.isnan(told.precision.mid)
