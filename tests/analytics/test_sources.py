"""Every number can be counted again: from the exported log, by the queries that the definitions page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import Month
from logbook import START
from markup import assert_clean

import analytics
from analytics.definitions_page import render_definitions
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.report import report
from analytics.snapshot import Analytics, query_text
from analytics.sources import SOURCES, STANDS_ON
from suggest.domain.errors import StorageUnavailable
from suggest.store.ports import Exported

FIRST_WEEK = Period(from_=START, to=START + timedelta(days=7))
# There only where contexts have fields.
OF_GROUPS = {"funnel-by-group", "funnel-by-layout", "calibration-by-group", "reliability-by-group"}


@pytest.fixture(scope="module")
def again(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    """The exported tables, and nothing else, under the views of the log."""
    folder = tmp_path_factory.mktemp("export")
    for table in Exported:
        month.book.store.export(table, "parquet", folder / f"{table}.parquet")
    with analytics.open(folder, as_of=month.now) as opened:
        yield opened


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_every_number_of_a_page_is_counted_again_from_the_export(month: Month, again: Analytics, page: str) -> None:
    shown = report(month.analytics, "support", now=month.now, page=page)
    counted = report(again, "support", now=month.now, page=page)
    assert counted.figures
    assert [(d.figure.id, d.rows) for d in counted.figures] == [(d.figure.id, d.rows) for d in shown.figures]
    assert counted.stats == shown.stats


def test_the_definitions_name_the_figures_and_the_queries_that_pages_really_run(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: set[str] = set()
    run = Analytics._run

    def noting(self: Analytics, query: str, params: dict[str, object]) -> object:
        ran.add(query)
        return run(self, query, params)

    monkeypatch.setattr(Analytics, "_run", noting)
    for of, page in zip(SOURCES, PAGES, strict=True):
        assert of.page == page.name
        ran.clear()
        view = report(month.analytics, "support", now=month.now, page=page.name, against=FIRST_WEEK)
        told = {source.figure: source for source in of.sources if source.figure not in OF_GROUPS}
        assert list(told) == [drawn.figure.id for drawn in view.figures]
        for drawn in view.figures:
            assert told[drawn.figure.id].definition is drawn.figure.definition
            assert told[drawn.figure.id].title in (drawn.figure.title, "Now and before", "Compared")
        named = {query for source in told.values() for query in source.queries}
        around = {
            "happenings",
            "surfaces",
            "extent",
            "moment",
            "bundle_history",
            "fields",
            "served",
            "tally",
            "judged_tally",
        }
        named -= {"funnel"} if page.name == "experiments" else set()  # there are no fields here, so no arms
        of_tiles = {"judged_slates", "shown_options", "audits"} if page.name == "overview" else set()
        assert ran - around == named - around | of_tiles


def test_the_page_shows_every_query_as_it_is_run() -> None:
    read = assert_clean(render_definitions())
    shown = {tag.text for tag in read.all("code")}
    for name in {query for of in SOURCES for source in of.sources for query in source.queries} | set(STANDS_ON):
        assert query_text(name) in shown
    assert not any(re.search(r"\$\{|\bTODO\b", text) for text in shown)


def test_the_log_is_open_to_sql_of_your_own(month: Month) -> None:
    taken = month.analytics.relation("outcomes").filter("outcome = 'selected'").aggregate("count(*)").fetchall()
    assert taken == month.analytics.sql("select count(*) from outcomes where outcome = 'selected'").fetchall()
    assert month.analytics.relation("slates").aggregate("count(*)").fetchall() == [(1600,)]
    with pytest.raises(duckdb.Error):
        month.analytics.sql("select * from read_csv('/etc/hostname')").fetchall()


def test_times_come_back_aware(month: Month, tmp_path: Path) -> None:
    row = month.analytics.rows("extent", surface="support")[0]
    assert isinstance(row["first_at"], datetime)
    assert row["first_at"].tzinfo is not None


def test_an_export_of_an_earlier_version_has_less_to_say_and_one_without_slates_nothing(
    month: Month, tmp_path: Path
) -> None:
    with pytest.raises(StorageUnavailable, match=r"slates\.parquet"):
        analytics.open(tmp_path)
    month.book.store.export(Exported.SLATES, "csv", tmp_path / "slates.csv")
    with analytics.open(tmp_path, as_of=month.now) as opened:
        view = report(opened, "support", now=month.now, page="funnel")
        assert view.n_requests == month.view.n_requests
        with pytest.raises(duckdb.Error):
            opened.sql("select * from read_csv('/etc/hostname')").fetchall()
