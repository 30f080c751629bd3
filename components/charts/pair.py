"""A bar, and over it a dot with its interval: two shares that belong together and are easily confused."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, circle, fragment, g, line, rect, title

from components.charts.axis import x_labels, x_name, y_axis
from components.charts.frame import Frame, Words, drawing, leading
from components.charts.line import SharePoint
from components.charts.scale import Bands, Linear
from components.number import coordinate, percent

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_WIDEST = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    label: str
    bar: SharePoint
    bar_says: str
    dot: SharePoint | None  # None: nothing to put over the bar
    dot_says: str
    link: str = ""  # to what is behind the two


def pairs_chart(words: Words, pairs: tuple[Pair, ...], *, across: str, up: str, most_labels: int) -> Element:
    frame = Frame(top=38, bottom=58)
    y = Linear(low=0, high=1, start=frame.y0, end=frame.y1)
    bands = Bands(n=max(1, len(pairs)), start=frame.x0, end=frame.x1, gap=0.4)
    return drawing(
        frame,
        words,
        y_axis(frame, y, _TICKS, lambda tick: percent(tick, 0), up),
        (_drawn(pair, bands.centre(index), min(bands.width, _WIDEST), y) for index, pair in enumerate(pairs)),
        x_labels(frame, tuple(pair.label for pair in pairs), bands.centre, most=most_labels),
        x_name(frame, across),
        has_links=any(pair.link for pair in pairs),
    )


def _drawn(pair: Pair, centre: float, width: float, y: Linear) -> Node:
    bar = g(class_="tone-ignored")[
        rect(
            class_="bar-faint",
            x=coordinate(centre - width / 2),
            width=coordinate(width),
            y=coordinate(y(pair.bar.share)),
            height=coordinate(y(0) - y(pair.bar.share)),
        )[title[pair.bar_says]]
    ]
    return fragment[
        leading(pair.link, bar),
        pair.dot is not None and leading(pair.link, _dot(pair.dot, pair.dot_says, centre, y)),
    ]


def _dot(dot: SharePoint, says: str, centre: float, y: Linear) -> Element:
    at = coordinate(centre)
    return g(class_="tone-selected")[
        title[says],
        line(class_="whisker", x1=at, x2=at, y1=coordinate(y(dot.low)), y2=coordinate(y(dot.high))),
        circle(class_="dot", cx=at, cy=coordinate(y(dot.share)), r="4.5"),
    ]
