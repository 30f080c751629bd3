"""The linear model of a build: on everything, and for each example on all that it was not held out with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import ExampleSet
from suggest.loop.folds import NEVER_HELD_OUT
from suggest.loop.predicted import Predicted
from suggest.loop.replay import Replay
from suggest.rank.features import column
from suggest.rank.linear import INVERSE_RIDGE, INVERSE_RIDGE_TUNED, LinearModel, fit_linear, with_stand_in
from suggest.rank.pool import BY_LINEAR
from suggest.rank.ranker import Ranker

Floats = NDArray[np.float32]
FEWEST_CHOSEN = 5  # times an option that is of no catalogue must have been right to have a class of its own


def linear_of(
    examples: ExampleSet, use: NDArray[np.bool_], *, without: frozenset[str] = frozenset()
) -> LinearModel | None:
    """Every known right answer is one row, so is every context that nothing is right for, and every candidate's own
    text is half a one."""
    rows, weights = [], []
    items: list[str | None] = []
    known = lasting(examples)
    for example, used in zip(examples.examples, use, strict=True):
        if used and example.is_none and not example.newer and example.supplied is None:
            rows.append(examples.embeddings[example.row])
            items.append(None)
            weights.append(example.weight)
        for item in example.right if used else ():
            if item in known and item not in without:
                rows.append(examples.embeddings[example.row])
                items.append(item)
                weights.append(example.weight * example.stands_for * example.sure / len(example.right))
    if not any(items):
        return None
    catalog = examples.catalog
    names = [i for i, c in enumerate(catalog.ids) if c not in without]
    return fit_linear(
        np.concatenate([np.array(rows, np.float32), catalog.embeddings[names]]),
        [*items, *(catalog.ids[i] for i in names)],
        np.concatenate([np.array(weights, np.float32), np.full(len(names), 0.5, np.float32)]),
        inverse_ridge=INVERSE_RIDGE_TUNED if examples.tuned_on else INVERSE_RIDGE,
    )


def lasting(examples: ExampleSet) -> frozenset[str]:
    """Options of which something can be learned each for itself: the catalogue, and what callers brought along and was
    chosen often enough. Of offers that are made once there is nothing to know but what they have in common."""
    chosen = Counter(i for e in examples.examples if e.supplied is not None for i in e.right)
    return frozenset(examples.catalog.ids) | {i for i, n in chosen.items() if n >= FEWEST_CHOSEN}


def favourites(model: LinearModel | None, examples: ExampleSet, which: Sequence[int]) -> list[Sequence[str]] | None:
    if model is None:
        return None
    scores = model.scores(examples.embeddings[[examples.examples[i].row for i in which]])
    top = np.argsort(-scores, axis=1)[:, :BY_LINEAR]
    return [[model.classes[c] for c in row] for row in top]


def favourites_of(model: LinearModel | None, embedding: Floats) -> Sequence[str]:
    if model is None:
        return ()
    return [model.classes[c] for c in np.argsort(-model.scores(embedding[None, :])[0])[:BY_LINEAR]]


def linear_columns(examples: ExampleSet, folds: NDArray[np.int64]) -> tuple[list[Predicted], LinearModel | None]:
    """The linear model on everything, and every example's columns from models that never saw it."""
    linears = {int(f): linear_of(examples, folds != f) for f in np.unique(folds) if f != NEVER_HELD_OUT}
    full = linear_of(examples, np.ones(len(examples), bool))
    return _with_stand_ins(examples, folds, linears, full)


def _with_stand_ins(
    examples: ExampleSet, folds: NDArray[np.int64], linears: dict[int, LinearModel | None], full: LinearModel | None
) -> tuple[list[Predicted], LinearModel | None]:
    """Out-of-fold columns of every example, and the full model with the stand-in that those columns suggest."""
    replay = Replay(examples)
    found: dict[int, Predicted] = {}
    for f, linear in linears.items():
        which = np.flatnonzero(folds == f).tolist()
        for i, evidence in zip(which, replay.evidence(which, favourites(linear, examples, which)), strict=True):
            found[i] = Predicted(example=i, ids=evidence.ids, columns=Ranker(linear).columns(evidence))
    rows = [found[i] for i in sorted(found)]
    if full is None:
        return rows, None
    sample = np.concatenate([p.columns.option for p in rows[:: max(1, len(rows) // 2000)]])
    known = sample[:, column("linear")] < 0
    sample = sample[known]
    named, best, linear_p = (sample[:, column(c)] for c in ("name_cosine", "best_cosine", "linear"))
    return rows, with_stand_in(full, named, best, linear_p)
