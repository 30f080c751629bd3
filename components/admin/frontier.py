"""What each place of the slider buys, drawn: people's time across, right answers among what is shown upwards."""

from __future__ import annotations

from math import floor

from htpy import Element, Node, circle, g, line, path, title

from components.admin.views import FrontierPlace, PreviewView
from components.charts.axis import x_axis, y_axis
from components.charts.frame import Frame, Words, drawing
from components.charts.legend import Key
from components.charts.scale import Linear
from components.console.duration import duration
from components.figure import Definition, FigureView, figure
from components.number import NOTHING, coordinate, decimal, percent, plural, span
from components.table import Column, TableView

_BLIND_FIGURE = "Nothing was asked here yet. The first requests show what each place of the line would do."
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def frontier_figure(view: PreviewView) -> Element:
    """The chart with its table. Without labels there is no interval to draw, and the caption says so."""
    n = max((place.n for place in view.frontier), default=0)
    keys = (
        Key(name="right answers among what is shown", tone="selected", mark="line"),
        Key(name="with this wish", tone="selected", mark="dot"),
        *((Key(name="today", tone="second", mark="dot-open"),) if view.now is not None else ()),
    )
    return figure(
        FigureView(
            id="frontier",
            title="What people's time buys",
            definition=Definition(
                what="Every place the line could stand: how many requests go to people, and how often what is shown "
                "holds a right answer. " + ("The band is a 90% interval." if n else "It is what the model believes."),
                formula="precision = right / labelled with p_any at or above the line (90% exact interval); share sent "
                "= requests below the line / recent requests",
                caveat="The interval holds for one place, not for the best of all; labels must look like the traffic.",
            ),
            table=_table(view.frontier),
            sample=plural(n, "label") if n else "no labels yet",
            keys=keys,
            missing=_BLIND_FIGURE if view.is_blind else "",
        ),
        None if view.is_blind else _chart(view, n),
    )


def _chart(view: PreviewView, n: int) -> Element:
    places = sorted(view.frontier, key=lambda place: place.review_share)
    shown = [place for place in places if place.threshold <= 1] or places
    everyone = [*shown, *([view.now] if view.now else []), view.expected]
    lowest = _lowest(everyone, n)
    frame = Frame(height=290, top=36, right=24, bottom=54)  # the larger letters of a phone, in two rows
    x = Linear(low=0, high=1, start=frame.x0, end=frame.x1)
    y = Linear(low=lowest, high=1, start=frame.y0, end=frame.y1)
    ticks = tuple(lowest + (1 - lowest) * step / 4 for step in range(5))
    expected = view.expected
    return drawing(
        frame,
        Words(
            id="frontier-chart",
            title="Right answers against requests sent to people",
            summary=f"By this line {percent(expected.review_share)} of requests go to people and "
            f"{percent(expected.precision)} of what is shown holds a right answer.",
        ),
        y_axis(frame, y, ticks, lambda tick: percent(tick, 0), "Right among what is shown"),
        x_axis(frame, x, _SHARES, lambda tick: percent(tick, 0), "Requests that go to people"),
        g(class_="tone-selected")[
            n > 0 and path(class_="band", d=_band(shown, x, y)),
            path(class_="line", d=_through([(x(p.review_share), y(p.precision)) for p in shown])),
        ],
        view.now is not None and _mark(view.now, x, y, "dot-open", "second", "today"),
        _drop(expected, frame, x, y),
        _mark(expected, x, y, "dot", "selected", "with this wish"),
    )


def _lowest(places: list[FrontierPlace], n: int) -> float:
    """Where the axis begins: at a round share under every line and most of the band, so that differences are seen."""
    line = min(place.precision for place in places)
    band = min((place.low for place in places if place.threshold <= 1), default=line) if n else line
    return min(0.8, max(0.0, floor(10 * max(band, line - 0.25)) / 10))


def _band(places: list[FrontierPlace], x: Linear, y: Linear) -> str:
    above = [(x(place.review_share), y(place.high)) for place in places]
    below = [(x(place.review_share), y(place.low)) for place in reversed(places)]
    return _through([*above, *below]) + "Z"


def _through(places: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{coordinate(across)} {coordinate(up)}" for across, up in places)


def _drop(place: FrontierPlace, frame: Frame, x: Linear, y: Linear) -> Node:
    across = coordinate(x(place.review_share))
    return line(class_="reference", x1=across, x2=across, y1=coordinate(y(place.precision)), y2=coordinate(frame.y0))


def _mark(place: FrontierPlace, x: Linear, y: Linear, mark: str, tone: str, name: str) -> Node:
    words = f"{name}: {percent(place.review_share)} to people, {percent(place.precision)} right"
    return g(class_=f"tone-{tone}")[
        circle(class_=mark, cx=coordinate(x(place.review_share)), cy=coordinate(y(place.precision)), r="6")[
            title[words]
        ]
    ]


def _table(places: tuple[FrontierPlace, ...]) -> TableView:
    return TableView(
        caption="Places of the line",
        caption_hidden=True,
        columns=(
            Column(label="Shown from"),
            Column(label="To people", number=True),
            Column(label="Right", number=True),
            Column(label="90% interval", number=True),
            Column(label="Labels", number=True),
            Column(label="Cost", number=True),
            Column(label="They wait", number=True),
        ),
        rows=tuple(
            (
                "never" if place.threshold > 1 else decimal(place.threshold),
                percent(place.review_share),
                percent(place.precision) if place.n or place.threshold <= 1 else NOTHING,
                span(place.low, place.high) if place.n or place.threshold <= 1 else NOTHING,
                f"{place.n:,}",
                decimal(place.cost, 2),
                NOTHING if place.wait_s is None else duration(max(1.0, place.wait_s)),
            )
            for place in places
        ),
    )
