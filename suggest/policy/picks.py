"""Which unanswered contexts a person's minute is best spent on: those that stand for many that the model is unsure of.

    gain(c) = Σ_u w_u · max(0, cos(u, c) − covered_u)

u runs over a sample of recent unanswered contexts; covered_u is the cosine of u to the nearest context that was
answered, or picked already; w_u = 1 − margin_u, where the margin is P(best option) − P(second). While there are fewer
answers than options the weights are 1: a model that has seen nothing is unsure of the wrong things, and going by it
does worse than chance (bench/labels.py: entropy).

Assumes that near contexts have the same answer, and that the sample is like the traffic to come. Misleads where the
encoder puts different answers beside each other (a negation), and where most of the sample is of no interest to
anybody: the middle of a large heap of junk is picked once, too. What is picked is no sample of anything: a figure about
traffic may only come from `arms`' random share.

Greedy choice of a monotone submodular gain is within 1 − 1/e of the best set (Nemhauser, Wolsey & Fisher 1978);
facility location for active learning: Wei, Iyer & Bilmes, ICML 2015; coverage first: Hacohen, Dekel & Weinshall, ICML
2022."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

CONTROL_SHARE = 0.1  # of the picks that are drawn blindly, always: what the others are measured against


def weights(margins: ArrayLike, *, n_answers: int, n_options: int) -> Floats:
    """How much each context counts, (n,): all alike while there are fewer answers than options, then 1 − margin.

    >>> weights([1.0, 0.25], n_answers=3, n_options=2).tolist()
    [0.0, 0.75]
    >>> weights([1.0, 0.25], n_answers=1, n_options=2).tolist()
    [1.0, 1.0]
    """
    margin = np.asarray(margins, np.float32)
    if n_answers < n_options:
        return np.ones_like(margin)
    return np.asarray(1.0 - np.clip(margin, 0.0, 1.0), np.float32)


def pick(embeddings: Floats, weight: Floats, covered: Floats, n: int) -> Places:
    """The places of at most n contexts, in the order of their worth.

    `embeddings` (m, d) are unit vectors, `weight` (m,) is as `weights` gives it, `covered` (m,) the best cosine of each
    to what was answered before (−1 where nothing was). Memory grows with m² and time with m² · n: 4 MB for m = 1,000.
    Ends early where nothing is left to gain.

    Two heaps and a stray: the middle of the larger heap goes first, then the other; the stray is not worth it yet.

    >>> heaps = np.array([[1, 0, 0]] * 3 + [[0, 1, 0]] * 2 + [[0, 0, 1]], np.float32)
    >>> pick(heaps, np.ones(6, np.float32), np.full(6, -1.0, np.float32), 2).tolist()
    [0, 3]
    """
    if not len(embeddings) == len(weight) == len(covered):
        raise ValueError(f"got {len(embeddings)} embeddings, {len(weight)} weights, {len(covered)} covered")
    near = embeddings @ embeddings.T  # (m, m)
    best = np.maximum(covered, 0.0).astype(np.float32)  # what is farther than a right angle has nothing in common
    picked: list[int] = []
    for _ in range(min(n, len(embeddings))):
        gain = weight @ np.maximum(near - best[:, None], 0.0)
        gain[picked] = -1.0
        first = int(np.argmax(gain))
        if gain[first] <= 1e-6:
            break
        picked.append(first)
        best = np.maximum(best, near[:, first])
    return np.array(picked, np.intp)


def arms(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of n picks are drawn blindly, (n,): each by itself with this chance, whatever the model says.

    >>> arms(4, 1.0, np.random.default_rng(0)).tolist()
    [True, True, True, True]
    """
    if not 0 < share <= 1:
        raise ValueError(f"the blind share must be in (0, 1], got {share}: without one nothing can be measured")
    return np.asarray(rng.random(n) < share)
