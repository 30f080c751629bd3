"""A plan hands work over step by step: at least its share goes to people, whatever the target would allow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suggest.domain.errors import Forbidden
from suggest.domain.slate import Decision
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, START, UNKNOWN, World

DAY = 86_400.0
LOOSE = {"kind": "p_any", "value": 0.0001}


def plan(world: World, *steps: tuple[float, int]) -> str:
    """Days from now and shares in percent."""
    return "; ".join(f"{(START + timedelta(days=days)).date()} {share}%" for days, share in steps)


def asked(world: World, n: int = 40) -> float:
    """The share of requests, half of them known, that go to people."""
    slates = [world.ask(f"{(KNOWN, UNKNOWN)[i % 2]} {i}").slate for i in range(n)]
    return sum(slate.decision is Decision.ESCALATE for slate in slates) / n


def test_work_is_handed_over_from_day_to_day(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": LOOSE, "trigger": False})
    asked(world)  # traffic to reckon on
    world.online.put_policy("shop", {"review_plan": plan(world, (0, 100), (1, 100), (10, 50), (20, 0))}, by="owner")
    assert asked(world) == 1.0
    world.clock.advance(seconds=10 * DAY)
    assert asked(world) == pytest.approx(0.5, abs=0.15)
    told = world.online.get_policy("shop")
    assert "by the plan" in told.why
    assert told.threshold > 0.0001
    world.clock.advance(seconds=11 * DAY)
    assert asked(world) == 0.0
    assert "by the plan" not in world.online.get_policy("shop").why


def test_the_target_holds_all_the_same(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": {"kind": "review_share", "value": 1.0}})
    world.online.put_policy("shop", {"review_plan": plan(world, (0, 10))}, by="owner")
    assert asked(world, 10) == 1.0


def test_a_plan_outlives_a_restart_and_only_owners_change_it(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": LOOSE})
    text = plan(world, (0, 100))
    world.online.put_policy("shop", {"review_plan": text}, by="owner")
    world.restart()
    assert world.online.get_policy("shop").policy.review_plan == text
    assert asked(world, 4) == 1.0
    with pytest.raises(Forbidden):
        world.online.put_policy("shop", {"review_plan": ""}, by="ann", may_loosen=False)


def test_a_preview_says_what_a_plan_would_do_today(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": LOOSE, "trigger": False})
    asked(world)
    told = world.online.preview_policy("shop", {"review_plan": plan(world, (0, 50))})
    assert told.expected.review_share == pytest.approx(0.5, abs=0.15)
    assert world.online.get_policy("shop").policy.review_plan == ""
