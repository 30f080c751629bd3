"""Outcomes: what people did, and what silence comes to mean once it has lasted."""

from __future__ import annotations

from datetime import timedelta

from suggest.domain.event import Outcome
from suggest.online.outcomes import Outcomes, outranks
from tests.online.world import KNOWN, START, UNKNOWN, World

WAIT_S = 1800.0


class Heard:
    """What the two listeners were told."""

    def __init__(self) -> None:
        self.observed: list[tuple[str, bool]] = []
        self.counted: list[tuple[str, int]] = []
        self.outcomes = Outcomes(
            observe=lambda surface, impression, taken: self.observed.append((impression, taken)),
            on_outcomes=lambda surface, n: self.counted.append((surface, n)),
        )

    def serve(self, impression: str, *, is_shown: bool = True, after_s: float = 0) -> None:
        at = START + timedelta(seconds=after_s)
        self.outcomes.reopen("shop", impression, at=at, is_shown=is_shown)

    def sweep(self, after_s: float) -> dict[Outcome, int]:
        return self.outcomes.sweep("shop", now=START + timedelta(seconds=after_s), reward_wait_s=WAIT_S)


def test_silence_is_nothing_until_it_has_lasted() -> None:
    heard = Heard()
    heard.serve("i1")
    assert heard.sweep(WAIT_S - 1) == {Outcome.IGNORED: 0, Outcome.UNSEEN: 0}
    assert heard.outcomes.n_open("shop") == 1


def test_silence_after_a_view_is_ignored_and_without_one_unseen() -> None:
    heard = Heard()
    heard.serve("i1")
    heard.serve("i2")
    heard.outcomes.viewed("shop", "i1")
    assert heard.sweep(WAIT_S) == {Outcome.IGNORED: 1, Outcome.UNSEEN: 1}
    assert heard.observed == [("i1", False), ("i2", False)]
    assert heard.counted == []


def test_only_waits_that_are_over_end() -> None:
    heard = Heard()
    heard.serve("i1")
    heard.serve("i2", after_s=100)
    heard.sweep(WAIT_S + 50)
    assert heard.outcomes.n_open("shop") == 1


def test_a_decided_impression_is_observed_once_and_not_swept() -> None:
    heard = Heard()
    heard.serve("i1")
    heard.outcomes.decided("shop", "i1", Outcome.SELECTED)
    heard.outcomes.decided("shop", "i1", Outcome.SELECTED)
    heard.sweep(WAIT_S)
    assert heard.observed == [("i1", True)]


def test_what_was_never_shown_says_nothing_about_acceptance() -> None:
    heard = Heard()
    heard.serve("i1", is_shown=False)
    heard.serve("i2", is_shown=False)
    heard.outcomes.decided("shop", "i1", Outcome.DISMISSED)
    heard.sweep(WAIT_S)
    assert heard.observed == []


def test_forgotten_impressions_are_not_waited_for() -> None:
    heard = Heard()
    heard.serve("i1")
    heard.outcomes.forget(frozenset({"i1", "i9"}))
    assert heard.outcomes.n_open("shop") == 0


def test_the_scheduler_hears_of_news_only() -> None:
    heard = Heard()
    heard.outcomes.learned("shop", 0)
    heard.outcomes.learned("shop", 3)
    assert heard.counted == [("shop", 3)]


def test_precedence_is_select_dismiss_override_nothing() -> None:
    order = [Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN, Outcome.PENDING]
    for i, higher in enumerate(order):
        assert [outranks(higher, other) for other in order] == [j > i for j in range(4)]


def test_p_accept_learns_from_what_people_do(world: World) -> None:
    before = world.ask(KNOWN).slate.p_accept
    for _ in range(60):
        proposed = world.ask(KNOWN)
        world.tell(world.event(proposed, "view"))
    world.clock.advance(seconds=WAIT_S)
    world.online.tick()
    after = world.ask(KNOWN).slate
    assert after.p_accept < before
    assert after.p_any > 0.9  # silence is missing, never negative


def test_p_accept_survives_a_restart(world: World) -> None:
    for _ in range(30):
        world.tell(world.event(world.ask(KNOWN), "dismiss"))
    world.clock.advance(seconds=WAIT_S)
    world.online.tick()
    slate = world.ask(KNOWN).slate
    world.restart()
    again = world.ask(KNOWN).slate
    assert abs(again.p_accept / again.p_any - slate.p_accept / slate.p_any) < 0.02


def test_open_impressions_survive_a_restart(world: World) -> None:
    world.ask(KNOWN)
    world.tell(world.event(world.ask(UNKNOWN), "view"))
    decided = world.ask(KNOWN)
    world.select(decided, "track")
    world.restart()
    assert world.online._outcomes.n_open("shop") == 2
    world.clock.advance(seconds=WAIT_S)
    world.online.tick()
    assert world.online._outcomes.n_open("shop") == 0
