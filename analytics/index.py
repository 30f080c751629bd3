"""The list of surfaces: which there are, how much each is asked, where its report is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import quote

from htpy import Node, a, div, h1, p, span

from analytics.snapshot import Analytics
from analytics.tabular import over
from components.badge import BadgeView, badge
from components.empty import EmptyView, StepView, empty
from components.number import NOTHING, count, moment
from components.page import PageView, nav_for, page
from components.table import Column, TableView, data_table


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLine:
    surface: str
    title: str
    simulated: bool
    n_slates: int
    last_at: datetime | None


def surfaces(analytics: Analytics) -> tuple[SurfaceLine, ...]:
    """Every surface with a setting or a slate, by name."""
    return tuple(
        SurfaceLine(
            surface=cast(str, row["surface"]),
            title=cast("str | None", row["title"]) or "",
            simulated=bool(row["simulated"]),
            n_slates=cast(int, row["n_slates"]),
            last_at=cast("datetime | None", row["last_at"]),
        )
        for row in analytics.rows("surfaces")
    )


def render_index(lines: tuple[SurfaceLine, ...], *, as_worker: bool = False) -> str:
    """The page at /reports."""
    head = div(".page-head")[
        div(".page-head-text")[
            h1["Reports"],
            p(".lede")["What was suggested, what became of it, and whether the figures kept their word."],
        ]
    ]
    shell = PageView(title="Reports", here="reports", nav=nav_for(is_worker=as_worker))
    return str(page(shell, head, _listed(lines) if lines else empty(_FIRST_RUN)))


_FIRST_RUN = EmptyView(
    title="There is no surface yet",
    text="A surface is one place in your product where suggestions appear. Each has its own report.",
    steps=(
        StepView(
            title="Make one by importing its candidates",
            text="A file with the columns id and text.",
            command="suggest import candidates.csv --surface support",
        ),
        StepView(title="Ask for a suggestion", text="Its report starts with the first request."),
    ),
)


def _listed(lines: tuple[SurfaceLine, ...]) -> Node:
    table = TableView(
        caption="Surfaces",
        caption_hidden=True,
        columns=(
            Column(label="Surface"),
            Column(label="Requests", number=True),
            Column(label="Last asked", number=True),
        ),
        rows=tuple(
            (_name(line), count(line.n_slates), NOTHING if line.last_at is None else _day_and_hour(line.last_at))
            for line in lines
        ),
    )
    return div(".card.card-flush")[data_table(table)]


def _day_and_hour(at: datetime) -> Node:
    """One under the other: side by side they do not fit a phone."""
    day, _, hour = moment(at).partition(", ")
    return over(day, hour)


def _name(line: SurfaceLine) -> Node:
    return span(".cluster")[
        a(href=f"/reports/{quote(line.surface, safe='')}")[line.title or line.surface],
        line.title and line.title != line.surface and span(".fine.quiet")[line.surface],
        line.simulated and badge(BadgeView(text="simulated", tone="simulated")),
    ]
