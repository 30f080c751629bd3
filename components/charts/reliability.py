"""The diagram that says whether a probability means what it says: on the diagonal it does, below it is too sure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from htpy import Element, Node, circle, g, line, rect, text, title

from components.charts.axis import x_axis, y_axis
from components.charts.frame import Frame, Words, drawing, leading
from components.charts.scale import Linear
from components.number import coordinate, count, percent

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_COUNTS_HEIGHT = 40.0  # of the histogram under the diagram


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    n: int
    predicted: float  # mean forecast of the bin
    observed: float  # share that was right
    low: float  # exact (Clopper-Pearson) 95% interval of `observed`
    high: float
    from_: float  # smallest and largest forecast of the bin
    to: float
    link: str = ""  # to the slates behind it

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.low <= self.observed <= self.high <= 1:
            raise ValueError("a bin holds at least one forecast, and its share lies within its interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityView:
    words: Words
    bins: tuple[ReliabilityBin, ...]
    forecast: str  # name of the probability, e.g. "p_any"
    observed: str = "was right"

    @property
    def unlinked(self) -> ReliabilityView:
        """The same for a page that is a file."""
        return replace(self, bins=tuple(replace(each, link="") for each in self.bins))


def reliability_diagram(view: ReliabilityView) -> Element:
    frame = Frame(width=480, height=430, top=38, bottom=58 + _COUNTS_HEIGHT + 12)
    x = Linear(low=0, high=1, start=frame.x0, end=frame.x1)
    y = Linear(low=0, high=1, start=frame.y0, end=frame.y1)
    return drawing(
        frame,
        view.words,
        y_axis(frame, y, _TICKS, lambda tick: percent(tick, 0), view.observed),
        line(
            class_="reference",
            x1=coordinate(x(0)),
            y1=coordinate(y(0)),
            x2=coordinate(x(1)),
            y2=coordinate(y(1)),
        ),
        g(class_="tone-selected")[
            (_point(each, view.observed, x, y) for each in view.bins), _counts(view.bins, frame, x)
        ],
        x_axis(frame, x, _TICKS, lambda tick: percent(tick, 0)),
        text(class_="axis-name middle", x=coordinate(x(0.5)), y=coordinate(frame.height - 2))[f"said: {view.forecast}"],
        has_links=any(each.link for each in view.bins),
    )


def _point(each: ReliabilityBin, observed: str, x: Linear, y: Linear) -> Node:
    at = coordinate(x(each.predicted))
    words = f"said {percent(each.predicted)}, {observed} {percent(each.observed)} of {count(each.n)}"
    return leading(
        each.link,
        g[
            title[words],
            line(class_="whisker", x1=at, x2=at, y1=coordinate(y(each.low)), y2=coordinate(y(each.high))),
            circle(class_="dot", cx=at, cy=coordinate(y(each.observed)), r="4.5"),
        ],
    )


def _counts(bins: tuple[ReliabilityBin, ...], frame: Frame, x: Linear) -> Node:
    """How many forecasts each bin holds, per width of the bin, so that its area is its count."""
    floor = frame.y0 + 40 + _COUNTS_HEIGHT
    heights = [each.n / max(0.01, each.to - each.from_) for each in bins]
    tallest = max(heights, default=1.0)
    return g[
        line(
            class_="baseline",
            x1=coordinate(frame.x0),
            x2=coordinate(frame.x1),
            y1=coordinate(floor),
            y2=coordinate(floor),
        ),
        (
            leading(
                each.link,
                rect(
                    class_="bar-faint",
                    x=coordinate(min(x(each.from_), frame.x1 - 3)),
                    y=coordinate(floor - max(1.5, height / tallest * _COUNTS_HEIGHT)),
                    width=coordinate(max(3.0, x(each.to) - x(each.from_) - 1)),
                    height=coordinate(max(1.5, height / tallest * _COUNTS_HEIGHT)),
                )[title[f"{count(each.n)} forecasts from {percent(each.from_)} to {percent(each.to)}"]],
            )
            for each, height in zip(bins, heights, strict=True)
        ),
    ]
