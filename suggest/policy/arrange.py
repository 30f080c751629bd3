"""Put a slate in order: near-identical options merged, explored as far as the owner allows, with exact propensities.

The propensity of a slot is the chance that the policy put this option there given the options above it; their
product is the chance of the whole slate. It is computed from the same numbers that drew the slate, at the same
moment, never estimated later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite
from suggest.policy.posterior import posterior_draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """The order as indices into the ranked options, top first, and the propensity of each slot."""

    order: tuple[int, ...]
    propensities: tuple[float, ...]
    teams: tuple[str, ...] = ()  # in a canary: the bundle that picked each
    contested: tuple[bool, ...] = ()  # in a canary: ranked differently by the two

    def __post_init__(self) -> None:
        if len(self.order) != len(self.propensities) or len(set(self.order)) != len(self.order):
            raise ValueError("an arrangement has one propensity a slot and no option twice")


def arrange(
    ids: Sequence[str],
    logits: ArrayLike,
    k: int,
    *,
    tau: float = 0.0,
    rng: np.random.Generator | None = None,
    clusters: Mapping[str, str] | None = None,
    spreads: ArrayLike | None = None,
) -> Arrangement:
    """The first k of a Plackett-Luce draw over `logits / tau`; with tau = 0 the best k by logit, ties by id,
    propensities 1.

    Gumbel top-k draws it without loops: sort logits / tau + Gumbel noise (Kool et al., ICML 2019). The logits must
    be the calibrated ones: tau is in their unit, and 0.5 cost 0.18 points of accept rate where 1.0 cost 0.9. Of the
    options that share a cluster (id -> cluster; ids left out stand alone) only the best takes part, so the
    propensities are over the options that really could have been shown. With `spreads`, how unsure each logit is, it is
    posterior sampling instead, tau times as wide (`policy.posterior`).

    >>> best = arrange(["a", "b", "c"], [1.0, 3.0, 2.0], k=2)
    >>> best.order, best.propensities
    ((1, 2), (1.0, 1.0))
    >>> arrange(["a", "b", "c"], [1.0, 3.0, 2.0], k=2, clusters={"b": "hi", "c": "hi"}).order
    (1, 0)
    """
    score = finite(logits, "logits")
    if score.ndim != 1 or score.size != len(ids):
        raise ValueError(f"one logit an option: {len(ids)} ids, logits of shape {score.shape}")
    if len(set(ids)) != len(ids):
        raise ValueError("an option may stand in a slate once only; ids must differ")
    if k < 0 or not 0.0 <= tau < float("inf"):
        raise ValueError(f"k and tau must be finite and >= 0, got k={k}, tau={tau}")
    eligible = one_per_cluster(ids, score, clusters)
    if tau == 0.0:
        order = eligible[:k]
        return Arrangement(order=tuple(order), propensities=(1.0,) * len(order))
    if rng is None:
        raise ValueError("exploration (tau > 0) draws; give the rng of the impression")
    if spreads is not None:
        unsure = np.asarray(spreads, np.float64)[eligible] * tau
        order, chances = posterior_draw(score[eligible], unsure, k, rng)
        return Arrangement(order=tuple(eligible[i] for i in order), propensities=tuple(chances))
    scaled = score[eligible] / tau
    drawn = np.argsort(-(scaled + rng.gumbel(size=scaled.size)), kind="stable")[:k]
    steps = step_propensities(scaled, drawn.tolist())
    return Arrangement(order=tuple(eligible[i] for i in drawn.tolist()), propensities=tuple(steps.tolist()))


def step_propensities(scaled_logits: ArrayLike, order: Sequence[int]) -> Floats:
    """Plackett-Luce chance of each pick given those before it: exp(s_j) / sum of exp(s_l) over what was still there.

    `scaled_logits` are logits / tau over all eligible options, `order` the indices picked; use it to value a logged
    order under another policy. Plackett 1975. Never 0: a chance below the smallest normal float is reported as that
    float.

    >>> step_propensities([0.0, 0.0, 0.0], [2, 0]).round(4).tolist()
    [0.3333, 0.5]
    """
    score = finite(scaled_logits, "scaled_logits")
    left = np.ones(score.size, dtype=bool)
    steps = np.empty(len(order))
    for slot, picked in enumerate(order):
        if not left[picked]:
            raise ValueError(f"option {picked} is picked twice")
        there = score[left]
        top = there.max()
        steps[slot] = np.exp(score[picked] - top) / np.exp(there - top).sum()
        left[picked] = False
    return np.clip(steps, np.finfo(np.float64).tiny, 1.0)


def impression_rng(impression_id: str, seed: int) -> np.random.Generator:
    """The generator of one impression: the same on every machine and in every replay, unrelated to that of any other.

    >>> impression_rng("i1", 7).random() == impression_rng("i1", 7).random() != impression_rng("i2", 7).random()
    True
    """
    digest = hashlib.blake2b(impression_id.encode(), digest_size=16, key=str(seed).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def one_per_cluster(ids: Sequence[str], score: Floats, clusters: Mapping[str, str] | None) -> list[int]:
    """Indices best first (ties by id), the first of each cluster only."""
    best_first = [i for *_, i in sorted(zip((-score).tolist(), ids, range(len(ids)), strict=True))]
    if not clusters:
        return best_first
    taken: set[str] = set()
    kept: list[int] = []
    for i in best_first:
        cluster = clusters.get(ids[i])
        if cluster is None:
            kept.append(i)
        elif cluster not in taken:
            taken.add(cluster)
            kept.append(i)
    return kept
