"""Candidates: usable at once, retired at once, remembered exactly as long as they should be."""

from __future__ import annotations

import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.errors import Invalid, NotFound, UnknownSurface
from suggest.retrieve.hashing import HashingEncoder
from suggest.store.ports import Table
from tests.online.world import KNOWN, REPLIES, UNKNOWN, StuckEncoder, World


def shown(world: World, text: str = KNOWN) -> set[str]:
    return {item.id for item in world.ask(text, k=50).slate.items}


def test_a_new_candidate_is_suggestible_in_the_next_request(world: World) -> None:
    world.add({"gift": "Gift cards are valid for three years."})
    assert world.top("gift cards are valid for how many years") == "gift"


def test_only_new_and_changed_texts_are_embedded(world: World) -> None:
    again = [Candidate(id=id, text=text) for id, text in REPLIES.items()]
    assert world.online.upsert_candidates("shop", again).embedded == 0
    changed = [*again[1:], Candidate(id="track", text="Something else entirely")]
    upserted = world.online.upsert_candidates("shop", changed)
    assert (upserted.accepted, upserted.embedded) == (5, 1)


def test_the_same_id_with_new_text_ranks_by_the_new_text(world: World) -> None:
    world.add({"size": UNKNOWN})
    assert world.top(UNKNOWN) == "size"
    assert next(i.text for i in world.ask(UNKNOWN).slate.items if i.id == "size") == UNKNOWN


def test_new_text_keeps_what_was_learned(world: World) -> None:
    world.label("basalt jukebox", "size")
    world.add({"size": "Entirely new words"})
    assert world.top("basalt jukebox") == "size"


def test_a_reset_forgets_what_was_learned_for_good(world: World) -> None:
    world.label(UNKNOWN, "size")
    assert world.top(UNKNOWN) == "size"
    same = Candidate(id="size", text=REPLIES["size"])
    assert world.online.upsert_candidates("shop", [same], reset_ids=frozenset({"size"})).embedded == 0
    assert len(world.online.suggester("shop").memory) == 0
    assert "size" in shown(world)
    world.restart()
    assert len(world.online.suggester("shop").memory) == 0
    assert "size" in shown(world)


def test_what_is_learned_after_a_reset_counts_again(world: World) -> None:
    world.label(UNKNOWN, "size")
    same = Candidate(id="size", text=REPLIES["size"])
    world.online.upsert_candidates("shop", [same], reset_ids=frozenset({"size"}))
    world.label("basalt jukebox", "size")
    world.restart()
    keys, _, items, _ = world.online.suggester("shop").memory.matrices()
    assert items == ("size",)
    assert len(keys) == 1


def test_resetting_a_new_candidate_is_adding_it(world: World) -> None:
    new = Candidate(id="gift", text="Gift cards")
    assert world.online.upsert_candidates("shop", [new], reset_ids=frozenset({"gift"})).embedded == 1
    assert "gift" in shown(world)


def test_a_retired_candidate_leaves_new_slates_at_once_and_after_a_restart(world: World) -> None:
    world.online.retire_candidate("shop", "track")
    assert "track" not in shown(world)
    world.restart()
    assert "track" not in shown(world)


def test_a_retired_candidate_has_no_vote(world: World) -> None:
    world.label(UNKNOWN, "size")
    world.online.retire_candidate("shop", "size")
    assert len(world.online.suggester("shop").memory) == 0
    world.restart()
    assert len(world.online.suggester("shop").memory) == 0
    assert len(world.app.store.read(Table.LABELS)) == 1


def test_one_that_comes_back_starts_anew(world: World) -> None:
    world.label(UNKNOWN, "size")
    world.online.retire_candidate("shop", "size")
    world.add({"size": REPLIES["size"]})
    assert "size" in shown(world)
    world.restart()
    assert "size" in shown(world)
    assert len(world.online.suggester("shop").memory) == 0


def test_retiring_twice_changes_nothing_and_what_never_was_is_not_found(world: World) -> None:
    world.online.retire_candidate("shop", "track")
    rows = len(world.app.store.read(Table.CANDIDATES))
    world.online.retire_candidate("shop", "track")
    assert len(world.app.store.read(Table.CANDIDATES)) == rows
    with pytest.raises(NotFound):
        world.online.retire_candidate("shop", "unicorn")


def test_every_version_is_a_row(world: World) -> None:
    world.add({"track": "new words"})
    world.online.retire_candidate("shop", "track")
    rows = world.app.store.select("candidate_versions", surface="shop", id="track")
    assert [(row["revision"], row["retired"]) for row in rows] == [(1, False), (2, False), (3, True)]


def test_of_an_id_that_comes_twice_the_last_wins(world: World) -> None:
    both = [Candidate(id="gift", text="first"), Candidate(id="gift", text="second")]
    assert world.online.upsert_candidates("shop", both).accepted == 2
    assert world.online.suggester("shop").candidates.text("gift") == "second"


def test_they_are_listed_page_by_page_in_order_of_id(world: World) -> None:
    first = world.online.list_candidates("shop", 2)
    rest = world.online.list_candidates("shop", 10, first[-1].candidate.id)
    assert [view.candidate.id for view in (*first, *rest)] == sorted(REPLIES)
    world.online.retire_candidate("shop", "address")
    assert world.online.list_candidates("shop", 1)[0].candidate.id == "cancel"


def test_fields_and_tags_are_kept(world: World) -> None:
    rich = Candidate(id="gift", text="Gift cards", fields={"price": 5}, tags=("new", "paper"))
    world.online.upsert_candidates("shop", [rich])
    world.restart()
    kept = next(v for v in world.online.list_candidates("shop") if v.candidate.id == "gift")
    assert kept.candidate == rich


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_a_size(world: World, limit: int) -> None:
    with pytest.raises(Invalid):
        world.online.list_candidates("shop", limit)


def test_a_surface_must_exist(world: World) -> None:
    with pytest.raises(UnknownSurface):
        world.online.upsert_candidates("nowhere", [])


def test_a_restart_encodes_no_candidate(world: World) -> None:
    encoder = StuckEncoder(HashingEncoder(128))
    world.restart(encoder)
    assert encoder.n_calls == 0
    assert world.top(KNOWN) == "track"


def test_another_encoder_re_embeds_from_the_texts(world: World) -> None:
    world.label(UNKNOWN, "size")
    world.restart(HashingEncoder(64))
    assert world.top(KNOWN) == "track"
    assert world.top(UNKNOWN) == "size"
    assert world.online.suggester("shop").candidates.rows(["track"]).shape == (1, 64)
