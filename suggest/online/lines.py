"""The lines of a surface: what its policy comes to by the serving bundle alone, and what the watch makes of that.

The first is solved when the policy or the bundle changes, the second is a step of arithmetic after each answer; neither
is on the way of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from suggest.domain.errors import FieldError, NotCertified
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.online.promises import Promises, promised
from suggest.online.suggester import Suggester
from suggest.online.surfaces import Place
from suggest.policy.alone import Alone, alone, kept
from suggest.policy.arrange import impression_rng
from suggest.policy.groups import GroupLine, group_lines
from suggest.policy.solve import Costs, Evidence, InForce, solve, stricter
from suggest.policy.stages import NextMode, next_mode
from suggest.policy.threshold import chow_threshold
from suggest.policy.watch import expit, logit
from suggest.rank.traits import language_in, traits_of

_SEED = 20_260_101  # of what is drawn of the evidence; fixed, so that asking twice is not a second chance
_ROUNDING = 1e-9  # of a probability to logits and back
_USUAL_PRECISION = 0.9  # asked of `assist` by the exit test of `shadow` where the policy promises none


def draw(place: Place) -> None:
    """Solve for the lines again: the policy or the bundle has changed."""
    policy, suggester = place.policy, place.suggester
    if not place.promises.is_of(policy):
        place.promises.begin(policy)
    place.base = base_of(policy, suggester, list(place.recent_p_any))
    place.base_alone = alone_of(policy, suggester)
    place.group_lines = group_lines_of(policy, place)
    settle(place)


def settle(place: Place) -> None:
    """Put the lines where the watch wants them now."""
    bundle = place.suggester.bundle
    place.line = in_force(place.base, place.promises, place.policy, bundle=bundle)
    place.alone = kept(place.base_alone, place.promises.top1, bundle=bundle)
    place.group_thresholds = {
        each.group: threshold for each in groups_in_force(place) if (threshold := each.threshold) is not None
    }


def group_lines_of(policy: Policy, place: Place) -> tuple[GroupLine, ...]:
    """What groups of requests come to by their own held-out answers; none where nothing is promised."""
    target = promised(policy)
    if policy.groups_by == "none" or target is None:
        return ()
    p_any, correct = place.suggester.evidence()
    tops, languages = place.suggester.evidence_of()
    named = languages if policy.groups_by == "language" else tuple(tag_of(place, top) for top in tops)
    if len(named) != len(p_any):
        return ()  # a bundle of before does not say whose answers they are
    return group_lines(p_any, correct.astype(np.float64), named, target=target)


def groups_in_force(place: Place) -> tuple[GroupLine, ...]:
    """Their lines as strict as the watch wants them, and not looser than the cheapest."""
    return _as_strict(place.group_lines, place.policy, place.base, place.promises, bundle=place.suggester.bundle)


def groups_wished(policy: Policy, place: Place, base: InForce) -> tuple[GroupLine, ...]:
    """The lines of groups that another policy would have now."""
    found, promises = group_lines_of(policy, place), _promises_of(policy, place)
    return _as_strict(found, policy, base, promises, bundle=place.suggester.bundle)


def _as_strict(
    found: Sequence[GroupLine], policy: Policy, base: InForce, promises: Promises, *, bundle: str
) -> tuple[GroupLine, ...]:
    """Tightened by as much as the watch tightens the surface's line; where it loosens that, these stay. While the
    surface's promise is in doubt none is looser than its line: nobody knows which group broke it."""
    watched = promises.any.threshold(base.threshold, bundle=bundle)
    lowest = watched if promises.any.is_in_doubt(bundle) else 0.0
    tighter = logit(watched) - logit(base.threshold) if watched > base.threshold + _ROUNDING else 0.0
    cheapest = 0.0 if policy.error_cost is None else chow_threshold(policy.error_cost, Costs().human)

    def strict(own: float) -> float:
        return max(expit(logit(own) + tighter) if tighter else own, lowest, cheapest)

    return tuple(line if line.threshold is None else replace(line, threshold=strict(line.threshold)) for line in found)


def tag_of(place: Place, candidate: str) -> str:
    """The group of a request whose best option this is: the first of its tags; empty where it has none."""
    known = place.catalogue.get(candidate)
    return known.candidate.tags[0] if known is not None and known.candidate.tags else ""


def group_of(place: Place, ranked: Sequence[str], fields: Mapping[str, object], *, supplied: bool) -> str:
    """The group of a request, of which its line is; empty: none, the surface's line holds."""
    by = place.policy.groups_by
    if by == "none" or supplied or not place.group_thresholds:
        return ""
    if by == "language":
        return language_in(traits_of(fields))
    return tag_of(place, ranked[0]) if ranked else ""


def base_of(policy: Policy, suggester: Suggester, recent: Sequence[float] = ()) -> InForce:
    """The threshold that a policy comes to with what the serving bundle was held out to know."""
    return solve(policy.target, evidence_of(suggester, recent), rng=rng_of(suggester))


def alone_of(policy: Policy, suggester: Suggester) -> Alone:
    p_top1, first = suggester.evidence_top1()
    return alone(p_top1, first.astype(np.float64), target=policy.auto_target)


def in_force(base: InForce, promises: Promises, policy: Policy, *, bundle: str) -> InForce:
    """The base as the watch moves it, and not looser than the cheapest line where an error has a price."""
    watch = promises.any
    line = replace(base, threshold=watch.threshold(base.threshold, bundle=bundle))
    if promised(policy) is not None:
        if watch.is_in_doubt(bundle):
            line = replace(line, certified=False, why=f"tightened by the watch: {watch.why}")
        elif watch.has_line(bundle, alone=True):
            line = replace(line, certified=True, n_needed=None, why=watch.why)
        elif watch.has_line(bundle):
            is_stricter = base.certified and line.threshold >= base.threshold
            n_needed = None if is_stricter else max(watch.rules.fewest - watch.n_own(bundle), 1)
            why = f"{watch.why}; others were to an earlier model, and those to this one do not speak against it"
            line = replace(line, certified=is_stricter, n_needed=n_needed, why=why)
        elif watch.line is not None and line.threshold > base.threshold:
            line = replace(line, why=f"no looser than under the model before, until its own answers tell: {base.why}")
    return line if policy.error_cost is None else stricter(line, policy.target, error_cost=policy.error_cost)


def wished(policy: Policy, place: Place, base: InForce) -> InForce:
    """The line that another policy would have now, by the same answers."""
    return in_force(base, _promises_of(policy, place), policy, bundle=place.suggester.bundle)


def alone_wished(policy: Policy, place: Place) -> Alone:
    """The line for acting alone that another policy would have now."""
    top1 = _promises_of(policy, place).top1
    return kept(alone_of(policy, place.suggester), top1, bundle=place.suggester.bundle)


def _promises_of(policy: Policy, place: Place) -> Promises:
    """How what a policy promises would go, by the answers there are."""
    promises = place.promises
    if not promises.is_of(policy):
        promises = Promises(known=list(promises.known))
        promises.begin(policy)
    return promises


def evidence_of(suggester: Suggester, recent: Sequence[float]) -> Evidence:
    """The held-out labels of the serving bundle, and p_any of recent requests."""
    p_any, correct = suggester.evidence()
    return Evidence(recent=np.array(recent, np.float64), p_any=p_any, correct=correct.astype(np.float64))


def rng_of(suggester: Suggester) -> np.random.Generator:
    return impression_rng(suggester.bundle, _SEED)


def what_is_next(place: Place) -> NextMode | None:
    """The mode after the present one, and what is missing for it."""
    policy = place.policy
    line = place.line
    if policy.mode is Mode.SHADOW and promised(policy) is None:
        usual = replace(policy, target=Target(kind=TargetKind.PRECISION, value=_USUAL_PRECISION), error_cost=None)
        line = wished(usual, place, base_of(usual, place.suggester))
    return next_mode(
        policy.mode,
        n_candidates=len(place.suggester.candidates),
        n_known=len(place.promises.known) + len(place.suggester.evidence()[0]),
        assist=line,
        auto=place.alone,
    )


def refuse_acting_on_hope(place: Place, before: Policy, after: Policy) -> None:
    """Raises NotCertified where a policy would act alone without a certified bound."""
    if after.mode is not Mode.AUTO or (before.mode is Mode.AUTO and before.auto_target == after.auto_target):
        return
    found = alone_wished(after, place)
    if found.threshold is None:
        more = "" if found.n_needed is None else f"; about {found.n_needed} more labels are needed"
        fault = FieldError(pointer="/mode", detail=f"{found.why}{more}")
        raise NotCertified(f"auto needs a certified bound for the top option: {fault.detail}.", errors=(fault,))
