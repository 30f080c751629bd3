"""Figures and their words where there is nothing, one of a thing, or only silence; and what a gate left behind."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from htpy import Node, fragment

from analytics import definitions
from analytics.act_figures import outcomes_figure
from analytics.bundles import BundleHistory, ServedByBundle
from analytics.csv import Rows, Value, rows_csv
from analytics.drawn import Drawn, drawn_as
from analytics.markdown import render_markdown
from analytics.outcomes import OutcomesOverTime
from analytics.people import Audits, DecisionsOverTime, ReviewsByReason
from analytics.people_figures import audit_figure, bundles_figure, escalation_figure, reasons_figure, reviews_figure
from analytics.period import Period
from analytics.reliability import MIN_ERROR_N, Reliability
from analytics.report import ReportView
from analytics.section import Section
from analytics.tiles import tiles
from components.empty import EmptyView, StepView
from components.figure import Definition
from components.gate import gate_lines
from components.notice import NoticeView
from components.number import NOTHING
from components.stat import StatView
from suggest.domain.event import Outcome
from suggest.domain.slate import Decision

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = Period(from_=NOON, to=NOON + timedelta(hours=2))
SILENT = Reliability(
    forecast="p_any", n=0, n_slates=0, n_contexts=0, bins=(), error=None, rate=None, mean=None, known_by={}
)
ALL = {name: value for name, value in vars(definitions).items() if isinstance(value, Definition)}


def decided(**counts: tuple[int, int]) -> DecisionsOverTime:
    of = {each: counts.get(each.value, (0, 0)) for each in Decision}
    return DecisionsOverTime(at=DAY.columns, counts=of, reasons={(each, ""): sum(of[each]) for each in Decision})


def became(**counts: tuple[int, int]) -> OutcomesOverTime:
    return OutcomesOverTime(at=DAY.columns, counts={each: counts.get(each.value, (0, 0)) for each in Outcome})


def stat(label: str, decisions: DecisionsOverTime, outcomes: OutcomesOverTime, audits: Audits) -> StatView:
    return next(each for each in tiles(decisions, outcomes, SILENT, SILENT, audits) if each.label == label)


def as_text(cell: Node) -> str:
    """A cell as it is read, a line beside the other."""
    return re.sub(r"<[^>]+>", "", str(fragment[cell]).replace("<br>", " "))


NO_AUDIT = Audits(sampled=0, answered=0, right=0)


# -- definitions


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_definition_says_what_how_and_when_it_misleads(name: str) -> None:
    for part in fields(Definition):
        said = getattr(ALL[name], part.name)
        assert said.endswith("."), part.name
        assert said[0].isupper() or part.name == "formula"
        assert "  " not in said


def test_no_two_figures_mean_the_same() -> None:
    assert len({each.what for each in ALL.values()}) == len(ALL) > 8


# -- tiles


def test_tiles_of_nothing_have_no_figure_and_say_what_is_missing() -> None:
    said = {each.label: each for each in tiles(decided(), became(), SILENT, SILENT, NO_AUDIT)}
    assert said.pop("Requests").value == "0"
    assert [each.value for each in said.values()] == [None] * 5
    assert all(each.note and not each.interval for each in said.values())
    assert said["Taken when seen"].note == "No slate has been in view yet"
    assert said["Calibration error of p_any"].note == f"Needs {MIN_ERROR_N} judged slates; 0 so far"


def test_silence_that_was_seen_counts_as_seen_and_what_never_was_does_not() -> None:
    ignored = stat("Taken when seen", decided(), became(ignored=(3, 4)), NO_AUDIT)
    assert (ignored.value, ignored.note) == ("0.0%", "of 7 slates in view")
    unseen = stat("Taken when seen", decided(), became(unseen=(3, 4), pending=(1, 0)), NO_AUDIT)
    assert unseen.value is None


def test_one_of_a_thing_is_one_of_a_thing() -> None:
    taken = stat("Taken when seen", decided(), became(selected=(1, 0)), NO_AUDIT)
    assert (taken.value, taken.note) == ("100.0%", "of 1 slate in view")
    sent = stat("Sent to a person", decided(escalate=(1, 0)), became(), NO_AUDIT)
    assert (sent.value, sent.note) == ("100.0%", "of 1 request")
    right = stat("Right when confident", decided(), became(), Audits(sampled=2, answered=1, right=1))
    assert (right.value is not None, right.note) == (True, "1 random audit answered")


def test_what_was_applied_alone_counts_as_shown() -> None:
    requests = stat("Requests", decided(show=(1_000, 0), auto=(0, 234), abstain=(5, 6)), became(), NO_AUDIT)
    assert (requests.value, requests.note) == ("1,245", "1,234 shown, 11 left alone")


# -- figures of people


def test_a_period_without_a_request_draws_no_share() -> None:
    drawn = escalation_figure(decided(), DAY)
    assert drawn.chart is None
    assert drawn.figure.missing == "No request in this period."
    assert [row[1] for row in drawn.rows.values] == [0, 0], "the columns are there, with their noughts"


def test_a_stretch_without_a_request_has_a_row_for_machines_and_none_for_people() -> None:
    drawn = escalation_figure(decided(show=(3, 0), escalate=(1, 0)), DAY)
    assert len(drawn.rows.values) == 2
    [cells] = drawn.figure.table.rows
    assert cells[1] == "4"
    assert as_text(cells[-1]) == "25.0% 4.6% to 69.9%"


def test_reasons_are_ranked_and_what_needs_none_is_likely_right() -> None:
    reasons = {(Decision.ESCALATE, "below-threshold"): 1, (Decision.SHOW, ""): 3}
    drawn = reasons_figure(DecisionsOverTime(at=DAY.columns, counts=decided(show=(4, 0)).counts, reasons=reasons))
    assert [tuple(map(as_text, row)) for row in drawn.figure.table.rows] == [
        ("show", "likely right", "3", "75.0% 30.1% to 95.4%"),
        ("escalate", "below threshold", "1", "25.0% 4.6% to 69.9%"),
    ]


def test_a_review_nobody_timed_has_no_time_and_no_nought() -> None:
    drawn = reviews_figure([ReviewsByReason(reason="audit", reviews=2, answered=0, handling_s_median=None)])
    assert drawn.figure.table.rows == (("audit", "2", "0", NOTHING),)
    assert drawn.rows.values[0][-1] is None
    assert reviews_figure(()).figure.sample == "0 reviews"


@pytest.mark.parametrize(("answered", "right"), [(0, 0), (1, 0), (1, 1), (50, 50)])
def test_an_audit_has_bounds_from_the_first_answer_on(answered: int, right: int) -> None:
    [row] = audit_figure(Audits(sampled=60, answered=answered, right=right)).rows.values
    share, low, high = (row[3], row[4], row[5])
    if not answered:
        assert (share, low, high) == (None, None, None)
    else:
        assert isinstance(low, float)
        assert isinstance(high, float)
        assert 0 <= low <= right / answered <= high <= 1
        assert low < high, "one look is never certainty"


@pytest.mark.parametrize(("shown", "selected", "said"), [(0, 0, NOTHING), (1, 1, "100.0%"), (1_000_000, 1, "< 0.1%")])
def test_a_bundle_that_showed_nothing_has_no_share(shown: int, selected: int, said: str) -> None:
    served = ServedByBundle(bundle="b", slates=1_000_000, shown=shown, selected=selected)
    [cells] = bundles_figure([served]).figure.table.rows
    assert cells[1] == "1,000,000"
    assert cells[4] == said


def test_outcomes_of_nothing_but_silence_are_drawn() -> None:
    drawn = outcomes_figure(became(ignored=(5, 0)), DAY)
    assert drawn.chart is not None
    assert not drawn.figure.missing
    assert sum(int(str(row[-1])) for row in drawn.rows.values) == 5


# -- a gate's report for reading


@pytest.mark.parametrize("gate", [{}, {"why": "x"}, {"champion": {"nll": 1}}, {"champion": 1, "challenger": {}}])
def test_a_gate_without_two_sides_is_told_as_it_is(gate: dict[str, object]) -> None:
    assert gate_lines(gate) == gate


def test_a_measure_only_one_side_has_is_a_line_with_a_gap() -> None:
    told = gate_lines({"champion": {"ece": 0.1}, "challenger": {"nll": 0.5}})
    assert told["measures"] == [
        {"measure": "nll", "champion": None, "challenger": 0.5},
        {"measure": "ece", "champion": 0.1, "challenger": None},
    ]
    assert "measures" not in gate_lines({"champion": {}, "challenger": {}})


def test_the_verdict_comes_first_whatever_the_order_and_nothing_is_lost() -> None:
    gate = {"extra": 1, "why": "better", "challenger": {"nll": 1}, "verdict": "promote", "champion": {"nll": 2}}
    assert list(gate_lines(gate)) == ["verdict", "why", "measures", "extra"]


# -- csv and markdown


@pytest.mark.parametrize("rows", [(), ((1,),)])
def test_rows_of_nothing_still_have_their_head(rows: tuple[tuple[Value, ...], ...]) -> None:
    read = list(csv.reader(io.StringIO(rows_csv(Rows(columns=("n",), values=rows)), newline="")))
    assert read == [["n"], *[["1"] for _ in rows]]


def a_report(**more: Any) -> str:
    return render_markdown(
        ReportView(surface="s", title="S", period=DAY, made_at=NOON, simulated=False, n_requests=1, **more)
    )


def a_figure(n: int, **more: Any) -> Drawn:
    rows = Rows(columns=("n",), values=tuple((each,) for each in range(n)))
    cells = [(str(each),) for each in range(n)]
    words = Definition(what="What.", formula="How.", caveat="When.")
    return drawn_as(id="f", title="F", definition=words, rows=rows, labels=("n",), cells=cells, sample="some", **more)


def a_section(drawn: Drawn) -> tuple[Section, ...]:
    return (Section(id="x", title="X", lede="Lede.", figures=(drawn,)),)


def test_a_report_that_could_not_be_made_says_why_and_nothing_else() -> None:
    said = a_report(problem=NoticeView(title="Gone", text="The log is <away>."), sections=a_section(a_figure(1)))
    assert said.endswith("**Gone.** The log is &lt;away\\>.\n")
    assert "## X" not in said


def test_an_empty_report_says_what_to_do_in_order() -> None:
    steps = (StepView(title="Import", text="A file"), StepView(title="Ask", text="A question"))
    said = a_report(empty=EmptyView(title="Nothing", text="Yet.", steps=steps))
    assert said.index("1. Import. A file") < said.index("2. Ask. A question")


@pytest.mark.parametrize(
    ("n", "left"), [(0, ""), (60, ""), (61, "and 1 more row in the CSV"), (70, "and 10 more rows")]
)
def test_a_long_table_is_cut_and_says_so(n: int, left: str) -> None:
    said = a_report(sections=a_section(a_figure(n)))
    assert said.count("\n| ") == (1 + min(n, 60) if n else 0)
    assert left in said
    assert ("in the CSV" in said) is bool(left)


def test_a_figure_that_is_missing_has_its_reason_in_place_of_its_table() -> None:
    said = a_report(sections=a_section(a_figure(3, missing="Needs more.", note="A note.")))
    assert "Needs more." in said
    assert "| n |" not in said
    assert said.index("Needs more.") < said.index("A note.") < said.index("How: How.") < said.index("Misleads when")


def test_every_leaf_of_a_gate_is_a_line_with_the_path_to_it() -> None:
    gate = {"verdict": "kept", "steps": [{"nll": 0.5}, {"nll": None}], "n": 12_345, "ok": True}
    bundle = BundleHistory(id="b", at=NOON, state="kept", parent=None, encoder="", manifest={}, gate=gate)
    said = a_report(bundles=(bundle,))
    for line in ("- verdict: kept", "- steps 1 / nll: 0.5", f"- steps 2 / nll: {NOTHING}", "- n: 12,345", "- ok: yes"):
        assert line in said
