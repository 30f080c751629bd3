"""A person steers: replies with placeholders, more like this, not this, ask a person, and why it is there."""

from __future__ import annotations

import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.errors import Invalid
from suggest.domain.slate import Decision
from suggest.online.messages import Proposal, Proposed
from suggest.web.present import proposed_json
from tests.online.world import KNOWN, UNKNOWN, World, answer

GREETING = "Where is my order? Hello {{name}}, your order {{order.id}} is on its way."
FIELDS = {"name": "Ann", "order": {"id": 7}}


def ask(world: World, text: str = KNOWN, fields: dict[str, object] | None = None, **more: object) -> Proposed:
    context = Context(text=text, fields=fields or {})
    return world.online.suggest(Proposal(surface="shop", context=context, k=10, **more))  # type: ignore[arg-type]


def texts(proposed: Proposed) -> dict[str, str]:
    items = proposed_json(proposed, url=None)["items"]
    assert isinstance(items, list)
    return {item["id"]: item["text"] for item in items}


def test_a_placeholder_is_filled_for_the_person_and_kept_as_written_in_the_log(world: World) -> None:
    world.add({"greet": GREETING})
    proposed = ask(world, fields=FIELDS)
    assert texts(proposed)["greet"] == "Where is my order? Hello Ann, your order 7 is on its way."
    assert {item.text for item in proposed.slate.items if item.id == "greet"} == {GREETING}


@pytest.mark.parametrize("fields", [{}, {"name": "Ann"}, {"name": "Ann", "order": {"id": ""}}])
def test_what_cannot_be_filled_is_no_option_and_no_number_counts_it(world: World, fields: dict[str, object]) -> None:
    world.add({"greet": GREETING})
    slate = ask(world, fields=fields).slate
    assert "greet" not in {item.id for item in slate.items}
    assert "greet" not in slate.pool.ids
    assert sum(item.p_select for item in slate.items) == pytest.approx(slate.p_any, abs=1e-9)


def test_an_option_that_a_caller_brings_is_filled_too(world: World) -> None:
    options = (Candidate(id="a", text="Hello {{name}}"), Candidate(id="b", text="Bye {{nobody}}"))
    assert texts(ask(world, fields=FIELDS, candidates=options)) == {"a": "Hello Ann"}


def test_a_filled_option_is_learned_by_its_id(world: World) -> None:
    world.add({"greet": GREETING})
    for _ in range(3):
        proposed = ask(world, "hello there", FIELDS)
        world.select(proposed, "greet")
    assert ask(world, "hello there", FIELDS).slate.items[0].id == "greet"


def test_a_colleagues_choice_is_filled_or_refused_with_what_to_do(world: World) -> None:
    world.add({"greet": GREETING, "bare": "Dear {{customer}}"})
    ask(world, UNKNOWN, FIELDS, ask=True)
    review = world.claim()
    with pytest.raises(Invalid, match="answer in words"):
        world.online.verdict(review.id, answer(review, eid="v0", item="bare"))
    given = world.online.verdict(review.id, answer(review, item="greet")).answer
    assert given is not None
    assert given.item_text == "Where is my order? Hello Ann, your order 7 is on its way."


def test_more_like_this_is_of_its_kind_without_it_and_asks_nobody(world: World) -> None:
    everything = ask(world).slate
    first = everything.items[0].id
    slate = ask(world, like=first).slate
    assert first not in slate.pool.ids
    assert slate.decision is not Decision.ESCALATE
    assert slate.context == everything.context
    gone = ask(world, like="no such option").slate
    assert (gone.items, gone.decision) == ((), Decision.ABSTAIN)
    assert world.online.queue_counts().waiting == 0


def test_who_asks_for_a_person_gets_one_where_people_are_asked(world: World) -> None:
    proposed = ask(world, ask=True)
    assert (proposed.slate.decision, proposed.slate.reason) == (Decision.ESCALATE, "asked")
    assert proposed.escalation is not None
    world.online.put_policy("shop", {"escalation": False}, by="test")
    assert ask(world, ask=True).slate.decision is Decision.SHOW


def test_the_reason_is_true_of_the_option(world: World) -> None:
    def why(item: str) -> object:
        explain = ask(world, explain=True).explain
        assert explain is not None
        told = explain[item]
        assert isinstance(told, dict)
        return told["why"]

    assert why("track") in {"meaning", "words"}, "nobody has chosen it yet"
    for _ in range(3):
        world.select(ask(world), "track")
    assert why("track") in {"meaning", "words", "chosen", "lately"}
