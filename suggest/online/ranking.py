"""A ranked pool, and the small rules of putting one in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import Floats
from suggest.calibrate.together import ALONE, Together
from suggest.online.model import Model
from suggest.rank.features import FEATURE_VERSION

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The pool, best first."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    logits: Floats  # (n,) calibrated, instant head included; what is right with others counts for both
    p_select: Floats  # (n,) over the whole pool; sums to 1 - p_none
    p_none: float  # corrected for the share of unanswerable requests in recent traffic
    kinds_raw: Floats  # (3,) P(answerable), P(near), P(far) before that correction
    features: bytes  # float16, n x len(COLUMNS)
    feature_version: int
    bundle: str
    degraded: bool
    explanations: tuple[Mapping[str, float], ...] = ()  # per option, what moved its logit; only when asked for
    together: Together = ALONE
    nearest: tuple[str | None, float] | None = None  # what was right in the nearest past context, and its cosine

    def shown(self, rows: Sequence[int]) -> Floats:
        """P(a person takes it from a slate of these rows) of each; their sum is P(a right option is in the slate)."""
        return self.together.shown(self.ids, self.p_select, rows)

    @property
    def p_none_raw(self) -> float:
        """P(no candidate of the pool is right) in the shares the bundle was fitted on."""
        return float(1.0 - self.kinds_raw[0])


def best_first(utilities: Floats, ids: Sequence[str]) -> NDArray[np.int64]:
    """By utility, ties by id, so that equal requests get equal slates."""
    return np.lexsort((np.array(ids), -np.round(utilities, 9)))


def with_companions(utilities: Floats, p: Floats, ids: Sequence[str], together: Together) -> Floats:
    """The logits that order a slate: of P(this is right), where several may be."""
    if not together.shares:
        return utilities
    least = np.finfo(np.float64).tiny
    return utilities + np.log(np.maximum(together.rightness(ids, p), least) / np.maximum(p, least))


def nothing(model: Model, *, degraded: bool) -> Ranking:
    return Ranking(
        ids=(),
        texts=(),
        logits=np.zeros(0),
        p_select=np.zeros(0),
        p_none=1.0,
        kinds_raw=np.array([0.0, 0.5, 0.5]),
        features=b"",
        feature_version=FEATURE_VERSION,
        bundle=model.bundle,
        degraded=degraded,
    )


def explained(
    model: Model, z: Vector, residual: Vector, tried: Floats, order: NDArray[np.int64]
) -> tuple[Mapping[str, float], ...]:
    """theta · z split by column, against the pool's mean: what set an option apart from the others.

    `residual` and `tried` (n,) are what the instant head and the trials of the moment add to it."""
    apart = (z - z.mean(axis=0)) * model.choice.theta
    names = model.choice.option_names
    return tuple(
        {name: round(float(apart[i, c]), 3) for c, name in enumerate(names)}
        | {"learned_now": round(float(residual[i]), 3), "tried_now": round(float(tried[i]), 3)}
        for i in order
    )
