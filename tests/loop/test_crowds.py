"""A context that is asked again and again: a page with one text, where only the person or the options differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.calibrate.prior import shipped_prior
from suggest.loop import build as module
from suggest.loop.build import build
from suggest.loop.examples import ExampleSet, Supplied
from suggest.loop.folds import N_FOLDS, TIME_FOLD
from suggest.loop.linear_columns import FEWEST_CHOSEN, lasting
from suggest.loop.replay import Replay
from suggest.rank.traits import NO_TRAITS

SHARES = {"item00": 0.5, "item01": 0.3, "item02": 0.2}


def a_page(n: int, others: int = 0, *, passing: bool = False) -> ExampleSet:
    """`n` clicks for one text, then `others` for texts of their own; `passing`: each option is offered once."""
    world, rng = ClusteredWorld(n_items=4, seed=2), np.random.default_rng(3)
    page, writer = world.requests(0, 1)[0], ExampleWriter(world)
    taken = [str(each) for each in rng.choice(list(SHARES), n + others, p=list(SHARES.values()))]
    for k, item in enumerate(taken):
        own = f"p{k}" if passing else item
        writer.click(page if k < n else world.requests(k % 4, 1)[0], own, shown=(own, "item03"), examined=())
    made = writer.all()
    examples = [replace(e, key="page") if k < n else e for k, e in enumerate(made.examples)]
    if passing:
        examples = [replace(e, supplied=offered(e.right[0], f"q{k}")) for k, e in enumerate(examples)]
    return replace(made, examples=tuple(examples))


def offered(*ids: str) -> Supplied:
    nothing = np.zeros(len(ids), np.float32)
    return Supplied(ids=ids, name_cosine=nothing, lexical=nothing, traits=(NO_TRAITS,) * len(ids))


def test_the_clicks_of_a_crowd_are_spread_over_all_folds() -> None:
    sizes = Counter(a_page(200).folds().tolist())
    assert set(sizes) == {*range(N_FOLDS), TIME_FOLD}
    assert max(sizes.values()) < 60


def test_a_context_that_one_fold_can_hold_is_held_out_whole() -> None:
    examples = a_page(18, 82)
    assert len({int(f) for e, f in zip(examples.examples, examples.folds(), strict=True) if e.key == "page"}) == 1


def test_the_memory_of_a_crowd_keeps_what_others_took_and_forgets_what_only_this_one_did() -> None:
    common = next(iter(Replay(a_page(60)).evidence([0])))
    assert set(common.neighbour_items) == set(SHARES)
    once = a_page(60, passing=True)
    told = next(iter(Replay(once).evidence([7])))
    assert "p7" not in told.neighbour_items
    assert len(told.neighbour_items) > 1
    assert not told.memory_weight[told.ids.index("p7")]


@pytest.mark.slow
def test_a_page_with_one_text_learns_how_often_each_is_taken() -> None:
    examples = a_page(240)
    built = build(
        examples,
        shipped_prior(),
        background=ClusteredWorld(n_items=4, seed=2).background(30),
        seed=1,
        report=lambda *_: None,
    )
    first = Counter(
        p.ids[int(np.argmax(built.choice.utilities(p.columns.named(built.choice.option_names))))]
        for p in built.held_out
    )
    assert first.most_common(1)[0][0] == "item00"
    assert first["item00"] > 0.8 * len(built.held_out)


def test_options_that_were_offered_once_do_not_count_as_options_to_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number held the shipped weights as firmly as if each had to be learned."""
    once = a_page(60, passing=True)
    again = replace(once.examples[0], right=("back",), supplied=offered("back", "q"))
    examples = replace(
        once, examples=(*once.examples, *[replace(again, order=100.0 + n) for n in range(FEWEST_CHOSEN)])
    )
    assert lasting(examples) == {*examples.catalog.ids, "back"}
    counted: list[int] = []

    def stop(n_known: int, n_options: int) -> float:
        counted.append(n_options)
        raise InterruptedError

    monkeypatch.setattr(module, "prior_strength", stop)
    with pytest.raises(InterruptedError):
        build(
            examples,
            shipped_prior(),
            background=ClusteredWorld(n_items=4, seed=2).background(30),
            seed=1,
            report=lambda *_: None,
        )
    assert counted == [len(examples.catalog.ids) + 1]
