"""The one feature function, with named columns. What a model is trained on and what it serves with come from here.

Every candidate's own text counts as one past context of weight 1 (a *pseudo-example*), so that a candidate nobody has
chosen yet is described by the same columns as a well-known one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suggest.rank.evidence import Evidence, Floats
from suggest.rank.field_model import FieldModel
from suggest.rank.habits import HABIT_FEATURES
from suggest.rank.traits import NO_TRAITS, Traits

OPTION_FEATURES: tuple[str, ...] = (
    "name_cosine",  # context against the candidate's own text
    "best_cosine",  # the nearest of its past contexts and its own text
    "second_cosine",  # the second nearest of them
    "centroid_cosine",  # the mean of its past contexts; its own text where there are none
    "vote",  # share of a kernel vote among the nearest past contexts
    "rel_weight",  # log(1 + weight of its past contexts), less the pool's mean: memory grows between retrains
    "thin_name",  # name_cosine / (1 + weight), less the pool's mean: the name speaks while there is little else
    "lexical",  # word overlap with the candidate's own text
    "linear",  # log-probability of the linear model (or its stand-in)
    "gap_name",  # name_cosine less the best of the pool
    "gap_best",  # best_cosine less the best of the pool
    "gap_centroid",  # centroid_cosine less the best of the pool
    "gap_linear",  # linear less the best of the pool
    "fields",  # what the fields say of it, as a logit less the pool's mean (rank.field_model)
    "gap_fields",  # fields less the best of the pool
    "field_match",  # share of the categories it has in common with the context in which both agree
    "field_apart",  # mean distance of the numbers it has in common with the context, in spreads
    *HABIT_FEATURES,  # how often it is taken: by all, by this user, in this sitting; and how lately (rank.habits)
)
SET_FEATURES: tuple[str, ...] = (
    "max_name",
    "max_best",
    "max_centroid",
    "second_best",  # the runner-up candidate's best_cosine
    "near",  # mean cosine of the ten nearest past contexts
    "none_vote",  # share of the kernel vote that says: nothing was right
    "vote_entropy",  # in nats
    "coverage",  # log(1 + past contexts) per candidate, capped
    "max_lexical",
    "max_linear",
    "energy_linear",  # log-sum-exp of the linear model's raw scores
    "near_5",  # cosine of the fifth nearest past context: one stray neighbour is not a neighbourhood
    "near_20",  # cosine of the twentieth
    "linear_none",  # log-odds of the linear model that nothing is right; 0 where it knows no such context
)
FEATURE_VERSION = 4
_EARLIER = frozenset({13, 17})  # how many option features earlier versions had: the first of them, in this order
KERNEL = 16.0  # sharpness of the vote: exp(KERNEL * cosine); near the measured MiniLM temperature of 18
NEIGHBOURS = 50
_COLUMN = {name: i for i, name in enumerate(OPTION_FEATURES)}


def column(name: str) -> int:
    """The place of a named option feature.

    >>> column("name_cosine")
    0
    """
    return _COLUMN[name]


def widened(rows: Floats) -> Floats:
    """Rows as they were stored, the booster's score last, with the columns of today: what an earlier version did not
    know is 0, which is what these columns say where nothing is known. Empty where they cannot be told apart."""
    n_features = rows.shape[1] - 1 if rows.ndim == 2 else 0
    if n_features == len(OPTION_FEATURES):
        return rows
    if n_features not in _EARLIER:
        return np.zeros((0, 0), np.float32)
    wide = np.zeros((len(rows), len(OPTION_FEATURES) + 1), np.float32)
    wide[:, :n_features], wide[:, -1] = rows[:, :-1], rows[:, -1]
    return wide


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What the near past contexts say of each candidate of the pool."""

    best: Floats  # (n,) cosine of the nearest
    second: Floats  # (n,) of the second nearest
    vote: Floats  # (n,) share of the kernel vote
    none_vote: float  # share of it that says: nothing was right


def option_features(evidence: Evidence, near: Neighbourhood, linear: Floats) -> Floats:
    """One row a candidate, (n, len(OPTION_FEATURES)). `linear` is (n,) log-probabilities, zeros without a model."""
    n = len(evidence.ids)
    rows = np.zeros((n, len(OPTION_FEATURES)), np.float32)
    if n == 0:
        return rows
    centroid = np.where(evidence.centroid_cosine != 0, evidence.centroid_cosine, evidence.name_cosine)
    thin = evidence.name_cosine / (1.0 + evidence.memory_weight)
    weight = np.log1p(evidence.memory_weight)
    columns = (
        evidence.name_cosine,
        near.best,
        near.second,
        centroid,
        near.vote,
        weight - weight.mean(),
        thin - thin.mean(),
    )
    for place, values in enumerate((*columns, evidence.lexical, linear)):
        rows[:, place] = values
    for gap, of in (
        ("name", "name_cosine"),
        ("best", "best_cosine"),
        ("centroid", "centroid_cosine"),
        ("linear", "linear"),
    ):
        rows[:, column(f"gap_{gap}")] = rows[:, column(of)] - rows[:, column(of)].max()
    if evidence.habits is not None:
        rows[:, column(HABIT_FEATURES[0]) : column(HABIT_FEATURES[-1]) + 1] = evidence.habits
    return rows


def write_fields(
    rows: Floats, model: FieldModel | None, context: Traits, ids: Sequence[str], options: Sequence[Traits]
) -> None:
    """Write the columns of the fields into `rows`; without a model they are 0."""
    if model is None or not len(rows):
        rows[:, [column(name) for name in ("fields", "gap_fields", "field_match", "field_apart")]] = 0.0
        return
    said = model.said(context, ids, options or [NO_TRAITS] * len(rows))
    rows[:, column("fields")] = said.logit
    rows[:, column("gap_fields")] = said.logit - said.logit.max()
    rows[:, column("field_match")] = said.match
    rows[:, column("field_apart")] = said.apart


def set_features(
    evidence: Evidence, near: Neighbourhood, rows: Floats, energy: float, none_log_odds: float = 0.0
) -> Floats:
    """What speaks for or against "one of these is right", (len(SET_FEATURES),) float32."""
    values = np.zeros(len(SET_FEATURES), np.float32)
    if len(evidence.ids) == 0:
        return values
    best = np.sort(rows[:, column("best_cosine")])
    shares = np.append(near.vote, near.none_vote)
    shares = shares[shares > 0]
    ten = evidence.neighbour_cosines[:10]
    values[:] = (
        rows[:, column("name_cosine")].max(),
        best[-1],
        rows[:, column("centroid_cosine")].max(),
        best[-2] if len(best) > 1 else 0.0,
        ten.mean() if len(ten) else best[-1],
        near.none_vote,
        float(-(shares * np.log(shares)).sum()),
        min(float(np.log1p(evidence.memory_weight).mean()), 4.0),
        rows[:, column("lexical")].max(),
        rows[:, column("linear")].max(),
        energy,
        _nth_nearest(evidence, 5, otherwise=best[-1]),
        _nth_nearest(evidence, 20, otherwise=best[-1]),
        none_log_odds,
    )
    return values


def _nth_nearest(evidence: Evidence, n: int, *, otherwise: float) -> float:
    """Cosine of the n-th nearest past context, of the last where there are fewer."""
    cosines = evidence.neighbour_cosines
    return float(cosines[min(n, len(cosines)) - 1]) if len(cosines) else float(otherwise)


def neighbourhood(evidence: Evidence) -> Neighbourhood:
    """Nearest, second nearest and kernel vote per candidate, its own text counting as one past context."""
    if not evidence.ids:
        return Neighbourhood(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0)
    place = {item: i for i, item in enumerate(evidence.ids)}
    top = max(
        float(evidence.name_cosine.max()),
        float(evidence.neighbour_cosines[0]) if len(evidence.neighbour_cosines) else -1.0,
    )
    vote = np.exp(KERNEL * (evidence.name_cosine - top))
    kernel = evidence.neighbour_weights * np.exp(KERNEL * (evidence.neighbour_cosines - top))
    trust = np.minimum(1.0, evidence.neighbour_weights.astype(np.float64)) ** 0.25
    damped = evidence.neighbour_cosines * trust.astype(np.float32)
    rows = np.array([-1 if item is None else place.get(item, -1) for item in evidence.neighbour_items], np.intp)
    is_none = np.array([item is None for item in evidence.neighbour_items], np.bool_)
    known = rows >= 0
    np.add.at(vote, rows[known], kernel[known])
    none = float(sum(kernel[is_none].tolist()))
    firsts, seconds = evidence.name_cosine.tolist(), [-1.0] * len(place)
    for i, cosine in zip(rows[known].tolist(), damped[known].tolist(), strict=True):
        if cosine > firsts[i]:
            firsts[i], seconds[i] = cosine, firsts[i]
        elif cosine > seconds[i]:
            seconds[i] = cosine
    best, second = np.array(firsts, np.float32), np.array(seconds, np.float32)
    total = float(vote.sum()) + none
    return Neighbourhood(
        best, np.where(second > -1, second, best - 0.2), (vote / total).astype(np.float32), none / total
    )
