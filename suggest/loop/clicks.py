"""What clicks tell once it is known how people read: how sure each is, what it stands for, what it leaves open.

A selection at a slot few people reach stands for many that never happened (weight 1 / theta); a selection at the top
may be trust or haste (its answer is right with less than certainty); what was passed over may not have been looked at.
Every stage learns with these numbers: the linear model, the memory's columns, the trees and the calibrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import Example, ExampleSet
from suggest.rank.examination import DISMISSED, Examination, Reading, fit_examination

Floats = NDArray[np.float64]
Told = Mapping[int, tuple[Sequence[str], Floats]]  # by example: the ids of its pool, and how likely each is right
FEWEST_READINGS = 100  # slates of two options and more, below which nothing is said of how people read
MOST_SLOTS = 20  # what stands lower is treated like the last of them


def is_reading(example: Example) -> bool:
    """Whether it tells how people read: a slate with something to choose from."""
    return example.click and len(example.shown) > 1


def readings_among(examples: ExampleSet) -> int:
    return sum(1 for e in examples.examples if is_reading(e))


def examination_of(examples: ExampleSet, told: Told) -> Examination:
    """How people read these slates. `told`: what out-of-fold models make of each."""
    readings = [
        Reading(prior=_at(e.shown[:MOST_SLOTS], *told[n]), slot=_slot(e))
        for n, e in enumerate(examples.examples)
        if is_reading(e) and n in told and _slot(e) < MOST_SLOTS
    ]
    return fit_examination(readings)


def likelihood(example: Example, ids: Sequence[str], examination: Examination) -> tuple[Floats, float]:
    """How likely what was seen is if each option of the pool is right (n,), and if none is; the largest is 1."""
    odds = dict(zip(example.shown, examination.odds(len(example.shown), _slot(example)), strict=True))
    values = np.array([odds.get(i, 1.0) for i in ids])
    top = max(float(values.max(initial=0.0)), 1.0)
    return values / top, 1.0 / top


def corrected(examples: ExampleSet, told: Told, examination: Examination) -> ExampleSet:
    """The same examples, each click with what it stands for and how sure it is.

    Together the selections weigh what they weighed before, so that they count against labels as they did."""
    which = [n for n, e in enumerate(examples.examples) if is_reading(e)]
    chosen = [n for n in which if examples.examples[n].right]
    mean = float(np.mean([examination.weight(examples.examples[n].slot) for n in chosen])) if chosen else 1.0
    made = list(examples.examples)
    for n in which:
        example = made[n]
        stands_for = examination.weight(example.slot) / mean if example.right else 1.0
        sure = _sure(example, *told[n], examination) if n in told else 1.0
        made[n] = replace(example, stands_for=stands_for, sure=sure)
    return replace(examples, examples=tuple(made))


def _sure(example: Example, ids: Sequence[str], p: Floats, examination: Examination) -> float:
    """P(what was taken is right), or of a dismissal P(nothing of the pool is), given all that was seen of the slate."""
    seen, none = likelihood(example, ids, examination)
    joint, nothing = p * seen, none * max(1.0 - float(p.sum()), 0.0)
    total = max(float(joint.sum()) + nothing, 1e-12)
    if not example.right:
        return nothing / total
    return float(sum(joint[n] for n, i in enumerate(ids) if i in example.right)) / total


def _slot(example: Example) -> int:
    return example.slot if example.right else DISMISSED


def _at(shown: Sequence[str], ids: Sequence[str], p: Floats) -> Floats:
    place = {i: n for n, i in enumerate(ids)}
    return np.array([float(p[place[i]]) if i in place else 0.0 for i in shown])
