"""What a click counts: less where it was taken on trust, more where few people look, nothing for what was not seen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter, read_by
from suggest.calibrate.prior import shipped_prior
from suggest.loop.build import Built, build
from suggest.loop.clicks import corrected, examination_of, likelihood
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.ladder import ladder, told
from suggest.loop.record import worth_json
from suggest.loop.replay import Replay
from suggest.loop.scores import held_out_scores, score
from suggest.loop.trees import ANSWERS, CLICKS, POSITION, grow_trees
from suggest.rank.examination import Examination

SLOTS = 5
STEEP = Examination(theta=1 / np.arange(1, SLOTS + 1), right=0.9, wrong=np.full(SLOTS, 0.15))
IDS = ("a", "b", "c", "d", "e", "f")


def a_click(slot: int | None, *, key: str = "k", click: bool = True) -> Example:
    """On a slate of a to e; None: it was dismissed."""
    shown = IDS[:SLOTS]
    return Example(
        key=key,
        text=key,
        row=0,
        right=() if slot is None else (shown[slot],),
        weight=0.7,
        order=0.0,
        click=click,
        examined=shown if slot is None else shown[:slot],
        slot=slot or 0,
        shown=shown if click else (),
    )


def a_set(*examples: Example) -> ExampleSet:
    world = ClusteredWorld(n_items=2)
    return ExampleSet(examples=examples, embeddings=world.requests(0, 1), catalog=world.catalog)


def test_passed_over_near_the_top_is_unlikely_and_below_the_selection_as_likely_as_unseen() -> None:
    seen, none = likelihood(a_click(2), IDS, STEEP)
    assert seen[2] == 1
    assert seen[0] < seen[1] < seen[3] == seen[4] == seen[5] == none


def test_a_dismissal_leaves_open_what_few_people_look_at() -> None:
    seen, none = likelihood(a_click(None), IDS, STEEP)
    assert list(seen[:SLOTS]) == sorted(seen[:SLOTS])
    assert none == seen[5] == 1


def test_selections_far_down_stand_for_many_and_all_together_for_as_many_as_there_were() -> None:
    examples = a_set(a_click(0), a_click(0), a_click(4), a_click(None))
    told = {n: (IDS, np.full(6, 0.1)) for n in range(4)}
    top, _, low, dismissed = corrected(examples, told, STEEP).examples
    assert low.stands_for == pytest.approx(5 * top.stands_for)
    assert 2 * top.stands_for + low.stands_for == pytest.approx(3)
    assert dismissed.stands_for == 1


def test_a_selection_against_all_that_is_known_is_hardly_believed() -> None:
    """At the top, where it may be trust; the model, which did not see this click, is sure of another option."""
    examples = a_set(a_click(0), a_click(0))
    p = {"a": 0.001, "f": 0.95}
    unlikely = (IDS, np.array([p.get(i, 0.005) for i in IDS]))
    likely = (IDS, np.array([0.9, *[0.01] * 5]))
    doubted, believed = corrected(examples, {0: unlikely, 1: likely}, STEEP).examples
    assert doubted.sure < 0.05
    assert believed.sure > 0.95


def test_labels_are_left_as_they_are() -> None:
    label = a_click(0, click=False)
    assert corrected(a_set(label), {0: (IDS, np.full(6, 0.1))}, STEEP).examples == (label,)


def test_what_the_encoder_was_tuned_on_has_no_prediction_and_is_believed() -> None:
    (example,) = corrected(a_set(a_click(4)), {}, STEEP).examples
    assert example.sure == 1


# -- a whole retrain ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=12, dim=24, spread=1.3, seed=3)


@pytest.fixture(scope="module")
def log(world: ClusteredWorld) -> ExampleSet:
    """1,500 slates in the order of the names; people look at the top first, and sometimes take what is wrong."""
    return read_by(STEEP, ExampleWriter(world), n=1_500, slots=SLOTS, seed=1)


@pytest.fixture(scope="module")
def built(log: ExampleSet, world: ClusteredWorld) -> Built:
    return build(log, shipped_prior(), background=world.background(20), seed=0, report=lambda done, step: None)


def test_it_finds_that_people_look_at_the_top_first(built: Built) -> None:
    assert built.examination is not None
    theta = built.examination.theta
    assert theta[0] == 1
    assert theta[1] < 0.8
    assert theta[4] < 0.55


def test_it_doubts_selections_that_were_mistakes(built: Built, world: ClusteredWorld) -> None:
    chosen = [e for e in built.examples.examples if e.right]
    mistaken = np.array([e.text != e.right[0] for e in chosen])
    sure = np.array([e.sure for e in chosen])
    print(f"sure of right ones {sure[~mistaken].mean():.3f}, of mistakes {sure[mistaken].mean():.3f}")
    assert sure[~mistaken].mean() > 0.85
    assert sure[mistaken].mean() < 0.6


def test_trees_are_grown_in_three_ways_and_the_gate_says_which_was_kept(built: Built) -> None:
    assert set(built.ways) == {ANSWERS, POSITION, CLICKS}
    assert built.ways[built.way] == max(built.ways.values())
    rungs = {r["rung"]: r for r in told(ladder(built, built.examples, held_out_scores(built, built.examples)))}
    assert rungs["ranker"]["kept"] == built.way
    assert set(rungs["ranker"]["tried"]) == set(built.ways)  # type: ignore[call-overload]  # a dictionary


def test_few_selections_or_none_are_only_answers(built: Built, log: ExampleSet) -> None:
    few = replace(log, examples=log.examples[:300])
    trees = grow_trees(few, built.held_out[:300], few.folds(), seed=0, threads=1, fair=True)
    assert set(trees.ndcg) == {ANSWERS}


def test_a_click_is_judged_by_all_that_it_makes_likely(built: Built) -> None:
    """A low selection below a favourite that may not have been looked at costs less than a wrong one costs outright."""
    n, e = next((n, e) for n, e in enumerate(built.examples.examples) if e.right and e.slot == 0 and e.sure < 0.3)
    (predicted,) = (p for p in built.held_out if p.example == n)
    doubting = score(built.choice, e, predicted.ids, predicted.columns, built.examination)
    trusting = score(built.choice, e, predicted.ids, predicted.columns)
    assert doubting.nll < trusting.nll
    assert doubting.rank == trusting.rank


def test_the_living_memory_counts_each_click_as_the_retrain_did(built: Built, world: ClusteredWorld) -> None:
    """Taught the clicks one by one and then told what they are worth, it weighs candidates as the replay does."""
    worth = {(k, i): w for k, i, w in json.loads(worth_json(built.examples.examples))}
    memory = world.suggester().memory
    chosen = [e for e in built.examples.examples if e.right]
    rows = built.examples.embeddings[[e.row for e in chosen]]
    memory.add_many([e.key for e in chosen], rows, [e.right[0] for e in chosen], [e.weight for e in chosen])
    memory.weigh(worth)
    _, living = memory.centroids(world.ids)
    replayed = Replay(replace(built.examples, examples=tuple(chosen))).foreign(rows[0], "")
    np.testing.assert_allclose(living, replayed.memory_weight, rtol=1e-3, atol=1e-2)


def test_examination_needs_no_slate_of_one(log: ExampleSet) -> None:
    """Who is shown one option tells nothing of slots."""
    single = replace(log.examples[0], shown=log.examples[0].shown[:1])
    told = {n: (IDS, np.full(6, 0.1)) for n in range(201)}
    examples = replace(log, examples=(*log.examples[:200], single))
    alone = replace(log, examples=log.examples[:200])
    np.testing.assert_array_equal(examination_of(examples, told).theta, examination_of(alone, told).theta)
