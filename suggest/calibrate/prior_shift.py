"""Re-estimate the shares of unanswerable requests from recent traffic, without a label.

Saerens, Latinne & Decaestecker (2002): if only the shares of the classes (answerable, near, far) changed between
fitting and serving, then P'(t) ∝ P(t) · pi'_t / pi_t, and pi' is the fixed point of pi'_t = mean P'(t), found by EM. It
misleads when what changed is not the shares but what requests of a class look like: a model that was fitted elsewhere
is wrong about every request in the same direction, and no amount of traffic mends that. `doubt` makes each request
count for less against what is usual, as a coarsened posterior does (Miller & Dunson 2019; docs/decisions/0038)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shifted(p: Floats, *, fitted: Floats, now: Floats) -> Floats:
    """Class probabilities (..., 3) with the shares `fitted` (3,), or (..., 3) of a model each, replaced by `now` (3,).

    >>> shifted(np.array([0.5, 0.5, 0]), fitted=np.array([0.89, 0.1, 0.01]), now=np.array([0.5, 0.5, 0])).round(1)
    array([0.1, 0.9, 0. ])
    """
    weighed = p * (now / fitted)
    return np.asarray(weighed / weighed.sum(axis=-1, keepdims=True), np.float64)


def estimate_shares(
    p: Floats,
    *,
    fitted: Floats,
    usual: Floats | None = None,
    iterations: int = 300,
    prior_count: float = 20.0,
    doubt: float = 0.0,
) -> Floats:
    """EM estimate of the shares in the traffic that `p` (n, 3) was predicted for; `fitted` (3,), or (n, 3) where
    different models judged different rows.

    A Dirichlet prior worth `prior_count` requests holds them at `usual` (3,), or else `fitted`, while traffic is thin;
    every request makes it worth `doubt` more, so that it never gives way altogether.

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(4000) < 0.4                  # fitted at .1, now .4 of the traffic is unanswerable
    >>> score = np.where(truth, rng.normal(2, 1, 4000), rng.normal(-2, 1, 4000))
    >>> none = 1 / (1 + np.exp(-(4 * score + np.log(.1 / .9))))  # exact log-likelihood ratio of two normals: 4 x
    >>> p = np.column_stack([1 - none, none, np.full(4000, 1e-9)])
    >>> estimate_shares(p, fitted=np.array([.9 - 1e-9, .1, 1e-9])).round(1)
    array([0.6, 0.4, 0. ])
    """
    if usual is None:
        usual = fitted if fitted.ndim == 1 else fitted.mean(axis=0)
    now, held = usual, prior_count + doubt * len(p)
    for _ in range(iterations):
        corrected = shifted(p, fitted=fitted, now=now)
        updated = np.maximum((corrected.sum(axis=0) + held * usual) / (len(p) + held), 1e-5)
        updated = updated / updated.sum()
        if float(np.abs(updated - now).max()) < 1e-6:
            break
        now = updated
    return now
