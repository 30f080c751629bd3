"""Where people were asked: why, how long it took, how well they agree, and what the audit says of the rest."""

from __future__ import annotations

from typing import cast

from analytics.csv import Value
from analytics.drawn import Drawn
from analytics.pages.measured import Asking, Measured
from analytics.people import audits, decisions_over_time, reviews_by_reason
from analytics.people_figures import audit_figure, escalation_figure, reasons_figure, reviews_figure
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, table_figure, values_of
from components.figure import Definition
from components.number import plural
from suggest.metrics.interval import clopper_pearson

WAITS = Definition(
    what="How long a request that was handed to people waited for its answer, and how long the answer took to give.",
    formula="First standing verdict less the review's time; claim to verdict as the console sent it. Median, and the "
    "time within which nine in ten were done.",
    caveat="Reviews that still wait are left out, so a growing queue looks quicker than it is until it is worked off.",
)

WORKERS = Definition(
    what="What each worker answered, how fast, and how often others, or a known answer, say the same of the same "
    "context.",
    formula="Standing verdicts; where several answered one review, each voice instead of what they came to. "
    "Agreed: some other worker's verdict on the same context is the same / those with "
    "another "
    "one. Right: named by a known label of the context, or none where the labels say none / those with a label. 95% "
    "Clopper–Pearson interval of the latter.",
    caveat="Nobody gets the same tasks: whoever takes the hard ones agrees less. A known label may be wrong, too.",
)

CLAIMS = Definition(
    what="How often a review was claimed, and how many claims came to nothing.",
    formula="Distinct leases, less the reviews among them that have a verdict.",
    caveat="A lease that ran out and one that was given back look the same here. A lease given back is not a fault.",
)


def measure(asking: Asking) -> Measured:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    decisions = decisions_over_time(analytics, surface, period)
    return Measured(
        sections=(
            Section(
                id="people",
                title="Where people were asked",
                lede="What the model did not know well enough, and what was checked at random.",
                figures=(
                    escalation_figure(decisions, period),
                    reasons_figure(decisions),
                    reviews_figure(reviews_by_reason(analytics, surface, period)),
                    audit_figure(audits(analytics, surface, period)),
                ),
            ),
            Section(
                id="work",
                title="Their work",
                lede="Times as the server and the console measured them.",
                is_wide=True,
                figures=(_waits_figure(asking), _workers_figure(asking), _claims_figure(asking)),
            ),
        )
    )


def _waits_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("waits", **asking.bounds)
    names = ("reason", "reviews", "answered", "wait_s_median", "wait_s_p90", "handling_s_median", "handling_s_p90")
    return table_figure(
        id="waits",
        title="Waiting and handling",
        definition=WAITS,
        columns=(
            Col(name="reason", label="reason", kind="text"),
            Col(name="reviews", label="reviews"),
            Col(name="answered", label="answered"),
            Col(name="wait_s_median", label="waited, median", kind="seconds"),
            Col(name="wait_s_p90", label="nine in ten", kind="seconds"),
            Col(name="handling_s_median", label="handled, median", kind="seconds"),
            Col(name="handling_s_p90", label="nine in ten", kind="seconds"),
        ),
        values=[values_of(row, *names) for row in rows],
        sample=plural(sum(cast("int", row["reviews"]) for row in rows), "review"),
        missing="" if rows else "Nothing was handed to people in this period.",
    )


def _workers_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("workers", **asking.bounds)
    return table_figure(
        id="workers",
        title="By worker",
        definition=WORKERS,
        columns=(
            Col(name="worker", label="worker", kind="text"),
            Col(name="verdicts", label="verdicts"),
            Col(name="handling_s_median", label="median time", kind="seconds"),
            Col(name="none_share", label="none of these", kind="share"),
            Col(name="compared", label="compared"),
            Col(name="agreed_share", label="agreed", kind="share"),
            Col(name="checked", label="checked"),
            Col(name="right_share", label="right", kind="share"),
            Col(name="right_low", label="from", kind="share"),
            Col(name="right_high", label="to", kind="share"),
        ),
        values=[_worker(row) for row in rows],
        sample=plural(sum(cast("int", row["verdicts"]) for row in rows), "verdict"),
        missing="" if rows else "No verdict stands in this period.",
    )


def _worker(row: Row) -> tuple[Value, ...]:
    n, compared, checked = (cast("int", row[name]) for name in ("verdicts", "compared", "checked"))
    right = clopper_pearson(cast("int", row["right_n"]), checked) if checked else None
    return (
        str(row["worker"] or "unknown"),
        n,
        cast("float | None", row["handling_s_median"]),
        cast("int", row["none_of_these"]) / n,
        compared,
        cast("int", row["agreed"]) / compared if compared else None,
        checked,
        *((right.mid, right.low, right.high) if right else (None, None, None)),
    )


def _claims_figure(asking: Asking) -> Drawn:
    claims, nothing = values_of(asking.analytics.rows("claims", **asking.bounds)[0], "claims", "came_to_nothing")
    return table_figure(
        id="claims",
        title="Claims",
        definition=CLAIMS,
        columns=(Col(name="claims", label="claims"), Col(name="came_to_nothing", label="came to nothing")),
        values=[(claims, nothing)] if claims else [],
        sample=plural(cast("int", claims), "claim"),
        missing="" if claims else "No review of this period was claimed.",
    )
