"""The guideline of a surface as it is sent and told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from suggest.web.schemas.base import Closed, Open


class GuidelineIn(Closed):
    text: Annotated[str, Field(max_length=32_768)]  # Markdown; empty takes it away


class ParagraphOut(Open):
    id: str
    text: str


class DisputeOut(Open):
    review: str
    impression: str
    paragraph: str
    version: int
    note: str
    worker: str
    at: str


class GuidelineOut(Open):
    surface: str
    version: int  # 0: there is none
    text: str
    at: str | None
    by: str
    paragraphs: list[ParagraphOut]
    disputes: list[DisputeOut]
    outdated: int  # answers that rest on a paragraph that has changed since


class AskedAgainOut(Open):
    asked: int
