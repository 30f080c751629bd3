"""The figures of a backtest as they are drawn, each with its definition, its interval and its rows."""

from __future__ import annotations

from collections.abc import Sequence

from htpy import Node

from analytics.backtest import BacktestView, Promise, Saving, Unanswered
from analytics.csv import Rows, Value
from analytics.drawn import Drawn, drawn_as, point, share_cells, shares
from analytics.tabular import over
from components.charts.frame import Words
from components.charts.line import ShareSeries, SharesView
from components.figure import Definition
from components.number import NOTHING, count, percent, plural

CURVE = Definition(
    what="How often the first option, and one of the first three, was what the ticket was really answered with, by how "
    "many earlier tickets had been learned from. At 0 only the words of the answers are known.",
    formula="right / judged tickets with 95% Wilson intervals. Right: any answer that this very message got in the "
    "file. Tickets that no candidate answers count as wrong. Every step but the last is judged on the first 1,000.",
    caveat="What people answered is taken for the truth, though another answer might have done as well. A server also "
    "learns from what it is asked, which is not in here, nor is an encoder tuned on this data.",
)

RELIABILITY = Definition(
    what="Of the tickets that were said to have a right answer among the first three with probability p, how many "
    "did? On the dashed line the figure keeps its word; below it, it promises too much.",
    formula="Equal-mass bins, exact (Clopper–Pearson) 95% intervals. Calibration error (ECE) = Σ (n_bin / n) · "
    "|mean p_any − share right|, beside what perfect forecasts would measure at this n.",
    caveat="Repeated messages make the intervals too narrow.",
)

GROUPS = Definition(
    what="The same by group, the least right first: where it would hurt.",
    formula="right / judged tickets of a group with 95% Wilson intervals. Off by: mean p_any less the share right; the "
    "sampling noise of perfect forecasts beside it.",
    caveat="Among many groups some are off by chance. Groups under 30 judged tickets are left out.",
)

PROMISES = Definition(
    what="What would still go to people if you want to be sure that what is shown contains a right answer that often.",
    formula="The loosest threshold on p_any at which an exact binomial test, wrong at most one time in ten, certifies "
    "the precision (Learn-then-Test over all judged tickets, from strict to loose until the first failure; where to "
    "start is chosen without looking at an answer). Review share: tickets under the threshold, exact 95% interval.",
    caveat="Holds for tickets like these. Where more labels are needed the table says how many, and promises nothing.",
)

SAVINGS = Definition(
    what="Minutes of people's time that a thousand tickets would save, at the handling times you gave.",
    formula="1,000 · shown · (precision · handling − reading). What goes to people saves nothing. From and to take the "
    "share shown and the precision at the worst and at the best end of their intervals.",
    caveat="Assumes that whoever sees a right answer takes it, and that reading a slate takes as long as given. "
    "Neither was observed here; the live report measures both.",
)

UNANSWERED = Definition(
    what="What could not be answered, by subject: tickets without a right answer among the first three, those that say "
    "nearly the same together.",
    formula="Greedy cover of the messages' vectors at cosine 0.6; clusters of three and more, the largest first. The "
    "example is the message nearest to most others; the answer is the one that was given most often among them.",
    caveat="A cluster names a subject, not a cause: an answer that nobody had given before cannot be suggested, two "
    "answers that are nearly the same share their tickets.",
)


def curve_figure(view: BacktestView) -> Drawn:
    columns = tuple(count(each.n_history) for each in view.curve)
    first, last = view.curve[0], view.curve[-1]
    return drawn_as(
        id="learning-curve",
        title="Right, by how much was learned",
        definition=CURVE,
        rows=Rows(
            columns=("history", "judged", "top1", "top1_low", "top1_high", "top3", "top3_low", "top3_high", "bundle"),
            values=tuple(
                (each.n_history, each.top1.n, *shares(each.top1), *shares(each.top3), each.was_built)
                for each in view.curve
            ),
        ),
        labels=("learned from", "judged", "right first", "right in three"),
        cells=[
            (count(each.n_history), count(each.top1.n), over(*share_cells(each.top1)), over(*share_cells(each.top3)))
            for each in view.curve
        ],
        texts=(),
        sample=plural(view.n_judged, "judged ticket"),
        chart=SharesView(
            words=Words(
                id="curve",
                title="Right in the first and in the first three, by tickets learned from",
                summary=f"From {percent(first.top3.mid)} with names alone to {percent(last.top3.mid)} after "
                f"{plural(last.n_history, 'ticket')}, in the first three.",
            ),
            columns=columns,
            series=(
                ShareSeries(
                    name="in the first three", tone="selected", points=tuple(point(c.top3) for c in view.curve)
                ),
                ShareSeries(
                    name="the first", tone="second", points=tuple(point(c.top1) for c in view.curve), dashed=True
                ),
            ),
            quantity="share right",
            across="tickets learned from, about three times as many a step",
        ),
    )


def groups_figure(view: BacktestView) -> Drawn:
    return drawn_as(
        id="by-group",
        title="By group",
        definition=GROUPS,
        rows=Rows(
            columns=(
                *("group", "n", "top1", "top1_low", "top1_high"),
                *("top3", "top3_low", "top3_high", "off_by", "noise"),
            ),
            values=tuple(
                (each.name, each.top3.n, *shares(each.top1), *shares(each.top3), each.gap.gap, each.gap.noise)
                for each in view.groups
            ),
        ),
        labels=("group", "judged", "right first", "right in three", "off by", "noise"),
        cells=[
            (
                each.name,
                count(each.top3.n),
                over(*share_cells(each.top1)),
                over(*share_cells(each.top3)),
                f"{100 * each.gap.gap:+.1f} pt",
                f"± {100 * each.gap.noise:.1f} pt",
            )
            for each in view.groups
        ],
        sample=plural(len(view.groups), "group"),
        missing="" if view.groups else "No group of 30 judged tickets. Name a column with --group to see them apart.",
    )


def promises_figure(promises: Sequence[Promise], n_judged: int) -> Drawn:
    return drawn_as(
        id="review-share",
        title="What would go to people",
        definition=PROMISES,
        rows=Rows(
            columns=(
                *("precision_target", "threshold", "precision_bound", "precision"),
                *("review_share", "review_low", "review_high", "labels_needed"),
            ),
            values=tuple(_promise_values(each) for each in promises),
        ),
        labels=("promised", "left to people", "shown right", "at least"),
        cells=[_promise_cells(each) for each in promises],
        sample=plural(n_judged, "judged ticket"),
    )


def _promise_values(each: Promise) -> tuple[Value, ...]:
    share, kept = each.review_share, each.precision
    return (
        each.target,
        each.threshold,
        kept.low if kept else None,
        kept.mid if kept else None,
        *shares(share),
        each.n_needed,
    )


def _promise_cells(each: Promise) -> tuple[Node, ...]:
    target = f"{percent(each.target, 0)}"
    if each.precision is None or each.review_share is None:
        more = f"needs about {count(each.n_needed)} more" if each.n_needed else "not with tickets like these"
        return target, more, NOTHING, NOTHING
    return target, over(*share_cells(each.review_share)), percent(each.precision.mid), percent(each.precision.low)


def savings_figure(savings: Sequence[Saving], reading_s: float) -> Drawn:
    times = sorted({each.handling_min for each in savings})
    by = {(each.target, each.handling_min): each for each in savings}
    return drawn_as(
        id="minutes-saved",
        title="Minutes saved of a thousand tickets",
        definition=SAVINGS,
        rows=Rows(
            columns=("handling_min", "reading_s", "precision_target", "minutes_saved", "low", "high"),
            values=tuple(
                (each.handling_min, reading_s, each.target, each.minutes, each.low, each.high) for each in savings
            ),
        ),
        labels=("what is shown", *(f"{handling:g} min a ticket" for handling in times)),
        cells=[
            (
                "everything" if target is None else f"{percent(target, 0)} right, promised",
                *(_minutes(by[target, handling]) for handling in times),
            )
            for target in dict.fromkeys(each.target for each in savings)
        ],
        sample=f"reading a slate takes {reading_s:g} s",
    )


def _minutes(each: Saving) -> Node:
    return over(_whole(each.minutes), f"{_whole(each.low)} to {_whole(each.high)}")


def _whole(minutes: float) -> str:
    return f"{round(minutes) + 0:,}"  # never -0


def unanswered_figure(view: BacktestView, *, quote: bool) -> Drawn:
    """`quote` off: how many and what they were answered with, and no message of anybody."""
    rows = view.unanswered
    return drawn_as(
        id="unanswered",
        title="What could not be answered",
        definition=UNANSWERED,
        rows=Rows(
            columns=("tickets", *(("example",) if quote else ()), "answer", "with_that_answer", "answer_is_new"),
            values=tuple(
                (each.n, *((each.example,) if quote else ()), each.answer or None, each.answer_n, each.is_new)
                for each in rows
            ),
        ),
        labels=("most often answered with", *(("for example",) if quote else ()), "tickets"),
        cells=[(_answered(each), *((_short(each.example),) if quote else ()), count(each.n)) for each in rows],
        texts=(0, 1) if quote else (0,),
        sample=f"{plural(view.n_unanswered, 'ticket')} in all",
        missing="" if rows else "No three of them say the same.",
    )


def _answered(each: Unanswered) -> str:
    if not each.answer:
        return "nothing"
    why = "; nobody had given it before" if each.is_new else "; too rare to be offered" if each.is_rare else ""
    return f"{_short(each.answer)} ({count(each.answer_n)} of {count(each.n)}{why})"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"
