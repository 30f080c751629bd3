"""Which unanswered contexts a person's minute is best spent on: those that stand for many that the model is unsure of.

    gain(c) = Σ_u (1 − margin_u)² · max(0, cos²(u, c) − covered_u²)

u runs over a sample of recent unanswered contexts; covered_u is the cosine of u to the nearest context that was
answered, or picked already; the margin is P(best option) − P(second). Cosines below 0 count as 0. A model that knows
nothing is unsure everywhere, and then this is coverage alone: no phase of its own is needed for it.

Assumes that near contexts have the same answer, that the sample is like the traffic to come, and that probabilities are
calibrated: where a model is sure and wrong, nobody is asked. Misleads where the encoder puts different answers beside
each other (a negation), and where most of the sample is of no interest to anybody: the middle of a large heap of junk
is picked once, too. What is picked is no sample of anything: a figure about traffic may only come from the random share
of `arms`.

Squares: what is far must not add up to more than what is near, and the half-sure must not drown the unsure. Both
exponents, 2 out of 1 to 4, were chosen on one seed of the corpora of bench/labels.py. Greedy choice of a monotone
submodular gain is within 1 − 1/e of the best set (Nemhauser, Wolsey & Fisher 1978); facility location for active
learning: Wei, Iyer & Bilmes, ICML 2015."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

CONTROL_SHARE = 0.1  # of the picks that are drawn blindly, always: what the others are measured against


def weights(margins: ArrayLike) -> Floats:
    """How much each context counts, (n,): the square of the model's doubt about it.

    >>> weights([1.0, 0.5, 0.0]).tolist()
    [0.0, 0.25, 1.0]
    """
    return np.asarray((1.0 - np.clip(np.asarray(margins, np.float32), 0.0, 1.0)) ** 2, np.float32)


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
    near = np.maximum(embeddings @ embeddings.T, 0.0) ** 2  # (m, m); beyond a right angle nothing is in common
    best = (np.maximum(covered, 0.0) ** 2).astype(np.float32)
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
