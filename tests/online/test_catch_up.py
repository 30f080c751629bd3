"""What a start leaves for later is done beside the traffic, and never in the way of what happened meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suggest.config import Settings, open_application
from suggest.domain.clock import ManualClock
from suggest.online.catch_up import Behind, CatchUp
from suggest.online.history import Told
from suggest.online.suggester import SHIFT_WINDOW, Model, Suggester
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Vector
from tests.online.world import KNOWN, REPLIES, START, World

ENCODER = HashingEncoder(64)
VAGUE = "shoes and money and another parcel"


@pytest.fixture
def suggester() -> Suggester:
    suggester = Suggester("shop", dim=64)
    suggester.candidates.upsert(list(REPLIES), list(REPLIES.values()), ENCODER.encode(list(REPLIES.values())))
    return suggester


def vector(text: str) -> Vector:
    return ENCODER.encode([text])[0]


def behind(suggester: Suggester, *, n_chosen: int = 0, n_requests: int = 0, bundle: str = "prior") -> CatchUp:
    catch_up = CatchUp()
    catch_up.add(
        Behind(
            suggester=suggester,
            bundle=bundle,
            outcomes=lambda: (
                [Told(name="i1:select", key="k", embedding=vector(VAGUE), outcomes={"track": True})] * n_chosen
            ),
            requests=[vector(f"request {n}") for n in range(n_requests)],
            habits=lambda: None,
        )
    )
    return catch_up


def p_select(suggester: Suggester, item: str) -> float:
    ranking = suggester.rank(vector(VAGUE), "")
    return float(ranking.p_select[ranking.ids.index(item)])


def test_outcomes_of_before_the_start_teach_the_head(suggester: Suggester) -> None:
    before = p_select(suggester, "track")
    behind(suggester, n_chosen=3).run()
    assert p_select(suggester, "track") > 2 * before


def test_a_bundle_that_came_meanwhile_knows_the_outcomes_already(suggester: Suggester) -> None:
    late = behind(suggester, n_chosen=3, n_requests=250, bundle="the one that served at the start")
    before = p_select(suggester, "track")
    late.run()
    assert p_select(suggester, "track") == before


def test_a_bundle_that_comes_while_requests_are_judged_makes_that_void(suggester: Suggester) -> None:
    asked = iter(range(1000))

    def install_after_a_hundred() -> bool:
        if next(asked) == 100:
            suggester.install_model(Model.prior())
        return False

    requests = [vector(f"request {n}") for n in range(300)]
    suggester.restore_requests(requests, is_stopped=install_after_a_hundred)
    assert next(asked) == 101  # nothing was asked after that
    assert suggester.none_share == pytest.approx(1 - float(Model.prior().choice.usual_shares[0]))


def test_requests_served_meanwhile_stay_the_latest(suggester: Suggester) -> None:
    served = [suggester.rank(vector(f"now {n}"), "") for n in range(SHIFT_WINDOW - 10)]
    for ranking in served:
        suggester.observe_request(ranking)
    suggester.restore_requests([vector(f"request {n}") for n in range(50)])
    held = [kinds for kinds, _ in suggester._requests]
    assert len(held) == SHIFT_WINDOW
    assert all(np.array_equal(kinds, ranking.kinds_raw) for kinds, ranking in zip(held[10:], served, strict=True))
    newest = suggester.rank(vector("request 49"), "").kinds_raw
    assert np.allclose(held[9], newest)


def test_a_first_days_traffic_is_believed_half_and_a_bundles_nearly_whole(suggester: Suggester) -> None:
    """400 requests that are surely far, against nine in ten that usually have an answer."""
    surely_far = replace(suggester.rank(vector("what is this"), ""), kinds_raw=np.array([1e-9, 1e-9, 1.0]))
    for _ in range(400):
        suggester.observe_request(surely_far)
    assert suggester.none_share == pytest.approx((400 + 0.1 * 420) / 820, abs=1e-3)
    well_known = replace(Model.prior(), bundle="b-1", choice=replace(Model.prior().choice, known=(9_000, 1_000)))
    suggester.install_model(well_known)
    for _ in range(400):
        suggester.observe_request(surely_far)
    assert suggester.none_share > 0.9


def test_requests_judged_anew_say_how_many_cannot_be_answered(suggester: Suggester) -> None:
    fitted = suggester.none_share
    behind(suggester, n_requests=250).run()
    assert suggester.none_share != fitted


def test_closing_leaves_the_rest_and_waits_for_nothing_else(suggester: Suggester) -> None:
    reached, go_on = threading.Event(), threading.Event()

    class Slow(Suggester):
        def replay_head(self, embedding: Vector, outcomes: object, *, weight: float = 1.0) -> None:
            self.n_taught += 1
            reached.set()
            go_on.wait(10)

        n_taught = 0

    slow = Slow("shop", dim=64)
    catch_up = behind(slow, n_chosen=50)
    catch_up.start()
    assert reached.wait(10)
    closing = threading.Thread(target=catch_up.close)
    closing.start()
    while not catch_up._is_stopped.is_set():
        continue
    go_on.set()
    closing.join(10)
    assert not closing.is_alive()
    assert slow.n_taught == 1
    catch_up.close()


def test_a_server_that_lives_by_the_clock_catches_up_beside_its_requests(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    world.tell(world.event(world.ask(KNOWN), "dismiss"))
    dimmed = world.ask(KNOWN).slate.p_any
    world.app.close()
    again = open_application(
        Settings(data_dir=tmp_path / "data"), clock=ManualClock(START), encoder=HashingEncoder(128), ticking=True
    )
    try:
        assert again.online.catch_up._thread is not None
        again.online.catch_up._thread.join(10)
        ranking = again.online.suggester("shop").rank(HashingEncoder(128).encode([KNOWN])[0], KNOWN)
        assert abs(float(ranking.p_select[:3].sum()) - dimmed) < 0.05
    finally:
        again.close()


def test_a_server_that_is_stopped_as_it_becomes_ready_ends_in_order(
    suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing finds a thread that was made and has not begun yet: it waits for it rather than fail."""
    is_beginning, may_begin = threading.Event(), threading.Event()

    class Slow(threading.Thread):
        def start(self) -> None:
            is_beginning.set()
            may_begin.wait()
            super().start()

    monkeypatch.setattr("suggest.online.catch_up.Thread", Slow)
    catch_up, failed = behind(suggester, n_chosen=3), []

    def close() -> None:
        try:
            catch_up.close()
        except RuntimeError as error:
            failed.append(error)

    starter, closer = threading.Thread(target=catch_up.start), threading.Thread(target=close)
    starter.start()
    is_beginning.wait()
    closer.start()
    may_begin.set()
    starter.join()
    closer.join()
    assert failed == []


def test_what_was_closed_begins_no_more(suggester: Suggester) -> None:
    before = p_select(suggester, "track")
    late = behind(suggester, n_chosen=3)
    late.close()
    late.start()
    late.close()
    assert p_select(suggester, "track") == before


def test_who_asks_is_known_everywhere_before_any_request_is_judged_anew(
    suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people usually take changes the order of options; what traffic is like does not."""
    done: list[str] = []
    monkeypatch.setattr(Suggester, "restore_requests", lambda self, requests, is_stopped: done.append("requests"))
    catch_up = CatchUp()
    for _ in range(2):
        catch_up.add(
            Behind(
                suggester=suggester,
                bundle="prior",
                outcomes=list,
                requests=[],
                habits=lambda: done.append("habits"),
            )
        )
    catch_up.run()
    assert done == ["habits", "habits", "requests", "requests"]
