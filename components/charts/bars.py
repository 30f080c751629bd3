"""Counts stacked over time: how many there were, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from htpy import Element, Node, g, rect, title

from components.charts.axis import x_labels, x_name, x_names, y_axis
from components.charts.frame import Frame, Words, drawing, leading
from components.charts.legend import Key, Tone
from components.charts.marks import Mark, rules
from components.charts.scale import Bands, Linear, round_ticks
from components.number import coordinate, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    name: str
    tone: Tone
    counts: tuple[int, ...]  # one a column
    links: tuple[str, ...] = ()  # to what is behind each of them; empty: nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedBarsView:
    words: Words
    columns: tuple[str, ...]  # labels, in order of time, or of whatever they are
    stacks: tuple[Stack, ...]  # from the bottom up
    quantity: str  # what is counted, e.g. "impressions"
    across: str  # what the columns are, with its unit, e.g. "day, UTC"
    are_names: bool = False  # the columns are words of which none may be left out
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if any(len(stack.links) not in (0, len(self.columns)) for stack in self.stacks):
            raise ValueError("every stack has one link a column, or none")
        if any(len(stack.counts) != len(self.columns) or min(stack.counts, default=0) < 0 for stack in self.stacks):
            raise ValueError("every stack has one count >= 0 a column")

    @property
    def unlinked(self) -> StackedBarsView:
        """The same for a page that is a file."""
        return replace(self, stacks=tuple(replace(stack, links=()) for stack in self.stacks))

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(Key(name=stack.name, tone=stack.tone) for stack in self.stacks)


def stacked_bars(view: StackedBarsView) -> Element:
    frame = Frame(top=38, bottom=58)
    totals = [sum(column) for column in zip(*(stack.counts for stack in view.stacks), strict=True)]
    ticks = round_ticks(max(totals, default=0))
    y = Linear(low=0, high=ticks[-1], start=frame.y0, end=frame.y1)
    bands = Bands(
        n=max(1, len(view.columns)), start=frame.x0, end=frame.x1, gap=0.22 if len(view.columns) < 40 else 0.1
    )
    return drawing(
        frame,
        view.words,
        y_axis(frame, y, ticks, lambda tick: count(int(tick)), view.quantity),
        rules(frame, view.marks, bands.edge),
        (_column(view, index, bands, y) for index in range(len(view.columns))),
        x_names(frame, view.columns, bands.centre)
        if view.are_names
        else x_labels(frame, view.columns, bands.centre, most=7),
        x_name(frame, view.across),
        has_links=any(stack.links for stack in view.stacks),
    )


def _column(view: StackedBarsView, index: int, bands: Bands, y: Linear) -> Node:
    return g[list(_parts(view, index, bands, y))]


def _parts(view: StackedBarsView, index: int, bands: Bands, y: Linear) -> Iterator[Node]:
    base, width = 0, min(bands.width, 56.0)
    left = bands.centre(index) - width / 2
    for stack in view.stacks:
        n = stack.counts[index]
        if n == 0:
            continue
        top, bottom = y(base + n), y(base)
        bar = g(class_=f"tone-{stack.tone}")[
            rect(
                class_="bar",
                x=coordinate(left),
                y=coordinate(top),
                width=coordinate(width),
                height=coordinate(max(0.5, bottom - top - (1 if bottom - top > 3 else 0))),
            )[title[f"{view.columns[index]}: {count(n)} {stack.name}"]]
        ]
        yield leading(stack.links[index] if stack.links else "", bar)
        base += n
