"""A backtest as one page that can be sent to somebody, and as numbers for a script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from htpy import Element, code, div, h1, p

from analytics import backtest_figures as figures
from analytics.backtest import BacktestView, Promise
from analytics.drawn import bounds
from analytics.honesty_figures import reliability_figure
from analytics.render import FILE_POLICY
from analytics.section import Section, carried, drawn_section
from components.notice import NoticeView, notice
from components.number import count, decimal, moment, percent, plural
from components.page import PageView, page, standalone, stylesheet
from components.stat import StatView, stats
from suggest.metrics.interval import Interval


def sections(view: BacktestView, *, quote: bool = True) -> tuple[Section, ...]:
    nothing = "No ticket was judged."
    return (
        Section(
            id="right",
            title="Is it right",
            lede="Judged on tickets that it had not seen, against what they were really answered with.",
            figures=(
                figures.curve_figure(view),
                reliability_figure(view.of_any, figures.RELIABILITY, nothing),
            ),
        ),
        *((_by_group(view),) if view.are_grouped else ()),
        Section(
            id="worth",
            title="What it would be worth",
            lede="What people would still look at, and how much of their time the rest would save.",
            figures=(
                figures.promises_figure(view.promises, view.n_judged),
                figures.savings_figure(view.savings, view.assumed.reading_s),
            ),
        ),
        Section(
            id="missing",
            title="What is missing",
            lede="Subjects that no candidate answers yet, or that the candidates share.",
            is_wide=True,
            figures=(figures.unanswered_figure(view, quote=quote),),
        ),
    )


def _by_group(view: BacktestView) -> Section:
    return Section(
        id="groups",
        title="For whom it is not",
        lede="By group, the least right first.",
        is_wide=True,
        figures=(figures.groups_figure(view),),
    )


def render_page(view: BacktestView, *, made_at: datetime, quote: bool = True) -> str:
    """One HTML file: styles inside, rows as data addresses; it may load nothing and sends nothing."""
    shell = PageView(
        title=f"Backtest of {view.name}",
        nav=(),
        assets="",
        policy=FILE_POLICY,
        foot=f"Made by Suggest, {moment(made_at)}. Nothing of these tickets left this machine.",
    )
    return standalone(
        str(
            page(
                shell,
                _head(view),
                bool(quote and view.unanswered) and _quotes(view),
                stats(_stats(view), label="In short"),
                *(drawn_section(each, carried, about=view.name) for each in sections(view, quote=quote)),
            )
        ),
        stylesheet(),
    )


def to_json(view: BacktestView, *, quote: bool = True) -> Mapping[str, object]:
    error = view.of_any.error
    return {
        "tickets": view.n_tickets,
        "left_out": view.n_left_out,
        "split": view.way,
        "history": view.n_history,
        "judged": view.n_judged,
        "candidates": view.n_candidates,
        "different_answers": view.n_given,
        "new_answers": view.n_new,
        "rare_answers": view.n_rare,
        "without_answer": view.n_none,
        "top1": _interval(view.top1),
        "top3": _interval(view.top3),
        "calibration": None
        if error is None
        else {"ece": error.ece, "floor": error.floor.mean, "floor_p95": error.floor.p95},
        "curve": [
            {"history": c.n_history, "bundle": c.was_built, "top1": _interval(c.top1), "top3": _interval(c.top3)}
            for c in view.curve
        ],
        "groups": [
            {"group": g.name, "top1": _interval(g.top1), "top3": _interval(g.top3), "off_by": g.gap.gap}
            for g in view.groups
        ],
        "promises": [
            {
                "precision_target": each.target,
                "threshold": each.threshold,
                "precision": _interval(each.precision),
                "review_share": _interval(each.review_share),
                "labels_needed": each.n_needed,
                "why": each.why,
            }
            for each in view.promises
        ],
        "savings": [
            {
                "precision_target": s.target,
                "handling_min": s.handling_min,
                "reading_s": view.assumed.reading_s,
                "minutes_per_1000": s.minutes,
                "low": s.low,
                "high": s.high,
            }
            for s in view.savings
        ],
        "unanswered": [
            {"tickets": u.n, "answer": u.answer, "answer_is_new": u.is_new} | ({"example": u.example} if quote else {})
            for u in view.unanswered
        ],
    }


def _interval(value: Interval | None) -> Mapping[str, float] | None:
    return None if value is None else {"low": value.low, "mid": value.mid, "high": value.high, "n": value.n}


def _head(view: BacktestView) -> Element:
    cut = (
        "The later ones were judged by what the earlier ones taught"
        if view.way == "time"
        else ("They have no times, so each answer's messages were dealt at random, equal messages together")
    )
    were = "was" if view.n_left_out == 1 else "were"
    left = (
        f" {plural(view.n_left_out, 'further ticket')} {were} left out, so that this takes minutes."
        if view.n_left_out
        else ""
    )
    return div(".page-head")[
        div(".page-head-text")[
            p(".eyebrow")["Backtest"],
            h1[view.name],
            p(".lede")[
                f"{plural(view.n_history, 'ticket')} taught, {count(view.n_judged)} were asked, among "
                f"{plural(view.n_candidates, 'answer')}."
            ],
            p(".fine.quiet")[f"{cut}.{left}{_offered(view)}{_cannot(view)}"],
        ]
    ]


def _offered(view: BacktestView) -> str:
    """Where there were more answers than anybody chooses from."""
    if view.n_given == view.n_candidates:
        return ""
    return (
        f" {count(view.n_given)} different answers were given; the {count(view.n_candidates)} commonest that came back "
        "are offered."
    )


def _cannot(view: BacktestView) -> str:
    parts = []
    if view.n_new:
        parts.append(f"{count(view.n_new)} had an answer that nobody had given before")
    if view.n_rare:
        parts.append(f"{count(view.n_rare)} had one of the rarer answers")
    if view.n_none:
        parts.append(f"{count(view.n_none)} had none")
    return (
        f" Of those asked, {', '.join(parts[:-1])}{' and ' if parts[1:] else ''}{parts[-1]}: they count as wrong."
        if parts
        else ""
    )


def _quotes(view: BacktestView) -> Element:
    told = f"The last section holds {plural(len(view.unanswered), 'message')} of your file. "
    return notice(
        NoticeView(title="This page quotes messages", tone="warn"),
        p[told, "To pass the page on without them, make it with ", code["suggest backtest --no-quotes"], "."],
    )


def _promised(promise: Promise) -> str:
    share = percent(promise.target, 0)
    if promise.review_share is not None:
        return f"so that {share} of what is shown holds a right answer"
    if promise.n_needed:
        return f"{share} right needs about {plural(promise.n_needed, 'more judged ticket', 'more judged tickets')}"
    return f"{share} right cannot be promised with tickets like these"


def _stats(view: BacktestView) -> tuple[StatView, ...]:
    error, promised = view.of_any.error, view.promises[1]
    handling = view.assumed.handling_min[len(view.assumed.handling_min) // 2]
    saved = next(each for each in view.savings if each.target is None and each.handling_min == handling)
    return (
        StatView(
            label="Right in the first three",
            value=percent(view.top3.mid),
            interval=bounds(view.top3),
            note=f"Of {plural(view.n_judged, 'judged ticket')}",
        ),
        StatView(label="Right first", value=percent(view.top1.mid), interval=bounds(view.top1)),
        StatView(
            label="Would still go to people",
            value=percent(promised.review_share.mid) if promised.review_share else None,
            interval=bounds(promised.review_share),
            note=_promised(promised),
        ),
        StatView(
            label="Calibration error of p_any",
            value=decimal(error.ece) if error else None,
            interval=f"noise alone: {decimal(error.floor.mean)}, up to {decimal(error.floor.p95)}" if error else "",
            note="" if error else "Needs 100 judged tickets",
        ),
        StatView(
            label="Saved by 1,000 tickets",
            value=f"{saved.minutes:,.0f}",
            unit=" min",
            interval=f"from {saved.low:,.0f} to {saved.high:,.0f}",
            note=f"of {1_000 * handling:,.0f} min, where a ticket takes {handling:g} min and everything is shown",
        ),
    )
