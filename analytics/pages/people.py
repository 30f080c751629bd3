"""Where people were asked: why, how long it took, how well they agree, and what the audit says of the rest."""

from __future__ import annotations

import math
from typing import cast

from analytics import quantiles
from analytics.changes import tally
from analytics.compared import Rate, Rates, compared, shares_of
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.pages.measured import Asking, Measured
from analytics.people import audits, decisions_over_time, reviews_by_reason
from analytics.people_figures import audit_figure, escalation_figure, reasons_figure, reviews_figure
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, table_figure, values_of
from components.figure import Definition
from components.number import plural
from suggest.domain.slate import Decision
from suggest.metrics.interval import Interval, clopper_pearson, z_two_sided

WAITS = Definition(
    what="How long a request that was handed to people waited for its answer, and how long the answer took to give.",
    formula="First standing verdict less the review's time; claim to verdict as the console sent it. Median, and the "
    f"time within which nine in ten were done. {quantiles.FORMULA}",
    caveat="Reviews that still wait are left out, so a growing queue looks quicker than it is until it is worked off. "
    f"{quantiles.CAVEAT}",
)

WORKERS = Definition(
    what="What each worker answered, how fast, and how often others, or a known answer, say the same of the same "
    "context.",
    formula="Standing verdicts; where several answered one review, each voice instead of what they came to. "
    "Agreed: some other worker's verdict on the same context is the same / those with "
    "another "
    "one. Right: named by a known label of the context, or none where the labels say none / those with a label. 95% "
    f"Clopper–Pearson intervals of shares. {quantiles.FORMULA}",
    caveat="Nobody gets the same tasks: whoever takes the hard ones agrees less. A known label may be wrong, too.",
)

CLAIMS = Definition(
    what="How often a review was claimed, and how many claims came to nothing.",
    formula="Distinct leases, less the reviews among them that have a verdict; 95% Clopper–Pearson interval of the "
    "share.",
    caveat="A lease that ran out and one that was given back look the same here. A lease given back is not a fault.",
)


COSTS = Definition(
    what="What an answered item takes of people's time, the unit that the cost of an error is in: all answers "
    "that were given to it together, where several were asked for.",
    formula="Σ handling time of the standing verdicts and voices of an item, from claim to verdict; mean over the "
    "items with its 95% normal interval. Of 1,000 requests: 1,000 times the mean over all requests of the period, "
    "those that took no time as 0, likewise.",
    caveat="Time is measured only where the console, or a caller, sends it: items without are left out. Waiting for "
    "work is not in it. In money it is this times what a person's hour costs you.",
)


def measure(asking: Asking) -> Measured:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    decisions = decisions_over_time(analytics, surface, period)
    return Measured(
        sections=(
            *compared(asking, "people", _rates),
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
                figures=(_waits_figure(asking), _costs_figure(asking), _workers_figure(asking), _claims_figure(asking)),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    decisions = decisions_over_time(analytics, surface, period)
    claims, nothing = values_of(analytics.rows("claims", **asking.bounds)[0], "claims", "came_to_nothing")
    workers = analytics.rows("workers", **asking.bounds)
    n = {
        name: sum(cast("int", row[name]) for row in workers)
        for name in ("verdicts", "none_of_these", "compared", "agreed", "checked", "right_n")
    }
    told = shares_of(
        {
            "sent to a person": decisions.overall(Decision.ESCALATE),
            "left alone": decisions.overall(Decision.ABSTAIN),
            "right when audited": audits(analytics, surface, period).quality,
            "none of these, of verdicts": clopper_pearson(n["none_of_these"], n["verdicts"]),
            "agreed with others": clopper_pearson(n["agreed"], n["compared"]),
            "agreed with a known answer": clopper_pearson(n["right_n"], n["checked"]),
            "claims that came to nothing": clopper_pearson(cast("int", nothing), cast("int", claims)),
        }
    )
    return {**told, **_times(asking)}


def _times(asking: Asking) -> Rates:
    """Medians of each reason that people were asked for."""
    rows = quantiles.with_bounds(asking.analytics, "waits", ("wait_s", "handling_s"), asking.bounds, key="reason")
    return {
        f"{row['reason']}, {words}": Rate(found=_median(row, time), kind="seconds")
        for row in rows
        for time, words in (("wait_s", "median wait"), ("handling_s", "median handling time"))
    }


def _median(row: Row, time: str) -> Interval | None:
    """With its two ends; one that so few times do not bound is open."""
    mid = cast("float | None", row[f"{time}_median"])
    low, high = (cast("float | None", row[f"{time}_median_{end}"]) for end in ("low", "high"))
    if mid is None:
        return None
    return Interval(
        low=-math.inf if low is None else min(low, mid),
        mid=mid,
        high=math.inf if high is None else max(high, mid),
        n=cast("int", row[f"{time}_n"]),
    )


def _waits_figure(asking: Asking) -> Drawn:
    of = (quantiles.MEDIAN, quantiles.NINE_IN_TEN)
    rows = quantiles.with_bounds(asking.analytics, "waits", ("wait_s", "handling_s"), asking.bounds, of, key="reason")
    names = ("reason", "reviews", "answered", *quantiles.names("wait_s", of), *quantiles.names("handling_s", of))
    return table_figure(
        id="waits",
        title="Waiting and handling",
        definition=WAITS,
        columns=(
            Col(name="reason", label="reason", kind="text"),
            Col(name="reviews", label="reviews"),
            Col(name="answered", label="answered"),
            *quantiles.columns("wait_s", "waited", of),
            *quantiles.columns("handling_s", "handled", of),
        ),
        is_stacked=True,
        values=[values_of(row, *names) for row in rows],
        sample=plural(sum(cast("int", row["reviews"]) for row in rows), "review"),
        missing="" if rows else "Nothing was handed to people in this period.",
    )


def _workers_figure(asking: Asking) -> Drawn:
    rows = quantiles.with_bounds(asking.analytics, "workers", ("handling_s",), asking.bounds, key="worker")
    return table_figure(
        id="workers",
        title="By worker",
        definition=WORKERS,
        columns=(
            Col(name="worker", label="worker", kind="text"),
            Col(name="verdicts", label="verdicts"),
            *quantiles.columns("handling_s", "handled"),
            *_share_columns("none", "none of these"),
            Col(name="compared", label="compared"),
            *_share_columns("agreed", "agreed"),
            Col(name="checked", label="checked"),
            *_share_columns("right", "right"),
        ),
        values=[_worker(row) for row in rows],
        is_stacked=True,
        sample=plural(sum(cast("int", row["verdicts"]) for row in rows), "verdict"),
        missing="" if rows else "No verdict stands in this period.",
    )


def _worker(row: Row) -> tuple[Value, ...]:
    n, compared, checked = (cast("int", row[name]) for name in ("verdicts", "compared", "checked"))
    return (
        str(row["worker"] or "unknown"),
        n,
        *values_of(row, *quantiles.names("handling_s")),
        *_exact(row["none_of_these"], n),
        compared,
        *_exact(row["agreed"], compared),
        checked,
        *_exact(row["right_n"], checked),
    )


def _share_columns(name: str, label: str) -> tuple[Col, ...]:
    ends = (("share", label), ("low", "from"), ("high", "to"))
    return tuple(Col(name=f"{name}_{end}", label=words, kind="share") for end, words in ends)


def _exact(k: object, n: int) -> tuple[float | None, float | None, float | None]:
    """A share with its exact interval; of nothing there is none."""
    return shares(clopper_pearson(cast("int", k), n) if n else None)


def _costs_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("costs", **asking.bounds)
    requests = tally(asking.analytics, asking.surface, asking.period)["requests"]
    return table_figure(
        id="costs",
        title="What an answer costs",
        definition=COSTS,
        columns=(
            Col(name="reason", label="reason", kind="text"),
            Col(name="items", label="items timed"),
            Col(name="answers", label="answers given"),
            Col(name="seconds", label="people's time", kind="seconds"),
            Col(name="seconds_each", label="an item", kind="seconds"),
            Col(name="low", label="from", kind="seconds"),
            Col(name="high", label="to", kind="seconds"),
            Col(name="seconds_per_1000", label="of 1,000 requests", kind="seconds"),
            Col(name="per_1000_low", label="from", kind="seconds"),
            Col(name="per_1000_high", label="to", kind="seconds"),
        ),
        is_stacked=True,
        values=[_cost(row, requests) for row in rows],
        sample=plural(sum(cast("int", row["items"]) for row in rows), "item"),
        missing="" if rows else "No answer of this period was timed. The console times them; so may `handling_ms`.",
    )


def _cost(row: Row, requests: int) -> tuple[Value, ...]:
    items, answers = cast("int", row["items"]), cast("int", row["answers"])
    seconds, spread = cast("float", row["seconds"]), cast("float | None", row["spread"])
    each = seconds / items
    half = None if spread is None else z_two_sided(0.95) * spread / items**0.5
    bounds = (None, None) if half is None else (max(0.0, each - half), each + half)
    return (
        str(row["reason"]),
        items,
        answers,
        seconds,
        each,
        *bounds,
        *_per_1000(items, each, spread, requests),
    )


def _per_1000(
    items: int, each: float, spread: float | None, requests: int
) -> tuple[float | None, float | None, float | None]:
    """Over all requests, those that took nobody any time as 0: their mean of so few large values is what varies."""
    if requests == 0:
        return (None, None, None)
    mean = items * each / requests
    if spread is None or requests == 1:
        return (1_000 * mean, None, None)
    squares = (items - 1) * spread**2 + items * each**2
    variance = max(0.0, squares - requests * mean**2) / (requests - 1)
    half = z_two_sided(0.95) * (variance / requests) ** 0.5
    return (1_000 * mean, max(0.0, 1_000 * (mean - half)), 1_000 * (mean + half))


def _claims_figure(asking: Asking) -> Drawn:
    claims, nothing = values_of(asking.analytics.rows("claims", **asking.bounds)[0], "claims", "came_to_nothing")
    return table_figure(
        id="claims",
        title="Claims",
        definition=CLAIMS,
        columns=(
            Col(name="claims", label="claims"),
            Col(name="came_to_nothing", label="came to nothing"),
            Col(name="nothing_share", label="share", kind="share"),
            Col(name="share_low", label="from", kind="share"),
            Col(name="share_high", label="to", kind="share"),
        ),
        values=[(claims, nothing, *_exact(nothing, cast("int", claims)))] if claims else [],
        sample=plural(cast("int", claims), "claim"),
        missing="" if claims else "No review of this period was claimed.",
    )
