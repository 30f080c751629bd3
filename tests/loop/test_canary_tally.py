"""How a canary stands: which selections count, for whom, and when enough have."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from suggest.domain.clock import ManualClock
from suggest.loop.canary import ENOUGH, MOST_OF_ONE_PERSON, MOST_SESSIONS, Canaries, Canary, Tally
from suggest.metrics.eprocess import log_e_wins

CANARY = Canary(surface="s", bundle="new", champion="old", since=10, at="2026-03-02T12:00:00Z")
SHOWN = (
    {"id": "a", "team": "new", "contested": True},
    {"id": "b", "team": "old", "contested": True},
    {"id": "c", "team": "new", "contested": False},
)


class Log:
    """Selections and slates after a sequence, as the queries hand them out."""

    def __init__(self) -> None:
        self.sequence = CANARY.since
        self.slates: list[int] = []
        self.selections: list[dict[str, object]] = []

    def slate(self) -> None:
        self.sequence += 1
        self.slates.append(self.sequence)

    def selected(
        self, item: str, *, impression: str | None = None, user: str | None = None, shown: Any = SHOWN
    ) -> None:
        self.sequence += 1
        name = impression or f"i{self.sequence}"
        row = {"sequence": self.sequence, "impression": name, "user_key": user, "shown": shown, "item": item}
        self.selections.append(row)

    def select(self, query: str, /, **params: Any) -> list[dict[str, object]]:
        if query == "canary_slates":
            new = [each for each in self.slates if each > params["after"]]
            return [{"n": len(new), "until": max(new, default=None)}]
        assert query == "canary_selections"
        return [row for row in self.selections if int(str(row["sequence"])) > params["after"]]


def canaries(log: Any) -> Canaries:
    return Canaries(log, clock=ManualClock(datetime(2026, 3, 2, 12, tzinfo=UTC)))


def stand(log: Log) -> tuple[int, int]:
    tally = canaries(log).tally(CANARY)
    return tally.wins, tally.losses


@pytest.mark.parametrize(("item", "expected"), [("a", (1, 0)), ("b", (0, 1)), ("c", (0, 0)), ("elsewhere", (0, 0))])
def test_only_a_contested_option_speaks_for_its_team(item: str, expected: tuple[int, int]) -> None:
    log = Log()
    log.selected(item)
    assert stand(log) == expected


@pytest.mark.parametrize("shown", [None, ()])
def test_a_selection_of_a_slate_that_is_gone_speaks_for_nobody(shown: object) -> None:
    log = Log()
    log.selected("a", shown=shown)
    assert stand(log) == (0, 0)


def test_the_first_selection_of_a_slate_is_its_word() -> None:
    log = Log()
    log.selected("c", impression="i1")
    log.selected("a", impression="i1")
    log.selected("b", impression="i2")
    log.selected("a", impression="i2")
    assert stand(log) == (0, 1)


def test_one_person_has_so_many_words_and_those_nobody_knows_have_one_each() -> None:
    log = Log()
    for _ in range(MOST_OF_ONE_PERSON + 4):
        log.selected("a", user="ann")
    log.selected("b", user="ben")
    for _ in range(6):
        log.selected("b")
    assert stand(log) == (MOST_OF_ONE_PERSON, 7)


def test_what_says_nothing_does_not_use_up_a_persons_words() -> None:
    log = Log()
    for _ in range(5):
        log.selected("c", user="ann")
    for _ in range(MOST_OF_ONE_PERSON):
        log.selected("a", user="ann")
    assert stand(log) == (MOST_OF_ONE_PERSON, 0)


def test_looked_at_in_parts_it_stands_as_if_looked_at_once() -> None:
    log = Log()
    often = canaries(log)
    for n in range(30):
        log.slate()
        log.selected("a" if n % 3 else "b", user=f"u{n % 7}")
        often.tally(CANARY)
        often.tally(CANARY)
    once, parts = canaries(log).tally(CANARY), often.tally(CANARY)
    assert once == parts
    assert once.sessions == 30


@pytest.mark.parametrize(("wins", "losses"), [(n, m) for n in (0, 5, 9, 20) for m in (0, 5, 9, 20)])
def test_the_verdict_is_that_of_the_evidence_on_either_side(wins: int, losses: int) -> None:
    expected = None
    if log_e_wins(wins, losses) >= math.log(ENOUGH):
        expected = "promote"
    elif log_e_wins(losses, wins) >= math.log(ENOUGH):
        expected = "reject"
    assert Tally(wins=wins, losses=losses).verdict == expected
    assert (Tally(wins=losses, losses=wins).verdict == "reject") == (expected == "promote")


def test_after_so_many_sessions_without_a_winner_it_stops_but_a_winner_still_wins() -> None:
    assert Tally(sessions=MOST_SESSIONS - 1).verdict is None
    assert Tally(sessions=MOST_SESSIONS).verdict == "stop"
    assert Tally(sessions=MOST_SESSIONS, wins=20).verdict == "promote"


def test_figures_stay_numbers_whoever_wins() -> None:
    told = Tally(wins=5_000).to_json()
    assert math.isfinite(float(str(told["e_win"])))
    assert float(str(told["e_loss"])) < 1


@pytest.mark.parametrize("n", [20, 500, 1_100, 9_000])
def test_who_only_loses_is_rejected_however_late_one_looks(n: int) -> None:
    assert Tally(losses=n).verdict == "reject"
