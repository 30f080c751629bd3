"""What the head adds between two retrains is measured as it happens: ranked first, taught afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.calibrate.prior import shipped_prior
from suggest.loop import instant
from suggest.loop.build import Built, build
from suggest.loop.examples import ExampleSet
from suggest.loop.instant import ranks_with_head
from suggest.loop.scores import held_out_scores


@pytest.fixture(scope="module")
def built() -> Built:
    world = ClusteredWorld(n_items=14, dim=32, spread=1.6)
    examples = ExampleWriter(world).labels(20).all()
    return build(examples, shipped_prior(), background=world.background(), seed=0, report=lambda _, __: None)


def changed(built: Built) -> ExampleSet:
    """The same examples, every answer exchanged for its neighbour's: all that the models say is out of date."""
    ids = built.examples.catalog.ids
    other = dict(zip(ids, (*ids[1:], ids[0]), strict=True))
    moved = tuple(replace(e, right=tuple(other[i] for i in e.right)) for e in built.examples.examples)
    return replace(built.examples, examples=moved)


def top3(ranks: list[int]) -> float:
    return float(np.mean([0 <= r < 3 for r in ranks]))


def test_a_head_of_nothing_ranks_as_the_models_do(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "EVERY", 1)
    plain = {
        e.key: s.rank for e, s in zip(built.examples.examples, held_out_scores(built, built.examples), strict=True) if s
    }
    assert {e.key: n for e, n in ranks_with_head(built, built.examples)} == plain


def test_what_has_changed_is_learned_before_the_next_retrain(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    world = changed(built)
    monkeypatch.setattr(instant, "EVERY", 10_000)
    taught = [n for _, n in ranks_with_head(built, world)]
    monkeypatch.setattr(instant, "EVERY", 1)
    untaught = [n for _, n in ranks_with_head(built, world)]
    half = len(taught) // 2
    assert top3(taught[half:]) > top3(untaught[half:]) + 0.2, (top3(taught[half:]), top3(untaught[half:]))
    assert taught[0] == untaught[0], "the first is ranked before anything is taught"


def test_every_answer_is_ranked_once_and_in_the_order_it_came(built: Built) -> None:
    told = [e for e, _ in ranks_with_head(built, built.examples)]
    assert len(told) == built.examples.positives
    assert [e.order for e in told] == sorted(e.order for e in told)
