"""Axes: thin lines at round numbers, few labels, the quantity named once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from htpy import Node, fragment, line, text

from components.charts.frame import Frame
from components.charts.scale import Linear, thinned
from components.number import coordinate


def y_axis(frame: Frame, scale: Linear, ticks: Sequence[float], write: Callable[[float], str], name: str = "") -> Node:
    """Gridlines with labels at `ticks`; every second one may go on a phone. `name` stands above, read left to right."""
    return fragment[
        (
            fragment[
                line(
                    class_="baseline" if number == 0 else "gridline",
                    x1=coordinate(frame.x0),
                    x2=coordinate(frame.x1),
                    y1=coordinate(scale(tick)),
                    y2=coordinate(scale(tick)),
                ),
                text(
                    class_=["end", number % 2 == 1 and "tick-minor"],
                    x=coordinate(frame.x0 - 8),
                    y=coordinate(scale(tick)),
                    dy="0.32em",
                )[write(tick)],
            ]
            for number, tick in enumerate(ticks)
        ),
        name and text(class_="axis-name", x="0", y=coordinate(frame.y1 - 20))[name],
    ]


def x_names(frame: Frame, names: Sequence[str], centre: Callable[[int], float]) -> Node:
    """Words under bands. None of them follows from its neighbours: on a phone every second one stands a line lower."""
    return fragment[
        (
            text(
                class_=["middle", number % 2 == 1 and "tick-lower"],
                x=coordinate(centre(number)),
                y=coordinate(frame.y0 + 27),
            )[name]
            for number, name in enumerate(names)
        )
    ]


def x_labels(frame: Frame, labels: Sequence[str], centre: Callable[[int], float], *, most: int = 8) -> Node:
    """Labels under bands or points; at most `most` of them, every second of those may go on a phone."""
    shown = thinned(len(labels), most)
    return fragment[
        (
            text(
                class_=["middle", number % 2 == 1 and len(shown) > 4 and "tick-minor"],
                x=coordinate(centre(index)),
                y=coordinate(frame.y0 + 27),
            )[labels[index]]
            for number, index in enumerate(shown)
        )
    ]


def x_axis(frame: Frame, scale: Linear, ticks: Sequence[float], write: Callable[[float], str], name: str = "") -> Node:
    """Labels at `ticks` along a quantity, and its name below them."""
    return fragment[
        (
            text(
                class_=["middle", number % 2 == 1 and len(ticks) > 3 and "tick-minor"],
                x=coordinate(scale(tick)),
                y=coordinate(frame.y0 + 27),
            )[write(tick)]
            for number, tick in enumerate(ticks)
        ),
        name and x_name(frame, name),
    ]


def x_name(frame: Frame, name: str) -> Node:
    return text(class_="axis-name middle", x=coordinate((frame.x0 + frame.x1) / 2), y=coordinate(frame.height - 2))[
        name
    ]
