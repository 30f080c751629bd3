"""From the request to what was kept: where suggestions are lost, in whole and by position, bundle and group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from htpy import Node

from analytics.act_figures import outcomes_figure, positions_figure
from analytics.addresses import to_impressions
from analytics.compared import Rates, compared, shares_of
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.outcomes import outcomes_by_position, outcomes_over_time
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, name_apart, share_over, table_figure, written
from components.charts.bars import Stack, StackedBarsView
from components.charts.frame import Words
from components.figure import Definition
from components.identifier import identifier
from components.number import count, plural
from suggest.metrics.interval import wilson

STAGES = ("requested", "reached", "seen", "answered", "selected", "kept")
ENDS = ("dismissed", "overridden", "ignored", "unseen", "pending")
SPOKEN = {
    "reached": "reached",
    "seen": "seen",
    "answered": "answered",
    "selected": "taken",
    "kept": "unedited",
}

FUNNEL = Definition(
    what="Of all requests, how many reached a person, were looked at, were answered at all, taken, and kept as they "
    "were.",
    formula="Reached: decided to be shown, or reported as seen. Seen: taken, dismissed, overridden or ignored. "
    "Answered: taken, dismissed or overridden. Each stage is counted within the one before; 95% Wilson intervals.",
    caveat="Pending slates are reached, and not yet seen. Ignored is missing, not a no. An edit that was not reported "
    "counts as kept.",
)

BY = Definition(
    what="The same funnel for each of them, and how often what was seen was taken.",
    formula="Counts as in the funnel; taken / seen with a 95% Wilson interval.",
    caveat="They were asked at different times and by different people: a difference is no proof of a cause. An "
    "experiment is.",
)


def measure(asking: Asking) -> Measured:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    group = asking.group_path
    by = [
        _by_figure(asking, "bundle", "bundle", "By bundle"),
        _by_figure(asking, "decision", "decision", "By decision"),
    ]
    if group is not None:
        by.append(_by_figure(asking, group[1], group[0], f"By {group[0]}"))
    if (layout := asking.layout_path) is not None:
        by.append(_by_figure(asking, layout[1], layout[0], "By layout", id="funnel-by-layout"))
    return Measured(
        sections=(
            *compared(asking, "funnel", _rates),
            Section(
                id="stages",
                title="The funnel",
                lede="Every stage is within the one before; what is lost between two of them is lost there.",
                figures=(
                    _funnel_figure(asking),
                    outcomes_figure(outcomes_over_time(analytics, surface, period), period, asking),
                ),
            ),
            Section(
                id="parts",
                title="By part",
                lede="Where it stands, which bundle ranked it, what was decided, and for whom.",
                is_wide=True,
                figures=(positions_figure(outcomes_by_position(analytics, surface, period), asking), *by),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    rows = asking.analytics.rows("funnel", by="", **asking.bounds)
    n = {name: sum(cast("int", row[name]) for row in rows) for name in (*STAGES, *ENDS)}
    steps = {
        f"{SPOKEN[stage]} of {SPOKEN.get(before, before)}": wilson(min(n[stage], n[before]), n[before])
        for before, stage in pairwise(STAGES)
    }
    ends = {
        f"{end} of seen": wilson(min(n[end], n["seen"]), n["seen"]) for end in ("dismissed", "overridden", "ignored")
    }
    taken = {"taken of seen": wilson(min(n["selected"], n["seen"]), n["seen"])}
    return shares_of({**steps, **taken, **ends})


def _funnel_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("funnel", by="", **asking.bounds)
    counts = [sum(cast("int", row[stage]) for row in rows) for stage in STAGES]
    n = counts[0]
    spoken = ", ".join(f"{count(k)} {SPOKEN.get(stage, stage)}" for stage, k in zip(STAGES, counts, strict=True))
    return table_figure(
        id="funnel",
        title="From request to what was kept",
        definition=FUNNEL,
        columns=(
            Col(name="stage", label="stage", kind="text"),
            Col(name="slates", label="slates"),
            Col(name="of_all", label="of all", kind="share"),
            Col(name="of_all_low", label="from", kind="share"),
            Col(name="of_all_high", label="to", kind="share"),
            Col(name="of_before", label="of the one before", kind="share"),
            Col(name="low", label="from", kind="share"),
            Col(name="high", label="to", kind="share"),
        ),
        values=[_stage(stage, k, n, before) for stage, k, before in zip(STAGES, counts, [n, *counts], strict=False)]
        if n
        else [],
        is_stacked=True,
        sample=plural(n, "request"),
        chart=StackedBarsView(
            words=Words(id="funnel-chart", title="Slates that reach each stage", summary=f"{spoken}."),
            columns=tuple(SPOKEN.get(stage, stage) for stage in STAGES),
            stacks=(
                Stack(
                    name="slates",
                    tone="selected",
                    counts=tuple(counts),
                    links=tuple(to_impressions(asking, stage=stage) for stage in STAGES),
                ),
            ),
            quantity="slates",
            across="stage",
            are_names=True,
        ),
        missing="" if n else "No request in this period.",
    )


def _stage(stage: str, k: int, n: int, before: int) -> tuple[str | int | float | None, ...]:
    return (stage, k, *shares(wilson(k, n)), *shares(wilson(k, before) if before else None))


def _by_figure(asking: Asking, by: str, name: str, title: str, id: str = "") -> Drawn:
    rows = asking.analytics.rows("funnel", by=by, **asking.bounds)
    columns = (
        *(Col(name=stage, label=SPOKEN.get(stage, stage)) for stage in STAGES),
        *(Col(name=end, label=end) for end in ENDS),
        Col(name="taken_of_seen", label="taken of seen", kind="share"),
        Col(name="low", label="from", kind="share"),
        Col(name="high", label="to", kind="share"),
    )
    column = name_apart(name, [each.name for each in columns])
    values = [_part(row) for row in rows]
    return table_figure(
        id=id or f"funnel-by-{'group' if by.startswith('$') else name}",
        title=title,
        definition=BY,
        columns=(Col(name=column, label=name, kind="bundle" if by == "bundle" else "text"), *columns),
        values=values,
        labels=(name, *(each.label for each in columns[:-2])),
        cells=[_cells(row, is_bundle=by == "bundle") for row in values],
        sample=plural(sum(cast("int", row["requested"]) for row in rows), "request"),
        missing="" if rows else "No request in this period.",
    )


def _part(row: Row) -> tuple[str | int | float | None, ...]:
    seen, selected = cast("int", row["seen"]), cast("int", row["selected"])
    found = wilson(min(selected, seen), seen) if seen else None
    return (
        str(row["value"] or "none"),
        *(cast("int", row[stage]) for stage in STAGES),
        *(cast("int", row[end]) for end in ENDS),
        *((found.mid, found.low, found.high) if found else (None, None, None)),
    )


def _cells(row: Sequence[Value], *, is_bundle: bool) -> tuple[Node, ...]:
    """The interval stands under the share: the stages and ends need the width."""
    value, *counts, share, low, high = row
    said = identifier(str(value)) if is_bundle else str(value)
    return (said, *(written(each, "count") for each in counts), share_over(share, low, high))
