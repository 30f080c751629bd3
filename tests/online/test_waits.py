"""The wait that a person is told comes from what became of the waits before, and says how sure it is."""

from __future__ import annotations

import pytest

from suggest.domain.context import Context
from suggest.domain.errors import NotFound
from suggest.online.messages import EscalationView, Proposal, Proposed
from suggest.policy.waiting import FEWEST, FEWEST_HANDLED, Wait
from tests.online.conftest import OpenWorld
from tests.online.world import UNKNOWN, World, answer

ALWAYS = {"mode": "review_all"}
ENOUGH = FEWEST_HANDLED + FEWEST  # a wait says something from when on it is known how long an answer takes


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world(policy=ALWAYS)


def waits(world: World, n: int, *, looks_after_s: float = 0.0, surface: str = "shop") -> None:
    """So many escalations, one after another, each looked at late and answered within 10 to 50 seconds."""
    for number in range(n):
        world.online.mark_present("ann")
        world.escalated(f"{UNKNOWN} {surface} {number}", surface=surface)
        world.clock.advance(seconds=looks_after_s)
        held = world.claim(surface=surface)
        world.clock.advance(seconds=10 + 10 * (number % 5))
        world.online.verdict(held.id, answer(held, f"{surface}{number}", none=True))


def told(view: EscalationView) -> Wait:
    assert view.wait is not None
    return view.wait


def test_the_range_is_that_of_the_waits_before(world: World) -> None:
    waits(world, ENOUGH)
    wait = told(world.escalated())
    assert wait.n_known == FEWEST
    assert wait.low_s == pytest.approx(10.0, abs=2.0)
    assert wait.high_s == pytest.approx(50.0, abs=2.0)
    assert wait.middle_s == pytest.approx(30.0, abs=2.0)


def test_until_then_it_is_a_guess_and_wide(world: World) -> None:
    waits(world, ENOUGH - 1)
    wait = told(world.escalated())
    assert wait.n_known == 0
    assert wait.low_s < 15.0
    assert wait.high_s > 60.0


def test_a_crew_that_looks_late_is_known_to(world: World) -> None:
    waits(world, 2 * ENOUGH, looks_after_s=240.0)
    wait = told(world.escalated())
    assert wait.low_s == pytest.approx(250.0, rel=0.1)
    assert wait.high_s == pytest.approx(290.0, rel=0.1)


def test_a_surface_with_waits_enough_goes_by_its_own(world: World) -> None:
    world.online.put_surface("desk", {})
    world.online.put_policy("desk", {**ALWAYS, "audit_rate": 0.0}, by="owner")
    waits(world, 2 * ENOUGH, looks_after_s=600.0)
    waits(world, FEWEST - 1, surface="desk")
    assert told(world.escalated(surface="desk")).high_s > 500.0, "too few of its own: all count"
    held = world.claim(surface="desk")
    world.clock.advance(seconds=30)
    world.online.verdict(held.id, answer(held, "one more", none=True))
    assert told(world.escalated(surface="desk")).high_s < 60.0
    assert told(world.escalated()).high_s > 500.0


def test_it_outlives_a_restart(world: World) -> None:
    waits(world, ENOUGH)
    world.restart()
    world.online.mark_present("ann")
    assert told(world.escalated()).n_known == FEWEST


def test_it_outlives_a_quiet_week_and_a_restart_after_it(world: World) -> None:
    waits(world, ENOUGH)
    world.clock.advance(seconds=7 * 86_400)
    for _ in range(3):
        world.online.tick()
    world.restart()
    world.online.mark_present("ann")
    wait = told(world.escalated())
    assert wait.n_known == FEWEST
    assert wait.high_s == pytest.approx(50.0, abs=2.0)


def test_answers_that_no_wait_is_told_by_are_let_go_after_a_day(world: World) -> None:
    waits(world, FEWEST_HANDLED)
    world.online.put_policy("shop", {"mode": "assist", "audit_rate": 1.0}, by="owner")
    audited = world.ask()
    held = world.claim()
    world.online.verdict(held.id, answer(held, "audit", item=audited.slate.items[0].id))
    world.clock.advance(seconds=2 * 86_400)
    world.online.tick()
    with pytest.raises(NotFound):
        world.online._reviews.state(held.id)


def test_an_answer_that_is_taken_back_ends_no_wait(world: World) -> None:
    waits(world, ENOUGH)
    escalation = world.escalated()
    held = world.claim()
    world.clock.advance(seconds=20)
    world.online.verdict(held.id, answer(held, "too soon", none=True))
    assert told(world.escalated("one")).n_known == FEWEST + 1
    world.online.undo(escalation.id, "too soon", "ann")
    world.clock.advance(seconds=6)
    assert told(world.escalated("two")).n_known == FEWEST


def test_several_of_one_batch_are_told_that_they_wait_for_each_other(world: World) -> None:
    waits(world, ENOUGH)
    proposals = [Proposal(surface="shop", context=Context(text=text)) for text in ("a b", "c d", "e f")]
    waiting = []
    for proposed in world.online.suggest_batch(proposals):
        assert isinstance(proposed, Proposed)
        assert proposed.escalation is not None
        waiting.append(proposed.escalation.id)
    first, second, third = sorted(told(world.online.escalation(each)).middle_s for each in waiting)
    assert third > second + 20 > first + 40


def test_who_waits_longer_than_nearly_all_is_told_so_and_nothing_else(world: World) -> None:
    waits(world, ENOUGH)
    escalation = world.escalated()
    assert not escalation.is_late
    world.clock.advance(seconds=120)
    view = world.online.escalation(escalation.id)
    assert view.is_late
    assert view.wait is None
    assert view.expected_wait_s is not None, "the contract's figure stays"
    world.claim()
    assert not world.online.escalation(escalation.id).is_late


def test_with_nobody_on_duty_nothing_is_told_or_learned(world: World) -> None:
    view = world.escalated()
    assert view.wait is None
    assert not view.is_late
    world.clock.advance(seconds=3600)
    held = world.claim()
    world.online.verdict(held.id, answer(held, "first", none=True))
    waits(world, ENOUGH)
    assert told(world.escalated()).high_s < 100.0, "the first was told nothing, so it says nothing of what is told"
