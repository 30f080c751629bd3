"""Asking for suggestions: the request and the slate that answers it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context, Turn
from suggest.web.schemas.base import (
    CandidateId,
    FreeFields,
    Note,
    OpaqueId,
    Open,
    Probability,
    Role,
    SurfaceName,
    Text,
)
from suggest.web.schemas.problems import Problem

MOST_SUPPLIED = 1000
MOST_BATCHED = 256


class TurnIn(Open):
    role: Role
    text: Text


class ContextIn(Open):
    text: Text
    turns: Annotated[tuple[TurnIn, ...], Field(max_length=100)] = ()
    user: OpaqueId | None = None
    session: OpaqueId | None = None
    fields: FreeFields = Field(default_factory=dict)

    def value(self) -> Context:
        return Context(
            text=self.text,
            turns=tuple(Turn(role=turn.role, text=turn.text) for turn in self.turns),
            user=self.user,
            session=self.session,
            fields=self.fields,
        )


class OptionIn(Open):
    id: CandidateId
    text: Text
    fields: FreeFields = Field(default_factory=dict)

    def value(self) -> Candidate:
        return Candidate(id=self.id, text=self.text, fields=self.fields)


def _distinct(options: tuple[OptionIn, ...] | None) -> tuple[OptionIn, ...] | None:
    if options is not None and len({option.id for option in options}) != len(options):
        raise ValueError("every candidate needs an id of its own")
    return options


class SuggestIn(Open):
    surface: SurfaceName
    context: ContextIn
    k: Annotated[int, Field(ge=1, le=50)] | None = None
    candidates: Annotated[tuple[OptionIn, ...] | None, Field(max_length=MOST_SUPPLIED), AfterValidator(_distinct)] = (
        None
    )
    exclude: Annotated[tuple[CandidateId, ...], Field(max_length=MOST_SUPPLIED)] = ()
    explain: bool = False
    learn: bool = True
    like: CandidateId | None = None
    ask: bool = False
    user_token: Annotated[str, Field(max_length=4096)] | None = None


class BatchIn(Open):
    requests: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_BATCHED),
        WithJsonSchema(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_BATCHED,
                "items": {"$ref": "#/components/schemas/SuggestIn"},
            }
        ),
    ]


class ItemOut(Open):
    id: str
    text: str
    position: Annotated[int, Field(ge=0)]
    p_select: Probability
    propensity: Probability


class WaitRange(Open):
    """`share` of such waits end between the two, by the `waits` known that are over; 0: too few, it is a guess."""

    low: float
    high: float
    share: float
    waits: int


class EscalationRef(Open):
    id: str
    url: str
    expected_wait_s: float | None
    state: str | None = None
    on_duty: bool | None = None
    message: str | None = None
    wait_range_s: WaitRange | None = None
    late: bool | None = None


class SuggestOut(Open):
    impression: str
    surface: str
    decision: Literal["show", "escalate", "abstain", "auto"]
    p_any: Probability
    p_accept: Probability
    items: list[ItemOut]
    token: str
    model: str
    escalation: EscalationRef | None = None
    reason: Note | None = None
    explain: dict[str, Any] | None = None


class BatchOut(Open):
    results: list[SuggestOut | Problem]
