"""Requests that nobody made: what is unanswerable, and what is new, looks like to this surface.

Known answers are asked once more over a changed catalog: without their candidate (*near*), or with candidates of which
nothing is known yet (*new*). Requests about anything at all stand for what is *far*."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import ExampleSet
from suggest.loop.folds import NEVER_HELD_OUT, fold_of
from suggest.loop.linear_columns import favourites, favourites_of, linear_of
from suggest.loop.predicted import Predicted
from suggest.loop.replay import Replay
from suggest.rank.booster import Booster
from suggest.rank.field_model import FieldModel
from suggest.rank.linear import LinearModel
from suggest.rank.ranker import Columns, Ranker

Floats = NDArray[np.float32]
GROUPS = 5  # of candidates taken away, or made new, in turn
MADE_UP = 1_500  # contexts whose candidate is taken away, at most
MADE_NEW = 1_000  # contexts for which some candidates are made new, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    texts: tuple[str, ...]
    embeddings: Floats  # (n, d) unit rows
    talk: tuple[str, ...] = ()  # what asks for nothing at all
    talk_embeddings: Floats | None = None  # (m, d) of those; None: the encoder cannot tell

    def by(self, encode: Callable[[Sequence[str]], Floats]) -> Background:
        """The same in the vectors of another encoder."""
        talk = None if self.talk_embeddings is None else np.asarray(encode(self.talk), np.float32)
        return replace(self, embeddings=np.asarray(encode(self.texts), np.float32), talk_embeddings=talk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A part of the candidates, and the linear model of a surface without them."""

    ids: frozenset[str]
    linear: LinearModel | None


def groups_of(examples: ExampleSet) -> list[Group]:
    """The candidates in GROUPS parts; none where there are too few to do without some. What is right together goes
    together: a question that has lost one of its answers still has the others (docs/decisions/0050)."""
    ids, everything = examples.catalog.ids, np.ones(len(examples), bool)
    if len(ids) < 2 * GROUPS:
        return []
    kin = right_together([e.right for e in examples.examples], most=len(ids) // GROUPS)
    parts = [frozenset(c for c in ids if fold_of(kin.get(c, c), "group", GROUPS) == n) for n in range(GROUPS)]
    return [Group(ids=own, linear=linear_of(examples, everything, without=own)) for own in parts if own]


def right_together(answers: Iterable[Sequence[str]], *, most: int) -> dict[str, str]:
    """Of each option that is right beside others the first of them all, however far the chain goes; one of more than
    `most` holds nothing together.

    >>> sorted(right_together([("b", "c"), ("a", "b"), ("x",), ("y", "z")], most=3).items())
    [('a', 'a'), ('b', 'a'), ('c', 'a'), ('y', 'y'), ('z', 'y')]
    """
    chain: dict[str, set[str]] = {}
    for right in set(map(tuple, answers)):
        if len(right) > 1:
            joined = set(right).union(*(chain.get(item, ()) for item in right))
            chain |= dict.fromkeys(joined, joined)
    return {item: min(joined) for item, joined in chain.items() if len(joined) <= most}


def taken_away(
    examples: ExampleSet,
    folds: NDArray[np.int64],
    groups: Sequence[Group],
    booster: Booster | None,
    fields: FieldModel | None,
) -> list[Predicted]:
    """Each known answer once more, without its candidate, that candidate's group, or anything learned of them."""
    made: list[Predicted] = []
    answered = _answered(examples, folds)
    for gone in groups:
        which = [i for i in answered if all(c in gone.ids for c in examples.examples[i].right)]
        which = which[:: 1 + len(which) * GROUPS // MADE_UP]
        made += _replayed(Replay(examples, without=gone.ids), which, Ranker(gone.linear, booster, fields), examples)
    return made


def made_new(
    examples: ExampleSet,
    folds: NDArray[np.int64],
    groups: Sequence[Group],
    full: LinearModel | None,
    booster: Booster | None,
    fields: FieldModel | None,
) -> list[Predicted]:
    """Known answers once more, as if a group of the candidates had just been added: what a new option looks like where
    it is right, and where a well-known one is (docs/decisions/0042)."""
    made: list[Predicted] = []
    answered = _answered(examples, folds)
    step = 1 + len(answered) * GROUPS // MADE_NEW
    for turn, new in enumerate(groups):
        which = answered[turn::step]
        linear = new.linear
        if linear is not None and full is not None:
            linear = replace(linear, stand_in=full.stand_in)  # new ones have no class of their own
        made += _replayed(Replay(examples, unlearned=new.ids), which, Ranker(linear, booster, fields), examples)
    return made


def _answered(examples: ExampleSet, folds: NDArray[np.int64]) -> list[int]:
    """The held-out examples that have an answer."""
    return [i for i in np.flatnonzero(folds != NEVER_HELD_OUT).tolist() if examples.examples[i].right]


def _replayed(replay: Replay, which: Sequence[int], ranker: Ranker, examples: ExampleSet) -> list[Predicted]:
    found = replay.evidence(which, favourites(ranker.linear, examples, which))
    return [
        Predicted(example=i, ids=evidence.ids, columns=ranker.columns(evidence))
        for i, evidence in zip(which, found, strict=True)
    ]


def far_away(examples: ExampleSet, background: Background, ranker: Ranker) -> list[Columns]:
    """Requests about other things, as this surface sees them; those nearer than a typical example are left out."""
    replay = Replay(examples)
    usual = np.median(
        [float(e.neighbour_cosines[0]) for e in replay.evidence(range(0, len(examples), 7)) if len(e.neighbour_cosines)]
    )
    found = []
    for embedding, text in zip(background.embeddings, background.texts, strict=True):
        evidence = replay.foreign(embedding, text, favourites=favourites_of(ranker.linear, embedding))
        nearest = float(evidence.neighbour_cosines[0]) if len(evidence.neighbour_cosines) else 0.0
        if len(evidence.ids) and nearest < usual:
            found.append(ranker.columns(evidence))
    return found
