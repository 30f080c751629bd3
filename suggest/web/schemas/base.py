"""What texts, ids, times and free-form fields may be, wherever they appear in a body.

Two bases: `Open` ignores unknown fields (suggest, feedback: old servers meet new clients), `Closed` refuses them
(configuration: a misspelt setting must not pass for one). Both are built when first used: forty models are a fifth of a
second, which no start should wait for."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from suggest.domain.clock import parse_rfc3339
from suggest.domain.text import LONGEST_TEXT_BYTES, check_id, check_text

MOST_FIELD_VALUES = 512
DEEPEST_FIELDS = 8
LARGEST_INTEGER = 2**63 - 1


class Open(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, defer_build=True)


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


def _checked_id(name: str, longest: int) -> AfterValidator:
    def check(value: str) -> str:
        check_id(value, name=name, longest=longest)
        return value

    return AfterValidator(check)


def _checked_text(value: str) -> str:
    check_text(value, name="text")
    return value


def _checked_note(value: str) -> str:
    if value.strip():
        check_text(value, name="text")
    elif "\x00" in value:
        raise ValueError("text must not contain NUL or lone surrogates")
    return value


def _checked_time(value: str) -> str:
    parse_rfc3339(value)
    return value


def check_free_json(value: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError unless `value` is storable: finite numbers, 64-bit integers, clean strings, of modest size."""
    pending: list[tuple[Any, int]] = [(value, 1)]
    seen = 0
    while pending:
        node, depth = pending.pop()
        seen += 1
        if seen > MOST_FIELD_VALUES:
            raise ValueError(f"at most {MOST_FIELD_VALUES} values in all")
        if isinstance(node, (dict, list)) and depth > DEEPEST_FIELDS:
            raise ValueError(f"at most {DEEPEST_FIELDS} levels deep")
        if isinstance(node, dict):
            for key, child in node.items():
                check_id(key, name="field name", longest=200)
                pending.append((child, depth + 1))
        elif isinstance(node, list):
            pending.extend((child, depth + 1) for child in node)
        else:
            _check_leaf(node)
    return value


def _check_leaf(leaf: object) -> None:
    if isinstance(leaf, str):
        _checked_note(leaf)
    elif isinstance(leaf, float) and not math.isfinite(leaf):
        raise ValueError("numbers must be finite")
    elif isinstance(leaf, int) and abs(leaf) > LARGEST_INTEGER:
        raise ValueError("integers must fit in 64 bits")


SurfaceName = Annotated[str, Field(min_length=1, max_length=100), _checked_id("surface name", 100)]
CandidateId = Annotated[str, Field(min_length=1, max_length=200), _checked_id("candidate id", 200)]
EventId = Annotated[str, Field(min_length=1, max_length=128), _checked_id("eid", 128)]
OpaqueId = Annotated[str, Field(min_length=1, max_length=200), _checked_id("id", 200)]
Role = Annotated[str, Field(min_length=1, max_length=64), _checked_id("role", 64)]
Tag = Annotated[str, Field(min_length=1, max_length=100), _checked_id("tag", 100)]
Token = Annotated[str, Field(min_length=1, max_length=65_536)]  # 50 options with the longest ids
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT_BYTES), AfterValidator(_checked_text)]
Note = Annotated[str, Field(max_length=LONGEST_TEXT_BYTES), AfterValidator(_checked_note)]
Rfc3339 = Annotated[
    str, AfterValidator(_checked_time), WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 64})
]
FreeFields = Annotated[
    dict[str, Any],
    AfterValidator(check_free_json),
    WithJsonSchema({"type": "object", "additionalProperties": True}),
]
Probability = Annotated[float, Field(ge=0, le=1)]


def moment(value: str | None) -> datetime | None:
    """An accepted RFC 3339 text as an aware UTC time."""
    return None if value is None else parse_rfc3339(value)
