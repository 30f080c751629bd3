"""Values of the house as JSON: the one place that knows how each is spelled in the contract."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import cast

from starlette.responses import JSONResponse

from suggest.domain.clock import rfc3339
from suggest.domain.context import Context
from suggest.domain.errors import SuggestError
from suggest.domain.placeholders import filled
from suggest.domain.slate import SlateItem
from suggest.online.keys import Key, KeyKind
from suggest.online.messages import (
    Answer,
    CandidateView,
    EscalationView,
    PolicyView,
    Proposed,
    QueueCounts,
    Recorded,
    ReviewView,
    VerdictResult,
)
from suggest.policy.frontier import FrontierPoint
from suggest.policy.solve import Expected, Preview
from suggest.policy.stages import NextMode
from suggest.policy.waiting import SHARE
from suggest.web.problem import Refused, error_body, problem_body


class Json(JSONResponse):
    """JSON that no cache keeps."""

    def __init__(self, content: object, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code=status_code, headers={"Cache-Control": "no-store", **(headers or {})})


def time_text(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def item_json(item: SlateItem, fields: Mapping[str, object]) -> dict[str, object]:
    """An option as a person reads it: its placeholders filled."""
    return {
        "id": item.id,
        "text": filled(item.text, fields) or item.text,
        "position": item.position,
        "p_select": item.p_select,
        "propensity": item.propensity,
    }


def proposed_json(proposed: Proposed, *, url: str | None) -> dict[str, object]:
    slate = proposed.slate
    body: dict[str, object] = {
        "impression": slate.id,
        "surface": slate.surface,
        "decision": str(slate.decision),
        "p_any": slate.p_any,
        "p_accept": slate.p_accept,
        "items": [item_json(item, slate.context.fields) for item in slate.items],
        "token": proposed.token,
        "model": slate.bundle,
    }
    if proposed.escalation is not None:
        body["escalation"] = escalation_ref(proposed.escalation, url=url)
    if slate.reason is not None:
        body["reason"] = slate.reason
    if proposed.explain is not None:
        body["explain"] = plain(proposed.explain)
    return body


def escalation_url(escalation: str, token: str) -> str:
    """Where the holder of the impression's token follows the escalation live.

    Relative to this server: behind a proxy only the caller knows under which name we are reached."""
    return f"/v1/escalations/{escalation}/events?token={token}"


def escalation_ref(view: EscalationView, *, url: str | None) -> dict[str, object]:
    ref: dict[str, object] = {
        "id": view.id,
        "url": url,
        "expected_wait_s": view.expected_wait_s,
        "state": str(view.state),
        "on_duty": view.on_duty,
    }
    if view.message is not None:
        ref["message"] = view.message
    return ref | _spread_of_wait(view)


def _spread_of_wait(view: EscalationView) -> dict[str, object]:
    """`waits`: how many that are over the range rests on; 0: too few are known, the range is a guess and wide."""
    if view.is_late:
        return {"late": True}
    if view.wait is None:
        return {}
    ends = {"low": round(view.wait.low_s, 1), "high": round(view.wait.high_s, 1)}
    return {"wait_range_s": {**ends, "share": SHARE, "waits": view.wait.n_known}}


def refused_json(error: SuggestError | Refused) -> dict[str, object]:
    """One request of a batch that failed, as the problem it would have been alone."""
    if isinstance(error, Refused):
        return problem_body(error.kind, error.detail, errors=error.errors)
    return error_body(error)


def answer_json(answer: Answer | None) -> dict[str, object] | None:
    if answer is None:
        return None
    if answer.none:
        return {"none": True}
    if answer.text is not None:
        return {"text": answer.text}
    said: dict[str, object] = {"item": answer.item}
    if answer.item_text is not None:
        said["item_text"] = answer.item_text
    return said


def escalation_json(view: EscalationView) -> dict[str, object]:
    body: dict[str, object] = {
        "id": view.id,
        "surface": view.surface,
        "impression": view.impression,
        "state": str(view.state),
        "expected_wait_s": view.expected_wait_s,
        "on_duty": view.on_duty,
    }
    if view.answer is not None:
        body["answer"] = answer_json(view.answer)
    if view.message is not None:
        body["message"] = view.message
    return body | _spread_of_wait(view)


def recorded_json(recorded: Recorded) -> dict[str, object]:
    return {
        "accepted": recorded.accepted,
        "duplicates": recorded.duplicates,
        "rejected": [
            {"eid": _sound(each.eid), "type": each.type, "detail": _sound(each.detail), "index": each.index}
            for each in recorded.rejected
        ],
    }


def context_json(context: Context) -> dict[str, object]:
    """As a worker sees it: what was said, never who said it under which account."""
    body: dict[str, object] = {"text": context.text}
    if context.turns:
        body["turns"] = [{"role": turn.role, "text": turn.text} for turn in context.turns]
    if context.fields:
        body["fields"] = plain(context.fields)
    return body


def review_json(view: ReviewView) -> dict[str, object]:
    return {
        "id": view.id,
        "lease": view.lease,
        "surface": view.surface,
        "impression": view.impression,
        "context": context_json(view.context),
        "items": [item_json(item, view.context.fields) for item in view.items],
        "reason": str(view.reason),
        "escalation": view.escalation,
        "at": rfc3339(view.at),
        "expires_at": rfc3339(view.expires_at),
        "p_any": view.p_any,
        "needs": None if view.needs is None else plain(view.needs),
        "due": time_text(view.due),
        "proposed": answer_json(view.proposed),
    }


def verdict_json(result: VerdictResult) -> dict[str, object]:
    return {
        "id": result.id,
        "state": str(result.state),
        "answer": answer_json(result.answer),
        "duplicate": result.duplicate,
        "next": None if result.next is None else review_json(result.next),
    }


def queue_json(counts: QueueCounts) -> dict[str, object]:
    return {
        "waiting": counts.waiting,
        "claimed": counts.claimed,
        "postponed": counts.postponed,
        "by_reason": {str(reason): n for reason, n in counts.by_reason.items()},
        "oldest_at": time_text(counts.oldest_at),
        "workers": counts.workers,
        "expected_wait_s": counts.expected_wait_s,
    }


def candidate_json(view: CandidateView) -> dict[str, object]:
    candidate = view.candidate
    return {
        "id": candidate.id,
        "text": candidate.text,
        "fields": plain(candidate.fields),
        "tags": list(candidate.tags),
        "revision": view.revision,
        "retired": view.retired,
        "at": rfc3339(view.at),
    }


def policy_json(view: PolicyView) -> dict[str, object]:
    settings = plain(view.policy)
    assert isinstance(settings, dict)
    return {
        **settings,
        "revision": view.revision,
        "threshold": finite(view.threshold),
        "why": view.why,
        "certified": view.certified,
        "n_needed": view.n_needed,
        "live": plain(view.live),
        "auto": {**cast("dict[str, object]", plain(view.auto)), "live": plain(view.auto_live)},
        "groups": plain(view.groups),
        "next_mode": None if view.next_mode is None else _next_mode(view.next_mode),
    }


def _next_mode(following: NextMode) -> dict[str, object]:
    return {
        "mode": str(following.mode),
        "ready": following.is_ready,
        "missing": list(following.missing),
        "n_needed": following.n_needed,
    }


def preview_json(preview: Preview) -> dict[str, object]:
    line, expected, is_blind = preview.in_force, preview.expected, preview.n_traffic == 0
    return {
        "threshold": finite(line.threshold),
        "why": line.why,
        "certified": line.certified,
        "n_needed": line.n_needed,
        "expected": {**_foreseen(expected, is_blind=is_blind), "n_traffic": preview.n_traffic},
        "frontier": [_foreseen(point, is_blind=is_blind) for point in preview.frontier],
        "groups": plain(preview.groups),
        "auto": plain(preview.auto),
    }


def _foreseen(what: Expected | FrontierPoint, *, is_blind: bool) -> dict[str, object]:
    """What a line would come to; null what nobody can know: how right nothing is, and what mistakes will cost where
    nothing was asked yet."""
    told = cast("dict[str, object]", plain(what))
    shows_nothing = what.review_share >= 1.0 or not math.isfinite(what.precision.mid)
    if what.precision.n == 0 and (is_blind or shows_nothing):
        told["precision"] = {**cast("dict[str, object]", told["precision"]), "mid": None}
    if is_blind and not shows_nothing:
        told |= {name: None for name in ("cost", "cost_per_1000") if name in told}
    return told


def key_json(key: Key) -> dict[str, object]:
    body: dict[str, object] = {
        "id": key.id,
        "kind": str(key.kind),
        "name": key.name,
        "surface": key.surface,
        "worker": key.worker,
        "origins": list(key.origins),
        "created_at": time_text(key.created_at),
        "revoked_at": time_text(key.revoked_at),
    }
    if key.kind is KeyKind.PUBLISHABLE and not key.origins:
        body["note"] = "Test mode: no origin is listed, so every site may use this key. List yours before going live."
    return body


def finite(number: float | None) -> float | None:
    """JSON has no infinity: a bound that is not there is null."""
    return number if number is not None and math.isfinite(number) else None


def plain(value: object) -> object:
    """Any value of ours as JSON values: dataclasses by field, times as RFC 3339, not-a-number as null."""
    if value is None or (isinstance(value, bool | str | int) and not isinstance(value, Enum)):
        return _sound(value) if isinstance(value, str) else value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Path):
        return value.name
    as_python = getattr(value, "tolist", None)  # numpy scalars and arrays
    if as_python is not None:
        return plain(as_python())
    return str(value)


def _sound(text: str | None) -> str | None:
    """A text that UTF-8 can carry, whatever a caller has sent."""
    return None if text is None else text.encode("utf-8", "replace").decode()
