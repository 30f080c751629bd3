"""Escalations as the person who waits sees them, reviews as the worker who answers sees them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from suggest.web.schemas.base import (
    CandidateId,
    Closed,
    EventId,
    FreeFields,
    Note,
    OpaqueId,
    Open,
    Rfc3339,
    SurfaceName,
    Text,
)
from suggest.web.schemas.suggesting import ItemOut, WaitRange

LONGEST_LEASE_S = 43_200


class AnswerOut(Open):
    item: str | None = None
    item_text: str | None = None
    text: str | None = None
    none: bool | None = None


class EscalationOut(Open):
    id: str
    surface: str
    impression: str
    state: Literal["waiting", "claimed", "answered", "expired"]
    answer: AnswerOut | None = None
    expected_wait_s: float | None
    on_duty: bool
    message: str | None = None
    wait_range_s: WaitRange | None = None
    late: bool | None = None


class OpenEscalation(EscalationOut):
    url: str


class EscalationsOut(Open):
    escalations: list[OpenEscalation]


class ClaimIn(Closed):
    surface: SurfaceName | None = None
    lease_s: Annotated[float, Field(ge=1, le=LONGEST_LEASE_S)] = 120
    worker: OpaqueId | None = None  # the account it is claimed for, with a secret key; without it, the key's own


class ReviewContext(Open):
    text: str
    turns: list[dict[str, str]] = Field(default_factory=list)
    user: str | None = None
    session: str | None = None
    fields: FreeFields = Field(default_factory=dict)


class NeedsOut(Open):
    skills: list[str]
    language: str | None
    until: str


class ReviewOut(Open):
    id: str
    lease: str
    surface: str
    impression: str
    context: ReviewContext
    items: list[ItemOut]
    reason: str
    escalation: str | None = None
    at: str
    expires_at: str
    p_any: float
    needs: NeedsOut | None = None
    due: str | None = None
    proposed: AnswerOut | None = None


class VerdictIn(Closed):
    eid: EventId
    lease: OpaqueId
    item: CandidateId | None = None
    text: Text | None = None
    none: bool = False
    note: Note | None = None
    paragraph: Annotated[str, Field(max_length=64)] | None = None  # of the guideline; with a note: it is disputed
    add_candidate: bool = False

    @model_validator(mode="after")
    def _is_one_answer(self) -> Self:
        if sum((self.item is not None, self.text is not None, self.none)) != 1:
            raise ValueError("a verdict is exactly one of item, text or none: true")
        return self


class VerdictOut(Open):
    id: str
    state: str
    answer: AnswerOut | None = None
    duplicate: bool
    next: ReviewOut | None = None


class LeaseIn(Closed):
    lease: OpaqueId
    lease_s: Annotated[float, Field(ge=1, le=LONGEST_LEASE_S)] = 120


class HeldOut(Open):
    id: str
    lease: str
    expires_at: str


class ReleaseIn(Closed):
    lease: OpaqueId


class PostponeIn(Closed):
    lease: OpaqueId
    until: Rfc3339


class UndoIn(Closed):
    eid: EventId


class QueueOut(Open):
    waiting: int
    claimed: int
    postponed: int
    by_reason: dict[str, int]
    oldest_at: str | None
    workers: int
    expected_wait_s: float | None


class MetricsOut(Open):
    model_config = ConfigDict(extra="allow")
    surface: str
    requests: int
