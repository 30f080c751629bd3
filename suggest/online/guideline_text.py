"""Markdown of a guideline to blocks and spans: CommonMark without HTML, pictures and addresses that run something.

What comes out is plain text with a few marks on it, and is escaped by whatever draws it: a tag stays text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from suggest.domain.guideline import Block, Span

_LINKS = ("http://", "https://", "mailto:")
_PLAIN = Span(text="")


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in order; empty ones are left out.

    >>> [(b.kind, b.text) for b in blocks_of("# Refunds\\n\\n- Within *30* days\\n- <b>Never</b> twice")]
    [('heading', 'Refunds'), ('item', 'Within 30 days'), ('item', '<b>Never</b> twice')]
    """
    return tuple(
        block for block in _blocks(MarkdownIt("commonmark", {"html": False}).parse(text)) if block.text.strip()
    )


@dataclass(slots=True)
class _Where:
    """What the next words belong to."""

    depth: int = 0  # of lists
    begins_item: bool = False
    number: str | None = None
    heading: int = 0


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    where = _Where()
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                where.depth += 1
            case "bullet_list_close" | "ordered_list_close":
                where.depth -= 1
            case "list_item_open":
                where.begins_item, where.number = True, token.info or None
            case "heading_open":
                where.heading = int(token.tag[1])
            case "heading_close":
                where.heading = 0
            case "fence" | "code_block":
                yield Block(kind="code", spans=(Span(text=token.content.rstrip("\n"), code=True),))
            case "inline":
                yield _words(where, tuple(_spans(token.children or ())))
                where.begins_item = False


def _words(where: _Where, spans: tuple[Span, ...]) -> Block:
    if where.heading:
        return Block(kind="heading", spans=spans, level=where.heading)
    if where.begins_item:
        return Block(kind="item", spans=spans, level=where.depth, number=where.number)
    return Block(kind="text", spans=spans)


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    now = _PLAIN
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                now = replace(now, strong=token.nesting == 1)
            case "em_open" | "em_close":
                now = replace(now, emphasis=token.nesting == 1)
            case "link_open":
                now = replace(now, link=_link(token.attrGet("href")))
            case "link_close":
                now = replace(now, link=None)
            case "softbreak" | "hardbreak":
                yield replace(now, text=" ")
            case "code_inline":
                yield replace(now, text=token.content, code=True)
            case _ if token.content:
                yield replace(now, text=token.content)


def _link(href: object) -> str | None:
    return href if isinstance(href, str) and href.lower().startswith(_LINKS) else None
