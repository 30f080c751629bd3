"""Reviews end to end: one holder at a time, answers that count once and teach at once, nothing lost in a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from suggest.domain.errors import Conflict, Invalid, LeaseExpired, LeaseLost, NotFound, UnknownSurface
from suggest.domain.review import ReviewReason, ReviewState
from suggest.online.messages import Answer, RawVerdict, ReviewView
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, UNKNOWN, World, answer


def rows(world: World, table: Table) -> list[dict[str, object]]:
    return [dict(each.record.values) for each in world.app.store.read(table)]


def test_a_claim_returns_the_review_itself(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    review = world.claim(lease_s=60)
    assert proposed.escalation is not None
    assert (review.id, review.escalation) == (proposed.escalation.id, proposed.escalation.id)
    assert review.context.text == UNKNOWN
    assert review.items == proposed.slate.items
    assert review.reason is ReviewReason.ESCALATED
    assert (review.expires_at - world.clock.now()).total_seconds() == 60
    assert review.p_any == proposed.slate.p_any


def test_an_empty_queue_is_no_error(world: World) -> None:
    assert world.online.claim("ann") is None


def test_a_held_review_is_offered_to_nobody(world: World) -> None:
    world.escalated()
    world.claim("ann")
    assert world.online.claim("bob") is None
    assert world.online.claim("ann") is None


def test_an_expired_lease_returns_the_review_to_the_queue_under_a_new_lease(world: World) -> None:
    world.escalated()
    first = world.claim("ann", lease_s=60)
    world.clock.advance(seconds=60)
    second = world.claim("bob", lease_s=60)
    assert second.id == first.id
    assert second.lease != first.lease


def test_an_expired_lease_answers_lease_expired(world: World) -> None:
    world.escalated()
    review = world.claim(lease_s=1)
    world.clock.advance(seconds=1)
    with pytest.raises(LeaseExpired):
        world.online.verdict(review.id, answer(review, none=True))
    with pytest.raises(LeaseExpired):
        world.online.heartbeat(review.id, review.lease)
    with pytest.raises(LeaseExpired):
        world.online.release(review.id, review.lease)


def test_a_lease_that_passed_to_someone_else_is_lost(world: World) -> None:
    world.escalated()
    old = world.claim("ann", lease_s=1)
    world.clock.advance(seconds=1)
    new = world.claim("bob")
    with pytest.raises(LeaseLost):
        world.online.verdict(old.id, answer(old, none=True))
    assert world.online.verdict(new.id, answer(new, item="refund")).state is ReviewState.ANSWERED
    with pytest.raises(LeaseLost):
        world.online.heartbeat(new.id, new.lease)


def test_one_key_may_hold_many_reviews(world: World) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    one, two = world.claim("key:1"), world.claim("key:1")
    assert one.id != two.id
    world.online.verdict(one.id, answer(one, "v1", none=True))
    world.online.verdict(two.id, answer(two, "v2", none=True))


def test_a_heartbeat_keeps_a_review(world: World) -> None:
    world.escalated()
    review = world.claim(lease_s=60)
    world.clock.advance(seconds=59)
    assert (world.online.heartbeat(review.id, review.lease, 60).expires_at - world.clock.now()).total_seconds() == 60
    world.clock.advance(seconds=59)
    assert world.online.claim("bob") is None


def test_a_released_review_is_offered_at_once(world: World) -> None:
    world.escalated()
    review = world.claim("ann")
    world.online.release(review.id, review.lease)
    assert world.claim("bob").id == review.id


@pytest.mark.parametrize("lease_s", [0, 0.5, -1, float("nan"), float("inf")])
def test_a_lease_lasts_at_least_a_second(world: World, lease_s: float) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.claim("ann", None, lease_s)
    assert refused.value.errors[0].pointer == "/lease_s"


def test_a_claim_may_be_for_one_surface(world: World) -> None:
    world.online.put_surface("other", {})
    world.escalated()
    assert world.online.claim("ann", "other") is None
    with pytest.raises(UnknownSurface):
        world.online.claim("ann", "nowhere")


def test_people_who_wait_are_served_before_audits(open_world: OpenWorld) -> None:
    world = open_world(policy={"audit_rate": 1.0})
    world.ask(KNOWN)
    world.escalated()
    assert world.claim().reason is ReviewReason.ESCALATED
    audit = world.claim()
    assert (audit.reason, audit.escalation) == (ReviewReason.AUDIT, None)


def test_the_least_certain_escalation_goes_first(open_world: OpenWorld) -> None:
    world = open_world(policy={"mode": "review_all"})
    world.ask(KNOWN)
    world.ask(UNKNOWN)
    assert world.claim().context.text == UNKNOWN


# -- verdicts


def test_an_item_verdict_is_a_label_and_teaches_the_next_request(world: World) -> None:
    escalation = world.escalated()
    review = world.claim()
    result = world.online.verdict(review.id, answer(review, item="refund"))
    assert result.state is ReviewState.ANSWERED
    assert result.answer == Answer(item="refund", item_text="The refund reaches your account within five days.")
    assert world.top(UNKNOWN) == "refund"
    (label,) = rows(world, Table.LABELS)
    assert (label["item"], label["source"], label["impression"]) == ("refund", "verdict", escalation.impression)
    (verdict,) = rows(world, Table.VERDICTS)
    assert (verdict["item"], verdict["worker"], verdict["review"]) == ("refund", "ann", review.id)


def test_a_none_verdict_is_a_none_label(world: World) -> None:
    before = world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True, note="nonsense"))
    assert world.online.escalation(before.id).answer == Answer(none=True)
    (label,) = rows(world, Table.LABELS)
    assert label["item"] is None
    assert world.ask(UNKNOWN).slate.p_any < 0.5


def test_a_text_verdict_is_a_none_label_and_no_candidate(world: World) -> None:
    world.escalated()
    review = world.claim()
    result = world.online.verdict(review.id, answer(review, text="We do not sell those."))
    assert result.answer == Answer(text="We do not sell those.")
    assert rows(world, Table.LABELS)[0]["item"] is None
    assert len(world.online.list_candidates("shop")) == 5


def test_a_text_verdict_becomes_a_candidate_where_that_is_asked_for(world: World) -> None:
    world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, text="We do not sell those.", add_candidate=True))
    slate = world.ask(UNKNOWN).slate
    assert slate.items[0].text == "We do not sell those."
    world.restart()
    assert world.ask(UNKNOWN).slate.items[0].text == "We do not sell those."


def test_an_item_from_outside_the_slate_may_be_the_answer(world: World) -> None:
    proposed = world.ask(UNKNOWN, k=1)
    elsewhere = next(id for id in ("track", "refund") if id != proposed.slate.items[0].id)
    review = world.claim()
    assert world.online.verdict(review.id, answer(review, item=elsewhere)).state is ReviewState.ANSWERED


def test_an_item_nobody_knows_is_refused_by_name_and_the_review_stays_held(world: World) -> None:
    world.escalated()
    review = world.claim()
    with pytest.raises(Invalid) as refused:
        world.online.verdict(review.id, answer(review, item="unicorn"))
    assert refused.value.errors[0].pointer == "/item"
    assert world.online.queue_counts().claimed == 1
    assert rows(world, Table.VERDICTS) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"item": "refund", "none": True},
        {"text": "a", "item": "b"},
        {"none": True, "add_candidate": True},
        {"text": " "},
    ],
    ids=repr,
)
def test_a_verdict_is_exactly_one_answer(world: World, given: dict[str, object]) -> None:
    world.escalated()
    review = world.claim()
    with pytest.raises(Invalid):
        world.online.verdict(review.id, answer(review, **given))


def test_the_same_eid_again_gets_the_same_answer_and_does_nothing_more(world: World) -> None:
    world.escalated()
    review = world.claim()
    verdict = answer(review, item="refund")
    heard: list[int] = []
    world.online.on_outcomes = lambda surface, n: heard.append(n)
    first = world.online.verdict(review.id, verdict)
    world.clock.advance(seconds=3600)
    again = world.online.verdict(review.id, verdict)
    world.restart()
    later = world.online.verdict(review.id, verdict)
    assert (first.duplicate, again.duplicate, later.duplicate) == (False, True, True)
    assert first.answer == again.answer == later.answer
    assert len(rows(world, Table.VERDICTS)) == len(rows(world, Table.LABELS)) == 1
    assert heard == [1]


def test_an_eid_belongs_to_one_review(world: World) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    one, two = world.claim(), world.claim()
    world.online.verdict(one.id, answer(one, "v1", none=True))
    with pytest.raises(LeaseLost):
        world.online.verdict(two.id, answer(two, "v1", none=True))


def test_of_many_answers_at_once_one_counts(world: World) -> None:
    world.escalated()
    review = world.claim()

    def is_taken(number: int) -> bool:
        try:
            return not world.online.verdict(review.id, answer(review, f"v{number}", item="refund")).duplicate
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(is_taken, range(8))) == 1
    assert len(rows(world, Table.VERDICTS)) == 1


def test_of_many_claims_at_once_each_gets_a_review_of_its_own(world: World) -> None:
    for i in range(6):
        world.escalated(f"{UNKNOWN} {i}" if i else UNKNOWN)

    def claim(number: int) -> ReviewView | None:
        return world.online.claim(f"worker-{number}")

    with ThreadPoolExecutor(8) as pool:
        held = [review for review in pool.map(claim, range(10)) if review is not None]
    assert len(held) == len({review.id for review in held}) == 6


def test_a_later_verdict_replaces_an_earlier_one(world: World) -> None:
    for eid, item in (("v1", "refund"), ("v2", "size")):
        world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
        world.ask(UNKNOWN)
        review = world.claim()
        world.online.verdict(review.id, answer(review, eid, item=item))
        assert world.top(UNKNOWN) == item
        world.online.claim("ann")  # what was asked for `top` waits, too
    _, _, items, _ = world.online.suggester("shop").memory.matrices()
    assert items == ("size",)
    world.restart()
    assert world.online.suggester("shop").memory.matrices()[2] == ("size",)


def test_a_verdict_can_answer_with_the_next_review(world: World) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    first = world.claim(lease_s=30)
    result = world.online.verdict(first.id, answer(first, "v1", none=True), next=True, lease_s=30)
    assert result.next is not None
    assert result.next.id != first.id
    last = world.online.verdict(result.next.id, answer(result.next, "v2", none=True), next=True)
    assert last.next is None


def test_the_next_review_is_of_the_surface_that_was_claimed_for(world: World) -> None:
    world.online.put_surface("other", {})
    world.escalated()
    world.ask(UNKNOWN, surface="other")
    first = world.claim(surface="shop")
    assert world.online.verdict(first.id, answer(first, none=True), next=True).next is None


# -- undo


def test_an_undone_verdict_waits_again_and_its_label_is_withdrawn(world: World) -> None:
    escalation = world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, item="refund"))
    result = world.online.undo(review.id, "v1", "ann")
    assert result.state is ReviewState.WAITING
    assert world.online.escalation(escalation.id).state is ReviewState.WAITING
    assert len(world.online.suggester("shop").memory) == 0
    assert world.claim("bob").id == review.id
    verdicts = rows(world, Table.VERDICTS)
    assert [(each["eid"], each["undoes"]) for each in verdicts] == [("v1", None), ("undo:v1", "v1")]


def test_an_undone_verdict_has_no_vote_after_a_restart(world: World) -> None:
    world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, item="refund"))
    world.online.undo(review.id, "v1", "ann")
    world.restart()
    assert len(world.online.suggester("shop").memory) == 0
    assert world.claim().id == review.id


def test_undoing_brings_back_the_label_that_the_verdict_had_replaced(world: World) -> None:
    world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
    world.label(UNKNOWN, "size")
    world.ask(UNKNOWN)
    review = world.claim()
    world.online.verdict(review.id, answer(review, item="refund"))
    world.online.undo(review.id, "v1", "ann")
    assert world.online.suggester("shop").memory.matrices()[2] == ("size",)


def test_undoing_twice_is_undoing_once(world: World) -> None:
    world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    world.online.undo(review.id, "v1", "ann")
    assert world.online.undo(review.id, "v1", "ann").duplicate
    assert len(rows(world, Table.VERDICTS)) == 2


def test_an_undone_eid_is_not_an_answer_any_more(world: World) -> None:
    world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    world.online.undo(review.id, "v1", "ann")
    again = world.claim()
    with pytest.raises(LeaseLost):
        world.online.verdict(again.id, answer(again, "v1", none=True))
    assert world.online.verdict(again.id, answer(again, "v2", none=True)).state is ReviewState.ANSWERED


def test_what_was_never_answered_cannot_be_undone(world: World) -> None:
    world.escalated()
    review = world.claim()
    with pytest.raises(Conflict):
        world.online.undo(review.id, "v1", "ann")


# -- crashes and the end of things


def test_holders_and_the_queue_survive_a_restart(world: World) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    held = world.claim("ann", lease_s=600)
    world.restart()
    assert world.online.queue_counts().waiting == 1
    assert world.claim("bob").id != held.id
    assert world.online.claim("bob") is None
    assert world.online.verdict(held.id, answer(held, item="refund")).state is ReviewState.ANSWERED


def test_reviews_from_before_a_restart_still_show_their_slate(world: World) -> None:
    proposed = world.ask(UNKNOWN)
    world.restart()
    review = world.claim()
    assert review.items == proposed.slate.items
    assert review.context.text == UNKNOWN


def test_nobody_waits_longer_than_a_day(world: World) -> None:
    escalation = world.escalated()
    world.clock.advance(seconds=86_400)
    world.online.tick()
    assert world.online.escalation(escalation.id).state is ReviewState.EXPIRED
    assert world.online.claim("ann") is None
    world.restart()
    assert world.online.escalation(escalation.id).state is ReviewState.EXPIRED


def test_tasks_that_ended_long_ago_are_let_go(world: World) -> None:
    world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, none=True))
    world.clock.advance(seconds=26 * 3600)
    world.online.tick()
    assert world.app.store.get(f"lease/{review.id}") is None
    assert len(rows(world, Table.VERDICTS)) == 1


def test_what_never_was_is_not_found(world: World) -> None:
    for call in (
        lambda: world.online.verdict("no", RawVerdict(eid="v", lease="l", none=True)),
        lambda: world.online.heartbeat("no", "l"),
        lambda: world.online.release("no", "l"),
        lambda: world.online.undo("no", "v", "ann"),
        lambda: world.online.escalation("no"),
    ):
        with pytest.raises(NotFound):
            call()


def test_every_change_of_the_queue_is_heard_of_and_counted(world: World) -> None:
    heard: list[tuple[int, int, int, int]] = []

    def count() -> tuple[int, int, int, int]:
        told = world.online.queue_counts()
        return told.waiting, told.claimed, told.postponed, told.workers

    rung: list[None] = []
    stop = world.online.hear_queue(lambda: rung.append(None))

    def note() -> None:
        assert rung, "this changed the queue, and nobody heard"
        rung.clear()
        heard.append(count())

    world.escalated()
    note()
    held = world.claim(lease_s=60)
    note()
    world.online.release(held.id, held.lease)
    note()
    held = world.claim(lease_s=60)
    world.online.postpone(held.id, held.lease, world.clock.now() + timedelta(minutes=2))
    note()
    world.clock.advance(seconds=120)
    world.app.tick()
    note()
    world.claim(lease_s=60)
    rung.clear()
    world.clock.advance(seconds=61)
    world.app.tick()
    note()
    held = world.claim()
    world.online.verdict(held.id, answer(held, none=True))
    note()
    world.clock.advance(seconds=301)
    world.app.tick()
    note()
    world.online.undo(held.id, "v1", "ann")
    note()
    assert heard == [
        (1, 0, 0, 0), (0, 1, 0, 1), (1, 0, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1),
        (1, 0, 0, 1), (0, 0, 0, 1), (0, 0, 0, 0), (1, 0, 0, 1),
    ]  # fmt: skip
    stop()
    world.claim()
    assert not rung
