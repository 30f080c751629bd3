"""What a model says now of examples it did not learn from: how a champion is judged where it kept no record."""

from __future__ import annotations

from collections.abc import Sequence

from suggest.calibrate.choice import ChoiceModel
from suggest.loop.examples import ExampleSet
from suggest.loop.replay import Replay
from suggest.loop.scores import Score, score
from suggest.rank.examination import Examination
from suggest.rank.ranker import Ranker


def scored_now(
    ranker: Ranker,
    choice: ChoiceModel,
    examples: ExampleSet,
    which: Sequence[int],
    examination: Examination | None = None,
) -> list[Score]:
    """One score for each of the examples `which`, in order; each is left out of the memory that speaks of it."""
    if not which:
        return []
    evidence = Replay(examples).evidence(which)
    return [
        score(choice, examples.examples[n], found.ids, ranker.columns(found), examination)
        for n, found in zip(which, evidence, strict=True)
    ]
