"""What happened stands in every chart of time: where it happened, few enough to be read, in words too."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logbook import START, Logbook
from markup import Markup, assert_clean

from analytics.lens import Lens
from analytics.marks import LEAST_APART, MOST_MARKS, Happening, happenings, marks
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.render import render, render_file
from analytics.report import report
from components.charts.bars import StackedBarsView
from components.charts.line import SharesView
from suggest.store.ports import CasWrite

DAYS = timedelta(days=1)
WEEK = Period(from_=START, to=START + 7 * DAYS)
KINDS = st.sampled_from(["note", "policy", "bundle"])
HAPPENED = st.lists(
    st.builds(
        lambda hours, kind: Happening(at=START + timedelta(hours=hours), kind=kind, words=f"{kind} {hours}"),
        st.floats(0, 6 * 24 + 15.9),
        KINDS,
    ),
    max_size=15,
)


@pytest.fixture
def book(book: Logbook) -> Logbook:
    book.surface("s")
    for day in range(6):
        book.slate("s", at=START + day * DAYS)
    note = {"surface": "s", "text": "New <b>templates</b>", "at": (START + 2 * DAYS).isoformat()}
    book.writes.append(CasWrite("annotation/n", note, 0))
    book.bundle("s", "b-kept", state="kept", at=START + DAYS)
    book.bundle("s", "b-new", state="promoted", at=START + 4 * DAYS + timedelta(hours=4))
    return book


@pytest.mark.parametrize("lens", [Lens(), Lens(bundle="prior")])
def test_every_chart_of_time_is_marked_and_no_other(book: Logbook, lens: Lens) -> None:
    with book.opened(at=START + 7 * DAYS) as opened:
        view = report(opened, "s", WEEK.from_, WEEK.to, now=WEEK.to, lens=lens)
        pages = {
            each.name: render(report(opened, "s", WEEK.from_, WEEK.to, now=WEEK.to, page=each.name)) for each in PAGES
        }
    charts = {each.figure.id: each.chart for each in view.figures}
    of_time = {
        id: chart
        for id, chart in charts.items()
        if isinstance(chart, StackedBarsView | SharesView) and chart.across.endswith("UTC")
    }
    assert set(of_time) == {"outcomes-over-time", "escalation-share", "confidence-over-time"}
    for chart in of_time.values():
        assert [(each.letter, each.words) for each in chart.marks] == [
            ("A", "New <b>templates</b>"),
            ("B", "bundle b-new began to serve"),
        ]
        assert [each.place for each in chart.marks] == [2 + 8 / 24, 4 + 12 / 24], "days begin at midnight, the log at 8"
        assert "Marked: A, 4 Mar: New <b>templates</b>; B, 6 Mar" in chart.words.summary
    assert not any(getattr(chart, "marks", ()) for id, chart in charts.items() if id not in of_time)
    read = assert_clean(render(view))
    assert len(Markup.of(render_file(view)).all("g", class_="mark")) == 2 * len(of_time)
    assert len(read.all("g", class_="mark")) == 2 * len(of_time)
    assert len(read.all("ol", class_="marks")) == len(of_time)
    assert {name for name, page in pages.items() if "mark-rule" in page} == {"overview", "funnel", "people", "drift"}


def test_what_changed_nothing_is_no_mark() -> None:
    rows = [
        {"at": START, "kind": "bundle", "what": f"b-{number}: {state}"}
        for number, state in enumerate(["kept", "failed", "promoted", "rolled-back-to"])
    ]
    rows += [{"at": START - DAYS, "kind": "policy", "what": "Olga"}, {"at": START, "kind": "note", "what": "x" * 200}]
    told = [each.words for each in happenings(rows)]
    assert told[:3] == ["policy changed by Olga", "bundle b-2 began to serve", "back to bundle b-3"]
    assert told[3].endswith("…")
    assert len(told[3]) == 70


@settings(max_examples=100, derandomize=True, deadline=None)
@given(HAPPENED)
def test_marks_are_few_in_order_and_apart_and_lose_no_note_for_a_bundle(happened: list[Happening]) -> None:
    found = marks(happened, WEEK)
    n = len(WEEK.columns)
    assert len(found) <= MOST_MARKS
    assert [each.letter for each in found] == list("ABCDEF"[: len(found)])
    assert all(0 <= each.place < n for each in found)
    gaps = [b.place - a.place for a, b in pairwise(found)]
    assert all(gap >= n * LEAST_APART for gap in gaps)
    told = [words for each in found for words in each.words.split("; ")]
    assert len(told) == min(len(happened), MOST_MARKS)
    kinds = [words.split()[0] for words in told]
    notes = sum(each.kind == "note" for each in happened)
    assert kinds.count("note") == min(notes, MOST_MARKS)
    if "bundle" in kinds:
        assert kinds.count("policy") == sum(each.kind == "policy" for each in happened)
