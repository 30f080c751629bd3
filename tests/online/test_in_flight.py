"""While a request is on its way the world may change under it: what is answered fits the world it is answered in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.errors import Overloaded, SuggestError
from suggest.domain.slate import Decision
from suggest.online.messages import Proposal, Proposed
from suggest.online.task import Task
from suggest.retrieve.hashing import HashingEncoder
from suggest.store.ports import Appended
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, OTHER_UNKNOWN, REPLIES, UNKNOWN, StuckEncoder, World, answer


def test_a_candidate_retired_while_the_context_is_encoded_is_not_in_the_slate(open_world: OpenWorld) -> None:
    encoder = StuckEncoder(HashingEncoder(128))
    world = open_world(encoder=encoder)
    encoder.may_go.clear()
    answers: list[list[Proposed | SuggestError]] = []
    asked = f"{KNOWN} please"

    def ask() -> None:  # a batch waits for the encoder however long it takes
        answers.append(world.online.suggest_batch([Proposal(surface="shop", context=Context(text=asked), k=50)]))

    waiting = Thread(target=ask)
    n_before = encoder.n_calls
    waiting.start()
    while encoder.n_calls == n_before:
        waiting.join(0.005)
    world.online.retire_candidate("shop", "track")
    encoder.may_go.set()
    waiting.join(30)
    [[proposed]] = answers
    assert isinstance(proposed, Proposed)
    assert {item.id for item in proposed.slate.items} == REPLIES.keys() - {"track"}


def test_one_that_vanishes_between_ranking_and_arranging_costs_no_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates = world.online.suggester("shop").candidates

    def gone(*, ids: object) -> dict[str, str]:
        raise KeyError("track")

    monkeypatch.setattr(candidates, "clusters", gone)
    slate = world.ask(KNOWN).slate
    assert slate.decision is Decision.SHOW
    assert len({item.id for item in slate.items}) == 3


def test_an_event_of_an_option_retired_meanwhile_is_kept_and_teaches_nothing(world: World) -> None:
    proposed = world.ask(KNOWN)
    world.online.retire_candidate("shop", "track")
    before = world.ask(KNOWN, k=50).slate
    assert world.select(proposed, "track").accepted == 1
    after = world.ask(KNOWN, k=50).slate
    assert [item.id for item in after.items] == [item.id for item in before.items]
    assert after.p_any == pytest.approx(before.p_any, abs=0.02)
    world.add({"track": REPLIES["track"]})
    assert world.top(KNOWN) == "track", "one that comes back is suggested by its own words"


def test_a_verdict_for_an_item_retired_meanwhile_still_answers_who_waits(world: World) -> None:
    waiting = world.escalated(UNKNOWN)
    review = world.claim()
    item = review.items[0].id
    world.online.retire_candidate("shop", item)
    result = world.online.verdict(review.id, answer(review, item=item))
    assert result.answer is not None
    assert result.answer.item == item
    assert result.answer.item_text == REPLIES[item], "with the words that were shown"
    assert world.online.escalation(waiting.id).state.value == "answered"
    assert item not in {each.id for each in world.ask(UNKNOWN, k=50).slate.items}


def test_a_claim_on_its_way_to_the_disk_holds_nobody_up_and_is_offered_to_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {world.escalated(text).id for text in (UNKNOWN, OTHER_UNKNOWN)}
    board, may_go, is_writing = world.online._board, Event(), Event()
    write = board.write

    def slowly(task: Task, revision: int) -> None:
        if task.worker == "ann":
            is_writing.set()
            assert may_go.wait(30)
        write(task, revision)

    monkeypatch.setattr(board, "write", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.claim, "ann")
        assert is_writing.wait(30)
        second = world.claim("bob")
        assert world.online.claim("cat") is None
        may_go.set()
        assert {first.result(30).id, second.id} == asked


def test_an_answer_and_the_next_claim_are_one_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    first, commits, append = world.claim(), [], world.app.store.append

    def counted(*args: Any, **more: Any) -> Appended:
        commits.append(args)
        return append(*args, **more)

    monkeypatch.setattr(world.app.store, "append", counted)
    told = world.online.verdict(first.id, answer(first, none=True), next=True)
    assert told.next is not None
    assert (len(commits), told.next.id != first.id) == (1, True)
    assert world.online.claim("bob") is None
    done = world.online.verdict(told.next.id, answer(told.next, "v2", none=True), next=True)
    assert done.next is None


def test_an_answer_stands_though_another_server_takes_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.escalated(UNKNOWN)
    world.escalated(OTHER_UNKNOWN)
    first, reviews = world.claim(), world.online._reviews
    choose, stale = reviews._choose, [1, 0]

    def of_before(worker: str, surface: str | None) -> tuple[Task, int] | None:
        found = choose(worker, surface)
        return None if found is None else (found[0], found[1] - stale.pop(0))

    monkeypatch.setattr(reviews, "_choose", of_before)
    told = world.online.verdict(first.id, answer(first, none=True), next=True)
    assert told.state.value == "answered"
    assert told.next is not None, "and is looked for once more"


def test_what_could_not_be_claimed_is_offered_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.escalated()
    board, write = world.online._board, world.online._board.write

    def fails(task: Task, revision: int) -> None:
        raise Overloaded("full")

    monkeypatch.setattr(board, "write", fails)
    with pytest.raises(Overloaded):
        world.claim()
    monkeypatch.setattr(board, "write", write)
    world.claim()


def test_a_policy_that_changes_meanwhile_is_in_force_in_the_next_request_and_not_before(world: World) -> None:
    first = world.ask(KNOWN)
    world.online.put_policy("shop", {"mode": "review_all"}, by="owner")
    second = world.ask(KNOWN)
    assert (first.slate.decision, second.slate.decision) == (Decision.SHOW, Decision.ESCALATE)
    assert second.slate.policy_revision == first.slate.policy_revision + 1
    assert world.select(first, "track").accepted == 1, "what was shown may still be selected"


def test_a_slate_erased_while_its_page_is_open_takes_no_learning_and_fails_nothing(world: World) -> None:
    proposed = world.ask(KNOWN, user="ann")
    world.online.delete_user("ann")
    told = world.tell(world.event(proposed, "view"), world.event(proposed, "select", item="track"))
    assert told.rejected == ()
    assert world.ask(KNOWN).slate.items[0].id == "track"


@pytest.mark.slow
def test_slates_stay_whole_while_candidates_come_change_and_go(world: World) -> None:
    """Four readers and two writers: no slate names an option twice, and its figures always add up."""
    stop = Event()
    broken: list[str] = []

    def read(number: int) -> int:
        n = 0
        while not stop.is_set():
            slate = world.ask(f"refund of my shoes {number} {n}", k=50).slate
            ids = [item.id for item in slate.items]
            if len(set(ids)) != len(ids):
                broken.append(f"twice: {ids}")
            if abs(sum(item.p_select for item in slate.items) - slate.p_any) > 1e-6:
                broken.append(f"does not add up: {slate.p_any}")
            if [item.position for item in slate.items] != list(range(len(ids))):
                broken.append("positions")
            n += 1
        return n

    def write(number: int) -> None:
        for n in range(12):
            id = f"extra-{number}-{n % 3}"
            world.online.upsert_candidates("shop", [Candidate(id=id, text=f"extra words {number} {n}")])
            if n % 2:
                world.online.retire_candidate("shop", id)

    with ThreadPoolExecutor(6) as people:
        readers = [people.submit(read, number) for number in range(4)]
        writers = [people.submit(write, number) for number in range(2)]
        for writer in writers:
            writer.result(120)
        stop.set()
        assert sum(reader.result(120) for reader in readers) > 0
    assert broken == []
