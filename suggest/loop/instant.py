"""What the instant head adds between two retrains, told from the surface's own answers.

Prequential (Dawid 1984): each example is ranked first, by models that never saw it and a head that was taught the
examples before it, and teaches that head afterwards. Every EVERY examples the head starts anew, as at a retrain. It
says too little where much changed between two retrains: models out of fold know four fifths of what came since."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import probabilities
from suggest.domain import weight as weights
from suggest.loop.build import Built
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.predicted import Predicted
from suggest.rank.head import Head

EVERY = 200  # outcomes between two retrains where nobody sets another number
_REFUSED = 3  # options of a slate that a none-label speaks against
_Floats = NDArray[np.float64]


def ranks_with_head(built: Built, examples: ExampleSet) -> Iterator[tuple[Example, int]]:
    """Each held-out example with an answer, in the order they came, and the rank of its best right option; -1 where it
    was not in the pool."""
    in_order = sorted(built.held_out, key=lambda p: (examples.examples[p.example].order, p.example))
    head = Head(dim=examples.embeddings.shape[1])
    for n, predicted in enumerate(in_order):
        if n % EVERY == 0:
            head.reset()
        example = examples.examples[predicted.example]
        vector = examples.embeddings[example.row]
        learned = head.residuals(vector, predicted.ids)
        p, order = _ranked(built, predicted, learned)
        if example.right:
            found = [place for place, i in enumerate(order) if predicted.ids[i] in example.right]
            yield example, found[0] if found else -1
        _teach(head, example, vector, predicted.ids, p, order, learned)


def _ranked(built: Built, predicted: Predicted, learned: NDArray[np.float32]) -> tuple[_Floats, NDArray[np.int64]]:
    """P of each option of the pool (n,), and their places, best first."""
    choice, columns = built.held_out_choices[int(built.folds[predicted.example])], predicted.columns
    utilities = choice.utilities(columns.named(choice.option_names)) + learned
    p, _ = probabilities(utilities, choice.none_logits(columns.pool_named(choice.set_names)))
    rightness = choice.together.rightness(predicted.ids, p)
    return p, np.lexsort((np.array(predicted.ids), -rightness)) if len(p) else np.zeros(0, np.int64)


def _teach(
    head: Head,
    example: Example,
    vector: NDArray[np.float32],
    ids: tuple[str, ...],
    p: _Floats,
    order: NDArray[np.int64],
    learned: NDArray[np.float32],
) -> None:
    place = {item: i for i, item in enumerate(ids)}
    said = {i: accepted for i, accepted in _said(example, [ids[i] for i in order[:_REFUSED]]).items() if i in place}
    if not said:
        return
    rows = [place[item] for item in said]
    sure = np.clip(p[rows], 1e-4, 1 - 1e-4)
    weight = weights.REFUSAL if example.is_refusal else 1.0
    offsets = [math.log(q / (1 - q)) - float(learned[row]) for q, row in zip(sure.tolist(), rows, strict=True)]
    head.update_many(vector, list(said), accepted=list(said.values()), offsets=offsets, weight=weight)


def _said(example: Example, first: list[str]) -> Mapping[str, bool]:
    """Of which options it says that they are right, or that they are not."""
    if example.is_none:
        return {item: False for item in first if item not in example.newer}
    return dict.fromkeys(example.examined, False) | dict.fromkeys(example.right, True)
