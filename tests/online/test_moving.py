"""Renamed, merged and split options keep what people answered: tried first, then done, and kept over a restart."""

from __future__ import annotations

import pytest

from suggest.domain.errors import Invalid
from tests.online.conftest import OpenWorld
from tests.online.world import UNKNOWN, World, answer

ASKED = {
    "cancel": ["stop amber", "stop onyx", "stop topaz"],
    "refund": ["money amber", "money onyx", "money topaz"],
    "size": ["shoe amber", "shoe onyx", "shoe topaz"],
}


@pytest.fixture
def shop(open_world: OpenWorld) -> World:
    world = open_world(policy={"target": {"kind": "p_any", "value": 0.0}})
    for item, texts in ASKED.items():
        for text in texts:
            world.label(text, item)
    return world


def test_nothing_changes_before_it_is_told_to(shop: World) -> None:
    before = shop.top("money amber")
    tried = shop.online.move_candidates("shop", ["refund"], ["cancel"], apply=False)
    assert (tried.labels, dict(tried.to), tried.applied) == (3, {"cancel": 3}, False)
    assert (tried.touched.n, tried.rest.n) == (6, 3)
    assert shop.top("money amber") == before == "refund"
    assert shop.online.move_candidates("shop", ["refund"], ["cancel"], apply=False) == tried


def test_a_merger_carries_the_labels_over_and_outlives_a_restart(shop: World) -> None:
    done = shop.online.move_candidates("shop", ["refund"], ["cancel"], apply=True)
    assert (done.labels, done.applied) == (3, True)
    for _ in range(2):
        assert shop.top("money amber") == "cancel"
        assert shop.top("money topaz please") == "cancel"
        assert shop.top("shoe amber") == "size"
        assert "refund" not in [item.id for item in shop.ask("money amber", k=5).slate.items]
        shop.restart()


def test_a_rename_is_a_move_to_a_new_option(shop: World) -> None:
    shop.add({"money-back": "We send your money back."})
    tried = shop.online.move_candidates("shop", ["refund"], ["money-back"], apply=False)
    assert tried.touched.n == 3
    assert tried.touched.before == tried.touched.after, "the names of answers say nothing of how they agree"
    shop.online.move_candidates("shop", ["refund"], ["money-back"], apply=True)
    assert shop.top("money onyx") == "money-back"


def test_a_split_goes_to_the_nearest_and_may_keep_the_old_option(shop: World) -> None:
    shop.add({"amber": "amber stop money shoe", "onyx": "onyx stop money shoe"})
    done = shop.online.move_candidates("shop", ["refund"], ["amber", "onyx", "refund"], apply=True)
    assert done.labels == 3
    assert sum(done.to.values()) == 3
    assert shop.top("money amber") == "amber"
    assert shop.top("money onyx") == "onyx"
    assert shop.online.list_candidates("shop")
    assert "refund" in [view.candidate.id for view in shop.online.list_candidates("shop")]


def test_labels_of_other_options_on_the_same_context_stay(shop: World) -> None:
    shop.label("money amber", "track")
    shop.online.move_candidates("shop", ["refund"], ["cancel"], apply=True)
    shop.restart()
    assert {item.id for item in shop.ask("money amber", k=2).slate.items} == {"cancel", "track"}


def test_what_was_taken_back_is_not_moved(open_world: OpenWorld) -> None:
    world = open_world()
    world.escalated()
    held = world.claim()
    world.online.verdict(held.id, answer(held, item="refund"))
    world.online.undo(held.id, "v1", "ann")
    assert world.online.move_candidates("shop", ["refund"], ["cancel"], apply=True).labels == 0
    assert world.top(UNKNOWN) != "refund"


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        (["nobody"], ["size"], "/from"),
        (["size"], ["nobody"], "/to"),
        (["size"], ["size"], "/to"),
        (["size", "size"], ["cancel"], "/from"),
    ],
)
def test_what_cannot_be_meant_is_refused(shop: World, old: list[str], new: list[str], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        shop.online.move_candidates("shop", old, new, apply=True)
    assert refused.value.errors[0].pointer == pointer


def test_a_merger_of_what_cannot_be_told_apart_agrees_better(open_world: OpenWorld) -> None:
    world = open_world(policy={"target": {"kind": "p_any", "value": 0.0}})
    for n, text in enumerate(f"vortex basalt {word}" for word in ("a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8")):
        world.label(text, ["cancel", "refund"][n % 2])
    tried = world.online.move_candidates("shop", ["refund"], ["cancel"], apply=False)
    assert tried.touched.after == 8 > tried.touched.before
