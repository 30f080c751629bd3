"""Labels: known answers that teach the next request, counted once, judged one by one."""

from __future__ import annotations

import re

import pytest

from suggest.domain.context import Context
from suggest.domain.errors import UnknownSurface
from suggest.online.messages import RawLabel
from suggest.retrieve.hashing import HashingEncoder
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, UNKNOWN, StuckEncoder, World


def labels(world: World) -> list[dict[str, object]]:
    return [dict(each.record.values) for each in world.app.store.read(Table.LABELS)]


def test_a_label_teaches_the_next_request_without_train(world: World) -> None:
    before = world.ask(UNKNOWN).slate
    assert world.label(UNKNOWN, "size").accepted == 1
    after = world.ask(UNKNOWN).slate
    assert after.items[0].id == "size"
    assert after.p_any > before.p_any


def test_a_label_is_durable_with_its_embedding(world: World) -> None:
    world.label(UNKNOWN, "size")
    (row,) = labels(world)
    assert (row["item"], row["source"], row["encoder"]) == ("size", "label", "hashing-128")
    assert len(row["embedding"]) == 2 * 128  # type: ignore[arg-type]  # float16


def test_the_same_answer_for_the_same_context_counts_once(world: World) -> None:
    assert world.label(UNKNOWN, "size").accepted == 1
    again = world.label(f"  {UNKNOWN.upper()} ", "size")
    assert (again.accepted, again.duplicates) == (0, 1)
    world.restart()
    assert world.label(UNKNOWN, "size").duplicates == 1
    assert len(labels(world)) == 1


def test_a_repeat_within_one_batch_counts_once(world: World) -> None:
    row = RawLabel(surface="shop", context={"text": UNKNOWN}, item="size")
    recorded = world.online.add_labels([row, row])
    assert (recorded.accepted, recorded.duplicates) == (1, 1)


def test_right_items_of_a_context_are_the_union_of_its_labels(world: World) -> None:
    world.label(UNKNOWN, "size")
    world.label(UNKNOWN, "refund")
    _, _, items, _ = world.online.suggester("shop").memory.matrices()
    assert set(items) == {"size", "refund"}
    assert {item.id for item in world.ask(UNKNOWN).slate.items[:2]} == {"size", "refund"}


def test_a_none_label_makes_the_context_less_sure(world: World) -> None:
    before = world.ask(KNOWN).slate.p_any
    assert world.label(KNOWN, None).accepted == 1
    assert world.ask(KNOWN).slate.p_any < before
    assert labels(world)[0]["item"] is None


def test_none_and_an_item_are_different_answers(world: World) -> None:
    assert world.label(UNKNOWN, None).accepted == 1
    assert world.label(UNKNOWN, "size").accepted == 1


def test_an_unknown_surface_refuses_the_whole_request(world: World) -> None:
    known = RawLabel(surface="shop", context={"text": UNKNOWN}, item="size")
    with pytest.raises(UnknownSurface):
        world.online.add_labels([known, RawLabel(surface="nowhere", context={"text": "x"}, item="size")])
    with pytest.raises(UnknownSurface):
        world.online.add_labels([RawLabel(surface=None, context={"text": "x"}, item="size")])
    assert labels(world) == []


def test_an_unknown_item_is_refused_and_the_rest_is_taken(world: World) -> None:
    recorded = world.online.add_labels(
        [
            RawLabel(surface="shop", context={"text": UNKNOWN}, item="unicorn"),
            RawLabel(surface="shop", context={"text": OTHER_UNKNOWN}, item="size"),
        ]
    )
    assert recorded.accepted == 1
    assert [(each.index, each.type, each.eid) for each in recorded.rejected] == [(0, "unknown-item", None)]


def test_a_retired_item_is_unknown(world: World) -> None:
    world.online.retire_candidate("shop", "size")
    assert world.label(UNKNOWN, "size").rejected[0].type == "unknown-item"


@pytest.mark.parametrize(
    "changed",
    [
        {"context": None},
        {"context": {}},
        {"context": {"text": ""}},
        {"context": {"text": 5}},
        {"context": {"text": "nul\x00"}},
        {"context": {"text": "x" * 40_000}},
        {"context": {"text": "a", "turns": "no"}},
        {"context": {"text": "a", "turns": [{"role": "x"}]}},
        {"context": {"text": "a", "turns": [{"role": "x", "text": "\ud800"}]}},
        {"context": {"text": "a", "fields": []}},
        {"context": {"text": "a", "user": 7}},
        {"item": 5},
        {"at": "yesterday"},
    ],
    ids=repr,
)
def test_a_malformed_label_is_refused_alone(world: World, changed: dict[str, object]) -> None:
    bad = {"surface": "shop", "context": {"text": UNKNOWN}, "item": "size"} | changed
    good = RawLabel(surface="shop", context={"text": OTHER_UNKNOWN}, item="size")
    recorded = world.online.add_labels([RawLabel.from_json(bad), good])
    assert recorded.accepted == 1
    assert recorded.rejected[0].type == "invalid-label"


def test_an_item_that_was_not_sent_is_not_a_none_label(world: World) -> None:
    recorded = world.online.add_labels([RawLabel.from_json({"surface": "shop", "context": {"text": UNKNOWN}})])
    assert recorded.rejected[0].type == "invalid-label"


def test_a_context_of_ours_is_taken_as_it_is(world: World) -> None:
    label = RawLabel(surface="shop", context=Context(text=UNKNOWN, user="ada"), item="size", at="2026-01-02T03:04:05Z")
    assert world.online.add_labels([label]).accepted == 1
    (row,) = labels(world)
    assert row["at"] is not None
    assert not re.search(r"\bada\b", str(row)), "who asked is known by a keyed hash alone"
    assert row["user_key"]


def test_labels_survive_a_restart_without_encoding_anything(world: World) -> None:

    world.label(UNKNOWN, "size")
    encoder = StuckEncoder(HashingEncoder(128))
    world.restart(encoder)
    assert encoder.n_calls == 0
    assert world.top(UNKNOWN) == "size"


def test_many_labels_at_once_are_all_remembered(world: World) -> None:
    many = [RawLabel(surface="shop", context={"text": f"question number {i}"}, item="size") for i in range(700)]
    assert world.online.add_labels(many).accepted == 700
    assert len(world.online.suggester("shop").memory) == 700


def test_a_redacting_surface_keeps_no_addresses_and_still_knows_the_context(open_world: OpenWorld) -> None:
    world = open_world(surface={"redact": True})
    text = "zymurgy for ada@shop.example xylophone"
    world.label(text, "size")
    assert "@" not in str(labels(world))
    assert world.label(text, "size").duplicates == 1
    world.restart()
    assert world.top(text) == "size"
