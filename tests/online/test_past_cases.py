"""Like is answered alike: what people said before to requests like the one that lies there now."""

from __future__ import annotations

from tests.online.conftest import OpenWorld
from tests.online.world import REPLIES, World, answer


def answered(world: World, asked: str, eid: str, **said: object) -> None:
    world.ask(asked)
    held = world.claim()
    world.online.verdict(held.id, answer(held, eid, **said))  # type: ignore[arg-type]


def cases(world: World, text: str) -> list[tuple[str, str | None]]:
    world.ask(text)
    held = world.claim()
    found = [(case.text, case.answer) for case in world.online.past_cases(held.id)]
    world.online.release(held.id, held.lease)
    return found


def test_the_nearest_answered_requests_come_with_their_answers_in_words(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all"})
    assert cases(world, "hovercraft repair in town") == [], "nothing was answered yet"
    held = world.claim()
    world.online.verdict(held.id, answer(held, "v0", none=True))
    answered(world, "hovercraft repair in the city", "v1", item="refund")
    answered(world, "hovercraft repair at sea", "v2", text="We do not go to sea.")
    answered(world, "completely unlike zebra", "v3", item="size")
    found = dict(cases(world, "hovercraft repair"))
    assert found["hovercraft repair in the city"] == REPLIES["refund"]
    assert found["hovercraft repair at sea"] == "We do not go to sea."
    assert found["hovercraft repair in town"] is None
    assert "completely unlike zebra" not in found


def test_an_answer_that_was_taken_back_is_no_case(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all"})
    world.ask("hovercraft repair in the city")
    held = world.claim()
    world.online.verdict(held.id, answer(held, "v1", item="refund"))
    world.online.undo(held.id, "v1", "ann")
    again = world.claim()
    world.online.postpone(again.id, again.lease, world.clock.now().replace(hour=23))
    assert cases(world, "hovercraft repair") == []
