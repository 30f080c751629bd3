"""A figure as measured: its words, its drawing where there is one, its rows unrounded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from htpy import Node

from analytics.csv import Rows
from analytics.period import Period
from components.charts.bars import StackedBarsView
from components.charts.line import SharePoint, SharesView
from components.charts.positions import PositionsView
from components.charts.reliability import ReliabilityView
from components.charts.values import ValuesView
from components.figure import Definition, FigureView
from components.number import moment, percent, span
from components.steps import StepsView
from components.table import Column, TableView
from suggest.metrics.interval import Interval

Chart: TypeAlias = StackedBarsView | SharesView | PositionsView | ReliabilityView | ValuesView | StepsView


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure, what to draw in it (None: nothing, `figure.missing` or the table speaks), and its rows unrounded."""

    figure: FigureView
    chart: Chart | None
    rows: Rows


def drawn_as(
    *,
    id: str,
    title: str,
    definition: Definition,
    rows: Rows,
    labels: Sequence[str],
    cells: Sequence[tuple[Node, ...]],
    sample: str,
    texts: Collection[int] = (0,),  # numbers of the columns that are words
    chart: Chart | None = None,
    missing: str = "",
    note: str = "",
) -> Drawn:
    columns = tuple(
        Column(label=label[:1].upper() + label[1:], number=number not in texts) for number, label in enumerate(labels)
    )
    table = TableView(
        caption=title, caption_hidden=True, columns=columns, rows=tuple(cells), none="Nothing in this period."
    )
    keys = chart.keys if isinstance(chart, StackedBarsView | SharesView | PositionsView | ValuesView) else ()
    return Drawn(
        figure=FigureView(
            id=id,
            title=title,
            definition=definition,
            table=table,
            sample=sample,
            keys=keys,
            missing=missing,
            note=note,
        ),
        chart=chart,
        rows=rows,
    )


def point(share: Interval) -> SharePoint:
    """Rounding may leave a bound a hair on the wrong side of the share; a drawing holds it at the share."""
    return SharePoint(share=share.mid, low=min(share.low, share.mid), high=max(share.high, share.mid), n=share.n)


def shares(share: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (share.mid, share.low, share.high) if share is not None and share.n else (None, None, None)


def share_cells(share: Interval | None) -> tuple[str, str]:
    mid, low, high = shares(share)
    return percent(mid), span(low, high)


def bounds(share: Interval | None) -> str:
    """An interval in words for a stat tile."""
    return "" if share is None or not share.n else f"95% interval {span(share.low, share.high)}"


def at_words(period: Period) -> str:
    return f"{moment(period.from_)} to {moment(period.to)}"
