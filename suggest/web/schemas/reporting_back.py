"""What callers report back: events and known answers. Rows are judged one by one, the envelope as a whole.

`EventRow` and `LabelRow` document the rows; a wrong row is listed in `rejected`, it does not fail the request."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from suggest.web.schemas.base import EventId, Note, OpaqueId, Open, Rfc3339, SurfaceName, Token
from suggest.web.schemas.suggesting import ContextIn

MOST_EVENTS = 1000
MOST_LABELS = 10_000


class EventRow(Open):
    eid: EventId
    impression: OpaqueId
    token: Token | None = None
    type: Literal["view", "leave", "select", "dismiss", "override", "commit", "reward"]
    item: str | None = None
    position: Annotated[int, Field(ge=0)] | None = None
    visible_ms: Annotated[int, Field(ge=0)] | None = None
    text: Note | None = None
    at: Rfc3339 | None = None
    edited: bool | None = None
    edit_ratio: float | None = None
    name: str | None = None
    value: float | None = None


class LabelRow(Open):
    surface: SurfaceName
    context: ContextIn
    item: str | None
    at: Rfc3339 | None = None


def _rows(model: str, most: int) -> WithJsonSchema:
    items = {"$ref": f"#/components/schemas/{model}"}
    return WithJsonSchema({"type": "array", "minItems": 1, "maxItems": most, "items": items})


class FeedbackIn(Open):
    events: Annotated[list[Any], Field(min_length=1, max_length=MOST_EVENTS), _rows("EventRow", MOST_EVENTS)]


class LabelsIn(Open):
    labels: Annotated[list[Any], Field(min_length=1, max_length=MOST_LABELS), _rows("LabelRow", MOST_LABELS)]


class RejectedRow(Open):
    eid: str | None
    type: str
    detail: str
    index: int


class RecordedOut(Open):
    accepted: int
    duplicates: int
    rejected: list[RejectedRow]
