"""Whether what is asked has changed: confidence over time, and two tests against the surface's own history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import numpy as np

from analytics.compared import Rate, Rates, compared
from analytics.csv import Value
from analytics.drawn import Drawn
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, table_figure
from components.charts.frame import Words
from components.charts.line import SharePoint, ShareSeries, SharesView
from components.figure import Definition
from components.number import percent, plural
from suggest.metrics import drift
from suggest.metrics.interval import Interval

MOST_REQUESTS = 2_000  # that the tests look at
RECENT_SHARE = 0.25  # of them is "now"
FEWEST = 200
SEED = 20260101

CONFIDENCE = Definition(
    what="How sure the model was of having a right option, over time. A fall says that more is asked that it cannot "
    "answer, before anybody has complained.",
    formula="Mean p_any of each stretch with its 95% normal interval (± 1.96 · s / √n).",
    caveat="A new bundle moves the line without any change of traffic; so does the correction of p_any to recent "
    "traffic.",
)

TESTS = Definition(
    what="Whether the latest quarter of the requests differs from those before by more than chance.",
    formula="Fall of the mean of p_any, and the norm of the shift of the mean vector, against what blocks of 25 of the "
    "surface's own history reach in one window of a hundred (moving block bootstrap), times the root of "
    "1 + recent / earlier requests: the history is a sample too.",
    caveat="Two tests at 1% each. The first is blind to new subjects that are answered well, the second to anything "
    "that leaves the mean vector where it is.",
)


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            *compared(asking, "drift", _rates),
            Section(
                id="drift",
                title="Has traffic changed",
                lede="Nothing here needs a label: it shows before the outcomes do.",
                figures=(_confidence_figure(asking), _tests_figure(asking)),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    """Mean p_any of the whole time, from the means and spreads of its stretches."""
    rows = asking.analytics.rows("confidence_over_time", step=asking.period.step, **asking.bounds)
    n, mean, spread = (np.array([cast("float", row[name]) for row in rows]) for name in ("n", "mean", "spread"))
    total = float(n.sum())
    if not total:
        return {}
    mid = float(n @ mean) / total
    squares = float((n - 1) @ spread**2 + n @ (mean - mid) ** 2)
    half = 1.96 * (squares / max(1.0, total - 1) / total) ** 0.5
    return {
        "mean p_any": Rate(found=Interval(low=max(0.0, mid - half), mid=mid, high=min(1.0, mid + half), n=int(total)))
    }


def _confidence_figure(asking: Asking) -> Drawn:
    period = asking.period
    rows = asking.analytics.rows("confidence_over_time", step=period.step, **asking.bounds)
    by = {cast(datetime, row["at"]): row for row in rows}
    points = tuple(None if (row := by.get(at)) is None else _point(row) for at in period.columns)
    known = [each for each in points if each is not None]
    return table_figure(
        id="confidence-over-time",
        title="How sure it was",
        definition=CONFIDENCE,
        columns=(
            Col(name=f"{period.step}_from", label=period.step, kind="moment"),
            Col(name="n", label="requests"),
            Col(name="mean_p_any", label="mean p_any", kind="share"),
            Col(name="low", label="from", kind="share"),
            Col(name="high", label="to", kind="share"),
        ),
        values=[
            (at, each.n, each.share, each.low, each.high)
            for at, each in zip(period.columns, points, strict=True)
            if each is not None
        ],
        sample=plural(sum(each.n for each in known), "request"),
        chart=SharesView(
            words=Words(
                id="confidence",
                title="Mean p_any over time",
                summary=f"From {percent(known[0].share)} to {percent(known[-1].share)}." if known else "Nothing.",
            ),
            columns=period.labels,
            series=(ShareSeries(name="mean p_any", tone="selected", points=points),),
            quantity="mean p_any",
            across=period.axis,
        ),
        missing="" if known else "No request of this period was given a probability.",
    )


def _point(row: Row) -> SharePoint:
    n, mean = cast("int", row["n"]), min(max(cast("float", row["mean"]), 0.0), 1.0)
    half = 1.96 * cast("float", row["spread"]) / n**0.5
    return SharePoint(share=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), n=n)


def _tests_figure(asking: Asking) -> Drawn:
    rows = asking.analytics.rows("recent_requests", most=MOST_REQUESTS, **asking.bounds)[::-1]
    values = _tests(rows) if len(rows) >= FEWEST else []
    return table_figure(
        id="drift-tests",
        title="Against its own history",
        definition=TESTS,
        columns=(
            Col(name="test", label="test", kind="text"),
            Col(name="requests", label="requests"),
            Col(name="value", label="now", kind="decimal"),
            Col(name="limit", label="chance reaches", kind="decimal"),
            Col(name="verdict", label="verdict", kind="text"),
        ),
        values=values,
        sample=plural(len(rows), "request"),
        missing="" if values else f"{FEWEST} requests are needed to know what is usual; there are {len(rows)}.",
    )


def fall_of(rows: Sequence[Row]) -> drift.Drift:
    """The first of the two tests, which takes no vectors; of rows in order of time."""
    p = np.array([cast("float", row["p_any"]) for row in rows])
    cut = round(len(rows) * (1 - RECENT_SHARE))
    return drift.fall_of_mean(p[:cut], p[cut:], np.random.default_rng(SEED))


def _tests(rows: Sequence[Row]) -> list[tuple[Value, ...]]:
    fall = fall_of(rows)
    told: list[tuple[Value, ...]] = [("fall of p_any", len(rows), fall.value, fall.limit, _verdict(fall))]
    vectors = [row for row in rows if row["embedding"] is not None and row["encoder"] == rows[-1]["encoder"]]
    if len(vectors) >= FEWEST:
        made = np.array([np.frombuffer(cast(bytes, row["embedding"]), np.float16) for row in vectors], np.float32)
        cut = round(len(made) * (1 - RECENT_SHARE))
        shift = drift.shift_of_mean(made[:cut], made[cut:], np.random.default_rng(SEED))
        told.append(("shift of subjects", len(made), shift.value, shift.limit, _verdict(shift)))
    return told


def _verdict(found: drift.Drift) -> str:
    return "changed" if found.is_alarm else "no more than chance"
