"""What another policy would have done with a logged pool: a stored bundle, another exploration, or both.

A bundle is laid over the columns that were stored when the slate was served: what depends on the bundle (the linear
model's log-probabilities and the trees' score) is computed anew, the rest stands as it was. Columns are stored as
float16, which moves a logit by about a thousandth. A bundle brings no instant head, except to the slates that it served
itself: those have its logits as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import ChoiceModel
from suggest.loop.logged import Floats, LoggedSlate, Twins
from suggest.policy.arrange import step_propensities
from suggest.policy.places import DEEPEST, place_chances
from suggest.rank.features import FEATURE_VERSION, OPTION_FEATURES, column, write_fields
from suggest.rank.linear import FLOOR
from suggest.rank.ranker import Columns, Ranker


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleModel:
    """What a target needs of a bundle."""

    id: str
    encoder: str  # fingerprint; empty: any (the prior has no model on the embedding)
    ranker: Ranker
    choice: ChoiceModel

    def why_not(self, slate: LoggedSlate) -> str | None:
        """Why this bundle cannot be laid over a slate; None where it can."""
        if slate.bundle == self.id:
            return None
        if slate.feature_version > FEATURE_VERSION or slate.columns.shape[1:] != (len(OPTION_FEATURES) + 1,):
            return "other-columns"
        if self.encoder and slate.encoder != self.encoder:
            return "other-encoder"
        if self.ranker.linear is not None and slate.embedding is None:
            return "no-embedding"
        return None

    def logits(self, slates: Sequence[LoggedSlate]) -> list[Floats]:
        """Of each slate's pool, (n,)."""
        others = [slate for slate in slates if slate.bundle != self.id]
        rows = [self._columns(slate) for slate in others]
        if rows and self.ranker.booster is not None:
            scores = self.ranker.booster.score(np.concatenate([r[:, :-1] for r in rows]))  # one call, they cost a ms
            for row, score in zip(rows, np.split(scores, np.cumsum([len(r) for r in rows])[:-1]), strict=True):
                row[:, -1] = score
        nothing = np.zeros(0, np.float32)
        named = (Columns(option=row, pool=nothing).named(self.choice.option_names) for row in rows)
        made = {slate.id: self.choice.utilities(z) for slate, z in zip(others, named, strict=True)}
        return [made.get(slate.id, slate.logits) for slate in slates]

    def _columns(self, slate: LoggedSlate) -> NDArray[np.float32]:
        rows = slate.columns.copy()
        rows[:, -1] = 0.0
        write_fields(rows, self.ranker.fields, slate.context, slate.ids, slate.options)
        linear = self.ranker.linear
        if linear is None:
            rows[:, column("linear")] = rows[:, column("gap_linear")] = 0.0
            return rows
        assert slate.embedding is not None
        log_p, _ = linear.log_probabilities(slate.embedding, slate.ids)
        unknown = np.isnan(log_p)
        s0, s1, s2 = linear.stand_in
        guess = s0 + s1 * rows[:, column("name_cosine")] + s2 * rows[:, column("best_cosine")]
        log_p[unknown] = np.clip(guess[unknown], FLOOR, 0.0)
        rows[:, column("linear")] = log_p
        rows[:, column("gap_linear")] = log_p - log_p.max()
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What a target does on one logged slate of k shown options."""

    steps: Floats  # (k,) chance of the shown option at its slot, given those above; 0 where it never would be there
    places: Floats  # (min(k, DEEPEST),) the same whatever stands above
    q_shown: Floats  # (k,) a model's reward from this slot down, the list down to it being as shown
    q_expected: Floats  # (k,) its mean over what the target would put in this slot


def chances_of(slate: LoggedSlate, logits: Floats, tau: float, attention: Floats, twins: Twins) -> Chances:
    """Lay a target over a slate. `attention` (k,): how much of p each slot earns."""
    eligible = twins.eligible(slate.ids, logits, supplied=slate.supplied)
    place = {i: n for n, i in enumerate(eligible)}
    shown = [place.get(i, -1) for i in slate.order]  # among the eligible, best first; -1: never
    k, m = len(shown), len(eligible)
    scaled = logits[eligible] / tau if tau > 0 else None
    p = slate.p[eligible]
    steps, q_shown, q_expected = np.zeros(k), np.zeros(k), np.zeros(k)
    left = np.ones(m, bool)
    for slot, picked in enumerate(shown):
        if not left.any():
            break
        q, chance = _reward_below(p, left, attention[slot:]), _chance(scaled, left)
        q_expected[slot] = float(chance @ q)
        if picked < 0:
            break
        steps[slot], q_shown[slot] = chance[picked], q[picked]
        left[picked] = False
    return Chances(steps=steps, places=_places(scaled, shown), q_shown=q_shown, q_expected=q_expected)


def served_places(slate: LoggedSlate, twins: Twins) -> Floats | None:
    """The logging policy's chance of each shown option at its place, whatever stands above; None where the policy that
    is on record could not have drawn it."""
    eligible = twins.eligible(slate.ids, slate.logits, supplied=slate.supplied)
    place = {i: n for n, i in enumerate(eligible)}
    if slate.tau == 0 or any(i not in place for i in slate.order):
        return None
    scaled = slate.logits[eligible] / slate.tau
    shown = [place[i] for i in slate.order]
    ratio = step_propensities(scaled, shown) / slate.propensities
    if float(np.abs(ratio - 1.0).max()) > 0.02:
        return None
    return place_chances(scaled, shown[:DEEPEST])


def _chance(scaled: Floats | None, left: NDArray[np.bool_]) -> Floats:
    """Of each eligible option, best first, to be put next."""
    chance = np.zeros(len(left))
    if scaled is None:
        chance[int(left.argmax())] = 1.0
        return chance
    there = scaled[left]
    weight = np.exp(there - there.max())
    chance[left] = weight / weight.sum()
    return chance


def _reward_below(p: Floats, left: NDArray[np.bool_], attention: Floats) -> Floats:
    """Q of each option for the next slot: what it earns there, and then the best of what is left below it."""
    best = np.flatnonzero(left)[: len(attention)].tolist()
    gain, earns = p[best].tolist(), attention.tolist()
    below = sum(e * g for e, g in zip(earns[1:], gain, strict=False))  # of those that are not among the best
    q = np.where(left, earns[0] * p + below, 0.0)
    for rank, option in enumerate(best):
        others = gain[:rank] + gain[rank + 1 :]
        q[option] = earns[0] * gain[rank] + sum(e * g for e, g in zip(earns[1:], others, strict=False))
    return q


def _places(scaled: Floats | None, shown: Sequence[int]) -> Floats:
    top = list(shown[:DEEPEST])
    if scaled is None:
        return np.array([float(picked == slot) for slot, picked in enumerate(top)])
    free = iter(i for i in range(len(scaled)) if i not in top)
    filled = [picked if picked >= 0 else next(free, -1) for picked in top]
    n = filled.index(-1) if -1 in filled else len(filled)
    chances = np.zeros(len(top))
    chances[:n] = place_chances(scaled, filled[:n])
    return np.where(np.array(top) >= 0, chances, 0.0)
