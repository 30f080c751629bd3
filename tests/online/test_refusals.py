"""Refusals: "not this" speaks of one option, weakly, at once, and as much after a restart and a retrain."""

from __future__ import annotations

import pytest

from suggest.domain.event import Outcome
from suggest.online.messages import Proposed
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, World


def chances(world: World, text: str = KNOWN, **asked: str) -> dict[str, float]:
    return {item.id: item.p_select for item in world.ask(text, **asked).slate.items}


def refuse(world: World, proposed: Proposed, item: str, *, trusted: bool = True) -> None:
    assert world.tell(world.event(proposed, "dismiss", item=item), trusted=trusted).rejected == ()


def outcome_of(world: World, proposed: Proposed) -> dict[str, object]:
    rows = world.app.store.select(
        "outcomes_of_surface", surface="shop", since=proposed.slate.at, moment=world.clock.now()
    )
    return next(row for row in rows if row["impression"] == proposed.slate.id)


def test_the_very_next_request_likes_the_refused_option_less_and_no_other(world: World) -> None:
    proposed = world.ask(KNOWN)
    before = {item.id: item.p_select for item in proposed.slate.items}
    first, *others = before
    refuse(world, proposed, first)
    after = chances(world)
    assert after[first] < before[first]
    assert all(after[each] >= before[each] for each in others if each in after)
    assert len(world.online.suggester("shop").memory) == 0, "nobody said that nothing was right"


def test_it_weighs_less_than_dismissing_the_slate(world: World, open_world: OpenWorld) -> None:
    refuse(world, proposed := world.ask(KNOWN), proposed.slate.items[0].id)
    refused = world.ask(KNOWN).slate
    other = open_world()
    other.tell(other.event(other.ask(KNOWN), "dismiss"))
    assert refused.p_any > other.ask(KNOWN).slate.p_any


def test_a_restart_learns_it_again_and_only_once(world: World) -> None:
    proposed = world.ask(KNOWN)
    refuse(world, proposed, proposed.slate.items[0].id)
    once = chances(world)
    world.restart()
    assert chances(world) == pytest.approx(once, abs=0.02)
    refuse(world, proposed, proposed.slate.items[0].id)
    assert chances(world) == pytest.approx(once, abs=0.02), "said again it is nothing new, before a restart or after"


def test_a_selection_after_it_is_the_outcome_and_passes_nothing_over_twice(world: World) -> None:
    proposed = world.ask(KNOWN)
    first, second = (item.id for item in proposed.slate.items[:2])
    refuse(world, proposed, first)
    assert outcome_of(world, proposed)["outcome"] == Outcome.DISMISSED
    assert outcome_of(world, proposed)["dismissed_in_part"] is True
    told: list[tuple[str, ...]] = []
    suggester = world.online.suggester("shop")
    learn = suggester.learn_select
    suggester.learn_select = lambda *of, **how: (told.append(tuple(how["passed_over"])), learn(*of, **how))[1]  # type: ignore[method-assign]
    world.select(proposed, second)
    assert told == [()]
    assert outcome_of(world, proposed)["outcome"] == Outcome.SELECTED
    assert world.app.store.select("latest_refusals", surface="shop", encoder="", after=0, upto=2**62, limit=9) == []


def test_once_the_slate_is_decided_it_teaches_nothing(world: World) -> None:
    proposed = world.ask(KNOWN)
    world.select(proposed, proposed.slate.items[0].id)
    before = chances(world)
    refuse(world, proposed, proposed.slate.items[1].id)
    assert chances(world) == before


def test_what_this_person_refuses_is_known_of_them_after_a_restart_too(world: World) -> None:
    proposed = world.ask(KNOWN, user="ada")
    refuse(world, proposed, proposed.slate.items[0].id)
    people = world.online.suggester("shop").people
    asker = next(iter(world.app.store.select("latest_decided", surface="shop", upto=2**62, limit=1)))
    assert (asker["act"], asker["p_any"], asker["item"]) == (0, None, proposed.slate.items[0].id)
    world.restart()
    again = world.online.suggester("shop").people
    assert again is not people
    assert again._habits
    assert not again._effects._effects, "it is not said that nothing was right for them"


def test_a_voice_that_nobody_vouches_for_refuses_ever_more_weakly(world: World) -> None:
    for n in range(3):
        proposed = world.ask(f"{KNOWN} {n}", session="s")
        refuse(world, proposed, proposed.slate.items[0].id, trusted=False)
    rows = world.app.store.select("latest_refusals", surface="shop", encoder="", after=0, upto=2**62, limit=9)
    weights = sorted((row["weight"] for row in rows), reverse=True)
    assert weights[0] == 0.5
    assert weights[-1] < 0.5
