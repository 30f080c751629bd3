"""Learning picks: as many a day as the owner wants, of what nobody answered, behind whoever waits."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from suggest.domain.review import ReviewReason
from suggest.store.ports import Table
from tests.online.conftest import OpenWorld
from tests.online.world import KNOWN, UNKNOWN, World, answer

EASY = {"target": {"kind": "p_any", "value": 0.0}}  # everything is shown: nobody waits
TEXTS = [" ".join(words) for words in product(["basalt", "jukebox", "vortex"], ["amber", "onyx", "topaz", "opal"])]


def picks(world: World) -> list[dict[str, object]]:
    rows = [dict(row.record.values) for row in world.app.store.read(Table.REVIEWS)]
    return [row for row in rows if row["pick"] is not None]


@pytest.fixture
def busy(open_world: OpenWorld) -> World:
    """A surface with a day's traffic of twelve requests, of which nothing is known."""
    world = open_world(policy={**EASY, "learning_per_day": 6})
    for text in TEXTS:
        world.ask(text)
    return world


def test_nobody_is_asked_unless_the_owner_wants_it(open_world: OpenWorld) -> None:
    world = open_world(policy=EASY)
    world.ask(UNKNOWN)
    world.app.tick()
    assert picks(world) == []


def test_they_are_spread_over_the_day_and_the_next_day_brings_more(busy: World) -> None:
    busy.app.tick()  # at nine: ten hours' share
    assert len(picks(busy)) == 3
    busy.clock.advance(seconds=1800)
    busy.app.tick()
    assert len(picks(busy)) == 3
    for _ in range(14):
        busy.clock.advance(seconds=3600)
        busy.app.tick()
    assert len(picks(busy)) == 6
    assert {row["reason"] for row in picks(busy)} == {ReviewReason.LEARNING}
    busy.clock.advance(seconds=7200)
    busy.app.tick()
    assert len(picks(busy)) == 6, "yesterday's still wait: no more than a day's do"
    for n in range(2):
        held = busy.claim()
        busy.online.verdict(held.id, answer(held, eid=f"v{n}", item="size"))
    busy.clock.advance(seconds=3600)
    busy.app.tick()
    assert len(picks(busy)) == 7


def test_a_restart_does_not_begin_the_day_anew(busy: World) -> None:
    busy.app.tick()
    busy.restart()
    busy.app.tick()
    assert len(picks(busy)) == 3


def test_what_was_answered_acted_on_or_asked_is_not_asked_again(open_world: OpenWorld) -> None:
    world = open_world(policy={**EASY, "learning_per_day": 240})
    served = {text: world.ask(text) for text in TEXTS[:5]}
    world.ask("said twice")
    world.ask("said twice")
    world.label(TEXTS[0], "size")
    world.select(served[TEXTS[1]], "size")
    world.online.second_look("shop", [served[TEXTS[2]].slate.id])
    world.ask("not to be learned from", learn=False)
    world.ask("with options of its own", candidates=[])
    asked_before = {row["impression"] for row in picks(world)}
    world.app.tick()
    fresh = [row for row in picks(world) if row["impression"] not in asked_before]
    texts = [world.online.claim("ann") for _ in range(4)]
    assert len(fresh) == len({row["impression"] for row in fresh}) == 3
    assert {each.context.text for each in texts if each is not None} == {
        TEXTS[2], TEXTS[3], TEXTS[4], "said twice",
    }  # fmt: skip


def test_some_are_drawn_blindly_and_each_says_how_it_was_chosen(open_world: OpenWorld) -> None:
    world = open_world(policy={**EASY, "learning_per_day": 240})
    for n, text in product(range(20), TEXTS):
        world.ask(f"{text} {n}")
    world.app.tick()
    kinds = Counter(row["pick"] for row in picks(world))
    assert set(kinds) == {"informative", "control"}
    assert kinds["control"] < kinds["informative"]
    assert {row["control_share"] for row in picks(world)} == {0.1}


@pytest.mark.parametrize("day", range(4))
def test_what_is_drawn_blindly_takes_nobody_s_place(open_world: OpenWorld, day: int) -> None:
    """Eleven of twelve are due at nine: a request that is drawn cannot be chosen as well, and one fewer be asked."""
    world = open_world(policy={**EASY, "learning_per_day": 26})
    world.clock.advance(seconds=86_400 * day)
    for text in TEXTS:
        world.ask(text)
    world.app.tick()
    assert len(picks(world)) == 11


def test_whoever_waits_goes_first_and_the_answer_teaches(busy: World) -> None:
    busy.app.tick()
    busy.clock.advance(seconds=60)
    busy.online.put_policy("shop", {"mode": "review_all"}, "owner")
    waiting = busy.escalated(KNOWN)
    first, second = busy.claim(), busy.claim()
    assert (first.impression, second.reason) == (waiting.impression, ReviewReason.LEARNING)
    assert second.escalation is None
    busy.online.verdict(second.id, answer(second, item="size"))
    assert busy.top(second.context.text) == "size"
