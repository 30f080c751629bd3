"""The documentation as data: its pages, their links, their blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def links(self) -> list[tuple[bool, str]]:
        """(is an image, target) of every link outside of code."""
        return [(bool(image), target) for image, target in _LINK.findall(_BLOCK.sub("", self.text))]

    def blocks(self, language: str) -> list[str]:
        return [body for of, body in _BLOCK.findall(self.text) if of == language]

    @property
    def anchors(self) -> set[str]:
        """As forges make them of headings."""
        return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in _HEADING.findall(self.text)}


@cache
def pages() -> tuple[Page, ...]:
    return tuple(Page(path) for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]))


def page(name: str) -> Page:
    return Page(ROOT / name)


def table_words(text: str) -> set[str]:
    """Every `word` in the first cell of a table's row."""
    firsts = (line.split("|")[1] for line in text.splitlines() if line.startswith("| "))
    return {word for cell in firsts for word in re.findall(r"`([^`]+)`", cell)}
