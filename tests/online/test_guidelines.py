"""One guideline a surface: versions, paragraphs that keep their id while they say the same, disputes, asking again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from suggest.domain.errors import Invalid, NotFound, SuggestError
from suggest.domain.guideline import paragraph_id
from suggest.domain.review import ReviewReason
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import OTHER_UNKNOWN, UNKNOWN, World, answer

RULES = "# Refunds\n\n- Within 30 days the whole sum.\n- Later nothing.\n\nBe kind."
LATER = paragraph_id("Later nothing.")


def put(world: World, text: str = RULES) -> int:
    return world.online.put_guideline("shop", text, by="owner").version


def answered(world: World, text: str, eid: str, **given: object) -> str:
    """Answer a request that waits; its impression."""
    waiting = world.escalated(text)
    held = world.claim()
    world.online.verdict(held.id, answer(held, eid, **given))
    return waiting.impression


def test_each_change_is_a_version_and_the_same_text_is_none(world: World) -> None:
    assert world.online.guideline("shop").version == 0
    assert [put(world), put(world), put(world, RULES + "\r\n"), put(world, "Be kind.")] == [1, 1, 1, 2]
    assert world.online.guideline("shop", 1).text == RULES
    world.restart()
    assert world.online.guideline("shop").text == "Be kind."
    assert put(world, "") == 3
    with pytest.raises(NotFound):
        world.online.guideline("shop", 9)
    with pytest.raises(SuggestError):
        world.online.guideline("nowhere")


def test_a_paragraph_keeps_its_id_while_it_says_the_same(world: World) -> None:
    put(world)
    before = world.online.guideline("shop").paragraphs
    assert list(before.values()) == ["Within 30 days the whole sum.", "Later nothing.", "Be kind."]
    put(world, "Be\nkind.\n\n1. Later *nothing*.")
    assert set(world.online.guideline("shop").paragraphs) < set(before)


@pytest.mark.parametrize("text", ["a\x00b", "x" * 32_769, "\ud800"])
def test_what_cannot_be_stored_is_refused_and_changes_nothing(world: World, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(world, text)
    assert refused.value.errors[0].pointer == "/text"
    assert world.online.guideline("shop").version == 0


def test_answers_and_labels_carry_the_version_they_were_given_under(world: World) -> None:
    answered(world, UNKNOWN, "v1", item="size")
    put(world)
    answered(world, OTHER_UNKNOWN, "v2", item="size", paragraph=LATER, note="Even for gifts?")
    verdicts = [row.record.values for row in world.app.store.read(Table.VERDICTS)]
    assert [(row["guideline"], row["paragraph"], row["note"]) for row in verdicts] == [
        (None, None, None), (1, LATER, "Even for gifts?"),
    ]  # fmt: skip
    assert [row.record.values["guideline"] for row in world.app.store.read(Table.LABELS)] == [None, 1]
    (dispute,) = world.online.disputes("shop")
    assert (dispute.paragraph, dispute.note, dispute.version, dispute.worker) == (LATER, "Even for gifts?", 1, "ann")


def test_an_answer_may_point_to_what_was_in_force_a_moment_ago_and_to_nothing_else(world: World) -> None:
    put(world)
    put(world, "Be kind.")
    world.escalated()
    held = world.claim()
    with pytest.raises(Invalid) as refused:
        world.online.verdict(held.id, answer(held, item="size", paragraph="0123456789"))
    assert refused.value.errors[0].pointer == "/paragraph"
    world.online.verdict(held.id, answer(held, item="size", paragraph=LATER))


def test_a_changed_paragraph_asks_again_for_what_rests_on_it_once(world: World) -> None:
    put(world)
    touched = answered(world, UNKNOWN, "v1", item="size", paragraph=LATER, note="Really?")
    answered(world, OTHER_UNKNOWN, "v2", item="size", paragraph=paragraph_id("Be kind."))
    assert world.online.ask_again("shop") == 0, "nothing has changed"
    put(world, RULES.replace("Later nothing.", "Later a voucher."))
    assert [each.impression for each in world.online.outdated_answers("shop")] == [touched]
    assert world.online.disputes("shop") == []
    assert world.online.ask_again("shop") == 1
    assert world.online.ask_again("shop") == 0
    world.restart()
    held = world.claim("bob")
    assert (held.impression, held.reason) == (touched, ReviewReason.LEARNING)
    assert held.proposed is not None
    assert held.proposed.item == "size"
    world.online.verdict(held.id, answer(held, "v3", item="refund"))
    assert world.top(UNKNOWN) == "refund"
    assert world.online.outdated_answers("shop") == []


def test_two_who_ask_again_at_once_ask_each_answer_once(world: World) -> None:
    put(world)
    answered(world, UNKNOWN, "v1", item="size", paragraph=LATER)
    put(world, "Be kind.")
    together = Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        return world.online.ask_again("shop")

    with ThreadPoolExecutor(8) as people:
        assert sum(people.map(ask, range(8))) == 1


def test_an_answer_that_was_taken_back_is_not_asked_for_again(world: World) -> None:
    put(world)
    world.escalated()
    held = world.claim()
    world.online.verdict(held.id, answer(held, item="size", paragraph=LATER))
    world.online.undo(held.id, "v1", "ann")
    put(world, "Be kind.")
    assert world.online.ask_again("shop") == 0


def test_a_panels_voice_may_dispute_and_what_the_panel_said_is_asked_again(world: World) -> None:
    put(world)
    world.online.put_policy("shop", {"overlap": 2, "most_overlap": 2}, by="owner")
    waiting = world.escalated(UNKNOWN)
    first = world.claim("ann")
    world.online.verdict(first.id, answer(first, "a", item="size", paragraph=LATER, note="Even for gifts?"))
    (dispute,) = world.online.disputes("shop")
    assert (dispute.paragraph, dispute.note, dispute.worker) == (LATER, "Even for gifts?", "ann")
    put(world, RULES.replace("Later nothing", "Later half"))
    assert world.online.ask_again("shop") == 0, "the panel has not settled, so nothing rests on it yet"
    put(world)
    second = world.claim("bob")
    world.online.verdict(second.id, answer(second, "b", item="size", paragraph=LATER))
    assert [each.note for each in world.online.disputes("shop")] == ["Even for gifts?"]
    put(world, RULES.replace("Later nothing", "Later half"))
    world.online.put_policy("shop", {"overlap": 1}, by="owner")
    assert (world.online.ask_again("shop"), world.online.ask_again("shop")) == (1, 0)
    again = world.claim("cleo")
    assert (again.impression, again.proposed.item if again.proposed else None) == (waiting.impression, "size")


def test_a_voice_that_was_taken_back_disputes_nothing(world: World) -> None:
    put(world)
    world.online.put_policy("shop", {"overlap": 2}, by="owner")
    waiting = world.escalated(UNKNOWN)
    held = world.claim("ann")
    world.online.verdict(held.id, answer(held, "a", item="size", paragraph=LATER, note="Even for gifts?"))
    world.online.undo(waiting.id, "a", "ann")
    assert world.online.disputes("shop") == []


def test_the_dispute_of_an_erased_person_is_erased_with_them(open_world: OpenWorld) -> None:
    world = open_world()
    put(world)
    world.escalated(UNKNOWN, user="ann@example.org")
    held = world.claim()
    world.online.verdict(held.id, answer(held, item="size", paragraph=LATER, note="Ann asked twice"))
    world.online.delete_user("ann@example.org")
    assert world.online.disputes("shop") == []
