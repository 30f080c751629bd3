"""What the calibrator is fitted on: observed and made-up pools, each with how likely it is if an option is right.

A pool is prepared once, whatever number of fits it is in: every fold of the calibrator takes those it may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.fit_choice import Choices
from suggest.loop.clicks import is_reading, likelihood
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.predicted import Predicted
from suggest.loop.trees import hardest
from suggest.rank.examination import Examination
from suggest.rank.ranker import Columns

FEW = 32  # options of a pool that the calibrator's likelihood looks at, all of them
PLAUSIBLE = 12  # of a larger one so many by each of these columns; the rest have next to no mass together
PLAUSIBLE_BY = ("best_cosine", "name_cosine", "linear", "booster")
NEAR_SHARE, FAR_SHARE = 0.05, 0.05  # weight of made-up unanswerable requests against the real examples
# How likely a request that is answered here is to be like one about anything at all, where one that is far is sure to
# be: on a broad surface much of the background can be answered (docs/decisions/0043).
BACKGROUND_ANSWERED = 0.2
NEW_SHARE = 0.05  # of requests to a catalog in which some options are made new
CHOICE_COLUMNS = (
    "name_cosine",
    "best_cosine",
    "second_cosine",
    "centroid_cosine",
    "vote",
    "rel_weight",
    "thin_name",
    "lexical",
    "linear",
    "booster",
    "fields",
    "user_rate",
    "session_rate",
)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    example: int  # the place of what it was made from; NO_EXAMPLE: a request about anything at all
    z: NDArray[np.float32]  # (kept, len(CHOICE_COLUMNS)) of the options that can matter
    g: NDArray[np.float32]  # (len(SET_FEATURES),)
    possible: Floats  # (kept,)
    none_possible: tuple[float, float]  # of near and far
    weight: float  # of what was observed; what was made up gets a share of all that was


NO_EXAMPLE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Everything that a calibrator of one build may be fitted on."""

    real: tuple[Pool, ...]
    near: tuple[Pool, ...] = ()  # without their candidate
    new: tuple[Pool, ...] = ()  # with options of which nothing is known
    far: tuple[Pool, ...] = ()
    weights: Floats  # (examples,) of each example that was held out, 0 of the others

    @classmethod
    def of(
        cls,
        examples: ExampleSet,
        held_out: Sequence[Predicted],
        examination: Examination | None,
        *,
        near: Sequence[Predicted] = (),
        far: Sequence[Columns] = (),
        new: Sequence[Predicted] = (),
    ) -> Pools:
        weights = np.zeros(len(examples))
        for predicted in held_out:
            weights[predicted.example] = examples.examples[predicted.example].weight
        return cls(
            real=tuple(_observed(examples, p, examination) for p in held_out if len(p.ids)),
            near=tuple(_pool(p.columns, np.zeros(len(p.ids)), (1.0, 0.0), example=p.example) for p in near),
            new=tuple(
                _pool(p.columns, _held(examples.examples[p.example], p.ids), (0.0, 0.0), example=p.example) for p in new
            ),
            far=tuple(_pool(c, np.full(len(c.option), BACKGROUND_ANSWERED), (0.0, 1.0)) for c in far),
            weights=weights,
        )

    def choices(self, use: NDArray[np.bool_]) -> Choices:
        """Those made from the examples that `use` names, and the background, as one likelihood."""
        total = float(sum(self.weights[use].tolist()))
        real, near, new = ([p for p in pools if use[p.example]] for pools in (self.real, self.near, self.new))
        found = [p for p in new if p.possible.any()]  # of a large catalog a new option may not be found
        pools = [*real, *near, *found, *self.far]
        weights = [p.weight for p in real]
        for share, made, counted in (
            (NEAR_SHARE, near, near),
            (NEW_SHARE, found, new),
            (FAR_SHARE, self.far, self.far),
        ):
            weights += [share * total / len(counted) for _ in made]
        sizes = [len(p.z) for p in pools]
        return Choices(
            z=np.concatenate([p.z for p in pools]),
            starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
            possible=np.concatenate([p.possible for p in pools]),
            none_possible=np.array([p.none_possible for p in pools], np.float64),
            g=np.array([p.g for p in pools], np.float32),
            weight=np.array(weights, np.float64),
        )


def _observed(examples: ExampleSet, predicted: Predicted, examination: Examination | None) -> Pool:
    example = examples.examples[predicted.example]
    options, none = _possible(example, predicted.ids, examination)
    spoken = 1.0 / examples.audited.odds if example.is_dismissal else 1.0  # for those who said nothing
    weight = example.weight * example.stands_for * spoken
    return _pool(predicted.columns, options, (none, none), example=predicted.example, weight=weight)


def _pool(
    columns: Columns, options: Floats, none: tuple[float, float], *, example: int = NO_EXAMPLE, weight: float = 0.0
) -> Pool:
    kept = _plausible(columns, options)
    z = columns.named(CHOICE_COLUMNS)[kept]
    return Pool(example=example, z=z, g=columns.pool, possible=options[kept], none_possible=none, weight=weight)


def _plausible(columns: Columns, options: Floats) -> NDArray[np.int64]:
    """The rows of a pool that can matter to its likelihood: the first by any column, and those observed."""
    if len(options) <= FEW:
        return np.arange(len(options))
    likely = hardest(columns.option, PLAUSIBLE_BY, PLAUSIBLE)
    observed = np.flatnonzero(options != np.median(options))
    return np.union1d(likely, observed) if len(observed) <= FEW else likely


def _possible(example: Example, ids: Sequence[str], examination: Examination | None) -> tuple[Floats, float]:
    """How likely what was observed is if each alternative is right: 1 or 0, and between where people were reading."""
    if examination is not None and is_reading(example):
        return likelihood(example, ids, examination)
    if example.right:
        held = _held(example, ids)
        return held, float(not held.any())
    if example.examined:
        return np.array([c not in example.examined for c in ids], np.float64), 1.0
    return np.array([c in example.newer for c in ids], np.float64), 1.0


def _held(example: Example, ids: Sequence[str]) -> Floats:
    return np.array([c in example.right for c in ids], np.float64)
