"""A part of a report: a heading, a sentence, a few figures; and how it is drawn, wherever it stands."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from htpy import Element, Node, div, h2, p, section

from analytics.csv import rows_csv
from analytics.drawn import Chart, Drawn
from components.charts.bars import StackedBarsView, stacked_bars
from components.charts.line import SharesView, shares_over_time
from components.charts.positions import PositionsView, positions_chart
from components.charts.reliability import ReliabilityView, reliability_diagram
from components.charts.values import ValuesView, values_chart
from components.figure import figure
from components.steps import StepsView, next_steps

Address = Callable[[Drawn], str]  # where a figure's rows can be had as CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: str
    lede: str
    figures: tuple[Drawn, ...]
    is_wide: bool = False  # its tables have many columns: one below the other


def drawn_section(each: Section, address: Address, *, about: str, after: Node = None, links: bool = False) -> Element:
    """`about` begins the names of the files that its rows are saved under; `after` stands under the figures; `links`: a
    bar leads to what is behind it."""
    return section(".section", id=each.id, aria_labelledby=f"{each.id}-name")[
        div(".section-head")[h2(id=f"{each.id}-name")[each.title], p[each.lede]],
        div(class_=["grid", "grid-wide" if each.is_wide else "grid-3" if len(each.figures) == 3 else "grid-2"])[
            (
                figure(
                    replace(drawn.figure, csv=address(drawn), csv_name=csv_name(about, drawn)),
                    None if drawn.chart is None else _chart(drawn.chart, links=links),
                )
                for drawn in each.figures
            )
        ],
        after,
    ]


def csv_name(about: str, drawn: Drawn) -> str:
    """A file name made of letters, digits and hyphens only."""
    plain = "".join(character if character.isascii() and character.isalnum() else "-" for character in about)
    return f"{plain}-{drawn.figure.id}.csv"


def carried(drawn: Drawn) -> str:
    """The rows as an address that holds them, for a page that is a file."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(rows_csv(drawn.rows).encode()).decode()


def _chart(view: Chart, *, links: bool) -> Element:
    match view:
        case StackedBarsView():
            return stacked_bars(view if links else view.unlinked)
        case SharesView():
            return shares_over_time(view)
        case PositionsView():
            return positions_chart(view if links else view.unlinked)
        case ReliabilityView():
            return reliability_diagram(view if links else view.unlinked)
        case ValuesView():
            return values_chart(view if links else view.unlinked)
        case StepsView():
            return next_steps(view if links else view.unlinked)
        case _:
            assert_never(view)
