"""How well a recipe did on each example that it had not seen: the rows that the gate compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior_shift import estimate_shares, shifted
from suggest.loop.build import Built, predict
from suggest.loop.clicks import is_reading, likelihood
from suggest.loop.examples import Example, ExampleSet
from suggest.metrics.calibration import ece, ece_noise_floor
from suggest.rank.examination import Examination
from suggest.rank.ranker import Columns
from suggest.rank.traits import language_in

Floats = NDArray[np.float64]
K = 3  # options of the slate that p_any speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One example, as judged by models that never saw it."""

    nll: float  # nats of what was observed
    rank: int  # of the best right option, 0 is the top; -1 where none is right or none was ranked
    p_any: float  # of the top K
    correct: bool | None  # a right option among them; None where that is not known
    p_top1: float
    top: str = ""  # the best option; empty where there was none
    language: str = ""  # that the context's fields name


def score(
    choice: ChoiceModel,
    example: Example,
    ids: Sequence[str],
    columns: Columns,
    examination: Examination | None = None,
) -> Score:
    """`examination`: how people read; what they took then counts by how likely it made each option to be right."""
    p, none = predict(choice, columns)
    together = choice.together
    order = np.lexsort((np.array(ids), -together.rightness(ids, p))) if len(ids) else np.zeros(0, np.int64)
    right = [n for n, i in enumerate(order) if ids[i] in example.right]
    if example.right:
        seen = float(p[order[right]].sum()) if right else float(none.sum())
        correct: bool | None = bool(right) and right[0] < K
    elif example.examined:
        seen = float(none.sum() + sum(p[i] for i in range(len(ids)) if ids[i] not in example.examined))
        correct = None  # this slate of another model might have held a right one
    else:
        seen = float(none.sum() + sum(p[i] for i in range(len(ids)) if ids[i] in example.newer))
        correct = False if not example.newer else None
    if examination is not None and is_reading(example):
        observed, none_observed = likelihood(example, ids, examination)
        seen = float(p @ observed) + none_observed * float(none.sum())
    return Score(
        nll=-float(np.log(max(seen, 1e-9))),
        rank=right[0] if right else -1,
        p_any=float(together.shown(ids, p, order[:K].tolist()).sum()),
        correct=correct,
        p_top1=float(together.shown(ids, p, order[:1].tolist()).sum()),
        top=ids[order[0]] if len(order) else "",
        language=language_in(example.traits),
    )


def held_out_scores(built: Built, examples: ExampleSet) -> list[Score | None]:
    """The challenger on every example, out of fold; None where its encoder was tuned on that example."""
    scores: list[Score | None] = [None] * len(examples)
    for p in built.held_out:
        choice = built.held_out_choices[int(built.folds[p.example])]
        scores[p.example] = score(choice, examples.examples[p.example], p.ids, p.columns, built.examination)
    return scores


def speak_for_traffic(built: Built, scores: Sequence[Score | None]) -> list[Score]:
    """Of the judged examples those that a line may be certified on, with probabilities as serving would give them.

    Selections are left out: what was shown became known because it was right, and silence about a wrong slate says
    nothing. Out of fold p_any is too low, since requests are made up that nothing answers; what is served is corrected
    by recent traffic, so these are to the share that nothing answers among themselves. A line that was tested on one
    scale and held against the other would let through what was never tested."""
    examples = built.examples.examples
    known = [
        (p, s)
        for p in built.held_out
        if (s := scores[p.example]) is not None and s.correct is not None and not examples[p.example].click
    ]
    if not known:
        return []
    choices = [built.held_out_choices[int(built.folds[p.example])] for p, _ in known]
    told = [predict(choice, p.columns) for choice, (p, _) in zip(choices, known, strict=True)]
    kinds = np.array([[p.sum(), *none] for p, none in told])
    fitted = np.array([choice.shares for choice in choices])
    now = estimate_shares(kinds, fitted=fitted)
    factors = shifted(kinds, fitted=fitted, now=now)[:, 0] / np.maximum(kinds[:, 0], 1e-12)
    return [
        replace(s, p_any=min(s.p_any * factor, 1.0), p_top1=min(s.p_top1 * factor, 1.0))
        for (_, s), factor in zip(known, factors.tolist(), strict=True)
    ]


def measures(scores: Sequence[Score | None], examples: Sequence[Example]) -> Mapping[str, float]:
    """Means over the judged examples, for people: top-1 and top-3 over the answerable, NLL over all, ECE of p_any."""
    known = [(s, e) for s, e in zip(scores, examples, strict=True) if s is not None]
    answerable = [s for s, e in known if e.right]
    judged = [s for s, _ in known if s.correct is not None]
    told: dict[str, float] = {"examples": float(len(known)), "answerable": float(len(answerable))}
    if known:
        told["nll"] = float(np.mean([s.nll for s, _ in known]))
    if answerable:
        ranks = np.array([s.rank for s in answerable])
        told["top1"] = float((ranks == 0).mean())
        told["top3"] = float(((ranks >= 0) & (ranks < K)).mean())
        told["ndcg"] = float(ndcg(answerable).mean())
    if len(judged) >= 100:
        p = np.array([s.p_any for s in judged])
        y = np.array([float(bool(s.correct)) for s in judged])
        floor = ece_noise_floor(p, 200, np.random.default_rng(0))
        told |= {"ece_p_any": float(ece(p, y)), "ece_floor": floor.mean, "ece_floor_p95": floor.p95}
    return told


def ndcg(scores: Sequence[Score]) -> Floats:
    """Binary nDCG with one right option: 1 / log2(2 + rank), 0 where it was not ranked."""
    ranks = np.array([s.rank for s in scores], np.float64)
    return np.asarray(np.where(ranks >= 0, 1.0 / np.log2(2.0 + np.maximum(ranks, 0)), 0.0), np.float64)
