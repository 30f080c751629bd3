"""Every state a surface can be in has a report: nothing yet, one row, all silent, simulated, failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Month
from logbook import START, Logbook
from markup import assert_clean

import analytics.snapshot
from analytics.index import render_index, surfaces
from analytics.markdown import render_markdown
from analytics.period import Period
from analytics.render import render, render_file
from analytics.report import ReportView, failed, report
from suggest.domain.errors import StorageUnavailable
from suggest.domain.event import EventType
from suggest.domain.slate import Decision

LATER = START + timedelta(days=1)


def report_of(book: Logbook, surface: str = "s", at: datetime = LATER) -> ReportView:
    with book.opened(at=at) as opened:
        return report(opened, surface, now=at)


def drawn(view: ReportView) -> str:
    """The page, after every other form was made too."""
    render_markdown(view)
    render_file(view)
    return render(view)


def test_a_surface_that_was_never_asked_says_what_to_do_next(book: Logbook) -> None:
    book.surface("s", title="Checkout")
    read = assert_clean(drawn(report_of(book)))
    assert "Nothing has been asked here yet" in read.text
    assert "suggest import candidates.csv --surface s" in read.text
    assert read.all("figure") == []


def test_with_candidates_the_next_step_is_to_ask(book: Logbook) -> None:
    book.surface("s")
    book.candidates("s")
    text = assert_clean(drawn(report_of(book))).text
    assert "suggest import" not in text
    assert "<suggest-box" in text


def test_an_unknown_surface_reads_like_one_that_was_never_asked(book: Logbook) -> None:
    assert report_of(book, "nobody").empty is not None


def test_everything_of_a_log_that_ended_long_ago_ends_where_it_did(book: Logbook) -> None:
    for day in range(40):
        book.slate("s", at=START + timedelta(days=day))
    old = report_of(book, at=START + timedelta(days=3_000))
    ended = datetime(2026, 4, 11, tzinfo=UTC)
    assert (old.n_requests, old.is_whole, old.period.to) == (40, True, ended)
    day_before = [tag.attributes["href"] for tag in assert_clean(drawn(old)).all("a") if tag.text == "24 hours"]
    assert day_before == ["/reports/s/overview?from=2026-04-10T00%3A00%3A00.000Z&to=2026-04-11T00%3A00%3A00.000Z"]


@pytest.mark.parametrize("idle_days", [0, 39])
def test_everything_of_a_log_that_may_go_on_ends_now(book: Logbook, idle_days: int) -> None:
    for day in range(40):
        book.slate("s", at=START + timedelta(days=day))
    now = START + timedelta(days=40 + idle_days)
    assert report_of(book, at=now).period.to == now


def test_one_pending_request(book: Logbook) -> None:
    book.slate("s", at=LATER - timedelta(minutes=5))
    view = report_of(book)
    text = assert_clean(drawn(view)).text
    assert view.n_requests == 1
    assert "1 request." in text
    assert "Needs 100 judged slates; 0 so far" in text
    assert [stat.value for stat in view.stats] == ["1", None, "0.0%", None, None, None, None, "100.0%", None]


def test_all_ignored_is_no_quality_at_all(book: Logbook) -> None:
    for _ in range(150):
        book.event(book.slate("s"), EventType.VIEW)
    view = report_of(book)
    by_label = {stat.label: stat for stat in view.stats}
    assert by_label["Taken when seen"].value == "0.0%"
    assert by_label["Calibration error of p_any"].value is None
    missing = {figure.figure.id: figure.figure.missing for figure in view.figures}
    assert "silence does not" in missing["reliability-p-any"]
    assert missing["outcomes-over-time"] == ""
    assert_clean(drawn(view))


@pytest.mark.parametrize(("n", "shown"), [(99, False), (100, True)])
def test_the_calibration_error_is_shown_from_a_hundred_judged_slates(book: Logbook, n: int, shown: bool) -> None:
    for number in range(n):
        slate = book.slate("s", p=(0.3 + number / 400, 0.1, 0.05))
        book.event(slate, EventType.SELECT if number % 2 else EventType.DISMISS, item="refund" if number % 2 else None)
    view = report_of(book)
    values = {stat.label: stat.value for stat in view.stats}
    assert (values["Calibration error of p_any"] is not None) == shown
    assert (values["Calibration error of p_select"] is not None) == shown  # 3 options a slate are not 3 observations
    note = next(each.figure.note for each in view.figures if each.figure.id == "reliability-p-any")
    assert ("noise explains" in note) == shown
    assert ("so far there are 99" in note) == (not shown)


def test_everything_escalated_and_nothing_shown(book: Logbook) -> None:
    for _ in range(5):
        slate = book.slate("s", decision=Decision.ESCALATE, reason="review-all")
        book.verdict(slate, book.review(slate), "refund")
    view = report_of(book)
    text = assert_clean(drawn(view)).text
    assert "Nothing was shown to anyone in this period." in text
    assert {stat.label: stat.value for stat in view.stats}["Sent to a person"] == "100.0%"


def test_simulated_traffic_is_labelled_wherever_it_is_shown(book: Logbook) -> None:
    book.surface("s", simulated=True)
    book.slate("s")
    with book.opened(at=LATER) as opened:
        view, lines = report(opened, "s", now=LATER), surfaces(opened)
    assert "Simulated traffic" in assert_clean(drawn(view)).text
    assert "Simulated traffic" in render_markdown(view)
    assert "Simulated traffic" in render_file(view)
    assert "simulated" in assert_clean(render_index(lines)).text


def test_a_report_that_failed_says_why(book: Logbook) -> None:
    read = assert_clean(drawn(failed("s", "The disk is full: free some space.", now=LATER)))
    assert "The disk is full: free some space." in read.text
    assert any(tag.attributes.get("role") == "alert" for tag in read.tags)
    assert read.all("figure") == []


def test_a_period_without_requests_offers_a_longer_one(month: Month) -> None:
    long_ago = month.now - timedelta(days=900)
    view = report(month.analytics, "support", long_ago, long_ago + timedelta(days=2), now=month.now)
    read = assert_clean(drawn(view))
    assert view.n_requests == 0
    assert "No request in this period" in read.text
    assert any(tag.attributes.get("href") == "/reports/support/overview" for tag in read.all("a"))


def test_a_period_runs_forward(month: Month) -> None:
    with pytest.raises(ValueError, match="forward"):
        report(month.analytics, "support", month.now, month.now - timedelta(days=1), now=month.now)
    with pytest.raises(ValueError, match="aware"):
        Period(from_=datetime(2026, 1, 1), to=LATER)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("length", "step", "columns"),
    [(timedelta(hours=3), "hour", 3), (timedelta(days=2), "hour", 48), (timedelta(days=3), "day", 3),
     (timedelta(days=63), "day", 63), (timedelta(days=70), "week", 11), (timedelta(days=36500), "week", 520)],
)  # fmt: skip
def test_a_period_is_cut_into_columns_one_can_read(length: timedelta, step: str, columns: int) -> None:
    to = datetime(2026, 3, 4, tzinfo=UTC)
    period = Period(from_=to - length, to=to)
    assert period.step == step
    assert len(period.columns) == columns == len(period.labels)
    assert period.columns[-1] < to


def test_columns_are_those_of_the_database(month: Month) -> None:
    """A stretch that SQL names and Python does not would silently drop rows."""
    for days in (1, 26, 120, 121, 122):
        period = Period(from_=month.now - timedelta(days=days), to=month.now)
        rows = month.analytics.rows(
            "outcomes_over_time", surface="support", step=period.step, **{"from": period.from_, "to": period.to}
        )
        assert {row["at"] for row in rows} <= set(period.columns)


def test_a_bundle_of_any_shape_is_shown(book: Logbook) -> None:
    book.slate("s")
    shapes = ({}, {"passed": None}, {"steps": [], "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}}, {"x": [1, {"y": 2}]})
    for number, gate in enumerate(shapes):
        book.bundle("s", f"b{number}", state="kept", at=START, gate=gate, manifest=gate)
    view = report_of(book)
    assert [bundle.id for bundle in view.bundles] == ["b3", "b2", "b1", "b0"]
    assert_clean(drawn(view))


def test_what_is_no_snapshot_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="make one"):
        analytics.snapshot.open(tmp_path / "absent.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database")
    with pytest.raises(StorageUnavailable, match="not a snapshot"):
        analytics.snapshot.open(tmp_path / "text.duckdb")


def test_a_snapshot_is_only_read(month: Month) -> None:
    import duckdb

    with pytest.raises(duckdb.Error):
        month.analytics._connection.execute("create table x (a integer)")
    with pytest.raises(duckdb.Error):
        month.analytics._connection.execute("select * from read_text('/etc/hostname')")


def test_of_a_log_older_than_ten_years_the_last_ten_are_measured(book: Logbook) -> None:
    """An imported log may begin long ago: every figure speaks of the same stretch, as a chart can hold it."""
    now = START + timedelta(days=1)
    for years in (30, 20, 11, 2):
        book.slate("s", at=now - timedelta(days=365 * years), decision=Decision.SHOW)
    view = report_of(book, at=now)
    assert view.n_requests == 1
    assert view.period.to - view.period.from_ < timedelta(days=3_653)
    assert not view.is_whole, "and it does not call that everything"
    assert_clean(drawn(view))


def test_a_log_of_which_nothing_is_younger_than_ten_years_is_a_report_without_requests(book: Logbook) -> None:
    book.slate("s", at=datetime(1, 1, 1, tzinfo=UTC))
    view = report_of(book)
    assert view.n_requests == 0
    assert_clean(drawn(view))
