"""Fit the conditional logit by maximum a posteriori, with a Gaussian prior around the shipped weights."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import ChoiceModel, Floats

# What a column may say, whatever the data: a nearer past context never makes an option less likely, a nearer pool never
# makes "none" more likely. Without this, collinear columns get opposite signs that come apart when the memory grows.
RISING = frozenset(
    {"name_cosine", "best_cosine", "second_cosine", "centroid_cosine", "vote", "lexical", "linear", "booster", "fields"}
    | {"user_rate", "session_rate"}
)
NONE_FALLING = frozenset(
    {
        "max_name",
        "max_best",
        "max_centroid",
        "near",
        "near_5",
        "near_20",
        "max_lexical",
        "max_linear",
        "energy_linear",
    }
)
NONE_RISING = frozenset({"none_vote", "vote_entropy", "linear_none"})
# The same for every context of a surface: within one surface its weight is what chance makes of it, and the memory that
# grows until the next fit then moves every probability (docs/decisions/0041).
OF_THE_SURFACE = frozenset({"coverage"})
# How far apart options lie at least by what tells new ones from well-known ones. Where all are equally well known these
# columns hardly vary, chance weighs what is left of them, and the next new option lies a hundred such spreads away
# (docs/decisions/0042).
USUAL_SPREAD = {"rel_weight": 1.0, "thin_name": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """m observed pools, ragged rows laid end to end."""

    z: NDArray[np.float32]  # (rows, option columns)
    starts: NDArray[np.int64]  # (m,) first row of each pool
    possible: Floats  # (rows,) how likely what was observed is if this option is right, in [0, 1]; 1 or 0 where known
    none_possible: Floats  # (m, 2) the same of near, far
    g: NDArray[np.float32]  # (m, set columns)
    weight: Floats  # (m,)

    def __len__(self) -> int:
        return len(self.starts)

    def __post_init__(self) -> None:
        if (
            len(self.starts)
            and not (
                np.maximum(np.maximum.reduceat(self.possible, self.starts), self.none_possible.max(axis=1)) > 0
            ).all()
        ):
            raise ValueError("every pool needs at least one possible answer")


def fit_choice(
    prior: ChoiceModel,
    seen: Choices,
    *,
    strength: float = 1.0,
    begin: ChoiceModel | None = None,
    settled: Set[str] = frozenset(),
) -> ChoiceModel:
    """MAP estimate of (theta, b, w). `strength` scales the Gaussian prior's precision around `prior`, but along theta
    itself, all weights in proportion, it is never above 1: how sharp a surface's columns are is its own affair
    (docs/decisions/0038).

    `begin` is where the search starts (a fit to nearly the same data saves most steps); the optimum is the same.
    `settled` are set columns that are the same wherever the result serves: what the prior makes of their mean here goes
    into the biases, and their weights are 0 (OF_THE_SURFACE for one surface; none over many catalogs).

    Parameters are measured per standard deviation of their column (USUAL_SPREAD at least), so units do not matter and
    L-BFGS-B is well conditioned; the gradient is exact. `shares` of the result are what the fitted model finds in its
    own data."""
    from scipy.optimize import minimize

    start = _settled(_rebased(prior, seen), settled)
    n, m = len(start.theta), len(start.set_names)
    spread = np.maximum(_within_spread(seen), [USUAL_SPREAD.get(name, 1e-3) for name in start.option_names])
    unit = np.concatenate([1.0 / spread, np.ones(2 + 2 * m)])
    precision = strength * np.concatenate([np.ones(n), np.full(2, 0.05), np.ones(2 * m)])
    origin = _parameters(start) / unit
    sharp = np.concatenate([origin[:n], np.zeros(2 + 2 * m)])
    sharp /= max(float(np.linalg.norm(sharp)), 1e-12)
    loose = max(0.0, strength - 1.0)
    z = seen.z.astype(np.float64) / spread
    g = (seen.g - start.mean) / start.scale
    lengths = np.diff(np.append(seen.starts, len(z)))
    row_weight = np.repeat(seen.weight, lengths)

    def loss(x: Floats) -> tuple[float, Floats]:
        u = z @ x[:n]
        v = x[n : n + 2] + g @ x[n + 2 :].reshape(2, m).T
        top = np.maximum(np.maximum.reduceat(u, seen.starts), v.max(axis=1))
        exp_u, exp_v = np.exp(u - np.repeat(top, lengths)), np.exp(v - top[:, None])
        total = np.add.reduceat(exp_u, seen.starts) + exp_v.sum(axis=1)
        held = np.add.reduceat(exp_u * seen.possible, seen.starts) + (exp_v * seen.none_possible).sum(axis=1)
        held = np.maximum(held, 1e-300)
        d_u = exp_u * (1.0 / np.repeat(total, lengths) - seen.possible / np.repeat(held, lengths)) * row_weight
        d_v = exp_v * (1.0 / total[:, None] - seen.none_possible / held[:, None]) * seen.weight[:, None]
        away = x - origin
        along = float(away @ sharp)
        value = float((seen.weight * np.log(total / held)).sum() + 0.5 * (precision * away**2).sum())
        value -= 0.5 * loose * along**2
        pull = precision * away - loose * along * sharp
        return value, np.concatenate([d_u @ z, d_v.sum(axis=0), (d_v.T @ g).ravel()]) + pull

    bounds = _bounds(start, settled)
    first = origin if begin is None else _parameters(_rebased(begin, seen)) / unit
    first = np.clip(first, [low for low, _ in bounds], [high for _, high in bounds])
    options = {"maxiter": 150, "ftol": 1e-7}
    solved = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x * unit
    fitted = replace(start, theta=solved[:n], bias=solved[n : n + 2], w=solved[n + 2 :].reshape(2, m))
    return replace(fitted, shares=_shares(fitted, seen))


def _parameters(model: ChoiceModel) -> Floats:
    return np.concatenate([model.theta, model.bias, model.w.ravel()])


def _shares(model: ChoiceModel, seen: Choices) -> Floats:
    """Mean probability of answerable, near and far over the data the model was fitted on."""
    u = model.utilities(seen.z)
    v = model.bias + ((seen.g - model.mean) / model.scale) @ model.w.T
    top = np.maximum(np.maximum.reduceat(u, seen.starts), v.max(axis=1))
    some = np.add.reduceat(np.exp(u - np.repeat(top, np.diff(np.append(seen.starts, len(u))))), seen.starts)
    parts = np.column_stack([some, np.exp(v - top[:, None])])
    parts /= parts.sum(axis=1, keepdims=True)
    shares = np.maximum(np.average(parts, axis=0, weights=seen.weight), 0.003)
    return np.asarray(shares / shares.sum(), np.float64)


def _bounds(model: ChoiceModel, settled: Set[str]) -> list[tuple[float, float]]:
    free, up, down = (-np.inf, np.inf), (0.0, np.inf), (-np.inf, 0.0)
    of_sets = {n: down if n in NONE_FALLING else up if n in NONE_RISING else free for n in model.set_names}
    of_sets |= dict.fromkeys(settled & of_sets.keys(), (0.0, 0.0))
    options = [up if n in RISING else free for n in model.option_names]
    return options + [free, free] + 2 * [of_sets[n] for n in model.set_names]


def _rebased(prior: ChoiceModel, seen: Choices) -> ChoiceModel:
    """The same model, its set columns standardised on the new data: equal predictions, better conditioned."""
    mean = np.average(seen.g, axis=0, weights=seen.weight)
    scale = np.sqrt(np.average((seen.g - mean) ** 2, axis=0, weights=seen.weight))
    scale = np.maximum(scale, prior.scale / 4)  # a column that hardly varied here may still move later
    w = prior.w * scale / prior.scale
    bias = prior.bias + prior.w @ ((mean - prior.mean) / prior.scale)
    return replace(prior, mean=np.asarray(mean, np.float64), scale=np.asarray(scale, np.float64), w=w, bias=bias)


def _settled(model: ChoiceModel, names: Set[str]) -> ChoiceModel:
    """Without a say of these set columns; rebased on the data, what they said at its mean is in the biases already."""
    says = np.array([name not in names for name in model.set_names])
    return replace(model, w=model.w * says)


def _within_spread(seen: Choices) -> Floats:
    """Standard deviation of each option column within its pool: between pools it cannot move a choice."""
    lengths = np.diff(np.append(seen.starts, len(seen.z)))
    means = np.add.reduceat(seen.z, seen.starts, axis=0) / lengths[:, None]
    return np.asarray((seen.z - np.repeat(means, lengths, axis=0)).std(axis=0), np.float64)
