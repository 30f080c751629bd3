"""Moments of a chart of time at which something happened: a dotted rule with a letter, told in words below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from htpy import Element, Node, b, g, li, line, ol, span, text, title

from components.charts.frame import Frame
from components.number import coordinate


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    letter: str
    place: float  # in columns from the left edge of the first: 1.5 is the middle of the second
    when: str
    words: str


def rules(frame: Frame, marks: tuple[Mark, ...], at: Callable[[float], float]) -> Node:
    """The rules of some marks; `at` is where a place lies on paper. To be drawn under what the chart shows."""
    return [_rule(frame, mark, coordinate(at(mark.place))) for mark in marks]


def _rule(frame: Frame, mark: Mark, x: str) -> Element:
    return g(class_="mark")[
        title[f"{mark.letter}, {mark.when}: {mark.words}"],
        line(class_="mark-rule", x1=x, x2=x, y1=coordinate(frame.y1), y2=coordinate(frame.y0)),
        text(class_="mark-name middle", x=x, y=coordinate(frame.y1 - 5))[mark.letter],
    ]


def mark_list(marks: tuple[Mark, ...]) -> Element:
    """What the letters stand for, in order of time."""
    return ol(".marks")[(li[b[mark.letter], " ", span(".quiet")[mark.when], " ", mark.words] for mark in marks)]
