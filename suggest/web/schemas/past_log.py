"""What another system showed before, row by row: judged one by one, the envelope as a whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from suggest.web.schemas.base import CandidateId, Closed, EventId, Open, Rfc3339, Text
from suggest.web.schemas.suggesting import ContextIn

MOST_SLATES = 1000


class PastOption(Open):
    id: CandidateId | None = None
    text: Text | None = None
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0


class PastSlateRow(Open):
    id: EventId
    context: ContextIn
    shown: Annotated[list[PastOption], Field(min_length=1, max_length=50)]
    chosen: str | None = None
    outcome: Literal["selected", "dismissed", "ignored"] | None = None
    at: Rfc3339 | None = None


class PastLogIn(Closed):
    slates: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_SLATES),
        WithJsonSchema(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_SLATES,
                "items": {"$ref": "#/components/schemas/PastSlateRow"},
            }
        ),
    ]
