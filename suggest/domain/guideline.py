"""How a surface's requests are to be answered: one text, a version each time it changes.

Its paragraphs are known by what they say: one that is not changed keeps its id over versions, one that is changed has
another. So an answer that points to a paragraph still does so in the next version, or points to what is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal

Kind = Literal["heading", "text", "item", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of words that look alike."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str | None = None  # http, https or mailto


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading, a paragraph, an item of a list, or lines of code."""

    kind: Kind
    spans: tuple[Span, ...]
    level: int = 0  # of a heading, 1 to 6; how deep an item lies, from 1
    number: str | None = None  # of an item of a numbered list

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def id(self) -> str:
        return paragraph_id(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline:
    """One version. Version 0 is that there is none yet."""

    surface: str
    version: int = 0
    text: str = ""
    at: datetime | None = None
    by: str = ""
    blocks: tuple[Block, ...] = ()

    @property
    def paragraphs(self) -> dict[str, str]:
        """What can be pointed to, by id, in order; headings cannot."""
        return {block.id: block.text for block in self.blocks if block.kind != "heading"}


def paragraph_id(text: str) -> str:
    """The same words, however they are wrapped, have the same id.

    >>> paragraph_id("No refunds.") == paragraph_id(" No\\n refunds. ") != paragraph_id("Refunds.")
    True
    """
    return blake2b(" ".join(text.split()).encode(), digest_size=5).hexdigest()
