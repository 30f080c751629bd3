"""The paper of one chart: its size in CSS pixels at full width, its margins, and its name for who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, desc, svg, title
from htpy import a as svg_link

from components.link import safe_url
from components.number import coordinate


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    width: float = 560.0
    height: float = 300.0
    left: float = 56.0  # wide enough for "1,000" in the larger letters of a phone
    right: float = 16.0
    top: float = 16.0
    bottom: float = 44.0

    @property
    def x0(self) -> float:
        return self.left

    @property
    def x1(self) -> float:
        return self.width - self.right

    @property
    def y0(self) -> float:
        """The lower edge of the plot: y grows downwards on paper."""
        return self.height - self.bottom

    @property
    def y1(self) -> float:
        return self.top


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a chart is called and what it shows, in words that stand in for it."""

    id: str  # unique on the page
    title: str
    summary: str  # the finding in a sentence, with its figures


def drawing(frame: Frame, words: Words, *content: Node, has_links: bool = False) -> Element:
    """The svg element around `content`; read as one image with a name and a description, or, where parts of it lead
    somewhere, as a group that has them."""
    return svg(
        class_="chart",
        viewBox=f"0 0 {coordinate(frame.width)} {coordinate(frame.height)}",
        role="group" if has_links else "img",
        aria_labelledby=f"{words.id}-title {words.id}-desc",
    )[title(id=f"{words.id}-title")[words.title], desc(id=f"{words.id}-desc")[words.summary], content]


def leading(href: str, drawn: Element) -> Element:
    """A part of a drawing that leads to `href`; where that is empty, nowhere."""
    return svg_link(href=safe_url(href), tabindex="-1")[drawn] if href else drawn
