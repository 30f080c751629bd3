"""Where people look: what was seen at each position, and how far down they read, as the retrains estimate it."""

from __future__ import annotations

from collections.abc import Mapping

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
from components.number import percent, plural
from suggest.metrics.interval import Interval

EXAMINATION = Definition(
    what="How likely an option at each position is read at all, as the newest bundle that learned from clicks "
    "estimated it. What stands lower and is not taken may simply not have been read.",
    formula="Position-based model: P(taken) = P(read | position) · P(right), both fitted by turns on the logged "
    "slates; "
    "the first position counts as read. Wrongly taken: the chance that an option that was read is taken though it is "
    "not the right one.",
    caveat="An estimate of the model, without an interval; it assumes that reading depends on the position alone. "
    "Exploration makes it sharper.",
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
    found = next((each for each in asking.bundles if _theta(each.manifest)), None)
    theta = _theta(found.manifest) if found else []
    return table_figure(
        id="examination",
        title="How far down they read",
        definition=EXAMINATION,
        columns=(Col(name="position", label="position"), Col(name="read", label="read", kind="share")),
        values=[(n + 1, read) for n, read in enumerate(theta)],
        sample=f"of {found.id}" if found else plural(0, "bundle"),
        chart=SharesView(
            words=Words(
                id="examined",
                title="Estimated chance of being read, by position",
                summary=f"From {percent(theta[0])} at the top to {percent(theta[-1])} at the lowest." if theta else "–",
            ),
            columns=tuple(str(n + 1) for n in range(len(theta))),
            series=(
                ShareSeries(
                    name="read",
                    tone="selected",
                    points=tuple(SharePoint(share=p, low=p, high=p, n=0) for p in theta),
                ),
            ),
            quantity="share read",
            across="position, 1 is the top",
        ),
        missing="" if theta else "No bundle has learned from enough slates that were read. A retrain estimates it.",
    )


def _theta(manifest: Mapping[str, object]) -> list[float]:
    told = manifest.get("examination")
    theta = told.get("theta") if isinstance(told, Mapping) else None
    return [min(max(float(p), 0.0), 1.0) for p in theta] if isinstance(theta, list) else []
