"""A linear model on the embedding: one weight vector a candidate, fitted as multinomial logistic regression.

P(i | e) = exp(b_i + w_i·e) / sum_l exp(b_l + w_l·e). It knows only the candidates it was fitted on; a later one gets a
stand-in computed from its cosines, so that being new is neither rewarded nor punished."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
FLOOR = -12.0  # log-probabilities below this say nothing more
FEWEST_NONES = 10  # contexts that nothing was right for, from which on "none" is a class of its own
INVERSE_RIDGE = 20.0  # C: between the two best of .3 … 100 on BANKING77's training split
INVERSE_RIDGE_TUNED = 3.0  # where the encoder was tuned on most of the rows they are nearer than new ones will be


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    classes: tuple[str, ...]
    weights: Floats  # (c, d)
    bias: Floats  # (c,)
    stand_in: Floats  # (3,) log-probability ≈ s0 + s1·name_cosine + s2·best_cosine, for candidates it was not fitted on
    none: Floats | None = None  # (d + 1,) weights and bias of "nothing is right"; None where too few such were known

    def scores(self, embeddings: Floats) -> Floats:
        """Raw scores, (n, c)."""
        return np.asarray(embeddings @ self.weights.T + self.bias, np.float32)

    def log_probabilities(self, embedding: Floats, ids: Sequence[str]) -> tuple[Floats, float]:
        """Per candidate (n,) its log-probability, NaN where it was not fitted; and the energy: log-sum-exp of all."""
        raw = self.scores(embedding[None, :])[0]
        top = float(raw.max())
        energy = top + float(np.log(np.exp(raw - top).sum()))
        place = _places(self.classes)
        chosen = np.array([place.get(i, -1) for i in ids], np.int64)
        values = np.where(chosen >= 0, raw[chosen] - energy, np.nan).astype(np.float32)
        return np.maximum(values, FLOOR), energy

    def none_log_odds(self, embedding: Floats, energy: float) -> float:
        """log P(nothing is right) / P(one of its candidates is); 0 where it knows no such context."""
        if self.none is None:
            return 0.0
        return float(np.clip(float(self.none[:-1] @ embedding) + float(self.none[-1]) - energy, FLOOR, -FLOOR))

    def to_npz(self) -> bytes:
        target = io.BytesIO()
        np.savez(
            target,
            classes=np.array(self.classes, dtype=np.str_),
            weights=self.weights,
            bias=self.bias,
            stand_in=self.stand_in,
            none=np.zeros(0, np.float32) if self.none is None else self.none,
        )
        return target.getvalue()

    @classmethod
    def from_npz(cls, stored: bytes) -> LinearModel:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            return cls(
                classes=tuple(str(c) for c in arrays["classes"]),
                weights=arrays["weights"],
                bias=arrays["bias"],
                stand_in=arrays["stand_in"],
                none=arrays["none"] if "none" in arrays and len(arrays["none"]) else None,
            )


_PLACES: dict[int, tuple[tuple[str, ...], dict[str, int]]] = {}


def _places(classes: tuple[str, ...]) -> dict[str, int]:
    """class -> row, remembered per tuple: building it anew would cost more than the model itself."""
    held = _PLACES.get(id(classes))
    if held is None or held[0] is not classes:
        if len(_PLACES) > 64:
            _PLACES.clear()
        held = (classes, {c: i for i, c in enumerate(classes)})
        _PLACES[id(classes)] = held
    return held[1]


def fit_linear(
    embeddings: Floats, items: Sequence[str | None], weights: Floats, *, inverse_ridge: float = INVERSE_RIDGE
) -> LinearModel | None:
    """Multinomial logistic regression by L-BFGS; None where fewer than two classes are known.

    The item None, "nothing was right", is a class beside them, where there are FEWEST_NONES of it. `inverse_ridge` is
    scikit-learn's C. A tolerance of 1e-3 stops after 8 steps on 150 classes, 1.6 points of top-1 short. The stand-in
    is set later, from out-of-fold rows, by `with_stand_in`."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    classes = sorted({i for i in items if i is not None})
    if len(classes) < 2:
        return None
    has_none = sum(i is None for i in items) >= FEWEST_NONES
    used = np.array([has_none or i is not None for i in items])
    place: dict[str | None, int] = {c: n for n, c in enumerate(classes)} | {None: len(classes)}
    y = np.array([place[i] for i in items])
    model = LogisticRegression(C=inverse_ridge, max_iter=200, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(embeddings[used], y[used], sample_weight=weights[used])
    coefficients, intercepts = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(coefficients) == 1:  # scikit-learn keeps one row for two classes
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    n = len(classes)
    return LinearModel(
        classes=tuple(classes),
        weights=coefficients[:n],
        bias=intercepts[:n],
        stand_in=np.array([FLOOR, 0.0, 0.0], np.float32),
        none=np.append(coefficients[n], intercepts[n]) if has_none else None,
    )


def with_stand_in(model: LinearModel, name_cosine: Floats, best_cosine: Floats, log_probability: Floats) -> LinearModel:
    """The model with its stand-in fitted by least squares on (context, candidate) rows it did know, each (rows,)."""
    design = np.column_stack([np.ones(len(name_cosine)), name_cosine, best_cosine])
    solved, *_ = np.linalg.lstsq(design.astype(np.float64), log_probability.astype(np.float64), rcond=None)
    return replace(model, stand_in=solved.astype(np.float32))
