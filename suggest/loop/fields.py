"""What fields say of every example, out of fold: a model per fold, as with all that is learned from answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suggest.loop.examples import Example, ExampleSet
from suggest.loop.folds import NEVER_HELD_OUT
from suggest.loop.predicted import Predicted
from suggest.rank.features import write_fields
from suggest.rank.field_model import FieldModel
from suggest.rank.fit_fields import FieldChoice, fit_fields
from suggest.rank.ranker import Columns
from suggest.rank.traits import NO_TRAITS, Traits

_TEXT = ("linear", "best_cosine", "name_cosine", "centroid_cosine")  # what the text says, beside the fields
_PER_COSINE = 10.0  # a tenth of a cosine weighs like one of the linear model's nats


def with_fields(
    examples: ExampleSet, rows: Sequence[Predicted], folds: NDArray[np.int64]
) -> tuple[list[Predicted], FieldModel | None]:
    """The rows with the columns of the fields, each by a model that never saw it, and the model of all."""
    traits = dict(zip(examples.catalog.ids, examples.catalog.traits, strict=True)) if examples.catalog.traits else {}
    if not traits and not any(_has_fields(e) for e in examples.examples):
        return list(rows), None
    choices = {p.example: _choice(examples.examples[p.example], p, traits) for p in rows}
    full = fit_fields([choice for choice in choices.values() if choice is not None])
    if full is None:
        return list(rows), None
    of_fold = {
        f: fit_fields([choice for n, choice in choices.items() if choice is not None and folds[n] != f])
        for f in np.unique(folds).tolist()
        if f != NEVER_HELD_OUT
    }
    return [_written(p, examples, traits, of_fold.get(int(folds[p.example]), full)) for p in rows], full


def _has_fields(example: Example) -> bool:
    return bool(example.traits) or (example.supplied is not None and any(example.supplied.traits))


def _choice(example: Example, predicted: Predicted, traits: dict[str, Traits]) -> FieldChoice | None:
    if not example.right or len(predicted.ids) < 2:
        return None
    text = predicted.columns.named(_TEXT).copy()
    text[:, 1:] *= _PER_COSINE
    text -= text.max(axis=0)
    return FieldChoice(
        context=example.traits,
        ids=predicted.ids,
        options=_options(example, predicted.ids, traits),
        right=np.array([i in example.right for i in predicted.ids]),
        text=text,
        weight=example.weight * example.stands_for * example.sure,
    )


def _options(example: Example, ids: Sequence[str], traits: dict[str, Traits]) -> tuple[Traits, ...]:
    own = traits if example.supplied is None else dict(zip(example.supplied.ids, example.supplied.traits, strict=True))
    return tuple(own.get(i, NO_TRAITS) for i in ids)


def _written(
    predicted: Predicted, examples: ExampleSet, traits: dict[str, Traits], model: FieldModel | None
) -> Predicted:
    example = examples.examples[predicted.example]
    rows = predicted.columns.option.copy()
    write_fields(rows, model, example.traits, predicted.ids, _options(example, predicted.ids, traits))
    return replace(predicted, columns=Columns(option=rows, pool=predicted.columns.pool))
