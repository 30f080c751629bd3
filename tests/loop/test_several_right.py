"""Answers in several wordings, all named by the labels: p_any is P(any of them is shown), and it is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter, unit
from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.loop.build import Built, build
from suggest.loop.examples import Catalog, ExampleSet
from suggest.loop.made_up import groups_of, right_together, taken_away
from suggest.loop.scores import K, held_out_scores
from suggest.online.model import Model
from suggest.online.suggester import Suggester

N_KINDS, WORDINGS, PER_KIND = 6, 6, 20


@pytest.fixture(scope="module")
def examples() -> ExampleSet:
    """Six kinds of answer in six wordings each; a label names all wordings of its kind."""
    world = ClusteredWorld(n_items=N_KINDS, spread=0.5, seed=5)
    rng = np.random.default_rng(5)
    ids = tuple(f"{kind}w{w}" for kind in world.ids for w in range(WORDINGS))
    names = np.repeat(world.catalog.embeddings, WORDINGS, axis=0)
    names = unit(names + 0.15 * rng.normal(size=names.shape) / np.sqrt(world.dim))
    catalog = Catalog(ids=ids, texts=tuple(f"reply {i}" for i in ids), embeddings=names)
    writer = ExampleWriter(world)
    for _ in range(PER_KIND):
        for n, kind in enumerate(world.ids):
            writer.label(world.requests(n, 1)[0], *(f"{kind}w{w}" for w in range(WORDINGS)))
    return replace(writer.all(), catalog=catalog)


@pytest.fixture(scope="module")
def built(examples: ExampleSet) -> Built:
    background = ClusteredWorld(n_items=N_KINDS, seed=5).background(30)
    return build(examples, shipped_prior(), background=background, seed=1, report=lambda done, step: None)


def test_p_any_is_that_of_any_right_wording(built: Built, examples: ExampleSet) -> None:
    scores = held_out_scores(built, examples)
    p_any = np.array([s.p_any for s in scores])
    correct = np.array([bool(s.correct) for s in scores])
    assert correct.mean() > 0.8
    noise = 3 * np.sqrt((p_any * (1 - p_any)).sum()) / len(p_any)
    assert abs(p_any.mean() - correct.mean()) < 0.05 + noise
    assert p_any.mean() > 1.3 * K / WORDINGS, "the probabilities of three wordings of six alone would be half of that"


def test_what_is_right_together_is_taken_away_together(examples: ExampleSet) -> None:
    groups = groups_of(examples)
    for answer in {e.right for e in examples.examples}:
        assert sum(1 for group in groups if group.ids & set(answer)) == 1, "one wording less is not an answer less"
    lost = taken_away(examples, examples.folds(), groups, booster=None, fields=None)
    assert len(lost) == len(examples), "every request is asked once without any of its answers"
    assert all(set(p.ids).isdisjoint(examples.examples[p.example].right) for p in lost)


def test_a_chain_through_the_whole_catalogue_holds_nothing_together() -> None:
    chained = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]
    assert right_together(chained, most=3) == {"x": "x", "y": "x"}


def test_the_served_slate_says_what_the_judged_one_says(built: Built, examples: ExampleSet) -> None:
    catalog = examples.catalog
    suggester = Suggester("desk", dim=examples.embeddings.shape[1])
    suggester.candidates.upsert(catalog.ids, catalog.texts, catalog.embeddings)
    suggester.lexical.upsert(catalog.ids, catalog.texts)
    for example in examples.examples[1:]:
        for item in example.right:
            suggester.memory.add(example.key, examples.embeddings[example.row], item)
    choice = ChoiceModel.from_json(built.choice.to_json())
    suggester.install_model(replace(Model.prior(), bundle="b", ranker=built.ranker, choice=choice))
    ranking = suggester.rank(examples.embeddings[0], "request 0")
    shown = ranking.shown([0, 1, 2])
    assert {i[:6] for i in ranking.ids[:3]} == {examples.examples[0].right[0][:6]}
    assert shown.sum() > 1.5 * ranking.p_select[:3].sum()
    assert shown.sum() <= 1.0 - ranking.p_none + 1e-9
    assert (np.diff(ranking.logits) <= 1e-9).all()
