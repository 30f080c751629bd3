"""Is it right, is it helping, what changed: the page an owner opens once a week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from analytics import quantiles
from analytics.act_figures import outcomes_figure
from analytics.changes import changes, changes_figure, happenings_figure, tally
from analytics.compared import against, other
from analytics.drawn import Drawn, bounds
from analytics.outcomes import outcomes_over_time
from analytics.pages.measured import Asking, Measured
from analytics.pages.next_steps import next_steps_section
from analytics.people import audits, decisions_over_time
from analytics.people_figures import escalation_figure
from analytics.reliability import judged_slates, reliability_of_any, reliability_of_select
from analytics.section import Section
from analytics.snapshot import Row
from analytics.tabular import Col, duration, table_figure, values_of
from analytics.tiles import tiles
from components.figure import Definition
from components.number import count, percent, plural
from components.stat import StatView
from suggest.metrics.interval import wilson

CHARACTERS_A_MINUTE = 200  # forty words: a common typing speed, not one of these people's

TYPED = Definition(
    what="What nobody had to type: the characters of every option that was taken, less the part of it that was "
    "rewritten before it was sent.",
    formula=f"Σ length(text) · (1 − edit_ratio) over the options taken. Minutes at {CHARACTERS_A_MINUTE} characters a "
    "minute.",
    caveat="Counts as if everything would have been typed: where options are categories, picked from a list otherwise, "
    "nothing was saved. An edit that was not reported counts as none. The typing speed is an assumption.",
)

LOOP = Definition(
    what="How long it took from what people did until a bundle that had learned from it served. Every act also teaches "
    "the very next request; this is the slower half of the loop.",
    formula=f"Median of (promotion − act) over the acts since the promotion before. {quantiles.FORMULA}",
    caveat="A retrain that the gate refused does not count; its acts wait for the next.",
)


def measure(asking: Asking) -> Measured:
    analytics, surface, period = asking.analytics, asking.surface, asking.period
    decisions = decisions_over_time(analytics, surface, period)
    outcomes = outcomes_over_time(analytics, surface, period)
    judged = judged_slates(analytics, surface, period)
    now = tally(analytics, surface, period)
    typed = analytics.rows("typed", **asking.bounds)[0]
    loops = quantiles.with_bounds(analytics, "loop_times", ("age_s",), asking.bounds, key="bundle")
    audited = audits(analytics, surface, period)
    of_any = reliability_of_any(judged, with_bars=False, with_rate=False)
    stats = (
        *tiles(
            decisions,
            outcomes,
            of_any,
            reliability_of_select(analytics, judged, with_bars=False, with_rate=False),
            audited,
        ),
        _right_stat(now["right_n"], now["n"]),
        _without_people_stat(now["requests"], now["escalated"]),
        _typed_stat(cast(int, typed["taken"]), cast(int, typed["characters"])),
    )
    todo = next_steps_section(asking, now, outcomes, audited, of_any.n_slates)
    with other(asking) as there:
        then = tally(there.analytics, there.surface, there.period)
    words, word = against(asking)
    return Measured(
        stats=stats,
        sections=(
            todo,
            Section(
                id="changes",
                title="What changed",
                lede=f"Against {words}.",
                is_wide=True,
                figures=(
                    changes_figure(changes(now, then), against=word),
                    happenings_figure(analytics, surface, period),
                ),
            ),
            Section(
                id="acts",
                title="What people did",
                lede="Outcomes are derived from what was reported. Silence is missing, never a no.",
                figures=(outcomes_figure(outcomes, period, asking), escalation_figure(decisions, period)),
            ),
            Section(
                id="help",
                title="What it saves, and how fast it learns",
                lede="Counted from what was taken and from what served.",
                figures=(_typed_figure(cast(int, typed["taken"]), cast(int, typed["characters"])), _loop_figure(loops)),
            ),
        ),
    )


def _right_stat(right: int, n: int) -> StatView:
    found = wilson(right, n) if n else None
    return StatView(
        label="Held a right option",
        value=percent(found.mid) if found else None,
        interval=bounds(found),
        note=f"{plural(n, 'slate')} with a verdict or a known answer" if n else "No verdict and no known answer yet",
    )


def _without_people_stat(requests: int, escalated: int) -> StatView:
    found = wilson(requests - escalated, requests) if requests else None
    return StatView(
        label="Went without people",
        value=percent(found.mid) if found else None,
        interval=bounds(found),
        note=f"of {plural(requests, 'request')}",
    )


def _typed_stat(taken: int, characters: int) -> StatView:
    return StatView(
        label="Typing saved",
        value=duration(60 * characters / CHARACTERS_A_MINUTE) if taken else None,
        note=f"{count(characters)} characters in {plural(taken, 'option')} taken"
        if taken
        else "Nothing that was suggested here was taken yet",
    )


def _typed_figure(taken: int, characters: int) -> Drawn:
    minutes = characters / CHARACTERS_A_MINUTE
    return table_figure(
        id="typing-saved",
        title="Typing saved",
        definition=TYPED,
        columns=(
            Col(name="taken", label="options taken"),
            Col(name="characters", label="characters"),
            Col(name="characters_each", label="an option", kind="decimal"),
            Col(name="minutes", label="time", kind="decimal"),
        ),
        values=[(taken, characters, characters / taken, minutes)] if taken else [],
        cells=[(count(taken), count(characters), f"{characters / taken:.1f}", duration(60 * minutes))] if taken else [],
        sample=plural(taken, "option taken", "options taken"),
        missing="" if taken else "Nothing that was suggested here was taken in this period.",
    )


def _loop_figure(loops: Sequence[Row]) -> Drawn:
    return table_figure(
        id="loop-time",
        title="From an act to the bundle that knows it",
        definition=LOOP,
        columns=(
            Col(name="bundle", label="bundle", kind="bundle"),
            Col(name="promoted_at", label="served from", kind="moment"),
            Col(name="acts", label="new acts"),
            *quantiles.columns("age_s", "age"),
        ),
        is_stacked=True,
        values=[values_of(row, "bundle", "at", "acts", *quantiles.names("age_s")) for row in loops],
        sample=plural(len(loops), "promotion"),
        missing="" if loops else "No bundle began to serve in this period.",
    )
