"""The words of the product as rows of the log, and back.

Whoever writes passes the keyed hash of a user; what a caller named them never gets this far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from suggest.domain.bundle import BundleRecord
from suggest.domain.candidate import Candidate
from suggest.domain.context import Context, Turn
from suggest.domain.event import Event, EventType
from suggest.domain.label import Label, LabelSource
from suggest.domain.review import Pick, Review, ReviewReason, Verdict
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.store.columns import bundle_row_id, candidate_row_id
from suggest.store.ports import Record, Table
from suggest.store.redaction import redacted

Row = Mapping[str, object]
Value = TypeVar("Value")

SUPPLIED = "options"  # beside a stored context: the fields of the options that came with the request
ERASED = "(erased)"  # stands for the text of a context that is no longer there


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCandidate:
    """One version of a candidate with what the store knows about it beside."""

    candidate: Candidate
    surface: str
    revision: int  # counts the versions of this id on its surface, from 1
    retired: bool
    at: datetime
    encoder: str | None = None
    embedding: bytes | None = None  # float16


# contexts


def context_json(context: Context) -> dict[str, object]:
    """What is stored of a context: never the user, whose keyed hash has a column of its own."""
    return {
        "text": context.text,
        "turns": [{"role": turn.role, "text": turn.text} for turn in context.turns],
        "fields": dict(context.fields),
    }


def options_of(stored: object) -> Mapping[str, Mapping[str, object]]:
    """The fields of the options that the caller supplied with this context, by id."""
    kept = stored.get(SUPPLIED) if isinstance(stored, Mapping) else None
    return cast("Mapping[str, Mapping[str, object]]", kept or {})


def context_of(stored: object, *, session: str | None = None) -> Context:
    """The context as stored; one that was erased says so in its text."""
    if not isinstance(stored, Mapping):
        return Context(text=ERASED, session=session)
    turns = cast("list[dict[str, str]]", stored.get("turns") or [])
    return Context(
        text=str(stored["text"]),
        turns=tuple(Turn(role=turn["role"], text=turn["text"]) for turn in turns),
        session=session,
        fields=cast("Mapping[str, object]", stored.get("fields") or {}),
    )


# slates


def slate_record(slate: Slate, *, user_key: str | None = None, redact: bool = False) -> Record:
    """The row of a slate. `context_key` names the context as it came, also where the text is stored redacted."""
    context = redacted(slate.context) if redact else slate.context
    return Record(
        Table.SLATES,
        slate.id,
        {
            "id": slate.id,
            "surface": slate.surface,
            "at": slate.at,
            "user_key": user_key,
            "session": slate.context.session,
            "context": context_json(context) | ({SUPPLIED: dict(slate.pool.fields)} if slate.pool.fields else {}),
            "context_key": slate.context.key,
            "encoder": slate.encoder,
            "embedding": slate.embedding,
            "shown": [
                {
                    "id": item.id,
                    "text": item.text,
                    "position": item.position,
                    "p_select": item.p_select,
                    "propensity": item.propensity,
                    **({} if item.team is None else {"team": item.team, "contested": item.contested}),
                }
                for item in slate.items
            ],
            "k": slate.k,
            "decision": slate.decision,
            "reason": slate.reason,
            "p_any": slate.p_any,
            "p_none_raw": slate.p_none_raw,
            "p_accept": slate.p_accept,
            "threshold": slate.threshold,
            "mode": slate.mode,
            "bundle": slate.bundle,
            "policy_revision": slate.policy_revision,
            "supplied": slate.supplied,
            "learnable": slate.learnable,
            "pool_ids": slate.pool.ids,
            "pool_logits": slate.pool.logits,
            "pool_p": slate.pool.p_select,
            "features": slate.pool.features,
            "feature_version": slate.pool.feature_version,
        },
    )


def slate_items(shown: object) -> tuple[SlateItem, ...]:
    """The `shown` column as values, top first."""
    items = [SlateItem(**item) for item in cast("list[dict[str, object]]", shown or [])]  # type: ignore[arg-type]
    return tuple(sorted(items, key=lambda item: item.position))


def slate_of(row: Row) -> Slate:
    return Slate(
        id=_str(row, "id"),
        surface=_str(row, "surface"),
        at=_at(row, "at"),
        context=context_of(row["context"], session=_maybe(row, "session", str)),
        items=slate_items(row["shown"]),
        decision=Decision(_str(row, "decision")),
        reason=_maybe(row, "reason", str),
        p_any=_float(row, "p_any"),
        p_none_raw=_float(row, "p_none_raw"),
        p_accept=_float(row, "p_accept"),
        threshold=_float(row, "threshold"),
        k=_int(row, "k"),
        mode=_str(row, "mode"),
        bundle=_str(row, "bundle"),
        policy_revision=_int(row, "policy_revision"),
        supplied=bool(row["supplied"]),
        learnable=bool(row["learnable"]),
        embedding=_maybe(row, "embedding", bytes),
        encoder=_maybe(row, "encoder", str),
        pool=Pool(
            ids=tuple(cast("list[str]", row["pool_ids"] or [])),
            logits=tuple(cast("list[float]", row["pool_logits"] or [])),
            p_select=tuple(cast("list[float]", row["pool_p"] or [])),
            features=_maybe(row, "features", bytes) or b"",
            feature_version=_int(row, "feature_version"),
            fields=options_of(row["context"]),
        ),
    )


# events


def event_record(event: Event) -> Record:
    return Record(
        Table.EVENTS,
        event.eid,
        {
            "eid": event.eid,
            "impression": event.impression,
            "surface": event.surface,
            "type": event.type,
            "item": event.item,
            "position": event.position,
            "visible_ms": event.visible_ms,
            "text": event.text,
            "edited": event.edited,
            "edit_ratio": event.edit_ratio,
            "name": event.name,
            "value": event.value,
            "at": event.at,
            "received_at": event.received_at,
            "trusted": event.trusted,
            "weight": event.weight,
        },
    )


def event_of(row: Row) -> Event:
    return Event(
        eid=_str(row, "eid"),
        impression=_str(row, "impression"),
        surface=_str(row, "surface"),
        type=EventType(_str(row, "type")),
        received_at=_at(row, "received_at"),
        at=_maybe(row, "at", datetime),
        item=_maybe(row, "item", str),
        position=_maybe(row, "position", int),
        visible_ms=_maybe(row, "visible_ms", int),
        text=_maybe(row, "text", str),
        edited=_maybe(row, "edited", bool),
        edit_ratio=_maybe(row, "edit_ratio", float),
        name=_maybe(row, "name", str),
        value=_maybe(row, "value", float),
        trusted=bool(row["trusted"]),
        weight=1.0 if row["weight"] is None else _float(row, "weight"),
    )


# labels


def label_record(
    label: Label,
    *,
    user_key: str | None = None,
    encoder: str | None = None,
    embedding: bytes | None = None,
    redact: bool = False,
) -> Record:
    """The row of a label; `embedding` is that of its context, float16, so that a restart encodes nothing again."""
    context = redacted(label.context) if redact else label.context
    return Record(
        Table.LABELS,
        label.id,
        {
            "id": label.id,
            "surface": label.surface,
            "context": context_json(context),
            "context_key": label.context.key,
            "user_key": user_key,
            "encoder": encoder,
            "embedding": embedding,
            "item": label.item,
            "source": label.source,
            "at": label.at,
            "received_at": label.received_at,
            "impression": label.impression,
            "guideline": label.guideline,
        },
    )


def label_of(row: Row) -> Label:
    return Label(
        id=_str(row, "id"),
        surface=_str(row, "surface"),
        context=context_of(row["context"]),
        item=_maybe(row, "item", str),
        received_at=_at(row, "received_at"),
        source=LabelSource(_str(row, "source")),
        at=_maybe(row, "at", datetime),
        impression=_maybe(row, "impression", str),
        guideline=_maybe(row, "guideline", int),
    )


# reviews and verdicts


def review_record(review: Review) -> Record:
    return Record(
        Table.REVIEWS,
        review.id,
        {
            "id": review.id,
            "surface": review.surface,
            "impression": review.impression,
            "reason": review.reason,
            "at": review.at,
            "priority": review.priority,
            "deadline": review.deadline,
            "pick": review.pick,
            "control_share": review.control_share,
        },
    )


def review_of(row: Row) -> Review:
    return Review(
        id=_str(row, "id"),
        surface=_str(row, "surface"),
        impression=_str(row, "impression"),
        reason=ReviewReason(_str(row, "reason")),
        at=_at(row, "at"),
        priority=_float(row, "priority"),
        deadline=_maybe(row, "deadline", datetime),
        pick=None if row["pick"] is None else Pick(_str(row, "pick")),
        control_share=_maybe(row, "control_share", float),
    )


def verdict_record(verdict: Verdict) -> Record:
    return Record(
        Table.VERDICTS,
        verdict.eid,
        {
            "eid": verdict.eid,
            "review": verdict.review,
            "surface": verdict.surface,
            "impression": verdict.impression,
            "worker": verdict.worker,
            "item": verdict.item,
            "text": verdict.text,
            "none": verdict.none,
            "note": verdict.note,
            "add_candidate": verdict.add_candidate,
            "undoes": verdict.undoes,
            "handling_ms": verdict.handling_ms,
            "at": verdict.at,
            "guideline": verdict.guideline,
            "paragraph": verdict.paragraph,
        },
    )


def verdict_of(row: Row) -> Verdict:
    return Verdict(
        eid=_str(row, "eid"),
        review=_str(row, "review"),
        surface=_str(row, "surface"),
        impression=_str(row, "impression"),
        worker=_str(row, "worker"),
        at=_at(row, "at"),
        item=_maybe(row, "item", str),
        text=_maybe(row, "text", str),
        none=bool(row["none"]),
        note=_maybe(row, "note", str),
        add_candidate=bool(row["add_candidate"]),
        undoes=_maybe(row, "undoes", str),
        handling_ms=_maybe(row, "handling_ms", int),
        guideline=_maybe(row, "guideline", int),
        paragraph=_maybe(row, "paragraph", str),
    )


# bundles, policies, candidates


def bundle_record(bundle: BundleRecord) -> Record:
    """The row of a bundle's state: what becomes of it later is a row of its own."""
    return Record(
        Table.BUNDLES,
        bundle_row_id(bundle.id, bundle.state, bundle.at),
        {
            "id": bundle.id,
            "surface": bundle.surface,
            "at": bundle.at,
            "state": bundle.state,
            "blob": bundle.blob,
            "parent": bundle.parent,
            "encoder": bundle.encoder,
            "manifest": dict(bundle.manifest),
            "gate": dict(bundle.gate),
        },
    )


def bundle_of(row: Row) -> BundleRecord:
    return BundleRecord(
        id=_str(row, "id"),
        surface=_str(row, "surface"),
        at=_at(row, "at"),
        state=_str(row, "state"),
        blob=_str(row, "blob"),
        parent=_maybe(row, "parent", str),
        encoder=_maybe(row, "encoder", str) or "",
        manifest=cast("Mapping[str, object]", row["manifest"] or {}),
        gate=cast("Mapping[str, object]", row["gate"] or {}),
    )


def policy_change_record(
    id: str, *, surface: str, at: datetime, by: str, policy: Mapping[str, object], revision: int
) -> Record:
    values = {"id": id, "surface": surface, "at": at, "by": by, "policy": dict(policy), "revision": revision}
    return Record(Table.POLICY_CHANGES, id, values)


def candidate_record(
    candidate: Candidate,
    *,
    surface: str,
    revision: int,
    retired: bool,
    at: datetime,
    encoder: str | None = None,
    embedding: bytes | None = None,
) -> Record:
    """The row of one version of a candidate; the latest one counts."""
    return Record(
        Table.CANDIDATES,
        candidate_row_id(surface, candidate.id, revision),
        {
            "surface": surface,
            "id": candidate.id,
            "revision": revision,
            "text": candidate.text,
            "fields": dict(candidate.fields),
            "tags": candidate.tags,
            "retired": retired,
            "at": at,
            "encoder": encoder,
            "embedding": embedding,
        },
    )


def candidate_of(row: Row, *, surface: str) -> StoredCandidate:
    return StoredCandidate(
        candidate=Candidate(
            id=_str(row, "id"),
            text=_str(row, "text"),
            fields=cast("Mapping[str, object]", row["fields"] or {}),
            tags=tuple(cast("list[str]", row["tags"] or [])),
        ),
        surface=surface,
        revision=_int(row, "revision"),
        retired=bool(row["retired"]),
        at=_at(row, "at"),
        encoder=_maybe(row, "encoder", str),
        embedding=_maybe(row, "embedding", bytes),
    )


# columns, typed


def _maybe(row: Row, name: str, kind: type[Value]) -> Value | None:
    value = row[name]
    if value is None:
        return None
    if not isinstance(value, kind):
        raise TypeError(f"column {name} holds {type(value).__name__}, expected {kind.__name__}")
    return value


def _str(row: Row, name: str) -> str:
    return str(row[name])


def _int(row: Row, name: str) -> int:
    return int(cast("int", row[name]))


def _float(row: Row, name: str) -> float:
    return float(cast("float", row[name]))


def _at(row: Row, name: str) -> datetime:
    at = _maybe(row, name, datetime)
    if at is None:
        raise ValueError(f"column {name} has no time")
    return at
