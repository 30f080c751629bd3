"""Learning is instant: new options are found and changed meanings are followed between two retrains.

`bench/coldstart.py` is this on real requests. Here: small worlds of which the truth is known, several seeds, and beside
each figure what a surface that learns nothing gets on the same requests, to show that the test can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from loop.worlds import ClusteredWorld, Floats

from suggest.online.suggester import Suggester
from suggest.rank.trials import Trials

K = 3
SEEDS = range(4)
ASKS_BELOW = 0.5  # p_any of the default line: below it a colleague answers


class Desk:
    """A surface that learns, and one that knows the same at the start and never learns."""

    def __init__(self, world: ClusteredWorld, *, known: Sequence[int], examples: int, asks: float = ASKS_BELOW) -> None:
        """`asks`: the p_any below which a colleague answers."""
        self.world, self.asks = world, asks
        self.learning, self.still = world.suggester(), world.suggester()
        self._n = 0
        for item in known:
            for vector in world.requests(item, examples):
                for each in (self.learning, self.still):
                    each.learn_label(f"known {self._n}", vector, world.ids[item])
                self._n += 1

    def ask(self, vector: Floats, right: str) -> tuple[bool, bool]:
        """Whether each of the two had the right option in its slate; the first is told what became of it."""
        still = right in self.still.rank(vector, "").ids[:K]
        return self._told(self.learning, vector, right), still

    def followed(self, means: Mapping[int, int], *, times: int, since: int) -> list[tuple[bool, bool]]:
        """Ask each of `means` so many times, by turns, for what it means now: the answers from the turn `since` on."""
        world = self.world
        turns = [
            [self.ask(world.requests(of, 1)[0], world.ids[now]) for of, now in means.items()] for _ in range(times)
        ]
        return [told for turn in turns[since:] for told in turn]

    def _told(self, suggester: Suggester, vector: Floats, right: str) -> bool:
        ranking = suggester.rank(vector, "")
        slate = ranking.ids[:K]
        served = dict(zip(slate, ranking.p_select[:K].tolist(), strict=True))
        key, self._n = f"request {self._n}", self._n + 1
        if sum(served.values()) < self.asks:
            suggester.learn_label(key, vector, right, replace=True)
        elif right in slate:
            above = slate[: slate.index(right)]
            suggester.learn_select(key, vector, right, passed_over=above, served=served)
        else:
            suggester.learn_dismiss(key, vector, passed_over=slate, served=served)
        return right in slate


@pytest.mark.slow
def test_brand_new_options_are_accepted_from_the_start() -> None:
    """Twenty options with five examples, five with a name alone; their first twelve requests each."""
    hits = []
    for seed in SEEDS:
        world = ClusteredWorld(n_items=25, spread=1.0, seed=seed)
        desk = Desk(world, known=range(20), examples=5)
        for _ in range(12):
            hits += [desk.ask(world.requests(item, 1)[0], world.ids[item]) for item in range(20, 25)]
    learned, still = np.mean(hits, axis=0)
    print(f"accept@3 of new options {learned:.3f}, without learning {still:.3f}, n = {len(hits)}")
    assert learned >= 0.70
    assert learned > still


@pytest.mark.slow
def test_a_changed_meaning_is_followed() -> None:
    """Two pairs of options exchange what they are right for; after five requests of each it is known."""
    hits = []
    for seed in SEEDS:
        world = ClusteredWorld(n_items=16, spread=0.8, seed=10 + seed)
        desk = Desk(world, known=range(16), examples=8)
        hits += desk.followed({0: 1, 1: 0, 2: 3, 3: 2}, times=17, since=5)
    learned, still = np.mean(hits, axis=0)
    print(f"accept@3 after a change {learned:.3f}, without learning {still:.3f}, n = {len(hits)}")
    assert learned >= 0.75
    assert still < 0.5


@pytest.mark.slow
def test_a_changed_meaning_is_found_with_nobody_to_ask() -> None:
    """The same with four pairs of 24, and no colleagues: what people doubt is tried where nothing is known to be right.

    Of the requests from the twentieth of each on; chance alone would find 3 of 24."""
    hits = []
    for seed in SEEDS:
        world = ClusteredWorld(n_items=24, spread=0.8, seed=20 + seed)
        desk = Desk(world, known=range(24), examples=8, asks=0.0)
        hits += desk.followed({a: a ^ 1 for a in range(8)}, times=40, since=20)
    learned, still = np.mean(hits, axis=0)
    print(f"accept@3 after a change, nobody asked, {learned:.3f}, without learning {still:.3f}, n = {len(hits)}")
    assert learned >= 0.75
    assert still < 0.5


def test_what_is_tried_changes_the_order_and_no_probability() -> None:
    world = ClusteredWorld(n_items=24, spread=0.8, seed=20)
    desk = Desk(world, known=range(24), examples=8, asks=0.0)
    desk.followed({a: a ^ 1 for a in range(8)}, times=12, since=0)
    asked = world.requests(0, 1)[0]
    trying = desk.learning.rank(asked, "", explain=True)
    desk.learning._trials = Trials(dim=world.dim)
    plain = desk.learning.rank(asked, "")
    assert trying.ids != plain.ids
    assert trying.p_none == plain.p_none
    assert dict(zip(trying.ids, trying.p_select, strict=True)) == dict(zip(plain.ids, plain.p_select, strict=True))
    before = dict(zip(plain.ids, plain.logits, strict=True))
    for item, logit, spoke in zip(trying.ids, trying.logits, trying.explanations, strict=True):
        assert spoke["tried_now"] == pytest.approx(logit - before[item], abs=1e-3)


@pytest.mark.parametrize("p", [0.95, 0.2])
def test_one_act_takes_back_what_is_alike_and_wears_nothing_else_off(p: float) -> None:
    """Whoever is sure is passed over one time in twenty: that must not cost an option its past. Who is not is passed
    over most of the time, as foretold: it costs less."""
    world = ClusteredWorld(n_items=12, seed=2)
    desk = Desk(world, known=range(12), examples=6)
    asked = world.requests(0, 1)[0]
    memory = desk.learning.memory
    keys, rows, items, before = memory.matrices()
    alike = (rows @ asked >= 0.85) & np.array([item == "item00" for item in items])
    desk.learning.learn_dismiss("elsewhere", asked, passed_over=["item00"], served={"item00": p})
    np.testing.assert_allclose(memory.matrices()[3][: len(keys)], np.where(alike, before * 0.5**p, before))
    known = next(n for n, item in enumerate(items) if item == "item00")
    desk.learning.learn_dismiss("there", rows[known], passed_over=["item00"], served={"item00": p})
    assert memory.matrices()[3][known] <= before[known] * 0.5**p * 1.001


def test_what_was_served_teaches_as_ranking_again_would() -> None:
    """The chance at serving stands in for ranking anew; told at once, it is the same."""
    one, two = (Desk(ClusteredWorld(n_items=12, seed=3), known=range(12), examples=4).learning for _ in range(2))
    world = ClusteredWorld(n_items=12, seed=3)
    vector = world.requests(5, 1)[0]
    ranking = one.rank(vector, "")
    served = dict(zip(ranking.ids, ranking.p_select.tolist(), strict=True))
    outcomes = {"item05": True, "item03": False}
    one.replay_head(vector, outcomes)
    two._teach(vector, outcomes, served=served)
    np.testing.assert_allclose(
        one._head.residuals(vector, ["item05", "item03"]), two._head.residuals(vector, ["item05", "item03"]), rtol=1e-5
    )
