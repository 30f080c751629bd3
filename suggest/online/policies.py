"""The slider: what an owner wishes for a surface, and the line on p_any it comes to today.

The line is solved when the policy or the bundle changes, never on the way of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from suggest.domain.clock import Clock
from suggest.domain.errors import Conflict, FieldError, Forbidden, Invalid
from suggest.domain.policy import EXPLORATION_KINDS, GROUPINGS, Fallback, Mode, Policy, Target, TargetKind
from suggest.online import changes as rules
from suggest.online import lines
from suggest.online.messages import LiveView, PolicyView
from suggest.online.surfaces import Place
from suggest.policy.caution import loosened
from suggest.policy.foreseen import as_served
from suggest.policy.planned import as_planned
from suggest.policy.solve import Costs, InForce, Preview, preview
from suggest.policy.watch import Turn, Watch
from suggest.store.ports import Cas, CasWrite, EventLog, Record, Table

PREFIX = "policy/"
WATCH = "the watch"  # who moved the line, where nobody did
_NOTED_FROM = 0.01  # a certified line that moved less is not worth a note

_RULES: Mapping[str, rules.Rule] = {
    "mode": rules.one_of(*Mode),
    "target": lambda value: None if isinstance(value, Mapping) else "must be {kind, value}",
    "error_cost": rules.or_null(rules.number(0, 1e6)),
    "auto_target": rules.number(0.5, 0.9999),
    "groups_by": rules.one_of(*GROUPINGS),
    "audit_rate": rules.number(0, 1),
    "exploration": rules.number(0, 10),
    "exploration_kind": rules.one_of(*EXPLORATION_KINDS),
    "review_plan": rules.text(longest=600),
    "escalation": rules.flag(),
    "trigger": rules.flag(),
    "promotion": rules.one_of("offline", "audited", "canary"),
    "reward_wait_s": rules.whole(1, 86_400),
    "retrain_every": rules.whole(0, 10_000_000),
    "retrain_nightly": rules.flag(),
    "learning_per_day": rules.whole(0, 10_000),
    "overlap": rules.whole(1, 9),
    "most_overlap": rules.whole(1, 9),
    "second_opinion": rules.flag(),
    "sign_off": rules.whole(1, 2),
    "answer_within_s": rules.whole(1, 86_400),
    "routing_wait_s": rules.whole(0, 86_400),
    "duty_hours": rules.text(longest=300),
    "time_zone": rules.text(longest=60),
    "longest_queue": rules.or_null(rules.whole(0, 1_000_000)),
    "fallback": rules.one_of(*Fallback),
    "out_of_hours": rules.text(longest=500),
}
_TARGET_RULES: Mapping[str, rules.Rule] = {
    "kind": rules.one_of(*TargetKind),
    "value": rules.number(0),
}


class Policies:
    def __init__(self, log: EventLog, cas: Cas, *, clock: Clock) -> None:
        self._log = log
        self._cas = cas
        self._clock = clock

    def restore(self, place: Place) -> None:
        stored = self._cas.get(PREFIX + place.name)
        if stored is not None:
            place.policy, place.policy_revision = policy_from_json(stored.value), stored.revision
        self.redraw(place)

    def put(self, place: Place, changes: Mapping[str, object], *, by: str, may_loosen: bool = True) -> PolicyView:
        """Merge changes into the policy; in force from the next request on.

        Raises Forbidden where they make it less careful and `may_loosen` says that this caller may not."""
        for _ in range(8):
            stored = self._cas.get(PREFIX + place.name)
            before = Policy() if stored is None else policy_from_json(stored.value)
            after = merged(before, changes)
            if stored is not None and after == before:
                return self.view(place)
            if not may_loosen:
                _refuse_loosening(before, after)
            lines.refuse_acting_on_hope(place, before, after)
            try:
                self._write(place, after, expected=0 if stored is None else stored.revision, by=by)
            except Conflict:
                continue
            return self.view(place)
        raise Conflict(f"The policy of {place.name!r} is being changed by others at this moment; try again.")

    def view(self, place: Place) -> PolicyView:
        line = as_planned(place.line, place.policy, place.recent_p_any, now=self._clock.now())
        return PolicyView(
            policy=place.policy,
            revision=place.policy_revision,
            threshold=line.threshold,
            why=line.why,
            certified=line.certified,
            n_needed=line.n_needed,
            live=_live(place.promises.any),
            auto=place.alone,
            auto_live=_live(place.promises.top1),
            next_mode=lines.what_is_next(place),
            groups=lines.groups_in_force(place),
        )

    def preview(
        self,
        place: Place,
        changes: Mapping[str, object],
        *,
        wait_s: Callable[[float], float | None],
        people: Callable[[float], int | None],
    ) -> Preview:
        """What the changed policy would do to recent traffic, before anything changes."""
        wished = merged(place.policy, changes)
        evidence = lines.evidence_of(place.suggester, list(place.recent_p_any))
        rng = lines.rng_of(place.suggester)
        base = lines.base_of(wished, place.suggester, list(place.recent_p_any))
        line = lines.wished(wished, place, base)
        line = as_planned(line, wished, place.recent_p_any, now=self._clock.now())
        costs = Costs(error=wished.cost_of_error)
        told = preview(wished.target, evidence, rng=rng, costs=costs, wait_s=wait_s, people=people, in_force=line)
        return replace(
            told,
            expected=as_served(told.expected, wished, costs=costs, wait_s=wait_s, people=people),
            groups=lines.groups_wished(wished, place, base),
            auto=lines.alone_wished(wished, place) if wished.mode is Mode.AUTO else None,
        )

    def redraw(self, place: Place) -> None:
        """Solve for the line again: the policy or the bundle has changed."""
        lines.draw(place)

    def watched(self, place: Place) -> None:
        """An answer became known: put the lines where the watch wants them, and note each turn with its reason."""
        lines.settle(place)
        turn, top1 = place.promises.any.turn, place.promises.top1.turn
        if turn is not None and self._is_worth_noting(place, turn):
            place.noted = place.line.threshold
            self._note(place, turn.kind, place.line.why)
        elif top1 is not None and top1.kind == "alarm" and place.policy.mode is Mode.AUTO:
            self._note(place, "suspended", place.alone.why)

    def _is_worth_noting(self, place: Place, turn: Turn) -> bool:
        is_new = place.noted is None or abs(place.noted - place.line.threshold) >= _NOTED_FROM
        return turn.kind != "certified" or is_new

    def _note(self, place: Place, kind: str, why: str) -> None:
        """A row of the policy's history: the wish stays, the line moved."""
        id = f"{place.name}/{place.policy_revision}/{kind}/{place.promises.known[-1].impression}"
        line = replace(place.line, why=why)
        self._log.append([self._change(place, place.policy, line, id=id, revision=place.policy_revision, by=WATCH)])

    def _write(self, place: Place, policy: Policy, *, expected: int, by: str) -> None:
        with place.lock:
            revision = expected + 1
            line = lines.wished(policy, place, lines.base_of(policy, place.suggester, list(place.recent_p_any)))
            change = self._change(place, policy, line, id=f"{place.name}/{revision}", revision=revision, by=by)
            write = CasWrite(key=PREFIX + place.name, value=policy_json(policy), expected=expected)
            self._log.append([change], writes=[write])
            place.policy, place.policy_revision, place.noted = policy, revision, None
            self.redraw(place)

    def _change(self, place: Place, policy: Policy, line: InForce, *, id: str, revision: int, by: str) -> Record:
        told: dict[str, object] = {"threshold": line.threshold, "certified": line.certified, "why": line.why}
        if policy.groups_by != "none":
            own = lines.group_lines_of(policy, place)
            told["groups"] = {each.group: each.threshold for each in own if each.threshold is not None}
        values = {
            "id": id,
            "surface": place.name,
            "at": self._clock.now(),
            "by": by,
            "policy": {**policy_json(policy), "line": told},
            "revision": revision,
        }
        return Record(table=Table.POLICY_CHANGES, id=id, values=values)


def _live(watch: Watch) -> LiveView:
    return LiveView(
        precision=watch.live, n_judged=watch.n, is_tight=watch.is_tight, tight_left=watch.tight_left, why=watch.why
    )


def merged(policy: Policy, changes: Mapping[str, object]) -> Policy:
    """The policy with some keys changed. Raises Invalid with a pointer for each fault.

    >>> merged(Policy(), {"mode": "review_all"}).target == Policy().target
    True
    """
    rules.check_changes(changes, _RULES, what="policy")
    sent = dict(changes)
    if "mode" in sent:
        sent["mode"] = Mode(str(sent["mode"]))
    if "target" in sent:
        sent["target"] = _target(policy.target, sent["target"])
    if "fallback" in sent:
        sent["fallback"] = Fallback(str(sent["fallback"]))
    try:
        return replace(policy, **sent)  # type: ignore[arg-type]  # checked against the rules above
    except ValueError as wrong:  # only hours and zones are not known by the rules alone
        name = str(wrong).split(" ", 1)[0]
        fault = FieldError(pointer=f"/{name}", detail=str(wrong).removeprefix(f"{name} "))
        raise Invalid(f"The policy was not changed: {wrong}.", errors=(fault,)) from None


def _refuse_loosening(before: Policy, after: Policy) -> None:
    found = loosened(before, after)
    if found:
        faults = tuple(FieldError(pointer=f"/{name}", detail="may only be changed by an owner") for name in found)
        raise Forbidden(
            f"Only an owner may make a policy less careful: {', '.join(found)}. To be more careful is always allowed.",
            errors=faults,
        )


def policy_json(policy: Policy) -> dict[str, object]:
    target = {"kind": str(policy.target.kind), "value": policy.target.value}
    return {**asdict(policy), "mode": str(policy.mode), "fallback": str(policy.fallback), "target": target}


def policy_from_json(stored: Mapping[str, object]) -> Policy:
    return merged(Policy(), {key: value for key, value in stored.items() if key in _RULES})


def _target(target: Target, sent: object) -> Target:
    assert isinstance(sent, Mapping)
    rules.check_changes(sent, _TARGET_RULES, what="target", under="/target")
    kind = TargetKind(sent.get("kind", target.kind))
    try:
        return Target(kind=kind, value=float(sent.get("value", target.value)))
    except ValueError as wrong:
        fault = FieldError(pointer="/target/value", detail=str(wrong))
        raise Invalid(f"The policy was not changed: {wrong}.", errors=(fault,)) from None
