"""The instant head: a Bayesian linear residual per candidate, updated by every outcome and used by the next request.

Model: logit(y) = offset + w·e with w ~ N(m, diag v), one (m, v) per candidate. Each outcome is one step of a diagonal
extended Kalman filter (the Gaussian approximation of AdPredictor, Graepel et al., ICML 2010). It misleads where the
offset is badly calibrated, since it then learns the offset's error for every context alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
PRIOR_VARIANCE = 1.0  # of each weight; unit embeddings make it the variance of the residual itself
DRIFT = 1e-5  # variance that returns with each update: what was learned may go out of date
LARGEST_STEP = 3.0  # a single outcome moves no logit at its own context by more than this


@dataclass(frozen=True, slots=True)
class _Stacked:
    """The means of all candidates as one matrix: one product a request instead of one a candidate."""

    changes: int  # that had happened when it was made
    places: Mapping[str, int]
    means: NDArray[np.float32]  # (n, dim)
    asked: list[tuple[tuple[str, ...], NDArray[np.intp]]] = field(default_factory=list)  # the last ids and their rows

    def rows(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """The row of each, -1 where nothing was learned: of the same tuple as the last time it is known already."""
        for asked, found in tuple(self.asked):
            if asked is ids:
                return found
        rows = np.array([self.places.get(i, -1) for i in ids], np.intp)
        if isinstance(ids, tuple):
            self.asked[:] = [(ids, rows)]
        return rows


class Head:
    """Residual logits per candidate.

    >>> head, e = Head(dim=2), np.array([1.0, 0.0], np.float32)
    >>> head.update(e, "a", accepted=True, offset=0.0)
    >>> bool(head.residuals(e, ["a", "b"])[0] > 0), float(head.residuals(e, ["a", "b"])[1])
    (True, 0.0)
    """

    def __init__(self, *, dim: int) -> None:
        self.dim = dim
        self._mean: dict[str, Vector] = {}
        self._variance: dict[str, Vector] = {}
        self._changes = 0  # how often anything was learned or forgotten
        self._stacked = _Stacked(0, {}, np.zeros((0, dim), np.float32))

    def __len__(self) -> int:
        return len(self._mean)

    def residuals(self, embedding: Vector, ids: Sequence[str]) -> Vector:
        """What each candidate's logit gains at this context, (n,) float32; 0 where nothing was learned."""
        stacked = self._stack()
        if not stacked.places:
            return np.zeros(len(ids), np.float32)
        learned = np.append(stacked.means @ embedding, np.float32(0.0))
        return np.asarray(learned[stacked.rows(ids)], np.float32)

    def update(self, embedding: Vector, item: str, *, accepted: bool, offset: float, weight: float = 1.0) -> None:
        """One outcome: `accepted` with prior logit `offset` (the model's own, before this head).

        `weight` is how much of an observation it is: it scales the gradient and the curvature of its log-likelihood."""
        self.update_many(embedding, [item], accepted=[accepted], offsets=[offset], weight=weight)

    def update_many(
        self,
        embedding: Vector,
        items: Sequence[str],
        *,
        accepted: Sequence[bool],
        offsets: Sequence[float],
        weight: float = 1.0,
    ) -> None:
        """`update` of different items by one context, in one go: twenty times a tenth of a millisecond count."""
        zero, prior = np.zeros(self.dim, np.float32), np.full(self.dim, PRIOR_VARIANCE, np.float32)
        mean = np.array([self._mean.get(i, zero) for i in items])
        variance = np.minimum(np.array([self._variance.get(i, prior) for i in items]) + DRIFT, PRIOR_VARIANCE)
        logit = np.asarray(offsets, np.float64) + mean @ embedding
        p = 1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30)))
        curvature = weight * np.maximum(p * (1.0 - p), 1e-3)
        gain = variance * embedding
        spread = gain @ embedding
        shrunk = 1.0 + curvature * spread
        step = np.clip(weight * (np.asarray(accepted, np.float64) - p) / shrunk * spread, -LARGEST_STEP, LARGEST_STEP)
        scale = step / np.maximum(spread, 1e-9)
        # copy-on-write: a request that is being ranked keeps the vectors it started with
        mean = (mean + gain * scale[:, None]).astype(np.float32)
        variance = (variance - gain**2 * (curvature / shrunk)[:, None]).astype(np.float32)
        for row, item in enumerate(items):
            self._mean[item], self._variance[item] = mean[row].copy(), variance[row].copy()
        self._changes += 1

    def variance(self, embedding: Vector, item: str) -> float:
        """How unsure the residual is at this context."""
        v = self._variance.get(item)
        return float(embedding**2 @ v) if v is not None else PRIOR_VARIANCE * float(embedding @ embedding)

    def forget(self, item: str) -> None:
        self._mean.pop(item, None)
        self._variance.pop(item, None)
        self._changes += 1

    def reset(self) -> None:
        self._mean, self._variance = {}, {}
        self._changes += 1

    def _stack(self) -> _Stacked:
        """All means of now. What is learned meanwhile counts as a change afterwards, so that nothing stale is kept."""
        if self._stacked.changes == (changes := self._changes):
            return self._stacked
        mean = dict(self._mean)
        means = np.array(list(mean.values()), np.float32).reshape(-1, self.dim)
        self._stacked = stacked = _Stacked(changes, {i: n for n, i in enumerate(mean)}, means)
        return stacked

    def state(self) -> Mapping[str, tuple[Vector, Vector]]:
        return {item: (self._mean[item], self._variance[item]) for item in self._mean}
