"""Which contexts want an answer at all: the shipped trigger, taught by what the surface's own people did.

Who writes an answer of their own, or takes one, wanted one. Who sends a slate away that was probably right, or looks at
it and leaves, perhaps wanted none: that counts less, and all silence together never more than all answers. A separate
trigger that learns from whether a message was answered is Smart Reply's (Kannan et al., KDD 2016). It misleads where
people leave for reasons of their own, so a trigger is taken only if, on contexts that it never saw, it foretells better
who wants one than the shipped one does and withholds next to nothing from those who did get an answer; and some of what
it withholds is shown all the same (docs/decisions/0053)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import ExampleSet
from suggest.loop.folds import fold_of
from suggest.loop.made_up import Background
from suggest.policy.trigger import WANTED_FROM, Trigger, fit_trigger

FEWEST = 30  # contexts of each kind below which nothing is learned
MOST_ANSWERED = 2_000  # the latest are kept: more tell no more, and cost seconds
MOST_WITHHELD = 0.02  # of held-out contexts that did get an answer
PARTS = 5  # one of them judges
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedTrigger:
    trigger: Trigger
    told: dict[str, float]  # how many contexts it was taught by, and what it withholds of held-out ones


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Contexts, one a row, of which something is known."""

    vectors: Floats  # (n, d)
    wanted: NDArray[np.bool_]  # (n,)
    weights: NDArray[np.float64]  # (n,)

    def of(self, which: NDArray[np.bool_]) -> _Known:
        return _Known(vectors=self.vectors[which], wanted=self.wanted[which], weights=self.weights[which])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    learned: LearnedTrigger | None  # None: the shipped one knows as much
    why: str  # what was found, for the gate's notes


def taught(examples: ExampleSet, background: Background, *, encoder: str) -> Taught:
    """The trigger, and why; none where too little is known, where the encoder cannot tell, or where it would withhold
    what is wanted."""
    if background.talk_embeddings is None:
        return _shipped("the encoder reads words only")
    keys, known = _known(examples)
    n_answered, n_unwanted = int(known.wanted.sum()), int((~known.wanted).sum())
    if min(n_answered, n_unwanted) < FEWEST:
        return _shipped(f"{n_answered} got one and {n_unwanted} were sent away or left; {FEWEST} of each are needed")
    is_judge = np.array([fold_of(key, "asking", PARTS) == 0 for key in keys])
    judges = known.of(is_judge)
    by_known = _fitted(known.of(~is_judge), background, encoder)
    shipped = _fitted(known.of(np.zeros(len(keys), np.bool_)), background, encoder)
    answered, unwanted = _withheld(by_known, judges)
    found = f"of held-out ones it withholds {answered:.1%} that got one, {unwanted:.1%} that were sent away or left"
    if answered > max(MOST_WITHHELD, _withheld(shipped, judges)[0]):
        return _shipped(f"learned here, {found}")
    if _loss(by_known, judges) >= _loss(shipped, judges):
        return _shipped("learned here it foretells no better who wants one")
    told = {
        "answered": float(n_answered),
        "unwanted": float(n_unwanted),
        "withheld_answered": round(answered, 4),
        "withheld_unwanted": round(unwanted, 4),
    }
    return Taught(
        learned=LearnedTrigger(trigger=_fitted(known, background, encoder), told=told),
        why=f"what wants no answer was learned from {n_answered} requests that got one and {n_unwanted} that were sent "
        f"away or left: {found}",
    )


def _shipped(why: str) -> Taught:
    return Taught(learned=None, why=f"what wants no answer is told by the shipped messages alone: {why}")


def _known(examples: ExampleSet) -> tuple[list[str], _Known]:
    """One row a context, by its key: answered ones count 1, others by what was done with what they were shown."""
    answered = {e.key: e.row for e in examples.examples if e.right}
    asked = {e.key for e in examples.examples if not e.click}  # a person said that nothing is right: it was wanted
    weights: dict[str, float] = {}
    rows: dict[str, int] = {}
    for reaction in examples.reactions:
        if reaction.wanted:
            answered.setdefault(reaction.key, reaction.row)
        else:
            weights[reaction.key] = min(1.0, weights.get(reaction.key, 0.0) + reaction.weight)
            rows[reaction.key] = reaction.row
    latest = list(answered.items())[-MOST_ANSWERED:]
    unwanted = [key for key in rows if key not in answered and key not in asked]
    total = sum(weights[key] for key in unwanted)
    fair = min(1.0, len(latest) / total) if total else 1.0
    places = [row for _, row in latest] + [rows[key] for key in unwanted]
    known = _Known(
        vectors=examples.embeddings[np.array(places, np.int64)],
        wanted=np.arange(len(places)) < len(latest),
        weights=np.array([1.0] * len(latest) + [fair * weights[key] for key in unwanted], np.float64),
    )
    return [key for key, _ in latest] + unwanted, known


def _fitted(known: _Known, background: Background, encoder: str) -> Trigger:
    """On what is shipped and what is known."""
    assert background.talk_embeddings is not None
    n_ask, n_talk = len(background.embeddings), len(background.talk_embeddings)
    parts: Sequence[Floats] = (background.embeddings, background.talk_embeddings, known.vectors)
    return fit_trigger(
        np.concatenate(parts),
        np.concatenate([np.arange(n_ask + n_talk) < n_ask, known.wanted]),
        encoder=encoder,
        weights=np.concatenate([np.ones(n_ask + n_talk), known.weights]),
    )


def _loss(trigger: Trigger, judges: _Known) -> float:
    """Weighted negative log-likelihood, nats in all."""
    p = np.clip([trigger.needs_answer(each) for each in judges.vectors], 1e-6, 1 - 1e-6)
    return -float((judges.weights * np.log(np.where(judges.wanted, p, 1 - p))).sum())


def _withheld(trigger: Trigger, judges: _Known) -> tuple[float, float]:
    """Shares of those who got an answer and of those who wanted none to whom it would show nothing; 0 of nobody."""
    is_withheld = np.array([trigger.needs_answer(each) < WANTED_FROM for each in judges.vectors], np.bool_)
    answered, unwanted = is_withheld[judges.wanted], is_withheld[~judges.wanted]
    return float(answered.mean()) if len(answered) else 0.0, float(unwanted.mean()) if len(unwanted) else 0.0
