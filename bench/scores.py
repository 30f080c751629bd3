"""Real scores to draw from: what a calibrated model on frozen embeddings says of requests whose answer is known.

Two populations, each with requests that no option answers:

    clinc150    150 intents, out-of-scope queries as they were collected (far)
    banking77   57 of the 77 categories; the rows of the other 20 are what cannot be answered (near)

Logistic regression on all-MiniLM-L6-v2, frozen; p_any and p_top1 by one more logistic regression each, on a fold of
its own (top probability, mass of the first three, nearest example). Made once and kept in the temporary folder.
CLINC150 (CC BY 3.0, Larson et al. 2019), BANKING77 (CC BY 4.0, Casanueva et al. 2020), from SUGGEST_DATA."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CACHE = Path(tempfile.gettempdir()) / "suggest-bench"
LICENCES = "CLINC150 CC BY 3.0; BANKING77 CC BY 4.0"
N_CALIBRATION, K, UNANSWERABLE = 1_000, 3, "-"
OOS_SHARE = 0.03  # of the calibration fold: what traffic is like when a stream begins

Texts = list[tuple[str, str]]  # text, its right option or UNANSWERABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Requests with their scores, columns of one length; `answerable` tells what a stream may draw."""

    p_any: NDArray[np.float64]
    correct: NDArray[np.bool_]  # a right option is among the first K
    p_top1: NDArray[np.float64]
    first: NDArray[np.bool_]
    answerable: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.p_any)

    def mixed(self, n: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """Rows of `n` requests of which about `share` cannot be answered, with replacement."""
        wild = rng.random(n) < share
        within, without = np.flatnonzero(self.answerable), np.flatnonzero(~self.answerable)
        return np.where(wild, rng.choice(without, n), rng.choice(within, n))


def population(name: str) -> Population:
    """From the cache, else made now (some minutes of encoding)."""
    file = CACHE / f"scores-{name}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = _made(*{"clinc150": _clinc150, "banking77": _banking77}[name]())
        np.savez(file, **{key: getattr(made, key) for key in Population.__dataclass_fields__})
    with np.load(file, allow_pickle=False) as kept:
        return Population(**{key: kept[key] for key in Population.__dataclass_fields__})


def _clinc150() -> tuple[Texts, Texts]:
    whole = json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())
    plus = json.loads((DATA / "clinc150" / "oos_train_plus.json").read_text())
    rng = np.random.default_rng(0)
    rows: Texts = [(t, i) for t, i in whole["train"]]
    rng.shuffle(rows)
    strangers = sorted({t for t, _ in [*plus, *whole["oos_train"], *whole["oos_val"]]})
    return rows[:3_000], [*rows[3_000:10_500], *((t, UNANSWERABLE) for t in strangers)]


def _banking77() -> tuple[Texts, Texts]:
    rng = np.random.default_rng(0)
    rows = [row for part in ("train", "test") for row in csv.DictReader((DATA / "banking77" / f"{part}.csv").open())]
    categories = sorted({row["category"] for row in rows})
    held_out = set(rng.permutation(categories)[:20].tolist())
    told: Texts = [(r["text"], UNANSWERABLE if r["category"] in held_out else r["category"]) for r in rows]
    rng.shuffle(told)
    known = [row for row in told if row[1] != UNANSWERABLE]
    strange = [row for row in told if row[1] == UNANSWERABLE]
    return known[:2_000], [*known[2_000:8_000], *strange[:1_500]]


def _made(train: Texts, rest: Texts) -> Population:
    from sklearn.linear_model import LogisticRegression

    from suggest.retrieve.encoder import load_encoder

    encoder = load_encoder(cache_dir=CACHE)
    x, rows = encoder.encode([t for t, _ in train]), encoder.encode([t for t, _ in rest])
    truth = np.array([i for _, i in rest])
    model = LogisticRegression(C=30, max_iter=300).fit(x, [i for _, i in train])
    p = model.predict_proba(rows)
    best = np.argsort(-p, axis=1)[:, :K]
    hits = model.classes_[best] == truth[:, None]
    top = np.take_along_axis(p, best, axis=1)
    z = np.column_stack([_logit(top[:, 0]), _logit(top.sum(1)), (rows @ x.T).max(1), top[:, 0] - top[:, 1]])
    answerable = truth != UNANSWERABLE
    correct, first = hits.any(1), hits[:, 0]
    rng = np.random.default_rng(1)
    everything = rng.permutation(len(rest))
    n_wild = int(OOS_SHARE * N_CALIBRATION)
    tame, wild = everything[answerable[everything]], everything[~answerable[everything]]
    fold = np.concatenate([tame[: N_CALIBRATION - n_wild], wild[:n_wild]])
    others = np.setdiff1d(everything, fold)

    def calibrated(right: NDArray[np.bool_]) -> NDArray[np.float64]:
        fitted = LogisticRegression(C=10, max_iter=500).fit(z[fold], right[fold])
        return np.asarray(fitted.predict_proba(z[others])[:, 1], np.float64)

    return Population(
        p_any=calibrated(correct),
        correct=correct[others],
        p_top1=calibrated(first),
        first=first[others],
        answerable=answerable[others],
    )


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(safe / (1 - safe)), np.float64)
