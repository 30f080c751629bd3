"""Does this context ask for an answer at all? "ok thanks" does not: nothing is suggested and nobody is bothered.

A logistic regression on the context's embedding, fitted on short messages written for this project
(`suggest/starter/trigger.jsonl`). A separate trigger is Smart Reply's idea (Kannan et al., KDD 2016). It misleads
on texts unlike small talk of any kind that still need no answer; those it lets through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
WANTED_FROM = 0.5  # P(the context asks for an answer) below which nothing is suggested


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    encoder: str  # fingerprint of the encoder whose embeddings it reads
    weights: Vector  # (d,)
    bias: float

    def needs_answer(self, embedding: Vector) -> float:
        """P(the context asks for an answer).

        >>> trigger = Trigger(encoder="x", weights=np.array([2.0], np.float32), bias=0.0)
        >>> trigger.needs_answer(np.array([0.0], np.float32))
        0.5
        """
        score = float(np.clip(embedding @ self.weights + self.bias, -30, 30))
        return float(1.0 / (1.0 + np.exp(-score)))

    def to_json(self) -> dict[str, object]:
        return {"encoder": self.encoder, "weights": [round(float(w), 5) for w in self.weights], "bias": self.bias}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Trigger:
        return cls(
            encoder=str(stored["encoder"]),
            weights=np.asarray(stored["weights"], np.float32),
            bias=float(stored["bias"]),  # type: ignore[arg-type]  # JSON number
        )


def fit_trigger(
    embeddings: NDArray[np.float32],
    needs_answer: NDArray[np.bool_],
    *,
    encoder: str,
    ridge: float = 0.3,
    weights: NDArray[np.float64] | None = None,
) -> Trigger:
    """Ridge-penalised logistic regression by Newton's method; (n, d) unit rows, (n,) truths and weights. Under a second
    for a thousand rows."""
    x = np.column_stack([embeddings, np.ones(len(embeddings))]).astype(np.float64)
    y = needs_answer.astype(np.float64)
    counts = np.ones(len(y)) if weights is None else weights
    beta = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], ridge)
    penalty[-1] = 1e-3
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (counts * (p - y)) + penalty * beta
        hessian = (x * (counts * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if float(np.abs(step).max()) < 1e-6:
            break
    return Trigger(encoder=encoder, weights=beta[:-1].astype(np.float32), bias=float(beta[-1]))
