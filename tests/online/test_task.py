"""One review on its way: who may do what to it, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.errors import Conflict, LeaseExpired, LeaseLost
from suggest.domain.review import Review, ReviewReason, ReviewState
from suggest.online.messages import Answer
from suggest.online.task import Given, Task, task_from_json, task_json
from tests.online.world import START

LATER = START + timedelta(seconds=30)


def a_task(
    id: str = "r1",
    *,
    reason: ReviewReason = ReviewReason.ESCALATED,
    priority: float = 0.5,
    at: datetime = START,
    surface: str = "shop",
    deadline: datetime | None = None,
) -> Task:
    review = Review(
        id=id, surface=surface, impression=f"i-{id}", reason=reason, at=at, priority=priority, deadline=deadline
    )
    return Task(review=review, p_any=0.5)


def a_held_task(lease_s: float = 60) -> Task:
    return a_task().claimed(lease="l1", worker="ann", now=START, lease_s=lease_s)


def an_answer(eid: str = "v1") -> Given:
    return Given(eid=eid, answer=Answer(item="a", item_text="A"), worker="ann", at=LATER)


def test_a_waiting_task_can_be_claimed_and_is_then_held() -> None:
    held = a_held_task()
    assert held.state_at(LATER) is ReviewState.CLAIMED
    with pytest.raises(Conflict):
        held.claimed(lease="l2", worker="bob", now=LATER, lease_s=60)


def test_when_the_lease_is_over_it_waits_again_by_itself() -> None:
    held = a_held_task(lease_s=30)
    assert held.state_at(LATER) is ReviewState.WAITING
    assert held.claimed(lease="l2", worker="bob", now=LATER, lease_s=60).worker == "bob"


def test_a_heartbeat_counts_from_the_moment_it_arrives() -> None:
    held = a_held_task(lease_s=31).extended(lease="l1", now=LATER, lease_s=60)
    assert held.lease_until == LATER + timedelta(seconds=60)


def test_an_expired_lease_is_told_so_until_somebody_else_holds_the_task() -> None:
    held = a_held_task(lease_s=30)
    with pytest.raises(LeaseExpired):
        held.answered(lease="l1", given=an_answer(), now=LATER)
    taken_over = held.claimed(lease="l2", worker="bob", now=LATER, lease_s=60)
    with pytest.raises(LeaseLost):
        taken_over.answered(lease="l1", given=an_answer(), now=LATER)


def test_a_released_task_waits_and_its_lease_is_worth_nothing() -> None:
    released = a_held_task().released(lease="l1", now=LATER)
    assert released.state_at(LATER) is ReviewState.WAITING
    with pytest.raises(LeaseLost):
        released.extended(lease="l1", now=LATER, lease_s=60)


def test_an_answered_task_takes_no_second_answer() -> None:
    answered = a_held_task().answered(lease="l1", given=an_answer(), now=LATER)
    assert answered.state_at(LATER + timedelta(days=9)) is ReviewState.ANSWERED
    with pytest.raises(LeaseLost):
        answered.answered(lease="l1", given=an_answer("v2"), now=LATER)


def test_an_undone_answer_leaves_a_waiting_task_that_remembers_it() -> None:
    undone = a_held_task().answered(lease="l1", given=an_answer(), now=LATER).undone_by(eid="v1")
    assert undone.state_at(LATER) is ReviewState.WAITING
    assert (undone.given, undone.undone) == (None, ("v1",))


def test_only_the_standing_answer_can_be_undone() -> None:
    with pytest.raises(Conflict):
        a_held_task().undone_by(eid="v1")
    with pytest.raises(Conflict):
        a_held_task().answered(lease="l1", given=an_answer(), now=LATER).undone_by(eid="v2")


def test_a_wait_ends_at_its_deadline_but_a_claim_may_be_finished() -> None:
    waiting = a_task(deadline=LATER)
    held = waiting.claimed(lease="l1", worker="ann", now=START, lease_s=60)
    assert waiting.state_at(LATER) is ReviewState.EXPIRED
    assert held.state_at(LATER) is ReviewState.CLAIMED
    assert held.state_at(START + timedelta(seconds=60)) is ReviewState.EXPIRED


def test_people_who_wait_come_first_then_audits_then_learning_picks() -> None:
    kinds = [ReviewReason.LEARNING, ReviewReason.AUDIT, ReviewReason.ESCALATED]
    ordered = sorted((a_task(reason=kind) for kind in kinds), key=lambda task: task.urgency)
    assert [task.review.reason for task in ordered] == kinds[::-1]


def test_among_people_who_wait_the_least_certain_comes_first() -> None:
    assert a_task(priority=0.9, at=LATER).urgency < a_task(priority=0.2, at=START).urgency


def test_nobody_who_waits_is_overtaken_for_ever() -> None:
    after_ten_minutes = START + timedelta(minutes=10, seconds=1)
    assert a_task(priority=0.0, at=START).urgency < a_task(priority=10.0, at=after_ten_minutes).urgency


def test_audits_keep_the_order_they_came_in_whatever_they_would_cost() -> None:
    first = a_task(reason=ReviewReason.AUDIT, priority=0.0, at=START)
    second = a_task(reason=ReviewReason.AUDIT, priority=1.0, at=LATER)
    assert first.urgency < second.urgency


_TASKS = st.sampled_from(
    [
        a_task(),
        a_task(deadline=LATER),
        a_held_task(),
        replace(a_held_task(), claimed_for="shop", session="hash"),
        a_held_task().answered(lease="l1", given=an_answer(), now=LATER),
        a_held_task().answered(lease="l1", given=an_answer(), now=LATER).undone_by(eid="v1"),
        a_task(deadline=LATER).expired(),
    ]
)


@given(_TASKS)
def test_a_task_survives_being_written_down(task: Task) -> None:
    assert task_from_json(task.review.id, json.loads(json.dumps(task_json(task)))) == task


def test_a_doubted_answer_is_written_down_with_its_task() -> None:
    task = replace(a_task(), doubted=Answer(item="refund", item_text="The refund is on its way."))
    assert task_from_json(task.review.id, task_json(task)).doubted == task.doubted
