"""The policy of a surface as its form shows it, and who moved it when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from components.admin.views import AuditedView, ChangeRow, FollowedView, GroupRow, LiveView, PolicyView, TargetKind
from components.terms import scalar, words
from suggest.domain.policy import Policy
from suggest.online.messages import PolicyView as PolicyInForce
from suggest.online.policies import WATCH
from suggest.policy.groups import GroupLine
from suggest.web.parts import Parts
from suggest.web.present import plain

_MOST_CHANGES = 30
_LONGEST_VALUE = 60
_STARTS: Mapping[str, float] = {"precision": 0.95, "review_share": 0.1, "cost": 5.0, "p_any": 0.5}


def policy_view(view: PolicyInForce, changes: Mapping[str, object] | None) -> PolicyView:
    """The form as it stands: what is in force, or what was just tried."""
    policy = view.policy
    sent = changes or {}
    target = sent.get("target")
    kind: TargetKind = policy.target.kind.value
    value = policy.target.value
    if isinstance(target, Mapping) and target.get("kind") in _STARTS:
        kind, value = target["kind"], float(target["value"])
    starts: dict[str, float] = {**_STARTS, "p_any": min(1.0, max(0.0, view.threshold)), kind: value}
    return PolicyView(
        mode=str(sent.get("mode", policy.mode)),
        kind=kind,
        value=value,
        values=starts,
        error_cost=_price(sent.get("error_cost", policy.error_cost)),
        groups_by=str(sent.get("groups_by", policy.groups_by)),
        audit_rate=_float(sent, "audit_rate", policy.audit_rate),
        exploration=_float(sent, "exploration", policy.exploration),
        escalation=bool(sent.get("escalation", policy.escalation)),
        trigger=bool(sent.get("trigger", policy.trigger)),
        out_of_hours=str(sent.get("out_of_hours", policy.out_of_hours)),
        learning_per_day=int(_float(sent, "learning_per_day", policy.learning_per_day)),
        overlap=int(_float(sent, "overlap", policy.overlap)),
        most_overlap=int(_float(sent, "most_overlap", policy.most_overlap)),
        second_opinion=bool(sent.get("second_opinion", policy.second_opinion)),
        sign_off=int(_float(sent, "sign_off", policy.sign_off)),
        answer_within_s=int(_float(sent, "answer_within_s", policy.answer_within_s)),
        routing_wait_s=int(_float(sent, "routing_wait_s", policy.routing_wait_s)),
        review_plan=str(sent.get("review_plan", policy.review_plan)),
        duty_hours=str(sent.get("duty_hours", policy.duty_hours)),
        time_zone=str(sent.get("time_zone", policy.time_zone)),
        longest_queue=_whole(sent.get("longest_queue", policy.longest_queue)),
        fallback=str(sent.get("fallback", policy.fallback)),
        retrain_every=int(_float(sent, "retrain_every", policy.retrain_every)),
        retrain_nightly=bool(sent.get("retrain_nightly", policy.retrain_nightly)),
        threshold=view.threshold,
        why=view.why,
        certified=view.certified,
        n_needed=view.n_needed,
        live=_live(view),
    )


def _live(view: PolicyInForce) -> LiveView:
    live, applied, following = view.live, view.auto_live.precision, view.next_mode
    return LiveView(
        low=live.precision.low,
        mid=live.precision.mid,
        high=live.precision.high,
        n_audits=live.precision.n,
        n_judged=live.n_judged,
        is_tight=live.is_tight,
        why=live.why,
        acts_from=view.auto.threshold,
        acts_why=view.auto.why,
        acts_right=AuditedView(low=applied.low, mid=applied.mid, high=applied.high, n=applied.n),
        next_mode=None if following is None else str(following.mode),
        missing=() if following is None else following.missing,
    )


def group_row(line: GroupLine) -> GroupRow:
    return GroupRow(group=line.group, n=line.n, threshold=line.threshold, why=line.why)


def _price(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _float(sent: Mapping[str, object], name: str, default: float) -> float:
    value = sent.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def history(parts: Parts, name: str) -> tuple[ChangeRow, ...]:
    """Each move of the slider and what it changed, newest first."""
    rows = parts.application.store.select("policy_history", surface=name)
    followed = {
        cast("int", row["sequence"]): _followed(row)
        for row in parts.application.store.select("policy_followed", surface=name, limit=_MOST_CHANGES)
    }
    before: Mapping[str, object] = _plain_policy(None)
    changes = []
    for row in rows:
        after = _plain_policy(row["policy"])
        moved = tuple(
            (words(key), _said(before.get(key)), _said(value))
            for key, value in after.items()
            if before.get(key, value if key != "line" else None) != value
        )
        at = row["at"]
        assert isinstance(at, datetime)
        changes.append(
            ChangeRow(
                at=at if at.tzinfo else at.replace(tzinfo=UTC),
                by=_who(str(row["by"])),
                changes=moved,
                why=_why(row),
                followed=followed.get(cast("int", row["sequence"])),
            )
        )
        before = after
    return tuple(reversed(changes))[:_MOST_CHANGES]


def _followed(row: Mapping[str, object]) -> FollowedView:
    requests, reviewed, audited, right = (
        cast("int", row[name]) for name in ("requests", "reviewed", "audited", "audited_right")
    )
    return FollowedView(requests=requests, reviewed=reviewed, audited=audited, audited_right=right)


def _plain_policy(stored: object) -> Mapping[str, object]:
    """A policy of the log as a flat mapping; the one a surface starts with for None."""
    if stored is None:
        return _flat(plain(Policy()))
    return _flat(json.loads(stored) if isinstance(stored, str) else stored)


def _flat(policy: object) -> Mapping[str, object]:
    assert isinstance(policy, Mapping)
    target = policy.get("target")
    rest = {key: value for key, value in policy.items() if key not in {"target", "line"}}
    line = policy.get("line")
    if isinstance(line, Mapping):
        rest["line"] = f"from {min(float(line['threshold']), 1.0):.1%} on"
    return (
        {"wish": f"{words(str(target['kind']))} {target['value']:g}", **rest} if isinstance(target, Mapping) else rest
    )


def _why(row: Mapping[str, object]) -> str:
    """Why the watch moved the line; people need not give reasons."""
    policy = json.loads(row["policy"]) if isinstance(row["policy"], str) else row["policy"]
    line = policy.get("line") if isinstance(policy, Mapping) else None
    return str(line["why"]) if row["by"] == WATCH and isinstance(line, Mapping) else ""


def _who(by: str) -> str:
    """The name of a person, or of a key."""
    return "first secret key" if by == "configured" else by


def _said(value: object) -> str:
    text = scalar(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
