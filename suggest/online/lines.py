"""The lines of a surface: what its policy comes to by the serving bundle alone, and what the watch makes of that.

The first is solved when the policy or the bundle changes, the second is a step of arithmetic after each answer; neither
is on the way of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from suggest.domain.errors import FieldError, NotCertified
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.online.promises import Promises, promised
from suggest.online.suggester import Suggester
from suggest.online.surfaces import Place
from suggest.policy.alone import Alone, alone, kept
from suggest.policy.arrange import impression_rng
from suggest.policy.solve import Evidence, InForce, solve, stricter
from suggest.policy.stages import NextMode, next_mode

_SEED = 20_260_101  # of the split into pilot and test; fixed, so that asking twice is not a second chance
_USUAL_PRECISION = 0.9  # asked of `assist` by the exit test of `shadow` where the policy promises none


def draw(place: Place) -> None:
    """Solve for the lines again: the policy or the bundle has changed."""
    policy, suggester = place.policy, place.suggester
    if not place.promises.is_of(policy):
        place.promises.begin(policy)
    place.base = base_of(policy, suggester, list(place.recent_p_any))
    place.base_alone = alone_of(policy, suggester)
    settle(place)


def settle(place: Place) -> None:
    """Put the lines where the watch wants them now."""
    bundle = place.suggester.bundle
    place.line = in_force(place.base, place.promises, place.policy, bundle=bundle)
    place.alone = kept(place.base_alone, place.promises.top1, bundle=bundle)


def base_of(policy: Policy, suggester: Suggester, recent: Sequence[float] = ()) -> InForce:
    """The threshold that a policy comes to with what the serving bundle was held out to know."""
    return solve(policy.target, evidence_of(suggester, recent), rng=rng_of(suggester))


def alone_of(policy: Policy, suggester: Suggester) -> Alone:
    p_top1, first = suggester.evidence_top1()
    return alone(p_top1, first.astype(np.float64), target=policy.auto_target, rng=rng_of(suggester))


def in_force(base: InForce, promises: Promises, policy: Policy, *, bundle: str) -> InForce:
    """The base as the watch moves it, and not looser than the cheapest line where an error has a price."""
    watch = promises.any
    line = replace(base, threshold=watch.threshold(base.threshold, bundle=bundle))
    if promised(policy) is not None:
        if watch.is_tight or (watch.line is None and watch.distrusted == bundle):
            line = replace(line, certified=False, why=f"tightened by the watch: {watch.why}")
        elif watch.line is not None:
            line = replace(line, certified=True, n_needed=None, why=watch.why)
    return line if policy.error_cost is None else stricter(line, policy.target, error_cost=policy.error_cost)


def wished(policy: Policy, place: Place, base: InForce) -> InForce:
    """The line that another policy would have now, by the same answers."""
    promises = place.promises
    if not promises.is_of(policy):
        promises = Promises(known=list(promises.known))
        promises.begin(policy)
    return in_force(base, promises, policy, bundle=place.suggester.bundle)


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
    promises = place.promises
    if not promises.is_of(after):
        promises = Promises(known=list(promises.known))
        promises.begin(after)
    found = kept(alone_of(after, place.suggester), promises.top1, bundle=place.suggester.bundle)
    if found.threshold is None:
        more = "" if found.n_needed is None else f"; about {found.n_needed} more labels are needed"
        fault = FieldError(pointer="/mode", detail=f"{found.why}{more}")
        raise NotCertified(f"auto needs a certified bound for the top option: {fault.detail}.", errors=(fault,))
