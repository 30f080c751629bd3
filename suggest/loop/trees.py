"""Grow the trees, out of fold, in up to three ways, and keep the one that orders held-out answers best.

`answers`: every known answer, a selection too, against the hardest of its pool; a selection weighs what it stands for
and how sure it is. `position`: whole slates as they were shown, LightGBM taking an additive term per slot out.
`clicks`: the likelihood of what was taken, slot by slot (`rank.click_booster`). The last two need enough clicks to tell
position from preference. Held-out selections count with the same weights, or the way that copies the old order wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import Example, ExampleSet
from suggest.loop.folds import NEVER_HELD_OUT
from suggest.loop.predicted import Predicted
from suggest.rank.booster import FEWEST_SLATES, Booster, RankingRows, fit_booster, laid_end_to_end
from suggest.rank.click_booster import fit_click_booster
from suggest.rank.features import OPTION_FEATURES
from suggest.rank.ranker import COLUMNS, Columns

ANSWERS, POSITION, CLICKS = "answers", "position", "clicks"
FEWEST_SELECTIONS = 1_000  # from which on position bias can be told from preference; fewer only add noise
HARDEST_BY = ("best_cosine", "centroid_cosine", "linear", "name_cosine")
HARDEST, OTHERS = 8, 8  # options that a known answer is set against: the hardest by each of these columns, and others
TOP = 10  # places that count in the held-out order


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The kept way's booster on everything, and each example as scored by the one that never saw it."""

    way: str
    booster: Booster | None
    held_out: tuple[Predicted, ...]
    ndcg: Mapping[str, float]  # of each way that was tried, held out


def grow_trees(
    examples: ExampleSet, rows: Sequence[Predicted], folds: NDArray[np.int64], *, seed: int, threads: int, fair: bool
) -> Trees:
    """`fair`: clicks carry what they stand for (`loop.clicks`); without it selections are taken at face value."""
    selections = sum(1 for e in examples.examples if e.right and len(e.shown) > 1)
    ways = (ANSWERS, POSITION, CLICKS) if fair and selections >= FEWEST_SELECTIONS else (ANSWERS,)
    best: Trees | None = None
    ndcg: dict[str, float] = {}
    laid: dict[str, Laid | None] = {}
    for way in ways:
        laid[way] = Laid.of(way, examples, rows)
        boosters = {
            f: _grown(way, laid[way], folds != f, seed=seed, threads=threads)
            for f in np.unique(folds).tolist()
            if f != NEVER_HELD_OUT
        }
        held_out = _scored(rows, folds, boosters)
        ndcg[way] = _ndcg(examples, held_out)
        if best is None or ndcg[way] > ndcg[best.way]:
            best = Trees(way=way, booster=None, held_out=held_out, ndcg=ndcg)
    assert best is not None
    final = _grown(best.way, laid[best.way], np.ones(len(examples), bool), seed=seed, threads=threads)
    return replace(best, booster=final, ndcg=ndcg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What one way learns from, of all examples end to end; every fold takes its part."""

    example: NDArray[np.int64]  # (slates,) which example each was
    rows: RankingRows

    @classmethod
    def of(cls, way: str, examples: ExampleSet, rows: Sequence[Predicted]) -> Laid | None:
        """None where there is nothing to learn from."""
        which, slates, relevance, weights, position = [], [], [], [], []
        for predicted in rows:
            example = examples.examples[predicted.example]
            is_slate = way != ANSWERS and len(example.shown) > 1
            if not (example.right or (is_slate and way == CLICKS)):
                continue
            kept, right, slots = _slate(example, predicted, way) if is_slate else _answer(example, predicted)
            if not len(kept) or (way != CLICKS and not 0 < int(right.sum()) < len(right)):
                continue
            which.append(predicted.example)
            slates.append(predicted.columns.option[kept, : len(OPTION_FEATURES)])
            relevance.append(right)
            weight = example.weight if is_slate else example.weight * example.stands_for * example.sure
            weights.append(np.full(len(kept), weight, np.float32))
            position.append(slots)
        if not slates:
            return None
        features, sizes = laid_end_to_end(slates)
        laid = RankingRows(
            features=features,
            relevance=np.concatenate(relevance).astype(np.int32),
            sizes=sizes,
            weight=np.concatenate(weights),
            position=np.concatenate(position).astype(np.int32),
        )
        return cls(example=np.array(which, np.int64), rows=laid)

    def part(self, use: NDArray[np.bool_]) -> RankingRows:
        """Of the examples that `use` names."""
        slates = use[self.example]
        own = np.repeat(slates, self.rows.sizes)
        return RankingRows(
            features=self.rows.features[own],
            relevance=self.rows.relevance[own],
            sizes=self.rows.sizes[slates],
            weight=self.rows.weight[own],
            position=self.rows.position[own],
        )


def _grown(way: str, laid: Laid | None, use: NDArray[np.bool_], *, seed: int, threads: int) -> Booster | None:
    if laid is None or int(use[laid.example].sum()) < FEWEST_SLATES:
        return None
    part = laid.part(use)
    if way == CLICKS:
        return fit_click_booster(part, seed=seed, threads=threads)[0]
    return fit_booster(part, seed=seed, threads=threads)


def _slate(
    example: Example, predicted: Predicted, way: str
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """What was shown: all of it for `position`, what was reached for `clicks`. Position 1 is the top slot."""
    place = {c: i for i, c in enumerate(predicted.ids)}
    reached = example.slot + 1 if way == CLICKS and example.right else len(example.shown)
    kept = [(place[c], slot + 1, c in example.right) for slot, c in enumerate(example.shown[:reached]) if c in place]
    return (
        np.array([p for p, _, _ in kept], np.int64),
        np.array([int(right) for _, _, right in kept], np.int32),
        np.array([slot for _, slot, _ in kept], np.int32),
    )


def _answer(example: Example, predicted: Predicted) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """What is right, the hardest of the pool beside it, and some of the rest. All in position 0: never seen in a slot.

    Without the rest, an option that no column favours would be here only where it is right, and the trees would learn
    that what looks hopeless is the answer."""
    right = [i for i, c in enumerate(predicted.ids) if c in example.right]
    hard = hardest(predicted.columns.option, HARDEST_BY, HARDEST)
    is_kept, is_right = np.zeros(len(predicted.ids), bool), np.zeros(len(predicted.ids), bool)
    is_kept[hard], is_right[right] = True, True
    rest = np.flatnonzero(~is_kept)
    step = max(1, len(rest) // OTHERS)
    is_kept[rest[predicted.example % step :: step]] = True
    kept = np.flatnonzero(is_kept | is_right)
    return kept, is_right[kept].astype(np.int32), np.zeros(len(kept), np.int32)


def hardest(option: NDArray[np.float32], by: Sequence[str], n: int) -> NDArray[np.int64]:
    """The rows that are among the first n by any of these columns."""
    if len(option) <= n:
        return np.arange(len(option))
    is_first = np.zeros(len(option), bool)
    is_first[np.argpartition(-option[:, [COLUMNS.index(name) for name in by]], n, axis=0)[:n]] = True
    return np.flatnonzero(is_first)


def _scored(
    rows: Sequence[Predicted], folds: NDArray[np.int64], boosters: Mapping[int, Booster | None]
) -> tuple[Predicted, ...]:
    """Each example with the score of the booster that never saw it; one call a fold, a call costs a millisecond."""
    done = list(rows)
    fold_of_row = folds[[predicted.example for predicted in rows]]
    for f, booster in boosters.items():
        which = np.flatnonzero(fold_of_row == f).tolist()
        if booster is None or not which:
            continue
        matrix, sizes = laid_end_to_end([rows[i].columns.option[:, : len(OPTION_FEATURES)] for i in which])
        for i, scores in zip(which, np.split(booster.score(matrix), np.cumsum(sizes)[:-1]), strict=True):
            option = rows[i].columns.option.copy()
            option[:, -1] = scores
            done[i] = replace(rows[i], columns=Columns(option=option, pool=rows[i].columns.pool))
    return tuple(done)


def _ndcg(examples: ExampleSet, held_out: Sequence[Predicted]) -> float:
    """Mean over known answers of 1 / log2(2 + rank), each with its weight; 0 beyond TOP."""
    gained, weighed = 0.0, 0.0
    for predicted in held_out:
        example = examples.examples[predicted.example]
        right = [i for i, c in enumerate(predicted.ids) if c in example.right]
        if not right:
            continue
        scores = predicted.columns.option[:, -1]
        rank = int((scores > scores[right].max()).sum())
        weight = example.weight * example.stands_for * example.sure
        gained += weight / np.log2(2.0 + rank) if rank < TOP else 0.0
        weighed += weight
    return gained / weighed if weighed else 0.0
