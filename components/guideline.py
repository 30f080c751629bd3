"""A guideline as people read it: headings, paragraphs, lists; built element by element, so that text stays text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from htpy import Element, Node, a, code, div, em, p, pre, span, strong

LONGEST_OPTION = 90  # characters of a paragraph in a list to choose from


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanView:
    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str | None = None  # http, https or mailto


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    id: str
    kind: Literal["heading", "text", "item", "code"]
    spans: tuple[SpanView, ...]
    level: int = 0
    number: str | None = None

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelineView:
    version: int  # 0: there is none
    blocks: tuple[BlockView, ...] = ()

    @property
    def paragraphs(self) -> Sequence[BlockView]:
        return [block for block in self.blocks if block.kind != "heading"]


NO_GUIDELINE = GuidelineView(version=0)


def guideline_text(view: GuidelineView) -> Element:
    return div(".guideline", dir="auto")[map(_block, view.blocks)]


def shortened(text: str) -> str:
    """A paragraph as one of a list.

    >>> len(shortened("word " * 100)) <= LONGEST_OPTION
    True
    """
    return text if len(text) <= LONGEST_OPTION else text[: LONGEST_OPTION - 1].rsplit(" ", 1)[0] + "…"


def _block(block: BlockView) -> Node:
    words = [_span(each) for each in block.spans]
    if block.kind == "heading":
        return p(".guideline-heading")[
            strong[words]
        ]  # no heading of the page's outline, which it would put out of order
    if block.kind == "code":
        return pre[code[block.text]]
    if block.kind == "item":
        mark = "•" if block.number is None else f"{block.number}."
        return p(class_=["guideline-item", f"guideline-item-{min(3, block.level)}"])[
            span(".guideline-mark", aria_hidden="true" if block.number is None else None)[mark], span[words]
        ]
    return p[words]


def _span(each: SpanView) -> Node:
    words: Node = code[each.text] if each.code else each.text
    if each.emphasis:
        words = em[words]
    if each.strong:
        words = strong[words]
    return words if each.link is None else a(href=each.link, rel="noreferrer", target="_blank")[words]
