"""What a bundle keeps of its own trial: held-out scores by example, golden rows, and what certifies a threshold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from suggest.calibrate.choice import ChoiceModel
from suggest.loop.build import Built, predict
from suggest.loop.clicks import is_reading
from suggest.loop.examples import Example
from suggest.loop.scores import Score
from suggest.rank.features import OPTION_FEATURES, widened
from suggest.rank.ranker import Columns, Ranker

GOLDEN = 8  # pools whose probabilities are stored with the bundle and computed again before it may serve
TOLERANCE = 1e-6
LEAST_WORTH = 0.01  # never nothing: a later bundle may think better of it


def uid(example: Example) -> str:
    """The identity of an example over retrains."""
    at = f":{int(example.order)}" if example.click else ""
    return f"{example.key}:{'|'.join(example.right)}{at}"


def scores_json(examples: Sequence[Example], scores: Sequence[Score | None]) -> bytes:
    rows = {
        uid(e): [round(s.nll, 5), s.rank, round(s.p_any, 5), s.correct, round(s.p_top1, 5)]
        for e, s in zip(examples, scores, strict=True)
        if s is not None
    }
    return json.dumps(rows, sort_keys=True).encode()


def scores_of(stored: bytes) -> Mapping[str, Score]:
    return {
        name: Score(nll=row[0], rank=row[1], p_any=row[2], correct=row[3], p_top1=row[4])
        for name, row in json.loads(stored).items()
    }


def evidence_json(judged: Sequence[Score]) -> bytes:
    """Held-out (p_any, a right option was in the slate), and the same of the top option alone: what thresholds are
    certified from."""
    told = {
        "p_any": [round(s.p_any, 6) for s in judged],
        "correct": [bool(s.correct) for s in judged],
        "p_top1": [round(s.p_top1, 6) for s in judged],
        "first": [s.rank == 0 for s in judged],
        "top": [s.top for s in judged],
        "language": [s.language for s in judged],
    }
    return json.dumps(told).encode()


def worth_json(examples: Sequence[Example]) -> bytes:
    """What each click turned out to count, for the living memory to count it alike: [context key, item, factor]."""
    rows: dict[tuple[str, str | None], float] = {}
    for e in examples:
        if is_reading(e):
            answer = (e.key, e.right[0] if e.right else None)
            rows[answer] = max(rows.get(answer, 0.0), round(max(e.stands_for * e.sure, LEAST_WORTH), 4))
    return json.dumps([[key, item, factor] for (key, item), factor in rows.items()]).encode()


def golden_json(built: Built) -> bytes:
    """A few pools with the probabilities that the finished models give them."""
    step = max(1, len(built.held_out) // GOLDEN)
    rows = []
    for predicted in built.held_out[::step][:GOLDEN]:
        columns = predicted.columns.option[:, : len(OPTION_FEATURES)]
        p = _probabilities(built.ranker, built.choice, columns, predicted.columns.pool)
        rows.append({"option": columns.tolist(), "pool": predicted.columns.pool.tolist(), "p": p})
    return json.dumps(rows).encode()


def golden_holds(ranker: Ranker, choice: ChoiceModel, stored: bytes) -> bool:
    """Whether loaded models give the probabilities that were stored with them."""
    for row in json.loads(stored):
        stored_rows = np.array(row["option"], np.float32)
        columns = widened(np.column_stack([stored_rows, np.zeros(len(stored_rows), np.float32)]))[:, :-1]
        p = _probabilities(ranker, choice, columns, np.array(row["pool"], np.float32))
        if not np.allclose(p, row["p"], atol=TOLERANCE, rtol=0):
            return False
    return True


def _probabilities(ranker: Ranker, choice: ChoiceModel, rows: np.ndarray, pool: np.ndarray) -> list[float]:
    score = ranker.booster.score(rows) if ranker.booster is not None else np.zeros(len(rows), np.float32)
    p, none = predict(choice, Columns(option=np.column_stack([rows, score]).astype(np.float32), pool=pool))
    return [float(x) for x in (*p, *none)]
