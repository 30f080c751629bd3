"""The queue as a fold: any order of versions makes the same queue, and time alone moves what lapses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from suggest.domain.review import ReviewReason
from suggest.online.queue import Queue
from suggest.online.task import Task
from tests.online.test_task import a_task, an_answer
from tests.online.world import START

LATER = START + timedelta(seconds=30)


def held(task: Task, lease_s: float = 60) -> Task:
    return task.claimed(lease="l1", worker="ann", now=START, lease_s=lease_s)


def next_id(queue: Queue, surface: str | None = None) -> str | None:
    found = queue.next(LATER, surface)
    return None if found is None else found[0].review.id


def test_the_most_urgent_of_all_surfaces_is_next() -> None:
    queue = Queue()
    queue.put(a_task("calm", priority=0.1, surface="a"), 1)
    queue.put(a_task("urgent", priority=0.9, surface="b"), 1)
    assert next_id(queue) == "urgent"
    assert next_id(queue, "a") == "calm"
    assert next_id(queue, "nowhere") is None


def test_a_held_task_is_offered_to_nobody_until_its_lease_lapses() -> None:
    queue = Queue()
    queue.put(held(a_task(), lease_s=30), 2)
    assert queue.next(START + timedelta(seconds=29)) is None
    assert queue.n_claimed() == 1
    assert next_id(queue) == "r1"
    assert queue.n_claimed() == 0


def test_an_extended_lease_lapses_at_its_new_time() -> None:
    queue = Queue()
    task = held(a_task(), lease_s=10)
    queue.put(task, 2)
    queue.put(task.extended(lease="l1", now=START, lease_s=60), 3)
    assert next_id(queue) is None


def test_a_deadline_ends_the_wait_once() -> None:
    queue = Queue()
    queue.put(a_task(deadline=LATER), 1)
    assert [task.review.id for task, _ in queue.advance(LATER)] == ["r1"]
    assert queue.advance(LATER) == []
    assert next_id(queue) is None


def test_an_older_version_changes_nothing() -> None:
    queue = Queue()
    answered = held(a_task()).answered(lease="l1", given=an_answer(), now=LATER)
    assert queue.put(answered, 3)
    assert not queue.put(a_task(), 1)
    assert not queue.put(answered, 3)
    assert next_id(queue) is None


@given(st.permutations([1, 2, 3, 4]))
def test_versions_may_arrive_in_any_order(order: list[int]) -> None:
    task = a_task()
    claimed = held(task)
    released = claimed.released(lease="l1", now=LATER)
    again = released.claimed(lease="l2", worker="bob", now=LATER, lease_s=60)
    versions = {1: task, 2: claimed, 3: released, 4: again}
    queue = Queue()
    for revision in order:
        queue.put(versions[revision], revision)
    assert queue.get("r1") == (again, 4)
    assert next_id(queue) is None
    assert queue.n_claimed() == 1


def test_how_many_are_ahead() -> None:
    queue = Queue()
    tasks = [a_task(f"r{i}", priority=1 - i / 10, surface=f"s{i % 2}") for i in range(5)]
    for task in tasks:
        queue.put(task, 1)
    assert [queue.ahead_of(task) for task in tasks] == [0, 1, 2, 3, 4]


def test_counts_by_reason_and_the_oldest() -> None:
    queue = Queue()
    queue.put(a_task("r1", reason=ReviewReason.AUDIT, at=LATER), 1)
    queue.put(a_task("r2", surface="other"), 1)
    queue.put(held(a_task("r3")), 2)
    assert queue.waiting() == {ReviewReason.ESCALATED: 1, ReviewReason.AUDIT: 1, ReviewReason.LEARNING: 0}
    assert queue.waiting("shop")[ReviewReason.ESCALATED] == 0
    assert (queue.oldest_at(), queue.oldest_at("shop"), queue.oldest_at("none")) == (START, LATER, None)
    assert (queue.n_claimed("shop"), queue.n_claimed("other")) == (1, 0)


def test_a_dropped_task_leaves_no_trace() -> None:
    queue = Queue()
    queue.put(a_task(), 1)
    queue.drop("r1")
    queue.drop("r1")
    assert (len(queue), next_id(queue), queue.get("r1")) == (0, None, None)
    queue.put(replace(a_task("r2"), not_before=LATER), 2)
    queue.drop("r2")
    assert queue.n_off() == 0


def test_a_clock_that_goes_back_gives_a_lapsed_claim_its_time_back_instead_of_spinning() -> None:
    queue = Queue()
    queue.put(held(a_task(), lease_s=60), 1)
    after, within = START + timedelta(seconds=61), START + timedelta(seconds=30)
    assert queue.next(after) is not None
    assert queue.next(within) is None
    assert queue.n_claimed() == 1
    assert queue.next(after) is not None
