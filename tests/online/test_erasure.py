"""Erasure: afterwards nothing of a person is in any file, in memory, or in what is suggested."""

from __future__ import annotations

from pathlib import Path

from suggest.domain.errors import NotFound
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, UNKNOWN, World, answer

SECRET = "my wombat Ferdinand"


def files_with(folder: Path, text: str) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def a_life(world: World) -> None:
    """A person asks, selects, is answered by a worker, and is labelled."""
    proposed = world.ask(f"{UNKNOWN} {SECRET}", user="ada", session="s1")
    review = world.claim()
    world.online.verdict(review.id, answer(review, text=f"Dear {SECRET}"))
    world.select(proposed, proposed.slate.items[0].id)


def test_a_user_is_stored_as_a_keyed_hash_only(world: World) -> None:
    world.ask(KNOWN, user="ada.lovelace@example.org")
    (row,) = world.app.store.read(Table.SLATES)
    assert len(str(row.record.values["user_key"])) == 32
    world.close()
    assert files_with(world.folder, "ada.lovelace@example.org") == []


def test_what_a_person_said_is_in_no_file_afterwards(world: World) -> None:
    a_life(world)
    world.ask(KNOWN, user="bob")
    assert world.online.delete_user("ada") > 0
    world.close()
    assert files_with(world.folder, SECRET) == []


def test_what_was_learned_from_a_person_is_forgotten(world: World) -> None:
    a_life(world)
    assert len(world.online.suggester("shop").memory) > 0
    world.online.delete_user("ada")
    assert len(world.online.suggester("shop").memory) == 0
    world.restart()
    assert len(world.online.suggester("shop").memory) == 0


def test_others_are_left_as_they_were(world: World) -> None:
    a_life(world)
    bob = world.ask(OTHER_UNKNOWN, user="bob")
    world.select(bob, bob.slate.items[1].id)
    world.online.delete_user("ada")
    assert [row.record.id for row in world.app.store.read(Table.SLATES)] == [bob.slate.id]
    assert world.top(OTHER_UNKNOWN) == bob.slate.items[1].id


def test_a_label_that_others_gave_for_the_same_context_stays(world: World) -> None:
    world.label(UNKNOWN, "size")
    proposed = world.ask(UNKNOWN, user="ada")
    world.select(proposed, "size")
    world.online.delete_user("ada")
    assert world.top(UNKNOWN) == "size"


def test_an_erased_person_s_open_review_is_offered_to_nobody(world: World) -> None:
    escalation = world.escalated(UNKNOWN, user="ada")
    world.online.delete_user("ada")
    assert world.online.claim("ann") is None
    try:
        world.online.escalation(escalation.id)
    except NotFound:
        return
    raise AssertionError("the escalation is still there")


def test_late_events_of_an_erased_slate_teach_nothing(world: World) -> None:
    proposed = world.ask(UNKNOWN, user="ada")
    world.online.delete_user("ada")
    world.select(proposed, proposed.slate.items[0].id)
    assert len(world.online.suggester("shop").memory) == 0


def test_erasing_nobody_erases_nothing(world: World) -> None:
    world.ask(KNOWN, user="bob")
    assert world.online.delete_user("nobody") == 0
    assert len(world.app.store.read(Table.SLATES)) == 1


def test_what_is_older_than_a_surface_keeps_is_erased_within_a_day(open_world: OpenWorld) -> None:
    world = open_world(surface={"retention_days": 2})
    world.ask(f"{UNKNOWN} {SECRET}")
    world.clock.advance(seconds=86_400)
    world.online.tick()
    assert len(world.app.store.read(Table.SLATES)) == 1
    world.clock.advance(seconds=2 * 86_400)
    young = world.ask(KNOWN)
    world.online.tick()
    assert [row.record.id for row in world.app.store.read(Table.SLATES)] == [young.slate.id]


def test_a_surface_that_starts_to_redact_redacts_what_it_had(world: World) -> None:
    world.escalated("write to ada@shop.example please")
    world.online.put_surface("shop", {"redact": True})
    assert "@" not in world.claim().context.text
    world.close()
    assert files_with(world.folder, "ada@shop.example") == []


def test_a_redacting_surface_shows_workers_what_it_stores(open_world: OpenWorld) -> None:
    world = open_world(surface={"redact": True})
    world.escalated("write to ada@shop.example please")
    before = world.claim(lease_s=1).context.text
    world.clock.advance(seconds=1)
    world.restart()
    assert world.claim().context.text == before
    assert "@" not in before
