"""What every Cas promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.store_adapters import STORES, Opened, Opener
from suggest.domain.errors import Conflict
from suggest.store.ports import CasWrite, Versioned


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def opened(opener: Opener, tmp_path: Path) -> Iterator[Opened]:
    adapter = opener(tmp_path / "cas")
    yield adapter
    adapter.close()


def test_a_key_that_was_never_written_is_not_there(opened: Opened) -> None:
    assert opened.cas.get("surface/a") is None
    assert opened.cas.keys("") == {}


def test_what_was_written_is_read_with_its_revision(opened: Opened) -> None:
    revision = opened.cas.update("surface/a", {"k": 3, "title": "Antworten – ä"}, expected=0)
    assert opened.cas.get("surface/a") == Versioned({"k": 3, "title": "Antworten – ä"}, revision)


def test_revisions_grow(opened: Opened) -> None:
    first = opened.cas.update("a", {"n": 1}, expected=0)
    second = opened.cas.update("a", {"n": 2}, expected=first)
    assert second > first > 0


def test_an_old_revision_loses_and_changes_nothing(opened: Opened) -> None:
    first = opened.cas.update("a", {"n": 1}, expected=0)
    second = opened.cas.update("a", {"n": 2}, expected=first)
    with pytest.raises(Conflict, match="revision"):
        opened.cas.update("a", {"n": 3}, expected=first)
    assert opened.cas.get("a") == Versioned({"n": 2}, second)


def test_creating_what_is_there_loses(opened: Opened) -> None:
    opened.cas.update("a", {"n": 1}, expected=0)
    with pytest.raises(Conflict):
        opened.cas.update("a", {"n": 2}, expected=0)


def test_changing_what_is_not_there_loses(opened: Opened) -> None:
    with pytest.raises(Conflict):
        opened.cas.update("a", {"n": 1}, expected=1)


def test_a_removed_key_is_gone_and_may_be_made_again_with_a_later_revision(opened: Opened) -> None:
    first = opened.cas.update("a", {"n": 1}, expected=0)
    removed = opened.cas.update("a", None, expected=first)
    assert opened.cas.get("a") is None
    assert opened.cas.keys("") == {}
    for stale in (first, removed):
        with pytest.raises(Conflict):
            opened.cas.update("a", {"n": 2}, expected=stale)
    assert opened.cas.update("a", {"n": 2}, expected=0) > removed > first


def test_keys_are_found_by_prefix_in_order(opened: Opened) -> None:
    for key in ("lease/b", "surface/x", "lease/a", "leaseholder"):
        opened.cas.update(key, {"key": key}, expected=0)
    assert list(opened.cas.keys("lease/")) == ["lease/a", "lease/b"]
    assert opened.cas.keys("lease/")["lease/a"].value == {"key": "lease/a"}


def test_changing_what_was_read_changes_nothing_in_the_store(opened: Opened) -> None:
    opened.cas.update("a", {"list": [1]}, expected=0)
    read = opened.cas.get("a")
    assert read is not None
    read.value["list"].append(2)  # type: ignore[attr-defined]
    assert opened.cas.get("a") == Versioned({"list": [1]}, read.revision)


def test_values_and_revisions_survive_a_restart(opener: Opener, tmp_path: Path) -> None:
    first = opener(tmp_path / "cas")
    a = first.cas.update("a", {"n": 1}, expected=0)
    a = first.cas.update("a", {"n": 2}, expected=a)
    b = first.cas.update("b", {"n": 1}, expected=0)
    gone = first.cas.update("b", None, expected=b)
    first.close()
    second = opener(tmp_path / "cas")
    try:
        assert second.cas.get("a") == Versioned({"n": 2}, a)
        assert second.cas.get("b") is None
        assert second.cas.update("b", {"n": 2}, expected=0) > gone
    finally:
        second.close()


def test_of_many_who_read_the_same_revision_one_wins(opened: Opened) -> None:
    revision = opened.cas.update("lease", {"by": None}, expected=0)
    barrier = threading.Barrier(12)

    def claim(worker: int) -> bool:
        barrier.wait()
        try:
            opened.cas.update("lease", {"by": worker}, expected=revision)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        won = [worker for worker, is_won in enumerate(pool.map(claim, range(12))) if is_won]
    present = opened.cas.get("lease")
    assert present is not None
    assert [present.value["by"]] == won


def test_counting_up_from_many_threads_loses_no_step(opened: Opened) -> None:
    opened.cas.update("n", {"n": 0}, expected=0)

    def count_up(_: int) -> None:
        while True:
            present = opened.cas.get("n")
            assert present is not None
            try:
                opened.cas.update("n", {"n": int(str(present.value["n"])) + 1}, expected=present.revision)
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(80)))
    present = opened.cas.get("n")
    assert present is not None
    assert present.value == {"n": 80}


def test_several_keys_change_together_or_not_at_all(opened: Opened) -> None:
    a = opened.cas.update("a", {"n": 1}, expected=0)
    opened.log.append([], writes=[CasWrite("a", {"n": 2}, a), CasWrite("b", {"n": 1}, 0)])
    with pytest.raises(Conflict):
        opened.log.append([], writes=[CasWrite("b", {"n": 9}, 1), CasWrite("a", {"n": 9}, a)])
    assert [versioned.value["n"] for versioned in opened.cas.keys("").values()] == [2, 1]


def test_one_submission_writes_a_key_once(opened: Opened) -> None:
    with pytest.raises(ValueError, match="at most once"):
        opened.log.append([], writes=[CasWrite("a", {"n": 1}, 0), CasWrite("a", {"n": 2}, 1)])


def test_a_watcher_hears_of_every_change_under_its_prefix_in_order(opened: Opened) -> None:
    heard: Queue[tuple[str, Versioned | None]] = Queue()
    opened.cas.watch("lease/", lambda key, present: heard.put((key, present)))
    first = opened.cas.update("lease/1", {"n": 1}, expected=0)
    opened.cas.update("other", {"n": 1}, expected=0)
    second = opened.cas.update("lease/1", {"n": 2}, expected=first)
    opened.cas.update("lease/1", None, expected=second)
    assert heard.get(timeout=5) == ("lease/1", Versioned({"n": 1}, first))
    assert heard.get(timeout=5) == ("lease/1", Versioned({"n": 2}, second))
    assert heard.get(timeout=5) == ("lease/1", None)


def test_a_watcher_that_left_hears_nothing_more(opened: Opened) -> None:
    left: list[str] = []
    stayed: Queue[str] = Queue()
    leave = opened.cas.watch("", lambda key, _: left.append(key))
    leave()
    opened.cas.watch("", lambda key, _: stayed.put(key))
    opened.cas.update("a", {}, expected=0)
    assert stayed.get(timeout=5) == "a"
    assert left == []


def test_a_watcher_that_fails_or_writes_itself_is_in_nobodys_way(opened: Opened) -> None:
    heard: Queue[str] = Queue()

    def fails(key: str, _: Versioned | None) -> None:
        raise RuntimeError(key)

    def answers(key: str, _: Versioned | None) -> None:
        if key == "question":
            opened.cas.update("answer", {}, expected=0)
        heard.put(key)

    opened.cas.watch("", fails)
    opened.cas.watch("", answers)
    opened.cas.update("question", {}, expected=0)
    assert [heard.get(timeout=5), heard.get(timeout=5)] == ["question", "answer"]


def test_a_lost_write_is_not_announced(opened: Opened) -> None:
    heard: Queue[str] = Queue()
    opened.cas.watch("", lambda key, _: heard.put(key))
    with pytest.raises(Conflict):
        opened.cas.update("a", {}, expected=7)
    opened.cas.update("b", {}, expected=0)
    assert heard.get(timeout=5) == "b"


def test_any_history_of_writes_is_that_of_a_dictionary(
    opener: Opener, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random updates, removals, stale writes and restarts against a plain dict with a revision counter."""
    keys = st.sampled_from(["a", "b", "a/b"])

    class History(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = tmp_path_factory.mktemp("cas")
            self.opened = opener(self.folder)
            self.model: dict[str, tuple[dict[str, object], int]] = {}
            self.latest: dict[str, int] = {}

        @rule(key=keys, n=st.integers(0, 9), offset=st.sampled_from([0, 0, 0, 1, -1]), remove=st.booleans())
        def write(self, key: str, n: int, offset: int, remove: bool) -> None:
            present = self.model[key][1] if key in self.model else 0
            expected = max(0, present + offset)
            value = None if remove else {"n": n}
            if expected != present:
                with pytest.raises(Conflict):
                    self.opened.cas.update(key, value, expected=expected)
                return
            revision = self.opened.cas.update(key, value, expected=expected)
            assert revision > self.latest.get(key, 0)
            self.latest[key] = revision
            if value is None:
                self.model.pop(key, None)
            else:
                self.model[key] = (value, revision)

        @rule()
        def restart(self) -> None:
            self.opened.close()
            self.opened = opener(self.folder)

        @invariant()
        def reads_agree(self) -> None:
            found = {key: (dict(v.value), v.revision) for key, v in self.opened.cas.keys("").items()}
            assert found == self.model

        def teardown(self) -> None:
            self.opened.close()

    calm = settings(max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(History, settings=calm)  # type: ignore[no-untyped-call]
