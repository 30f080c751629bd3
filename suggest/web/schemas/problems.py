"""The shape of every error (RFC 9457)."""

from __future__ import annotations

from pydantic import Field

from suggest.web.schemas.base import Open


class WrongField(Open):
    pointer: str  # RFC 6901
    detail: str


class Problem(Open):
    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str | None = None
    errors: list[WrongField] = Field(default_factory=list)
