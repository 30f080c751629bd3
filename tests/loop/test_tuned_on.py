"""An encoder flatters what it was tuned on, so those examples teach and remember but never judge."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter, remember
from suggest.calibrate.prior import shipped_prior
from suggest.loop import examples as examples_module
from suggest.loop.build import Built, build
from suggest.loop.examples import ExampleSet
from suggest.loop.folds import N_FOLDS, NEVER_HELD_OUT, TIME_FOLD
from suggest.loop.gate import judge
from suggest.loop.ladder import ladder, told
from suggest.loop.record import evidence_json, scores_json, scores_of, uid
from suggest.loop.scores import held_out_scores, measures, speak_for_traffic
from suggest.online.model import Model


@pytest.fixture(scope="module")
def world() -> ClusteredWorld:
    return ClusteredWorld(n_items=10, dim=32, spread=1.6)


@pytest.fixture(scope="module")
def frozen(world: ClusteredWorld) -> ExampleSet:
    writer = ExampleWriter(world).labels(20)
    for n in range(40):
        vector = world.requests(n % 10, 1)[0]
        writer.click(vector, world.ids[n % 10], examined=(world.ids[(n + 3) % 10],))
    return writer.all()


@pytest.fixture(scope="module")
def flattered(world: ClusteredWorld, frozen: ExampleSet) -> ExampleSet:
    """What an encoder does that learned its texts by heart: those it was tuned on lie at the centre of their item."""
    tuned_on, rows = frozen.to_tune_on(), frozen.embeddings.copy()
    for example in frozen.examples:
        if example.key in tuned_on:
            rows[example.row] = world.centres[world.ids.index(example.right[0])]
    return replace(frozen, embeddings=rows, tuned_on=tuned_on)


def made_from(examples: ExampleSet, world: ClusteredWorld) -> Built:
    return build(examples, shipped_prior(), background=world.background(), seed=0, report=lambda *_: None)


@pytest.fixture(scope="module")
def built(flattered: ExampleSet, world: ClusteredWorld) -> Built:
    return made_from(flattered, world)


def test_a_fold_of_labels_and_the_latest_clicks_are_not_tuned_on(frozen: ExampleSet) -> None:
    tuned_on = frozen.to_tune_on()
    dealt = dict(zip((e.key for e in frozen.examples), frozen.folds().tolist(), strict=True))
    assert tuned_on == {e.key for e in frozen.examples if dealt[e.key] not in (0, TIME_FOLD)}
    labels = [e for e in frozen.examples if not e.click]
    for item in frozen.catalog.ids:
        of_item = [e for e in labels if e.right == (item,)]
        assert sum(e.key not in tuned_on for e in of_item) == len(of_item) // N_FOLDS


def test_a_context_without_an_answer_is_never_tuned_on(world: ClusteredWorld) -> None:
    writer = ExampleWriter(world).labels(5).label(world.far(1)[0]).click(world.far(1)[0], None, examined=world.ids[:2])
    examples = writer.all()
    without = {e.key for e in examples.examples if not e.right}
    assert without
    assert not without & examples.to_tune_on()


def test_what_was_tuned_on_is_never_held_out_and_the_rest_is_dealt_anew(flattered: ExampleSet) -> None:
    folds = flattered.folds()
    for example, fold in zip(flattered.examples, folds.tolist(), strict=True):
        assert (fold == NEVER_HELD_OUT) == (example.key in flattered.tuned_on)
    assert set(folds.tolist()) >= {NEVER_HELD_OUT, *range(N_FOLDS)}


def test_only_what_was_not_tuned_on_is_judged(built: Built, flattered: ExampleSet) -> None:
    judged = [p.example for p in built.held_out]
    assert judged == [n for n, e in enumerate(flattered.examples) if e.key not in flattered.tuned_on]
    scores = held_out_scores(built, flattered)
    assert [n for n, s in enumerate(scores) if s is not None] == judged
    told = measures(scores, flattered.examples)
    assert told["examples"] == len(judged)
    stored = scores_of(scores_json(flattered.examples, scores))
    assert set(stored) == {uid(flattered.examples[n]) for n in judged}
    asked = [n for n in judged if not flattered.examples[n].click]
    assert len(json.loads(evidence_json(speak_for_traffic(built, scores)))["correct"]) == len(asked)


def test_the_gate_compares_what_both_had_not_seen(built: Built, flattered: ExampleSet) -> None:
    ours = held_out_scores(built, flattered)
    report = judge(flattered.examples, ours, ours, ladder=told(ladder(built, flattered, ours)), seed=0)
    assert report.n_pairs == len(built.held_out)
    assert report.ladder[-1]["n"] == sum(1 for p in built.held_out if flattered.examples[p.example].right)


def test_its_record_is_what_new_requests_will_find(built: Built, flattered: ExampleSet, world: ClusteredWorld) -> None:
    """Judged as if nothing had been tuned on them, the same vectors promise far more than new requests get."""
    naive = made_from(replace(flattered, tuned_on=frozenset()), world)
    promised, kept = {}, {}
    for name, made in (("honest", built), ("naive", naive)):
        promised[name] = measures(held_out_scores(made, flattered), flattered.examples)["top1"]
        suggester = remember(world.suggester(), flattered)
        suggester.install_model(replace(Model.prior(), bundle=name, ranker=made.ranker, choice=made.choice))
        asked = [(item, vector) for n, item in enumerate(world.ids) for vector in world.requests(n, 30)]
        kept[name] = float(np.mean([suggester.rank(vector, "").ids[0] == item for item, vector in asked]))
    print(f"right in top 1: promised {promised}, kept {kept}")
    noise = 3 * np.sqrt(0.25 * (1 / 300 + 1 / len(built.held_out)))  # three standard errors of the difference
    assert abs(promised["honest"] - kept["honest"]) < noise
    assert promised["naive"] > kept["naive"] + 0.1


def test_of_many_labels_enough_are_held_out_and_no_more(frozen: ExampleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {e.key for e in frozen.examples if not e.click}
    usual = labels - frozen.to_tune_on()
    monkeypatch.setattr(examples_module, "ENOUGH_HELD_OUT", len(usual) // 2)
    fewer = labels - frozen.to_tune_on()
    assert fewer < usual
    assert 0.2 * len(usual) < len(fewer) < 0.8 * len(usual), "half of them, give or take chance"
