"""Whether the probabilities kept their word: in whole, and by bundle and group, where marginal calibration hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from analytics import definitions
from analytics.compared import Rate, Rates, compared
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.honesty_figures import reliability_figure
from analytics.pages.measured import Asking, Measured
from analytics.reliability import (
    MIN_ERROR_N,
    Forecasts,
    Judged,
    Reliability,
    forecasts_of_accept,
    forecasts_of_any,
    forecasts_of_select,
    judged_slates,
)
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, name_apart, table_figure
from components.figure import Definition
from components.number import count, plural
from suggest.metrics.interval import Interval, clopper_pearson

LEAST_GROUP = 20

GAPS = Definition(
    what="What was said of the slates of each of them, and how many held a right option: a figure that keeps its word "
    "on average may break it here.",
    formula="Mean p_any less the share right, over slates known by a verdict or a known answer; 95% Clopper–Pearson "
    "interval of the share. Noise: 1.96 · √(Σ p (1 − p)) / n, what exact forecasts would be off by at this n.",
    caveat="Compare |off by| with the noise, not with 0: one group in twenty is off by more than noise by chance "
    "alone. Under 20 slates nothing is shown.",
)


BY_GROUP = Definition(
    what="Whether each of the three probabilities keeps its word for each group: what holds on average may not hold "
    "for one language or one product.",
    formula="As in the diagrams above, over the same latest 5,000 slates: mean forecast; share that was right with its "
    "95% Clopper–Pearson interval; ECE of equal-mass bins beside what exact forecasts of this group would measure, on "
    f"average and up to the 95th percentile of 200 draws, from {MIN_ERROR_N} slates on.",
    caveat="One group in twenty is above the 95th percentile by chance alone. The options of one slate are not "
    f"independent, which makes the intervals of p_select too narrow. Under {LEAST_GROUP} slates nothing is shown.",
)


def measure(asking: Asking) -> Measured:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    group = asking.group_path
    by = None if group is None else group[1]
    judged = judged_slates(analytics, surface, period, by=by)
    of_any, of_select = forecasts_of_any(judged), forecasts_of_select(analytics, judged)
    of_accept = forecasts_of_accept(analytics, surface, period, by=by)
    gaps = [_gaps_figure(asking, "bundle", "bundle")]
    if group is not None:
        gaps += [_gaps_figure(asking, group[1], group[0]), _groups_figure(group[0], (of_any, of_select, of_accept))]
    return Measured(
        sections=(
            *compared(asking, "reliability", _rates),
            Section(
                id="honesty",
                title="Did the figures keep their word",
                lede=judged_words(judged),
                figures=(
                    reliability_figure(
                        of_any.measured(),
                        definitions.RELIABILITY_ANY,
                        "No slate of this period is judged yet. A selection, a dismissal, a known answer to the same "
                        "context or a verdict judges one; silence does not. What was imported has no probability.",
                        asking,
                    ),
                    reliability_figure(
                        of_select.measured(),
                        definitions.RELIABILITY_SELECT,
                        "No option of this period is judged yet.",
                        asking,
                    ),
                    reliability_figure(
                        of_accept.measured(),
                        definitions.RELIABILITY_ACCEPT,
                        "No shown slate of this period has an outcome yet.",
                        asking,
                    ),
                ),
            ),
            Section(
                id="gaps",
                title="For whom it does not",
                lede="By bundle and by group.",
                is_wide=True,
                figures=tuple(gaps),
            ),
        )
    )


def _rates(asking: Asking) -> Rates:
    """How often each forecast came true, and how far what was said is from it."""
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    judged = judged_slates(analytics, surface, period)
    found: dict[str, Rate] = {}
    for each in (
        forecasts_of_any(judged),
        forecasts_of_select(analytics, judged),
        forecasts_of_accept(analytics, surface, period),
    ):
        n = len(each.p)  # bars and noise floors are the slow part, and not compared
        if not n:
            continue
        rate, mean = clopper_pearson(int(each.is_right.sum()), n), float(each.p.clip(0.0, 1.0).mean())
        gap = Interval(low=mean - rate.high, mid=mean - rate.mid, high=mean - rate.low, n=n)
        came_true = "was taken" if each.forecast == "p_accept" else "was right"
        found[f"{each.forecast}, {came_true}"] = Rate(found=rate)
        found[f"{each.forecast}, said too much by"] = Rate(found=gap, kind="points")
    return found


def _groups_figure(name: str, forecasts: Sequence[Forecasts]) -> Drawn:
    rows = [_group(value, found) for each in forecasts for value, found in each.by_group(least=LEAST_GROUP).items()]
    columns = (
        Col(name="forecast", label="said", kind="text"),
        Col(name="slates", label="slates"),
        Col(name="n", label="forecasts"),
        Col(name="mean", label="mean", kind="share"),
        Col(name="right_share", label="was right", kind="share"),
        Col(name="low", label="from", kind="share"),
        Col(name="high", label="to", kind="share"),
        Col(name="ece", label="ECE", kind="decimal"),
        Col(name="noise", label="noise, mean", kind="decimal"),
        Col(name="noise_p95", label="noise, up to", kind="decimal"),
        Col(name="verdict", label="verdict", kind="text"),
    )
    column = name_apart(name, [each.name for each in columns])
    return table_figure(
        id="reliability-by-group",
        title=f"Each probability by {name}",
        definition=BY_GROUP,
        columns=(Col(name=column, label=name, kind="text"), *columns),
        values=rows,
        is_stacked=True,
        sample=plural(len({row[0] for row in rows}), "group"),
        missing="" if rows else f"No {name} with {LEAST_GROUP} slates of which it is known what was right.",
    )


def _group(value: str, found: Reliability) -> tuple[Value, ...]:
    error = found.error
    if error is None:
        told: tuple[Value, ...] = (None, None, None, f"needs {MIN_ERROR_N} slates")
    else:
        told = (error.ece, error.floor.mean, error.floor.p95, error.verdict)
    return (value, found.forecast, found.n_slates, found.n, found.mean, *shares(found.rate), *told)


def judged_words(judged: Judged) -> str:
    by = Counter(judged.known_by)
    return (
        f"{plural(len(judged), 'slate')} judged: {count(by['verdict'])} by a verdict, {count(by['label'])} by a known "
        f"answer, {count(by['act'])} by what the person did."
    )


def _gaps_figure(asking: Asking, by: str, name: str) -> Drawn:
    rows = [row for row in asking.analytics.rows("judged_by", by=by, **asking.bounds) if _n(row) >= LEAST_GROUP]
    columns = (
        Col(name="n", label="judged"),
        Col(name="said", label="said", kind="share"),
        Col(name="right_share", label="was right", kind="share"),
        Col(name="low", label="from", kind="share"),
        Col(name="high", label="to", kind="share"),
        Col(name="off_by", label="off by", kind="points"),
        Col(name="noise", label="noise ±", kind="spread"),
        Col(name="verdict", label="verdict", kind="text"),
    )
    column = name_apart(name, [each.name for each in columns])
    return table_figure(
        id=f"calibration-by-{'group' if by.startswith('$') else name}",
        title=f"By {name}",
        definition=GAPS,
        columns=(Col(name=column, label=name, kind="bundle" if by == "bundle" else "text"), *columns),
        values=[_gap(row) for row in rows],
        sample=plural(sum(map(_n, rows)), "judged slate"),
        missing="" if rows else f"No {name} with {LEAST_GROUP} slates that a verdict or a known answer judges.",
    )


def _gap(row: Row) -> tuple[str | int | float | None, ...]:
    n, right = _n(row), cast("int", row["right_n"])
    said, noise = cast("float", row["said"]) / n, 1.96 * max(0.0, cast("float", row["noise"])) ** 0.5 / n
    found = clopper_pearson(right, n)
    off_by = said - found.mid
    verdict = "no more than noise" if abs(off_by) <= noise else "too sure" if off_by > 0 else "not sure enough"
    return (str(row["value"] or "none"), n, said, found.mid, found.low, found.high, off_by, noise, verdict)


def _n(row: Row) -> int:
    return cast("int", row["n"])
