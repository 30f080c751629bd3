"""What a bundle or a policy would have earned on the log of another, with an interval, and how far to believe it.

The measure is the share of slates from which somebody selected; silence that lasted counts as no selection, for the
target as for the log. Three answers side by side: the cascade's doubly robust value, which speaks; item-position SNIPS,
which checks it; and the log's own value. Where nothing was explored there is no overlap, and no estimate is made up:
what is known then are bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from suggest.loop.logged import Floats, LoggedSlate, Twins
from suggest.loop.targets import BundleModel, Chances, chances_of, served_places
from suggest.metrics.interval import Interval, mean_interval
from suggest.metrics.off_policy import (
    cascade_dr_terms,
    effective_sample_size,
    item_position_snips,
    normal_interval,
    prefix_weights,
)
from suggest.policy.places import DEEPEST

CONFIDENCE = 0.95
FEWEST = 2  # explored slates: one has no spread, and so no interval
THIN = 100.0  # effective slates below which a normal interval is too short
THIN_SHARE = 0.05  # of n
HEAVY_SHARE = 0.1  # of all weight on one slate
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    type: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Answers about one target. Values are shares of slates from which somebody selected."""

    n: int  # slates the estimate stands on
    logged: Interval | None  # the logged policy's own value on them (on all, where there is no estimate)
    value: Interval | None  # cascade-DR; None: the log cannot say
    item_position: Interval | None
    difference: Interval | None  # target - log, on the same slates
    ess: float | None  # effective sample size, at the slot where it is least
    bounds: tuple[float, float] | None  # without exploration: whatever people would have done
    agreement: float | None  # without exploration: share of slates on which the target shows the same
    left_out: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "measure": "share of slates from which an option was selected",
            "estimate": _mid(self.value),
            "interval": _interval(self.value),
            "n": self.n,
            "ess": None if self.ess is None else round(self.ess, 1),
            "logged": {"estimate": _mid(self.logged), "interval": _interval(self.logged)},
            "difference": {"estimate": _mid(self.difference), "interval": _interval(self.difference)},
            "item_position_snips": {"estimate": _mid(self.item_position), "interval": _interval(self.item_position)},
            "bounds": None if self.bounds is None else [round(each, 5) for each in self.bounds],
            "agreement": None if self.agreement is None else round(self.agreement, 4),
            "left_out": dict(self.left_out),
            "warnings": [{"type": each.type, "detail": each.detail} for each in self.warnings],
        }


def value_of(
    slates: Sequence[LoggedSlate],
    *,
    bundle: BundleModel | None,
    tau: float | None,
    twins: Twins,
    report: Progress = lambda done, step: None,
) -> Valuation:
    """Value `bundle` (None: each slate's own) with exploration `tau` (None: as each slate was served)."""
    usable, left_out = _usable(slates, bundle)
    explored = [slate for slate in usable if slate.tau > 0]
    if not explored:
        return _without_overlap(usable, bundle, tau, twins, left_out)
    if len(explored) < len(usable):
        left_out["deterministic"] = len(usable) - len(explored)
    if len(explored) < FEWEST:
        return _of_nothing(explored, left_out)
    terms = weighed(explored, bundle=bundle, tau=tau, twins=twins, report=report)
    own = terms.reward.sum(axis=1)
    ess = min(_ess(column) for column in terms.weights.T)
    position, said = _item_position(explored, terms, twins)
    report(0.95, "intervals")
    return Valuation(
        n=len(explored),
        logged=mean_interval(own, CONFIDENCE),
        value=normal_interval(terms.cascade, CONFIDENCE),
        item_position=position,
        difference=normal_interval(terms.cascade - own, CONFIDENCE),
        ess=ess,
        bounds=None,
        agreement=None,
        left_out=left_out,
        warnings=(*_warnings(terms, ess, left_out), *said),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A target laid over n slates of at most k options; shorter ones are padded."""

    reward: Floats  # (n, k)
    weights: Floats  # (n, k) of the list down to each slot
    cascade: Floats  # (n,) what each slate adds to the cascade-DR value
    chances: tuple[Chances, ...]


def weighed(
    slates: Sequence[LoggedSlate],
    *,
    bundle: BundleModel | None,
    tau: float | None,
    twins: Twins,
    logits: Sequence[Floats] | None = None,
    report: Progress = lambda done, step: None,
) -> Weighed:
    """Chances, weights and cascade terms. `logits` stand in for those of `bundle`."""
    if logits is None:
        logits = [slate.logits for slate in slates] if bundle is None else bundle.logits(slates)
    attention = _attention(slates)
    chances: list[Chances] = []
    for n, (slate, each) in enumerate(zip(slates, logits, strict=True)):
        wanted = slate.tau if tau is None else tau
        chances.append(chances_of(slate, each, wanted, attention[n % 2], twins))
        if n % 500 == 0:
            report(0.1 + 0.8 * n / len(slates), "weighing slates")
    k = max(len(slate.order) for slate in slates)
    reward = _padded([slate.reward for slate in slates], k, 0.0)
    logged = _padded([slate.propensities for slate in slates], k, 1.0)
    target = _padded([each.steps for each in chances], k, 1.0)
    return Weighed(
        reward=reward,
        weights=prefix_weights(logged, target),
        cascade=cascade_dr_terms(
            reward,
            logged,
            target,
            q_shown=_padded([each.q_shown for each in chances], k, 0.0),
            q_expected=_padded([each.q_expected for each in chances], k, 0.0),
        ),
        chances=tuple(chances),
    )


def _usable(slates: Sequence[LoggedSlate], bundle: BundleModel | None) -> tuple[list[LoggedSlate], dict[str, int]]:
    why = [None if bundle is None else bundle.why_not(slate) for slate in slates]
    left_out = Counter(each for each in why if each is not None)
    return [slate for slate, each in zip(slates, why, strict=True) if each is None], dict(sorted(left_out.items()))


def _attention(slates: Sequence[LoggedSlate]) -> tuple[Floats, Floats]:
    """How much of p each slot earns, (2, k): even slates are judged by what the odd ones say, and the other way round,
    so that no reward speaks for itself."""
    k = max(len(slate.order) for slate in slates)
    halves = []
    for parity in (1, 0):
        part = slates[parity::2] or slates
        earned = _padded([slate.reward for slate in part], k, 0.0).sum(axis=0)
        offered = _padded([slate.p[list(slate.order)] for slate in part], k, 0.0).sum(axis=0)
        halves.append(np.clip((earned + 1.0) / (offered + 2.0), 0.0, 1.0))
    return halves[0], halves[1]


def _item_position(
    slates: Sequence[LoggedSlate], terms: Weighed, twins: Twins
) -> tuple[Interval | None, tuple[Warned, ...]]:
    if max(len(slate.order) for slate in slates) > DEEPEST:
        detail = f"Item-position SNIPS is computed for slates of up to {DEEPEST} options only."
        return None, (Warned(type="long-slates", detail=detail),)
    places = [served_places(slate, twins) for slate in slates]
    known = [n for n, each in enumerate(places) if each is not None]
    if len(known) < 2:
        return None, ()
    k = terms.reward.shape[1]
    logged = _padded([places[n] for n in known], k, 1.0)  # type: ignore[misc]  # known ones only
    target = _padded([terms.chances[n].places for n in known], k, 1.0)
    if (target.sum(axis=0) == 0).any():
        return None, ()
    return item_position_snips(terms.reward[known], logged, target, confidence=CONFIDENCE), ()


def _warnings(terms: Weighed, ess: float, left_out: Mapping[str, int]) -> list[Warned]:
    n = len(terms.reward)
    found = []
    if ess < max(THIN, THIN_SHARE * n):
        found.append(
            Warned(
                type="thin-overlap",
                detail=f"The log did what this target would do worth {ess:.0f} of {n} slates; the interval may be too "
                "short. More slates, more exploration, or a target nearer to what served would help.",
            )
        )
    last = terms.weights[:, -1]
    if last.sum() > 0 and float(last.max() / last.sum()) > HEAVY_SHARE:
        found.append(
            Warned(
                type="heavy-slate",
                detail=f"One slate carries {last.max() / last.sum():.0%} of all weight; the estimate hangs on it.",
            )
        )
    if "deterministic" in left_out:
        found.append(
            Warned(
                type="deterministic-slates",
                detail=f"{left_out['deterministic']} slates were served without exploration and are left out: what was "
                "not shown then was never tried.",
            )
        )
    return found


def _without_overlap(
    slates: Sequence[LoggedSlate],
    bundle: BundleModel | None,
    tau: float | None,
    twins: Twins,
    left_out: Mapping[str, int],
) -> Valuation:
    """The log was deterministic: known is only what the target would have shown just so."""
    if not slates:
        return _of_nothing(slates, left_out)
    terms = weighed(slates, bundle=bundle, tau=tau, twins=twins)
    same = terms.weights[:, -1]
    own = terms.reward.sum(axis=1)
    certain = (terms.weights * terms.reward).sum(axis=1)
    possible = np.where(own > 0, 1.0, 1.0 - same)  # where the lists part, anything may have been
    logged, agreement = mean_interval(own, CONFIDENCE), float(same.mean())
    if agreement > 1 - 1e-9:
        return Valuation(
            n=len(slates),
            logged=logged,
            value=logged,
            item_position=logged,
            difference=Interval(low=0.0, mid=0.0, high=0.0, n=len(slates)),
            ess=float(len(slates)),
            bounds=None,
            agreement=1.0,
            left_out=left_out,
            warnings=(Warned(type="same-slates", detail="The target shows on every slate what was shown."),),
        )
    return Valuation(
        n=len(slates),
        logged=logged,
        value=None,
        item_position=None,
        difference=None,
        ess=None,
        bounds=(float(certain.mean()), float(possible.mean())),
        agreement=agreement,
        left_out=left_out,
        warnings=(
            Warned(
                type="no-overlap",
                detail=f"The log was served without exploration: the target would have shown the same on "
                f"{agreement:.0%} of {len(slates)} slates, and what it would have shown on the others was never tried. "
                "Set the policy's exploration (0.5 cost 0.2 points where it was measured) and ask again.",
            ),
        ),
    )


def _of_nothing(slates: Sequence[LoggedSlate], left_out: Mapping[str, int]) -> Valuation:
    """Too few slates to say anything."""
    warned = Warned(type="no-slates", detail="No slate with a known outcome can be valued by this target.")
    if slates:
        detail = f"One explored slate has a known outcome; an interval needs {FEWEST}, and a short one hundreds."
        warned = Warned(type="few-slates", detail=detail)
    rewards = np.array([slate.reward.sum() for slate in slates])
    return Valuation(
        n=len(slates),
        logged=mean_interval(rewards, CONFIDENCE) if len(slates) else None,
        value=None,
        item_position=None,
        difference=None,
        ess=None,
        bounds=None,
        agreement=None,
        left_out=left_out,
        warnings=(warned,),
    )


def _ess(weights: Floats) -> float:
    return effective_sample_size(weights) if weights.any() else 0.0


def _padded(rows: Sequence[Floats], k: int, fill: float) -> Floats:
    padded = np.full((len(rows), k), fill)
    for n, row in enumerate(rows):
        padded[n, : len(row)] = row
    return padded


def _mid(interval: Interval | None) -> float | None:
    return None if interval is None else round(interval.mid, 5)


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, 5), round(interval.high, 5)]
