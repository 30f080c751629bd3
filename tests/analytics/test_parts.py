"""The parts of a report by themselves: rows as CSV, words as Markdown, periods as columns, shares with their bounds."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logbook import START, Logbook

from analytics.act_figures import outcomes_figure, positions_figure
from analytics.csv import Rows, rows_csv
from analytics.drawn import bounds, point, share_cells, shares
from analytics.markdown import plain, render_markdown
from analytics.outcomes import OutcomesOverTime, PositionOutcomes
from analytics.people import Audits, DecisionsOverTime
from analytics.people_figures import audit_figure, reasons_figure
from analytics.period import LONGEST, Period
from analytics.render import render
from analytics.report import report
from components.number import NOTHING
from suggest.domain.event import EventType, Outcome
from suggest.domain.slate import Decision
from suggest.metrics.interval import Interval, clopper_pearson, wilson

if TYPE_CHECKING:
    from conftest import Month  # there are several of that name: which one is imported depends on who came first

MODEST = settings(max_examples=60, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=20)
RUNS = ("=", "+", "-", "@", "\t", "\r")


# -- csv


@MODEST
@given(st.lists(st.tuples(TEXTS, st.none() | st.integers() | st.floats(allow_nan=False)), max_size=6))
def test_rows_come_back_as_they_were_but_for_what_a_sheet_would_run(rows: list[tuple[str, float | int | None]]) -> None:
    written = rows_csv(Rows(columns=("text", "n"), values=tuple(rows)))
    header, *back = csv.reader(io.StringIO(written, newline=""))
    assert header == ["text", "n"]
    for (text, n), (cell, number) in zip(rows, back, strict=True):
        assert cell == (f"'{text}" if text.startswith(RUNS) else text)
        assert number == ("" if n is None else repr(n))
        assert n is None or float(number) == n, "unrounded"


@pytest.mark.parametrize("start", RUNS)
def test_no_cell_begins_with_what_a_spreadsheet_runs(start: str) -> None:
    written = rows_csv(Rows(columns=("reason",), values=((f"{start}cmd|' /C calc'!A0",),)))
    _, row = csv.reader(io.StringIO(written, newline=""))
    assert row[0][0] == "'"


def test_times_truths_and_nothing_have_one_spelling() -> None:
    values = ((NOON.astimezone(timezone(timedelta(hours=2))), True, False, None),)
    written = rows_csv(Rows(columns=("at", "yes", "no", "nothing"), values=values))
    assert written == "at,yes,no,nothing\r\n2026-03-02T12:00:00.000Z,true,false,\r\n"


def test_a_row_fits_its_columns() -> None:
    with pytest.raises(ValueError, match="one value a column"):
        Rows(columns=("a", "b"), values=((1,),))


# -- markdown


@MODEST
@given(
    TEXTS | st.sampled_from(["# h", "[a](javascript:x)", "![x](y)", "<script>", "a|b", "`c`", "**b**", "1. x", "&lt;"])
)
def test_other_peoples_words_are_one_line_and_no_markup(text: str) -> None:
    said = plain(text)
    assert "\n" not in said
    assert "<" not in said
    bare = re.sub(r"\\[\\`*_{}\[\]()#+!|~>-]", "", said)
    assert not re.search(r"[`*_{}\[\]()#+!|~>]", bare), "every character that means something is escaped"
    undone = re.sub(r"\\([\\`*_{}\[\]()#+!|~>-])", r"\1", said).replace("&lt;", "<").replace("&amp;", "&")
    assert undone == " ".join(text.split())


def test_every_table_of_the_markdown_has_rows_as_wide_as_its_head(month: Month) -> None:
    width = 0
    for line in render_markdown(month.view).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1 if line.startswith("|") else 0
        if cells and width:
            assert cells == width, line
        width = cells


# -- periods


@MODEST
@given(start=st.integers(0, 20_000_000), length_s=st.integers(1, 300_000_000), at=st.integers(0, 10**9))
def test_every_moment_of_a_period_falls_into_one_of_its_columns(start: int, length_s: int, at: int) -> None:
    from_ = START + timedelta(seconds=start)
    period = Period(from_=from_, to=from_ + timedelta(seconds=length_s))
    if period.to - period.from_ > LONGEST:
        return
    length = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[period.step]
    moment = period.from_ + timedelta(seconds=at % length_s)
    holding = [column for column in period.columns if column <= moment < column + length]
    assert len(holding) == 1
    assert period.columns[0] <= period.from_
    assert period.columns[-1] < period.to
    assert len(period.labels) == len(period.columns) <= 520


@pytest.mark.parametrize(
    ("hours", "step"), [(1, "hour"), (49, "hour"), (50, "day"), (63 * 24, "day"), (64 * 24, "week"), (9 * 8766, "week")]
)
def test_the_step_is_one_a_chart_has_room_for(hours: int, step: str) -> None:
    assert Period(from_=NOON, to=NOON + timedelta(hours=hours)).step == step


def test_weeks_begin_on_monday() -> None:
    period = Period(from_=NOON + timedelta(days=3), to=NOON + timedelta(days=100))
    assert {column.weekday() for column in period.columns} == {0}


@pytest.mark.parametrize("to", [NOON, NOON - timedelta(seconds=1), datetime(2026, 3, 3)])  # noqa: DTZ001 the point
def test_a_period_runs_forward_between_aware_times(to: datetime) -> None:
    with pytest.raises(ValueError, match="a period"):
        Period(from_=NOON, to=to)


# -- shares


@MODEST
@given(st.integers(0, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.booleans())
def test_a_share_stands_within_its_bounds_and_nothing_has_none(counts: tuple[int, int], exact: bool) -> None:
    k, n = counts
    interval = (clopper_pearson if exact else wilson)(k, n)
    if n == 0:
        assert shares(interval) == (None, None, None)
        assert share_cells(interval) == (NOTHING, NOTHING)
        assert bounds(interval) == ""
    else:
        drawn = point(interval)
        assert 0 <= drawn.low <= drawn.share <= drawn.high <= 1
        assert drawn.n == n
        assert bounds(interval).startswith("95% interval ")


def test_no_interval_is_no_words() -> None:
    assert bounds(None) == ""
    assert share_cells(None) == (NOTHING, NOTHING)


@pytest.mark.parametrize("off", [-1e-17, 1e-17])
def test_a_bound_that_rounding_left_on_the_wrong_side_is_held_at_the_share(off: float) -> None:
    drawn = point(Interval(low=0.5 + off, mid=0.5, high=0.5 - off, n=4))
    assert drawn.low <= drawn.share <= drawn.high


# -- figures of little or nothing

DAY = Period(from_=NOON, to=NOON + timedelta(hours=2))


def test_figures_of_nothing_say_so_and_draw_nothing() -> None:
    none = OutcomesOverTime(at=DAY.columns, counts=dict.fromkeys(Outcome, (0, 0)))
    for drawn in (outcomes_figure(none, DAY), positions_figure(())):
        assert drawn.chart is None
        assert drawn.figure.missing.endswith(".")
    assert reasons_figure(DecisionsOverTime(at=(), counts={}, reasons={})).rows.values == ()
    assert audit_figure(Audits(sampled=3, answered=0, right=0)).figure.id


def test_a_position_nobody_looked_at_has_a_row_and_no_share() -> None:
    unseen = PositionOutcomes(position=1, shown=5, examined=0, selected=0)
    figure = positions_figure([PositionOutcomes(position=0, shown=5, examined=4, selected=1), unseen])
    assert figure.rows.values[1] == (1, 5, 0, 0, None, None, None)
    assert figure.chart is not None


def test_where_nobody_looked_at_any_position_no_empty_frame_is_drawn() -> None:
    figure = positions_figure([PositionOutcomes(position=0, shown=5, examined=0, selected=0)])
    assert figure.rows.values == ((0, 5, 0, 0, None, None, None),)
    assert figure.chart is None


def test_outcomes_add_up_in_every_column_and_over_all() -> None:
    counts = {outcome: (n, 2 * n) for n, outcome in enumerate(Outcome)}
    measured = OutcomesOverTime(at=DAY.columns, counts=counts)
    drawn = outcomes_figure(measured, DAY)
    assert [row[-1] for row in drawn.rows.values] == [sum(range(6)), 2 * sum(range(6))]
    assert measured.n == 3 * sum(range(6))


def test_shares_of_decisions_are_of_their_own_column() -> None:
    decided = DecisionsOverTime(
        at=DAY.columns, counts={Decision.SHOW: (3, 0), Decision.ESCALATE: (1, 0)}, reasons={(Decision.SHOW, ""): 3}
    )
    assert decided.requests == (4, 0)
    first = decided.share(Decision.ESCALATE, 0)
    assert first is not None
    assert first.mid == pytest.approx(0.25)
    assert decided.share(Decision.ESCALATE, 1) is None


# -- whole reports of odd logs


@pytest.mark.parametrize("act", [EventType.SELECT, EventType.DISMISS, EventType.OVERRIDE, EventType.VIEW, None])
def test_a_log_in_which_everybody_does_the_same_is_a_report(book: Logbook, act: EventType | None) -> None:
    for _ in range(12):
        slate = book.slate("s")
        if act is not None:
            book.event(slate, act, item=slate.items[0].id if act is EventType.SELECT else None)
    with book.opened(at=START + timedelta(days=1)) as opened:
        view = report(opened, "s", now=START + timedelta(days=1))
    assert view.n_requests == 12
    assert render(view)
    assert render_markdown(view)
    taken = next(stat for stat in view.stats if stat.label == "Taken when seen")
    assert (
        taken.value
        == {
            EventType.SELECT: "100.0%",
            EventType.DISMISS: "0.0%",
            EventType.OVERRIDE: "0.0%",
            EventType.VIEW: "0.0%",
            None: None,
        }[act]
    )


@pytest.mark.parametrize("p", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3)], ids=["none", "sure", "even"])
def test_extreme_probabilities_are_a_report(book: Logbook, p: tuple[float, float, float]) -> None:
    for n in range(110):
        slate = book.slate("s", p=p, decision=Decision.SHOW if n % 2 else Decision.ESCALATE)
        book.event(slate, EventType.SELECT, item=slate.items[n % 3].id)
    with book.opened(at=START + timedelta(days=1)) as opened:
        view = report(opened, "s", now=START + timedelta(days=1))
    error = next(stat for stat in view.stats if stat.label == "Calibration error of p_any")
    assert error.value is not None
    assert 0 <= float(error.value) <= 1
    assert not re.search(r"\bnan\b", render(view).lower())
