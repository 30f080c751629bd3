"""A second look: slates that were served go to people afterwards, once, behind whoever waits, and speak for nothing."""

from __future__ import annotations

import pytest

from suggest.domain.errors import SuggestError
from suggest.domain.review import ReviewReason
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, REPLIES, UNKNOWN, World, answer


def reviews(world: World) -> list[tuple[object, object]]:
    """Which impressions were handed to people, and why, in order."""
    return [
        (row.record.values["impression"], row.record.values["reason"]) for row in world.app.store.read(Table.REVIEWS)
    ]


def test_each_slate_of_the_surface_is_handed_over_once_and_outlives_a_restart(world: World) -> None:
    served = [world.ask(REPLIES[each]).slate.id for each in ("track", "cancel", "size")]
    world.online.put_surface("other", {})
    world.add(REPLIES, "other")
    foreign = world.ask(KNOWN, surface="other").slate.id
    waiting = world.escalated()  # people have it on their desk already
    asked = [served[1], served[0], served[1], foreign, "never-served", waiting.impression]
    assert world.online.second_look("shop", asked) == 2
    assert world.online.second_look("shop", asked) == 0
    world.restart()
    assert world.online.second_look("shop", [*asked, served[2]]) == 1
    learning = ReviewReason.LEARNING
    assert [each for each in reviews(world) if each[1] == learning] == [(served[i], learning) for i in (1, 0, 2)]
    assert world.online.second_look("shop", []) == 0
    with pytest.raises(SuggestError):
        world.online.second_look("nowhere", served)


def test_whoever_waits_is_answered_first_and_the_least_certain_slate_is_looked_at_next(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": {"kind": "p_any", "value": 0.0}, "audit_rate": 0.0})
    sure, unsure = world.ask(KNOWN), world.ask(OTHER_UNKNOWN)
    assert sure.slate.p_any > unsure.slate.p_any
    assert world.online.second_look("shop", [sure.slate.id, unsure.slate.id]) == 2
    world.online.put_policy("shop", {"mode": "review_all"}, "owner")
    world.clock.advance(seconds=600)
    waiting = world.escalated(UNKNOWN)
    held = [world.claim(name) for name in ("ann", "bob", "cy")]
    assert [each.impression for each in held] == [waiting.impression, unsure.slate.id, sure.slate.id]


def test_its_verdict_teaches_and_counts_for_no_promise(world: World) -> None:
    proposed = world.ask(KNOWN)
    before = world.online.get_policy("shop").live.n_judged
    world.online.second_look("shop", [proposed.slate.id])
    held = world.claim()
    assert held.reason is ReviewReason.LEARNING
    world.online.verdict(held.id, answer(held, item="refund"))
    assert world.online.get_policy("shop").live.n_judged == before
    taught = [row.record.values["item"] for row in world.app.store.read(Table.LABELS)]
    assert taught == ["refund"]
    world.restart()
    assert world.online.get_policy("shop").live.n_judged == before
