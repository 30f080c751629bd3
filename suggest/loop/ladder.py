"""What each rung of the model gains on the owner's own data, out of fold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suggest.loop.build import Built
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.instant import ranks_with_head
from suggest.loop.predicted import Predicted
from suggest.loop.record import uid
from suggest.loop.scores import K, Score
from suggest.metrics.interval import z_two_sided
from suggest.rank.features import column
from suggest.rank.ranker import COLUMNS

RANKER, TOGETHER, INSTANT, TUNED = "ranker", "all together, calibrated", "+ instant head", "tuned encoder"
_COLUMNS = (
    ("names only", column("name_cosine")),
    ("nearest neighbours", column("best_cosine")),
    ("linear", column("linear")),
    (RANKER, COLUMNS.index("booster")),
)
_Z90 = z_two_sided(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    name: str
    ranks: Mapping[str, int]  # of the best right option by example, 0 is the top; -1 where it was not found
    notes: Mapping[str, object] = field(default_factory=dict)

    def right(self, within: int, which: Sequence[str]) -> NDArray[np.bool_]:
        """Whether a right option is among the first `within`, of each example."""
        ranks = np.array([self.ranks[name] for name in which])
        return np.asarray((ranks >= 0) & (ranks < within))


def ladder(
    built: Built, examples: ExampleSet, final: Sequence[Score | None], *, but: frozenset[str] = frozenset()
) -> list[Rung]:
    """From names alone to what serves. Contexts of the text keys in `but` do not count."""
    answerable = [(p, e) for p in built.held_out if (e := examples.examples[p.example]).right and e.text_key not in but]
    return [
        *_of_columns(built, answerable),
        rung(TOGETHER, final, examples, but=but),
        Rung(name=INSTANT, ranks={uid(e): n for e, n in ranks_with_head(built, examples) if e.text_key not in but}),
    ]


def rung(name: str, final: Sequence[Score | None], examples: ExampleSet, *, but: frozenset[str] = frozenset()) -> Rung:
    """One of finished scores."""
    judged = ((e, s) for e, s in zip(examples.examples, final, strict=True) if s is not None)
    return Rung(name=name, ranks={uid(e): s.rank for e, s in judged if e.right and e.text_key not in but})


def told(rungs: Sequence[Rung]) -> list[dict[str, object]]:
    """Right in top 1 and top 3, and what that is more than on the rung before: a mean of pairs and its 90 % interval,
    over the examples that both judged. A rung that judged nothing is left out."""
    stood = [each for each in rungs if each.ranks]
    return [_told(each, before) for before, each in zip([None, *stood], stood, strict=False)]


def _told(each: Rung, before: Rung | None) -> dict[str, object]:
    own = list(each.ranks)
    shares = {f"top{k}": round(float(each.right(k, own).mean()), 4) for k in (1, K)}
    said: dict[str, object] = {"rung": each.name, **shares, "n": len(own), **each.notes}
    both = [] if before is None else [name for name in own if name in before.ranks]
    if before is not None and both:
        said["gained"] = {f"top{k}": _gained(each.right(k, both), before.right(k, both)) for k in (1, K)}
    return said


def _gained(now: NDArray[np.bool_], before: NDArray[np.bool_]) -> dict[str, float]:
    """Mean difference of pairs and the ends of its 90 % interval (normal).

    >>> _gained(np.array([True, True, True, False]), np.array([True, False, True, False]))
    {'low': -0.1612, 'mid': 0.25, 'high': 0.6612}
    """
    by_example = now.astype(np.float64) - before
    mid, half = float(by_example.mean()), _Z90 * float(by_example.std(ddof=1 if len(now) > 1 else 0)) / len(now) ** 0.5
    return {"low": round(mid - half, 4), "mid": round(mid, 4), "high": round(mid + half, 4)}


def _of_columns(built: Built, answerable: Sequence[tuple[Predicted, Example]]) -> Iterator[Rung]:
    for name, place in _COLUMNS:
        if not any(p.columns.option[:, place].any() for p, _ in answerable):
            continue  # this rung was not built: too little data
        tried = {"kept": built.way, "tried": _rounded(built.ways)} if name == RANKER and len(built.ways) > 1 else {}
        ranks = {uid(e): _rank(p.columns.option[:, place], p.ids, e) for p, e in answerable}
        yield Rung(name=name, ranks=ranks, notes=tried)


def _rank(values: NDArray[np.float32], ids: Sequence[str], example: Example) -> int:
    right = [i for i, c in enumerate(ids) if c in example.right]
    if not right:
        return -1
    return int((values > max(values[i] for i in right)).sum())


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
