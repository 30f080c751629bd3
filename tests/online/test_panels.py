"""Several voices on one review: only where they are needed, each once, and what they come to is one answer."""

from __future__ import annotations

import pytest

from suggest.domain.errors import Conflict, Invalid
from suggest.domain.review import ReviewState
from suggest.online.messages import Answer, ReviewView, VerdictResult
from suggest.online.panels import CONSENSUS
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, UNKNOWN, World, answer


def say(world: World, worker: str, eid: str, **said: object) -> VerdictResult:
    held = world.claim(worker)
    return world.online.verdict(held.id, answer(held, eid, **said))  # type: ignore[arg-type]


def rows(world: World) -> list[tuple[object, object, object]]:
    """Every verdict in the log: who, what, and whether it stands by itself."""
    stored = [each.record.values for each in world.app.store.read(Table.VERDICTS)]
    return [(row["worker"], row["item"], row["undoes"]) for row in stored]


def n_labels(world: World) -> int:
    return len(world.app.store.read(Table.LABELS))


@pytest.fixture
def two(open_world: OpenWorld) -> World:
    """Two people for every review."""
    return open_world(policy={"mode": "review_all", "overlap": 2})


def test_one_answer_is_enough_unless_the_owner_asks_for_more(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all"})
    world.ask(UNKNOWN)
    assert say(world, "ann", "a", item="track").state is ReviewState.ANSWERED
    assert rows(world) == [("ann", "track", None)]


def test_two_who_agree_settle_it_and_only_then_does_it_count(two: World) -> None:
    escalation = two.escalated()
    first = say(two, "ann", "a", item="track")
    assert (first.state, first.answer) == (ReviewState.WAITING, None)
    assert two.online.escalation(escalation.id).state is ReviewState.WAITING
    assert n_labels(two) == 0
    assert two.online.claim("ann") is None, "nobody is asked the same twice"
    second = say(two, "bob", "b", item="track")
    assert second.state is ReviewState.ANSWERED
    assert two.online.escalation(escalation.id).answer == second.answer
    assert n_labels(two) == 1
    assert rows(two) == [("ann", "track", "a"), ("bob", "track", "b"), (CONSENSUS, "track", None)]


def test_a_third_is_asked_only_where_two_disagree(two: World) -> None:
    two.escalated()
    say(two, "ann", "a", item="track")
    assert say(two, "bob", "b", item="refund").state is ReviewState.WAITING
    settled = say(two, "cy", "c", item="refund")
    assert settled.answer is not None
    assert settled.answer.item == "refund"
    assert two.online.queue_counts().waiting == 0


def test_who_has_been_right_more_often_outweighs_who_has_not(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all", "overlap": 3})
    for number in range(12):  # Bob disagrees with the two others every time
        world.ask(f"question {number}")
        for worker, item in (("ann", "track"), ("cy", "track"), ("bob", "refund")):
            say(world, worker, f"{worker}{number}", item=item)
    world.online.put_policy("shop", {"overlap": 2, "most_overlap": 2}, "owner")
    world.ask("and now")
    say(world, "ann", "a", item="size")
    settled = say(world, "bob", "b", item="cancel")
    assert settled.answer is not None
    assert settled.answer.item == "size", "Bob spoke last"
    ann, bob = world.online.worker_quality("ann").right, world.online.worker_quality("bob").right
    assert bob.high < ann.low
    assert (ann.n, bob.n) == (13, 13)
    world.restart()
    assert world.online.worker_quality("bob").right == bob


def test_texts_are_the_same_when_people_would_read_the_same(two: World) -> None:
    two.escalated()
    say(two, "ann", "a", text="We take  shells.")
    settled = say(two, "bob", "b", text="we take shells.")
    assert settled.answer == Answer(text="we take shells.")


def test_who_takes_a_voice_back_may_speak_again(two: World) -> None:
    escalation = two.escalated()
    say(two, "ann", "a", item="track")
    two.online.undo(escalation.id, "a", "ann")
    assert two.claim("ann").id == escalation.id, "and may speak again"


def test_a_settled_answer_is_withdrawn_with_its_voice_and_may_be_settled_anew(two: World) -> None:
    escalation = two.escalated()
    say(two, "ann", "a", item="track")
    say(two, "bob", "b", item="track")
    undone = two.online.undo(escalation.id, "b", "bob")
    assert undone.state is ReviewState.WAITING
    assert two.online.undo(escalation.id, "b", "bob").duplicate
    assert two.online.escalation(escalation.id).answer is None
    assert two.online.claim("ann") is None, "what Ann said still counts"
    two.restart()
    settled = say(two, "bob", "b2", item="track")
    assert settled.state is ReviewState.ANSWERED
    with pytest.raises(Conflict):
        two.online.undo(escalation.id, "settled:b2", "bob")


def test_the_same_voice_twice_is_one(two: World) -> None:
    two.escalated()
    held = two.claim("ann")
    two.online.verdict(held.id, answer(held, "a", item="track"))
    again = two.online.verdict(held.id, answer(held, "a", item="track"))
    assert again.duplicate
    assert again.state is ReviewState.WAITING
    assert len(rows(two)) == 1


def test_a_second_opinion_is_asked_only_where_an_audit_finds_fault(open_world: OpenWorld) -> None:
    world = open_world(policy={"audit_rate": 1.0, "second_opinion": True})
    right = world.ask(KNOWN)
    assert say(world, "ann", "a", item=right.slate.items[0].id).state is ReviewState.ANSWERED
    world.ask(KNOWN)
    before = world.online.get_policy("shop").live.n_judged
    assert say(world, "ann", "b", none=True).state is ReviewState.WAITING
    assert world.online.get_policy("shop").live.n_judged == before, "one voice is not yet a verdict"
    world.restart()
    assert world.online.get_policy("shop").live.n_judged == before
    assert say(world, "bob", "c", none=True).state is ReviewState.ANSWERED
    assert world.online.get_policy("shop").live.n_judged == before + 1


def account(world: World, name: str) -> str:
    return world.online.workers.create({"name": name}).id


def proposed(review: ReviewView) -> str | None:
    return None if review.proposed is None else review.proposed.item


def test_a_sign_off_is_by_two_people_who_are_known(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all", "sign_off": 2})
    escalation = world.escalated()
    assert world.online.claim("somebody") is None, "who is nobody signs nothing off"
    ann, bob = account(world, "Ann"), account(world, "Bob")
    assert say(world, ann, "a", item="track").state is ReviewState.WAITING
    assert world.online.claim(ann) is None, "not one's own"
    held = world.claim(bob)
    assert proposed(held) == "track"
    world.online.verdict(held.id, answer(held, "b", item="refund"))
    held = world.claim(ann)
    assert proposed(held) == "refund", "another answer is the proposal now"
    world.online.verdict(held.id, answer(held, "c", item="refund"))
    view = world.online.escalation(escalation.id)
    assert view.answer is not None
    assert view.answer.item == "refund"


def test_an_answer_that_cannot_be_leaves_no_voice(two: World) -> None:
    two.escalated()
    held = two.claim("ann")
    with pytest.raises(Invalid):
        two.online.verdict(held.id, answer(held, "a", item="nonsense"))
    assert rows(two) == []
    assert two.online.heartbeat(held.id, held.lease)
