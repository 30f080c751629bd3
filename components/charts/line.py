"""Shares over time, or over a quantity, each with the band its sample leaves open. Where nothing was observed is a gap,
never a zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from htpy import Element, Node, circle, g, path, title

from components.charts.axis import x_axis, x_labels, x_name, y_axis
from components.charts.frame import Frame, Words, drawing
from components.charts.legend import Key, Tone
from components.charts.marks import Mark, rules
from components.charts.scale import Bands, Linear, share_ticks, ticks_within
from components.number import coordinate, count, percent

At = Callable[[int], float]  # the place of a column on paper

_LOWEST_TOP = 0.05  # an axis does not zoom in on nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePoint:
    share: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.share <= self.high <= 1:
            raise ValueError(f"a share lies within its interval, got {self.low} <= {self.share} <= {self.high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSeries:
    name: str
    tone: Tone
    points: tuple[SharePoint | None, ...]  # one a column; None: nothing was observed
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesView:
    words: Words
    columns: tuple[str, ...]
    series: tuple[ShareSeries, ...]
    quantity: str  # what is drawn upwards, e.g. "share of requests"
    across: str  # what is drawn to the side, with its unit, e.g. "day, UTC"
    places: tuple[float, ...] = ()  # where each column stands, upwards; empty: side by side, as equal stretches are
    marks: tuple[Mark, ...] = ()  # where columns stand side by side

    def __post_init__(self) -> None:
        if self.places and (len(self.places) != len(self.columns) or list(self.places) != sorted(self.places)):
            raise ValueError("every column has one place, and the places run upwards")
        if any(len(series.points) != len(self.columns) for series in self.series):
            raise ValueError("every series has one point a column, or None")

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(
            Key(name=series.name, tone=series.tone, mark="line-dashed" if series.dashed else "line")
            for series in self.series
        )


def shares_over_time(view: SharesView) -> Element:
    frame = Frame(top=38, bottom=58)
    ticks = share_ticks(_highest(view))
    y = Linear(low=0, high=ticks[-1], start=frame.y0, end=frame.y1)
    at, below = _along(view, frame)
    return drawing(
        frame,
        view.words,
        y_axis(frame, y, ticks, lambda tick: percent(tick, 0 if ticks[1] >= 0.01 else 1), view.quantity),
        rules(frame, view.marks, Bands(n=max(1, len(view.columns)), start=frame.x0, end=frame.x1).edge),
        (_series(view, series, at, y) for series in view.series),
        below,
        x_name(frame, view.across),
    )


def _along(view: SharesView, frame: Frame) -> tuple[At, Node]:
    """Where each column stands, and what is written below: the columns themselves, or round numbers of a quantity."""
    if not view.places:
        bands = Bands(n=max(1, len(view.columns)), start=frame.x0, end=frame.x1)
        return bands.centre, x_labels(frame, view.columns, bands.centre, most=7)
    low, high = view.places[0], view.places[-1]
    x = Linear(low=low, high=high if high > low else low + 1, start=frame.x0 + 20, end=frame.x1 - 24)
    ticks = x_axis(frame, x, ticks_within(low, high), lambda tick: count(round(tick)))
    return lambda index: x(view.places[index]), ticks


def _highest(view: SharesView) -> float:
    """Enough for every share, half of the bands, and most of each: one wide band of a small sample must not flatten the
    lines, and shares of none are not drawn as if they were known to be none."""
    points = [point for series in view.series for point in series.points if point]
    share = max((point.share for point in points), default=0.0)
    high = max((point.high for point in points), default=0.0)
    usual = median(point.high for point in points) if points else 0.0
    return min(1.0, max(_LOWEST_TOP, share * 1.1, usual, min(high, share * 2)))


def _series(view: SharesView, series: ShareSeries, at: At, y: Linear) -> Node:
    runs = list(_runs(series.points))
    return g(class_=f"tone-{series.tone}")[
        (path(class_="band", d=_band(run, series.points, at, y)) for run in runs if len(run) > 1),
        (
            path(class_=["line", series.dashed and "line-dashed"], d=_line(run, series.points, at, y))
            for run in runs
            if len(run) > 1
        ),
        (_dot(view, series, index, at, y) for run in runs for index in run),
    ]


def _runs(points: tuple[SharePoint | None, ...]) -> Iterator[list[int]]:
    """Stretches of neighbouring columns that have a point."""
    run: list[int] = []
    for index, point in enumerate((*points, None)):
        if point is not None:
            run.append(index)
        elif run:
            yield run
            run = []


def _line(run: list[int], points: tuple[SharePoint | None, ...], at: At, y: Linear) -> str:
    return _through((at(i), y(point.share)) for i in run if (point := points[i]))


def _band(run: list[int], points: tuple[SharePoint | None, ...], at: At, y: Linear) -> str:
    above = [(at(i), y(point.high)) for i in run if (point := points[i])]
    below = [(at(i), y(point.low)) for i in reversed(run) if (point := points[i])]
    return _through(iter((*above, *below))) + "Z"


def _through(places: Iterator[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in places)


def _dot(view: SharesView, series: ShareSeries, index: int, at: At, y: Linear) -> Node:
    point = series.points[index]
    if point is None or (len(view.columns) > 45 and _neighbours(series.points, index)):
        return None
    words = f"{view.columns[index]}: {series.name} {percent(point.share)}, n = {point.n:,}"
    return circle(
        class_="dot-open" if series.dashed else "dot",
        cx=coordinate(at(index)),
        cy=coordinate(y(point.share)),
        r="3.5" if len(view.columns) <= 31 else "2.5",
    )[title[words]]


def _neighbours(points: tuple[SharePoint | None, ...], index: int) -> bool:
    return any(0 <= i < len(points) and points[i] is not None for i in (index - 1, index + 1))
