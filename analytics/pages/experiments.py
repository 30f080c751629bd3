"""Experiments: arms of your own by a context field, interleavings of bundles, and how many people an answer takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from analytics.bundles import number_of
from analytics.changes import tally
from analytics.csv import Value
from analytics.drawn import Drawn, shares
from analytics.pages.measured import Asking, Measured
from analytics.section import Section
from analytics.tabular import Col, table_figure
from components.figure import Definition
from components.number import plural
from suggest.metrics.experiment import FEWEST_OF_AN_ARM, Arm, difference, people_needed, sample_ratio_p
from suggest.metrics.interval import wilson
from suggest.policy.live import live_bounds

MOST_ARMS = 6
TUNED_FOR = 2_000  # outcomes at which the interval is narrowest: fixed, or looking would move it
EFFECTS = (0.01, 0.02, 0.05, 0.1)
BROKEN = 0.001  # of the sample-ratio check

ARMS = Definition(
    what="Whether people take more in one arm than in the other. An arm is a value of a context field that you assign "
    "at random, e.g. fields.variant; the first arm by name is the one compared with.",
    formula="taken / seen of each arm with its 95% Wilson interval; the difference with a 95% interval that holds at "
    f"every look at once (asymptotic confidence sequence, narrowest at {TUNED_FOR:,} outcomes, from {FEWEST_OF_AN_ARM} "
    "of an arm on). Split: chi-square p of equal arms; under 0.001 the assignment is broken.",
    caveat="Fields that nobody assigned at random (a language, a product) part people who differ anyway: their "
    "differences are real and prove nothing. One person counted often makes the interval too narrow.",
)

INTERLEAVED = Definition(
    what="Two bundles that filled the same slates by turns: whose options people took.",
    formula="Wins and losses over selections of options that the two rank differently. Wins of both: wins / (wins + "
    "losses) with 95% bounds by betting, which hold however often one looks. E is the evidence that a win is likelier "
    "than a loss, and may be looked at any time: E ≥ 20 decides with an error of at most 5%.",
    caveat="Says who is preferred, not by how much more is taken.",
)

PLANNER = Definition(
    what="How many outcomes it takes until a change of what is taken would be seen, at the rate of this period.",
    formula="Smallest number of seen slates over two equal arms at which the interval above, tuned for it, leaves out "
    "0 with chance 80%. Days: at the seen slates a day of this period. Taken now: 95% Wilson interval.",
    caveat="Looking at it early costs nothing more. A smaller change may still be there where none was found.",
)


def measure(asking: Asking) -> Measured:
    return Measured(
        sections=(
            Section(
                id="experiments",
                title="Experiments",
                lede="What was tried at random, and what it takes to know.",
                is_wide=True,
                figures=(_arms_figure(asking), interleaved_figure(asking), _planner_figure(asking)),
            ),
        )
    )


def _arms_figure(asking: Asking) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for name, values in asking.fields:
        if 2 <= len(values) <= MOST_ARMS:
            rows += _arms(asking, name)
    return table_figure(
        id="arms",
        title="Arms of your own",
        definition=ARMS,
        columns=(
            Col(name="field", label="field", kind="text"),
            Col(name="arm", label="arm", kind="text"),
            Col(name="against", label="against", kind="text"),
            Col(name="requests", label="requests"),
            Col(name="seen", label="seen"),
            Col(name="taken_share", label="taken of seen", kind="share"),
            Col(name="taken_low", label="from", kind="share"),
            Col(name="taken_high", label="to", kind="share"),
            Col(name="difference", label="difference", kind="points"),
            Col(name="low", label="from", kind="points"),
            Col(name="high", label="to", kind="points"),
            Col(name="split_p", label="split p", kind="chance"),
            Col(name="verdict", label="verdict", kind="text"),
        ),
        values=rows,
        is_stacked=True,
        sample=plural(len(rows), "arm"),
        missing=""
        if rows
        else "No context field with two to six values. Send fields.variant with each request to run one.",
    )


def _arms(asking: Asking, name: str) -> list[tuple[Value, ...]]:
    found = {
        str(r["value"]): r for r in asking.analytics.rows("funnel", by=f'$."{name}"', **asking.bounds) if r["value"]
    }
    names = sorted(found)
    told: list[tuple[Value, ...]] = []
    for arm in names:
        row, base = found[arm], found[names[0]]
        requests, seen = cast("int", row["requested"]), cast("int", row["seen"])
        ours = Arm(right=min(cast("int", row["selected"]), seen), n=seen)
        if arm == names[0]:
            told.append((name, arm, "", requests, seen, *_share(ours), None, None, None, None, ""))
            continue
        n = cast("int", base["seen"])
        gap = difference(Arm(right=min(cast("int", base["selected"]), n), n=n), ours, tuned_for=TUNED_FOR)
        split = sample_ratio_p(cast("int", base["requested"]), requests)
        is_open = min(n, seen) < FEWEST_OF_AN_ARM
        verdict = (
            "the split is not even"
            if split < BROKEN
            else f"{FEWEST_OF_AN_ARM} of each are needed"
            if is_open
            else "more"
            if gap.low > 0
            else "less"
            if gap.high < 0
            else "no difference yet"
        )
        bounds = (None, None, None) if is_open else (gap.mid, gap.low, gap.high)
        told.append((name, arm, names[0], requests, seen, *_share(ours), *bounds, split, verdict))
    return told


def _share(arm: Arm) -> tuple[float | None, float | None, float | None]:
    return shares(wilson(arm.right, arm.n) if arm.n else None)


def interleaved_figure(asking: Asking) -> Drawn:
    rows: list[tuple[Value, ...]] = []
    for each in asking.bundles:
        told = each.gate.get("canary")
        if isinstance(told, Mapping):
            sessions, wins, losses, e_win, e_loss = (
                number_of(told.get(key)) for key in ("sessions", "wins", "losses", "e_win", "e_loss")
            )
            rows.append(
                (
                    each.id,
                    each.parent or "",
                    *(sessions, wins, losses),
                    *_win_share(wins, losses),
                    *(e_win, e_loss),
                    str(each.gate.get("verdict") or ""),
                )
            )
    return table_figure(
        id="interleaved",
        title="Bundles by turns",
        definition=INTERLEAVED,
        columns=(
            Col(name="bundle", label="challenger", kind="bundle"),
            Col(name="champion", label="champion", kind="bundle"),
            Col(name="sessions", label="slates"),
            Col(name="wins", label="wins"),
            Col(name="losses", label="losses"),
            Col(name="win_share", label="wins of both", kind="share"),
            Col(name="win_low", label="from", kind="share"),
            Col(name="win_high", label="to", kind="share"),
            Col(name="e_win", label="E for it", kind="decimal"),
            Col(name="e_loss", label="E against", kind="decimal"),
            Col(name="verdict", label="verdict", kind="text"),
        ),
        values=rows,
        is_stacked=True,
        sample=plural(len(rows), "canary", "canaries"),
        missing="" if rows else "No two bundles have taken turns. `promotion: canary` lets the next one.",
    )


def _win_share(wins: float | None, losses: float | None) -> tuple[float | None, float | None, float | None]:
    if wins is None or losses is None or wins < 0 or losses < 0 or wins + losses == 0:
        return (None, None, None)
    return shares(live_bounds(round(wins), round(wins + losses), confidence=0.95))


def _planner_figure(asking: Asking) -> Drawn:
    now = tally(asking.analytics, asking.surface, asking.period)
    seen = now["seen"]
    days = (asking.period.to - asking.period.from_).total_seconds() / 86_400
    base = now["selected"] / seen if seen else 0.0
    values: list[tuple[Value, ...]] = []
    for effect in EFFECTS:
        if seen and 0 < base < 1 and base + effect < 1:
            needed = people_needed(base, effect)
            rate = shares(wilson(now["selected"], seen))
            values.append((*rate, effect, needed, None if needed is None else needed / (seen / days)))
    return table_figure(
        id="planner",
        title="How many people an answer takes",
        definition=PLANNER,
        columns=(
            Col(name="base", label="taken now", kind="share"),
            Col(name="base_low", label="from", kind="share"),
            Col(name="base_high", label="to", kind="share"),
            Col(name="effect", label="a change of", kind="points"),
            Col(name="outcomes", label="seen slates needed"),
            Col(name="days", label="takes", kind="days"),
        ),
        values=values,
        is_stacked=True,
        sample=plural(seen, "seen slate"),
        missing="" if values else "Nothing was seen and taken yet, so there is no rate to plan from.",
    )
