"""Escalations as the one who waits sees them: honest about the wait, told at once, safe from strangers."""

from __future__ import annotations

import pytest

from suggest.domain.errors import NotFound, TokenInvalid
from suggest.domain.policy import Policy
from suggest.domain.review import ReviewState
from suggest.online.escalations import DEFAULT_HANDLING_S
from suggest.online.messages import Answer, EscalationView
from suggest.online.presence import ON_DUTY_FOR
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, UNKNOWN, World, answer

OFF_DUTY_S = ON_DUTY_FOR.total_seconds()


def test_with_nobody_on_duty_the_state_says_so(world: World) -> None:
    escalation = world.escalated()
    assert escalation.state is ReviewState.WAITING
    assert not escalation.on_duty
    assert escalation.expected_wait_s is None
    assert escalation.message == Policy().out_of_hours


def test_the_out_of_hours_words_are_the_surface_s_own(open_world: OpenWorld) -> None:
    world = open_world(policy={"out_of_hours": "Back at nine."})
    assert world.escalated().message == "Back at nine."


def test_with_a_worker_on_duty_the_wait_is_estimated(world: World) -> None:
    world.online.mark_present("ann")
    escalation = world.escalated()
    assert escalation.on_duty
    assert escalation.message is None
    assert escalation.expected_wait_s == DEFAULT_HANDLING_S


def test_the_wait_grows_with_the_queue_and_shrinks_with_workers(world: World) -> None:
    world.online.mark_present("ann")
    one = world.escalated(UNKNOWN)
    world.clock.advance(seconds=1)
    two = world.escalated(UNKNOWN)
    assert world.online.escalation(one.id).expected_wait_s == DEFAULT_HANDLING_S
    assert world.online.escalation(two.id).expected_wait_s == 2 * DEFAULT_HANDLING_S
    world.online.mark_present("bob")
    assert world.online.escalation(two.id).expected_wait_s == DEFAULT_HANDLING_S


def test_the_wait_follows_the_pace_of_recent_answers(world: World) -> None:
    for number, seconds in enumerate((10, 20, 90)):
        world.escalated(f"{UNKNOWN} {number}")
        review = world.claim()
        world.clock.advance(seconds=seconds)
        world.online.verdict(review.id, answer(review, f"v{number}", none=True))
    assert world.escalated(OTHER_UNKNOWN).expected_wait_s == 20
    world.restart()
    world.online.mark_present("ann")
    waiting = world.online.escalation(world.escalated(OTHER_UNKNOWN).id)
    one_turn_s = (10 + 20 + 80) / 3  # the mean; an answer of more than four medians counts as that much
    assert waiting.expected_wait_s == round(20 + one_turn_s, 1)


def test_workers_are_on_duty_for_five_minutes_after_they_were_heard_of(world: World) -> None:
    world.online.mark_present("ann")
    world.online.mark_present("ann")
    assert world.online.on_duty() == 1
    world.clock.advance(seconds=OFF_DUTY_S - 1)
    assert world.online.on_duty() == 1
    world.clock.advance(seconds=1)
    assert world.online.on_duty() == 0


def test_a_claim_and_a_heartbeat_are_signs_of_life(world: World) -> None:
    world.escalated()
    review = world.claim("ann", lease_s=1000)
    world.clock.advance(seconds=OFF_DUTY_S)
    assert world.online.on_duty() == 0
    world.online.heartbeat(review.id, review.lease)
    assert world.online.on_duty() == 1


def test_who_waits_is_told_of_each_step(world: World) -> None:
    escalation = world.escalated()
    heard: list[EscalationView] = []
    world.online.subscribe(escalation.id, heard.append)
    review = world.claim()
    world.online.verdict(review.id, answer(review, item="refund"))
    states = [view.state for view in heard]
    assert states[-2:] == [ReviewState.CLAIMED, ReviewState.ANSWERED]
    assert heard[-1].answer == Answer(item="refund", item_text="The refund reaches your account within five days.")
    assert heard[-1].is_final


def test_who_waits_is_told_when_a_worker_comes_on_duty(world: World) -> None:
    escalation = world.escalated()
    heard: list[EscalationView] = []
    world.online.subscribe(escalation.id, heard.append)
    world.online.mark_present("ann")
    assert [(view.on_duty, view.message) for view in heard] == [(True, None)]
    world.online.mark_present("ann")
    assert len(heard) == 1


def test_who_waits_is_told_when_the_wait_is_over_for_good(world: World) -> None:
    escalation = world.escalated()
    heard: list[EscalationView] = []
    world.online.subscribe(escalation.id, heard.append)
    world.clock.advance(seconds=86_400)
    world.online.tick()
    assert [view.state for view in heard] == [ReviewState.EXPIRED]


def test_who_stops_listening_hears_no_more(world: World) -> None:
    escalation = world.escalated()
    heard: list[EscalationView] = []
    unsubscribe = world.online.subscribe(escalation.id, heard.append)
    unsubscribe()
    unsubscribe()
    world.claim()
    assert heard == []


def test_the_answer_is_there_for_who_asks_later_and_after_a_restart(world: World) -> None:
    escalation = world.escalated()
    review = world.claim()
    world.online.verdict(review.id, answer(review, text="Come by our shop."))
    world.restart()
    view = world.online.escalation(escalation.id)
    assert (view.state, view.answer) == (ReviewState.ANSWERED, Answer(text="Come by our shop."))
    assert view.expected_wait_s is None


def test_only_the_impression_s_own_token_opens_it(world: World) -> None:
    mine, other = world.ask(UNKNOWN), world.ask(OTHER_UNKNOWN)
    assert mine.escalation is not None
    assert world.online.check_escalation(mine.escalation.id, mine.token).id == mine.escalation.id
    with pytest.raises(TokenInvalid):
        world.online.check_escalation(mine.escalation.id, other.token)
    with pytest.raises(TokenInvalid):
        world.online.check_escalation(mine.escalation.id, "")


def test_a_guessed_id_looks_like_a_wrong_token(world: World) -> None:
    mine = world.ask(UNKNOWN)
    with pytest.raises(TokenInvalid):
        world.online.check_escalation("guessed", mine.token)


def test_an_audit_is_no_escalation(open_world: OpenWorld) -> None:
    world = open_world(policy={"audit_rate": 1.0})
    world.ask(KNOWN)
    with pytest.raises(NotFound):
        world.online.escalation(world.claim().id)


def test_a_sitting_finds_its_open_escalations_again(world: World) -> None:
    mine = world.escalated(UNKNOWN, session="s1")
    answered = world.escalated(OTHER_UNKNOWN, session="s1")
    world.escalated(OTHER_UNKNOWN, session="s2")
    while (review := world.claim()).id != answered.id:
        pass
    world.online.verdict(review.id, answer(review, none=True))
    world.restart()
    ((view, token),) = world.online.open_escalations("s1", "shop")
    assert view.id == mine.id
    assert world.online.check_escalation(view.id, token).id == mine.id
    assert world.online.open_escalations("s3", "shop") == []


def test_sessions_of_another_surface_are_not_found(world: World) -> None:
    world.online.put_surface("other", {})
    world.escalated(UNKNOWN, session="s1")
    assert world.online.open_escalations("s1", "other") == []


def test_the_session_is_stored_with_the_task_as_a_hash(world: World) -> None:
    escalation = world.escalated(UNKNOWN, session="a-session-name")
    stored = world.app.store.get(f"lease/{escalation.id}")
    assert stored is not None
    assert "a-session-name" not in str(stored.value)
