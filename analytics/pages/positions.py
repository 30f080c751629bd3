"""Where people look: what was seen at each position, and how far down they read, as the retrains estimate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analytics.act_figures import positions_figure
from analytics.compared import Rates, compared, shares_of
from analytics.drawn import Drawn
from analytics.outcomes import outcomes_by_position
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.tabular import Col, table_figure
from components.charts.frame import Words
from components.charts.line import SharePoint, ShareSeries, SharesView
from components.figure import Definition
from components.identifier import short
from components.number import percent, plural
from suggest.metrics.interval import Interval

EXAMINATION = Definition(
    what="How likely an option at each position is read at all, as the newest bundle that learned from clicks "
    "estimated it. What stands lower and is not taken may simply not have been read.",
    formula="Position-based model: P(taken) = P(read | position) · P(right), both fitted by turns on the logged "
    "slates; the first position counts as read. 95% interval: normal on the scale of logits, from the information of "
    "all slates about all that is fitted (outer products of their scores) and what the start counts for, ten slates a "
    "position.",
    caveat="It assumes that reading depends on the position alone and believes the model's probabilities: the interval "
    "is of chance alone, and rather too wide where little was read. Bundles of earlier versions say none. Exploration "
    "makes it sharper.",
)


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            *compared(asking, "positions", position_rates),
            Section(
                id="positions",
                title="Where people look",
                lede="Looked at and taken are two questions. Only what was seen can be judged.",
                figures=(
                    positions_figure(outcomes_by_position(asking.analytics, asking.surface, asking.period), asking),
                    _examination_figure(asking),
                ),
            ),
        )
    )


def position_rates(asking: Asking) -> Rates:
    """How often each position was looked at and, once it was, taken."""
    found: dict[str, Interval | None] = {}
    for each in outcomes_by_position(asking.analytics, asking.surface, asking.period):
        place = f"position {each.position + 1}"
        found[f"{place}, looked at"] = each.examined_share
        found[f"{place}, taken once looked at"] = each.selected_share
    return shares_of(found)


def _examination_figure(asking: Asking) -> Drawn:
    found = next((each for each in asking.bundles if _read(each.manifest)), None)
    read = _read(found.manifest) if found else ()
    return table_figure(
        id="examination",
        title="How far down they read",
        definition=EXAMINATION,
        columns=(
            Col(name="position", label="position"),
            Col(name="read", label="read", kind="share"),
            Col(name="read_low", label="from", kind="share"),
            Col(name="read_high", label="to", kind="share"),
        ),
        values=[(n + 1, *each) for n, each in enumerate(read)],
        sample=f"of {short(found.id)}" if found else plural(0, "bundle"),
        chart=SharesView(
            words=Words(
                id="examined",
                title="Estimated chance of being read, by position",
                summary=f"From {percent(read[0][0])} at the top to {percent(read[-1][0])} at the lowest."
                if read
                else "–",
            ),
            columns=tuple(str(n + 1) for n in range(len(read))),
            series=(
                ShareSeries(
                    name="read",
                    tone="selected",
                    points=tuple(
                        SharePoint(share=p, low=p if low is None else low, high=p if high is None else high, n=0)
                        for p, low, high in read
                    ),
                ),
            ),
            quantity="share read",
            across="position, 1 is the top",
        ),
        missing="" if read else "No bundle has learned from enough slates that were read. A retrain estimates it.",
    )


def _read(manifest: Mapping[str, object]) -> tuple[tuple[float, float | None, float | None], ...]:
    """How likely each position is read, with its interval where the bundle says one; empty where it says nothing."""
    told = manifest.get("examination")
    theta, bounds = (told.get("theta"), told.get("theta_bounds")) if isinstance(told, Mapping) else (None, None)
    if not isinstance(theta, list):
        return ()
    ends = bounds if isinstance(bounds, list) and len(bounds) == len(theta) else [None] * len(theta)
    return tuple(_within(p, each) for p, each in zip(theta, ends, strict=True))


def _within(theta: float, ends: Sequence[float] | None) -> tuple[float, float | None, float | None]:
    share = min(max(float(theta), 0.0), 1.0)
    return (
        (share, None, None) if ends is None else (share, max(0.0, min(ends[0], share)), min(1.0, max(ends[1], share)))
    )
