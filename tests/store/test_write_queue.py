"""The queue before the one writer: all or nothing, in order, never more than it may hold, and emptied when closed."""

from __future__ import annotations

from collections import deque
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.errors import Overloaded, StorageUnavailable
from suggest.store.columns import Row
from suggest.store.fold import EncodedWrite, Entry
from suggest.store.ports import Table, Versioned
from suggest.store.watchers import Watchers
from suggest.store.write_queue import BATCH_ROWS, Submission, Task, WriteQueue

MODEST = settings(max_examples=80, deadline=None, derandomize=True)


def a_submission(n_rows: int, size: int = 10, n_writes: int = 0) -> Submission:
    rows = [Row(Table.EVENTS, f"e{n}", (), 1) for n in range(n_rows)]
    writes = [EncodedWrite(f"k{n}", "{}", 0) for n in range(n_writes)]
    return Submission(rows, writes, size)


STEPS = st.lists(
    st.one_of(st.tuples(st.integers(1, 12), st.integers(0, 60)), st.just("task"), st.just("take")), max_size=40
)


@MODEST
@given(STEPS)
def test_what_goes_in_comes_out_in_order_whole_and_once(steps: list[tuple[int, int] | str]) -> None:
    queue = WriteQueue(longest_rows=20, longest_bytes=100)
    model: deque[Submission | Task] = deque()

    def held() -> tuple[int, int]:
        waiting = [each for each in model if isinstance(each, Submission)]
        return sum(each.n_rows for each in waiting), sum(each.size_bytes for each in waiting)

    for step in steps:
        if step == "task":
            task = Task(lambda: None)
            queue.put_task(task)
            model.append(task)
        elif step == "take":
            taken = queue.take(timeout_s=0)
            if isinstance(taken, Task):
                assert taken is model.popleft()
            else:
                assert taken is not None
                assert [model.popleft() for _ in taken] == taken
                assert not model or not taken or isinstance(model[0], Task), "all that waits before the next task"
        else:
            n_rows, size = step  # type: ignore[misc]  # the pair
            submission = a_submission(n_rows, size)
            rows, used = held()
            if rows + n_rows > 20 or used + size > 100:
                with pytest.raises(Overloaded, match="nothing was taken"):
                    queue.put(submission)
            else:
                queue.put(submission)
                model.append(submission)
        assert len(queue) == held()[0]


def test_a_batch_is_at_most_so_many_rows_and_a_larger_submission_comes_alone() -> None:
    queue = WriteQueue()
    sizes = [BATCH_ROWS - 1, 1, 1, BATCH_ROWS + 5, 3]
    for n_rows in sizes:
        queue.put(a_submission(n_rows))
    taken: list[list[int]] = []
    while batch := queue.take(timeout_s=0):
        assert not isinstance(batch, Task)
        taken.append([each.n_rows for each in batch])
    assert taken == [[BATCH_ROWS - 1, 1], [1], [BATCH_ROWS + 5], [3]]


def test_writes_count_as_rows() -> None:
    queue = WriteQueue(longest_rows=5)
    queue.put(a_submission(2, n_writes=2))
    assert len(queue) == 4
    with pytest.raises(Overloaded):
        queue.put(a_submission(0, n_writes=2))


@pytest.mark.parametrize(("n_rows", "size"), [(6, 1), (1, 101)])
def test_what_could_never_fit_is_no_matter_of_waiting(n_rows: int, size: int) -> None:
    with pytest.raises(ValueError, match="do not fit one transaction"):
        WriteQueue(longest_rows=5, longest_bytes=100).put(a_submission(n_rows, size))


def test_a_closed_queue_takes_nothing_and_hands_out_what_waits() -> None:
    queue = WriteQueue()
    waiting = a_submission(1)
    queue.put(waiting)
    queue.close()
    queue.close()
    with pytest.raises(StorageUnavailable):
        queue.put(a_submission(1))
    with pytest.raises(StorageUnavailable):
        queue.put_task(Task(lambda: None))
    assert queue.take(timeout_s=0) == [waiting]
    assert queue.take(timeout_s=0) is None


def test_an_empty_queue_waits_no_longer_than_told_and_wakes_when_something_comes() -> None:
    queue = WriteQueue()
    assert queue.take(timeout_s=0) == []
    taken: list[object] = []
    waiting = Thread(target=lambda: taken.append(queue.take(timeout_s=30)))
    waiting.start()
    submission = a_submission(1)
    queue.put(submission)
    waiting.join(30)
    assert taken == [[submission]]


def test_whoever_waits_is_let_go_when_it_closes() -> None:
    queue = WriteQueue()
    taken: list[object] = []
    waiting = Thread(target=lambda: taken.append(queue.take(timeout_s=30)))
    waiting.start()
    queue.close()
    waiting.join(30)
    assert taken == [None]


# -- watchers


def test_watchers_hear_of_their_prefix_in_order_and_of_removals_too() -> None:
    watchers, heard, done = Watchers(), [], Event()

    def hear(key: str, value: Versioned | None) -> None:
        heard.append((key, None if value is None else value.value["n"]))
        if key == "a/end":
            done.set()

    leave = watchers.watch("a/", hear)
    watchers.announce({"a/1": Entry(1, '{"n": 1}'), "b/1": Entry(1, '{"n": 9}')})
    watchers.announce({"a/1": Entry(2, None)})
    watchers.announce({"a/end": Entry(1, '{"n": 2}')})
    assert done.wait(30)
    assert heard == [("a/1", 1), ("a/1", None), ("a/end", 2)]
    leave()
    leave()
    watchers.announce({"a/2": Entry(1, '{"n": 3}')})
    watchers.close()
    assert len(heard) == 3


def test_one_that_fails_is_in_nobodys_way() -> None:
    watchers, heard, done = Watchers(), [], Event()

    def fail(key: str, value: Versioned | None) -> None:
        raise RuntimeError("not today")

    def hear(key: str, value: Versioned | None) -> None:
        heard.append(key)
        if len(heard) == 2:
            done.set()

    watchers.watch("", fail)
    watchers.watch("", hear)
    watchers.announce({"a": Entry(1, "{}")})
    watchers.announce({"b": Entry(1, "{}")})
    assert done.wait(30)
    assert heard == ["a", "b"]
    watchers.close()
