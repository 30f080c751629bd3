"""Team-draft interleaving: one slate from two rankings, so that every person compares them.

In each round a coin says which ranking picks first; each then takes its best option that is still free. A selection
speaks for the ranking that picked the option, and only where the two rank it differently: where they agree it says
nothing. Radlinski, Kurup & Joachims, CIKM 2008. The propensities stay exact: the coins are summed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from suggest.metrics.arrays import Floats, finite
from suggest.policy.arrange import one_per_cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The slate as indices into the options, top first, and what is to be known of each slot."""

    order: tuple[int, ...]
    propensities: tuple[float, ...]  # given the options above, whatever the coins said
    by_challenger: tuple[bool, ...]  # who picked it
    contested: tuple[bool, ...]  # the two rank it differently: a selection of it counts


def team_draft(
    ids: Sequence[str],
    champion: ArrayLike,
    challenger: ArrayLike,
    k: int,
    *,
    rng: np.random.Generator,
    tau: float = 0.0,
    clusters: Mapping[str, str] | None = None,
) -> Draft:
    """Interleave two rankings of the same options, given as calibrated logits (n,). With `tau` each picks by
    Plackett–Luce over what is free, as it would alone. Of options that share a cluster the champion's best takes part.

    >>> draft = team_draft(["a", "b"], [2.0, 1.0], [2.0, 1.0], 2, rng=np.random.default_rng(0))
    >>> draft.order, draft.propensities, draft.contested
    ((0, 1), (1.0, 1.0), (False, False))
    """
    ours, theirs = finite(champion, "champion"), finite(challenger, "challenger")
    if not len(ids) == ours.size == theirs.size:
        raise ValueError("both rank the same options")
    eligible = one_per_cluster(ids, ours, clusters)
    a, b = ours[eligible], theirs[eligible]
    differs = _ranks(a) != _ranks(b)
    free = np.ones(len(eligible), bool)
    chance_open, chance_a, chance_b = 1.0, 0.0, 0.0  # of a new round; of the champion's, the challenger's turn in it
    turn: bool | None = None  # True: the challenger's; None: a coin decides
    picked, propensities, teams = [], [], []
    for _ in range(min(k, len(eligible))):
        of_a, of_b = _chances(a, free, tau), _chances(b, free, tau)
        is_challenger = bool(rng.random() < 0.5) if turn is None else turn
        option = int(rng.choice(len(eligible), p=of_b if is_challenger else of_a))
        by_a = (0.5 * chance_open + chance_a) * of_a[option]
        by_b = (0.5 * chance_open + chance_b) * of_b[option]
        total = float(by_a + by_b)
        chance_open, chance_a, chance_b = (
            float(chance_a * of_a[option] + chance_b * of_b[option]) / total,
            float(0.5 * chance_open * of_b[option]) / total,
            float(0.5 * chance_open * of_a[option]) / total,
        )
        turn = not is_challenger if turn is None else None
        free[option] = False
        picked.append(option)
        propensities.append(min(total, 1.0))
        teams.append(is_challenger)
    return Draft(
        order=tuple(eligible[i] for i in picked),
        propensities=tuple(propensities),
        by_challenger=tuple(teams),
        contested=tuple(bool(differs[i]) for i in picked),
    )


def _ranks(logits: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = np.empty(logits.size, np.int64)
    ranks[np.argsort(-np.round(logits, 9), kind="stable")] = np.arange(logits.size)
    return ranks


def _chances(logits: Floats, free: np.ndarray[tuple[int], np.dtype[np.bool_]], tau: float) -> Floats:
    """Of each option to be picked next."""
    chances = np.zeros(logits.size)
    there = np.where(free, logits, -np.inf)
    if tau == 0.0:
        chances[int(np.round(there, 9).argmax())] = 1.0
        return chances
    weight = np.exp((there - there.max()) / tau)
    return np.asarray(weight / weight.sum(), np.float64)
