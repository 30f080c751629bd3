"""What happened, marked in every chart of time: what changed what people were served, and what they wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from string import ascii_uppercase
from typing import cast

from analytics.drawn import Drawn
from analytics.period import Period
from analytics.snapshot import Row
from components.charts.bars import StackedBarsView
from components.charts.line import SharesView
from components.charts.marks import Mark
from components.identifier import short

MOST_MARKS = 6  # of more, what people wrote down comes first, then policies, then bundles, the latest of each
LEAST_APART = 1 / 28  # of the width of a chart: nearer letters would touch, so they are one
LONGEST = 70  # characters of a note beside a chart; the table of what happened has it whole

_SERVES = {"promoted": "bundle {} began to serve", "rolled-back-to": "back to bundle {}"}
_FIRST = ("note", "policy", "bundle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    at: datetime
    kind: str
    words: str


def happenings(rows: Iterable[Row]) -> tuple[Happening, ...]:
    """What of the query of the same name is marked, in order of time: a bundle that never served changed nothing."""
    told = ((cast(datetime, row["at"]), str(row["kind"]), str(row["what"] or "")) for row in rows)
    found = (Happening(at=at, kind=kind, words=_words(kind, what)) for at, kind, what in told)
    return tuple(sorted((each for each in found if each.words), key=lambda each: each.at))


def marks(happened: Sequence[Happening], period: Period) -> tuple[Mark, ...]:
    """At most MOST_MARKS, lettered in order of time; what lies too near together to be told apart is one."""
    ranked = sorted(happened, key=lambda each: (_FIRST.index(each.kind), -each.at.timestamp()))
    chosen = sorted(ranked[:MOST_MARKS], key=lambda each: each.at)
    n = len(period.columns)
    groups: list[list[Happening]] = []
    for each in chosen:
        if groups and _place(each, period) - _place(groups[-1][0], period) < n * LEAST_APART:
            groups[-1].append(each)
        else:
            groups.append([each])
    return tuple(
        Mark(
            letter=letter,
            place=_place(group[0], period),
            when=_when(group, period),
            words="; ".join(each.words for each in group),
        )
        for letter, group in zip(ascii_uppercase, groups, strict=False)
    )


def marked(drawn: Drawn, found: tuple[Mark, ...], period: Period) -> Drawn:
    """The figure with the marks in it, where it is a chart over the columns of the period."""
    chart = drawn.chart
    if not found or not isinstance(chart, StackedBarsView | SharesView) or chart.across != period.axis:
        return drawn
    told = "; ".join(f"{each.letter}, {each.when}: {each.words}" for each in found)
    words = replace(chart.words, summary=f"{chart.words.summary} Marked: {told}.")
    return replace(drawn, chart=replace(chart, words=words, marks=found), figure=replace(drawn.figure, marks=found))


def _place(each: Happening, period: Period) -> float:
    return (each.at - period.columns[0]) / period.length


def _when(group: Sequence[Happening], period: Period) -> str:
    labels = [period.labels[min(int(_place(each, period)), len(period.columns) - 1)] for each in group]
    return labels[0] if labels[0] == labels[-1] else f"{labels[0]} to {labels[-1]}"


def _words(kind: str, what: str) -> str:
    if kind == "bundle":
        id, _, state = what.partition(": ")
        return _SERVES.get(state, "").format(short(id))
    if kind == "policy":
        return f"policy changed by {what}" if what else "policy changed"
    line = " ".join(what.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
