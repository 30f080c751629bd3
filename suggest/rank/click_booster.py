"""Trees fitted to clicks by their likelihood: how attractive an option is, apart from where it stood.

    P(taken | reached, slot k) = theta_k · a(x),   a = sigmoid(f(x)),   f a sum of trees

By EM: an option that was passed over was looked at and unattractive, or not looked at; with r = E[attractive]

    r = 1 where it was taken,  r = a (1 - theta_k) / (1 - theta_k a)  where not;   gradient a - r,  hessian a (1 - a)

and every REESTIMATED trees theta_k becomes the mean chance of having been looked at at that slot, theta_0 = 1 (Wang et
al., WSDM 2018, regression EM). Only slots at or above the one taken are rows: below, nobody has been. Labels are rows
with theta = 1. Its scores are logits of attractiveness. It misleads where position and attractiveness never come apart,
as under a policy that never explores and a memory that never grows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suggest.rank.booster import Booster, RankingRows, growth
from suggest.rank.features import OPTION_FEATURES

Floats = NDArray[np.float64]
REESTIMATED = 5  # trees
_PSEUDO = 20.0


def fit_click_booster(rows: RankingRows, *, seed: int, trees: int = 150, threads: int = 1) -> tuple[Booster, Floats]:
    """The booster, and theta by position id (position 0, where labels are, and 1, the top slot, are always 1)."""
    import lightgbm

    taken = rows.relevance > 0
    position, weight = rows.position, rows.weight.astype(np.float64)
    n_positions = int(position.max()) + 1
    start = np.concatenate([[1.0], 1.0 / np.sqrt(np.arange(1, n_positions))]) if n_positions > 1 else np.ones(1)
    theta = start.copy()
    base = float(np.clip(np.average(taken, weights=weight), 1e-3, 1 - 1e-3))
    offset = float(np.log(base / (1 - base)))
    done = 0

    def reestimated(a: Floats) -> Floats:
        at = theta[position]
        looked = np.where(taken, 1.0, at * (1 - a) / (1 - at * a)) * weight
        total = np.bincount(position, weights=weight, minlength=n_positions)
        fresh = np.bincount(position, weights=looked, minlength=n_positions) + _PSEUDO * start
        fresh = np.clip(fresh / (total + _PSEUDO), 0.01, 1.0)
        fresh[:2] = 1.0
        return np.asarray(fresh, np.float64)

    def objective(raw: Floats, _: Any) -> tuple[Floats, Floats]:
        nonlocal theta, done
        a = 1.0 / (1.0 + np.exp(-(raw + offset)))
        if done and done % REESTIMATED == 0:
            theta = reestimated(a)
        done += 1
        at = theta[position]
        r = np.where(taken, 1.0, a * (1 - at) / (1 - at * a))
        return (a - r) * weight, np.maximum(a * (1 - a), 1e-6) * weight

    parameters = growth(seed=seed, threads=threads) | {"objective": objective}
    dataset = lightgbm.Dataset(rows.features, label=rows.relevance, feature_name=list(OPTION_FEATURES))
    model = lightgbm.train(parameters, dataset, num_boost_round=trees)
    return Booster(model.model_to_string()), theta
