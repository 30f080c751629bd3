"""The report as a page, a file and Markdown: its outline, its words, and other people's text in it."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import Month
from logbook import START, Logbook
from markup import HOSTILE, Markup, assert_clean

from analytics.csv import Rows, rows_csv
from analytics.index import render_index, surfaces
from analytics.markdown import plain, render_markdown
from analytics.render import render, render_file
from analytics.report import report
from analytics.section import csv_name
from suggest.domain.candidate import Candidate
from suggest.domain.event import EventType
from suggest.domain.review import ReviewReason

FIGURES = [
    "what-next", "what-changed", "what-happened", "outcomes-over-time", "escalation-share", "typing-saved", "loop-time",
    "funnel", "outcomes-by-position", "funnel-by-bundle", "funnel-by-decision",
    "reliability-p-any", "reliability-p-select", "reliability-p-accept", "calibration-by-bundle",
    "learning-curve", "forecast", "retrains", "ladder", "interleaved", "served-by-bundle", "off-policy-value",
    "labels-bought",
    "offline-and-live", "explains-the-gap", "decisions-by-reason", "reviews-by-reason", "audit", "waits", "costs",
    "workers", "claims", "unanswered", "rare-contexts", "never-taken", "confidence-over-time", "drift-tests",
    "examination", "arms", "planner",
]  # fmt: skip
HEADINGS = [
    "Support replies ", "What to do next", "What changed", "What people did", "What it saves, and how fast it learns",
    "The funnel", "By part", "Did the figures keep their word", "For whom it does not", "What learning brought",
    "What each step brought", "Two bundles by turns", "Bundles and their gate", "What each label bought",
    "Offline and live, side by side", "Where people were asked", "Their work",
    "The long tail", "Has traffic changed", "Where people look", "Experiments",
]  # fmt: skip


@pytest.fixture(scope="module")
def page(month: Month) -> Markup:
    return assert_clean(render(month.view))


def test_the_outline_of_the_page(page: Markup) -> None:
    assert [tag.text for tag in page.tags if tag.name in ("h1", "h2")] == HEADINGS
    assert [tag.attributes["id"] for tag in page.all("figure")] == FIGURES


def test_every_figure_has_its_definition_its_table_and_its_csv(page: Markup, month: Month) -> None:
    for drawn, tag in zip(month.view.figures, page.all("figure"), strict=True):
        definition = drawn.figure.definition
        for words in (definition.what, definition.formula, definition.caveat):
            assert words
            assert words in tag.text
        assert month.view.csv(drawn.figure.id)
    with_table = [drawn for drawn in month.view.figures if not drawn.figure.missing]
    assert len(page.all("table")) == len(with_table) + 3 * len(month.view.bundles)  # measures, differences, ladder
    links = [tag.attributes["href"] for tag in page.all("a", class_="download")]
    assert [re.sub(r"\.csv\?.*", "", link) for link in links] == [f"/reports/support/{id}" for id in FIGURES]
    assert all("from=2026-03-02T08%3A00%3A00.000Z&to=2026-03-28" in link for link in links)


def test_a_gate_report_sets_champion_beside_challenger(page: Markup) -> None:
    newest = page.all("article")[0]
    assert "verdictpromotewhynot worse in any respect" in newest.text
    assert "right first0.7900.814" in newest.text  # measure, champion, challenger
    assert "rungright firstright in three" in newest.text
    assert "12 labels without a time were split at random." in newest.text


def test_every_drawing_is_an_image_with_words(page: Markup) -> None:
    images = [tag for tag in page.all("svg") if tag.attributes.get("role") in ("img", "group")]
    assert len(images) == 9
    described = {tag.attributes["id"]: tag.text for tag in page.all("desc")}
    for image in images:
        assert all(id in page.ids for id in image.attributes["aria-labelledby"].split())
    assert "impressions: " in described["outcomes-desc"]
    assert "Calibration error (ECE) 0.0" in described["p_any-desc"]


def test_headline_figures_carry_their_interval_and_sample(month: Month) -> None:
    for stat in month.view.stats:
        assert stat.value is not None
        assert stat.note
        assert re.search(r"\d", stat.interval + stat.note)


def test_the_chosen_period_is_marked(month: Month) -> None:
    def chosen(view) -> list[str]:
        return [tag.text for tag in assert_clean(render(view)).all("a") if tag.attributes.get("aria-current") == "true"]

    assert chosen(month.view) == ["Everything"]
    week = report(month.analytics, "support", month.now - timedelta(days=7), now=month.now)
    assert chosen(week) == ["7 days"]
    odd = report(month.analytics, "support", month.now - timedelta(days=5), now=month.now)
    assert chosen(odd) == []


def test_an_interval_is_two_columns_of_the_rows_and_one_of_the_table(month: Month) -> None:
    gaps = next(each for each in month.view.figures if each.figure.id == "calibration-by-bundle")
    heads = [column.label for column in gaps.figure.table.columns]
    assert heads == ["Bundle", "Judged", "Said", "Was right", "95% interval", "Off by", "Noise ±", "Verdict"]
    assert list(gaps.rows.columns[4:6]) == ["low", "high"]
    low, high = gaps.rows.values[0][4:6]
    assert gaps.figure.table.rows[0][4] == f"{low:.1%} to {high:.1%}"


def test_an_interval_of_a_gate_is_called_what_its_definition_says(month: Month) -> None:
    retrains = next(each for each in month.view.figures if each.figure.id == "retrains")
    heads = [column.label for column in retrains.figure.table.columns if column.label.endswith("interval")]
    assert heads == ["90% interval"] * 2
    assert "90% bootstrap intervals" in retrains.figure.definition.formula


def test_there_is_no_csv_of_what_is_not_a_figure(month: Month) -> None:
    assert month.view.csv("nothing") is None
    assert month.view.csv("../etc/passwd") is None


def test_the_file_needs_nothing_else(month: Month) -> None:
    document = render_file(month.view)
    style = re.search(r"<style>(.*?)</style>", document, re.S).group(1)
    assert "--accent" in style
    read = assert_clean(document.replace(f"<style>{style}</style>", ""))
    assert read.all("link") == read.all("script") == read.all("nav") == []
    addresses = [tag.attributes["href"] for tag in read.all("a")]
    assert all(address.startswith(("#", "data:text/csv;")) for address in addresses)
    policy = read.all("meta", http_equiv="Content-Security-Policy")[0].attributes["content"]
    assert policy.startswith("default-src 'none'")
    carried = next(address for address in addresses if address.startswith("data:"))
    assert base64.b64decode(carried.split(",")[1]).decode() == month.view.csv(FIGURES[0])


def test_markdown_holds_every_figure_and_definition(month: Month) -> None:
    text = render_markdown(month.view)
    for drawn in month.view.figures:
        assert f"### {plain(drawn.figure.title)}" in text
        assert plain(drawn.figure.definition.caveat) in text
    assert "Requests: **1,600**" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


@pytest.fixture
def hostile(book: Logbook) -> Logbook:
    """Every text that others choose, chosen badly."""
    for number, text in enumerate(HOSTILE):
        surface = text[:100]
        book.surface(surface, title=text)
        slate = book.slate(surface, text=text, items=(f"{number}{text}"[:200], "b", "c"), bundle=text, reason=text)
        book.event(slate, EventType.SELECT, item=slate.items[0].id)
        book.verdict(slate, book.review(slate, ReviewReason.AUDIT), slate.items[0].id)
        gate = {text: text, "steps": [{"name": text, text: 0.5}], "list": [text]}
        book.bundle(surface, text, state=text, at=START, parent=text, encoder=text, gate=gate, manifest=gate)
        book.records += _candidate(surface, text)
    return book


def _candidate(surface: str, text: str) -> list:
    from suggest.store.records import candidate_record

    made = Candidate(id=text[:200], text=text)
    return [candidate_record(made, surface=surface, revision=1, retired=False, at=START)]


def test_other_peoples_text_stays_text_everywhere(hostile: Logbook) -> None:
    later = START + timedelta(days=1)
    with hostile.opened(at=later) as opened:
        views = [report(opened, text[:100], now=later) for text in HOSTILE]
        index = assert_clean(render_index(surfaces(opened)))
    shapes = set()
    for text, view in zip(HOSTILE, views, strict=True):
        read = assert_clean(render(view))
        assert text in read.text
        assert text in index.text
        shapes.add(tuple(tag.name for tag in read.tags if tag.name != "code" and "title" not in tag.attributes))
        assert read.all("b") == read.all("img") == read.all("script") == []
        links = [tag.attributes["href"] for tag in read.all("a", class_="download")]
        assert all(re.fullmatch(r"/reports/[A-Za-z0-9%_.~-]+/[a-z-]+\.csv\?[A-Za-z0-9%=&.-]+", link) for link in links)
        assert all(re.fullmatch(r"[A-Za-z0-9.-]+", csv_name(view.surface, drawn)) for drawn in view.figures)
        assert render_file(view).count("</style>") == 1
    assert len(shapes) == 1


def test_an_empty_surface_with_a_hostile_name(book: Logbook) -> None:
    later = START + timedelta(days=1)
    with book.opened(at=later) as opened:
        for text in HOSTILE:
            read = assert_clean(render(report(opened, text[:100], now=later)))
            assert read.all("b") == read.all("script") == []


def test_hostile_text_in_markdown_is_no_markup(hostile: Logbook) -> None:
    later = START + timedelta(days=1)
    with hostile.opened(at=later) as opened:
        for text in HOSTILE:
            view = report(opened, text[:100], now=later)
            written = render_markdown(replace(view, title=text))
            assert "<script" not in written
            assert "<img" not in written
            assert "<b>" not in written


def test_a_spreadsheet_runs_nothing() -> None:
    written = rows_csv(
        Rows(columns=("text",), values=(("=HYPERLINK(1)",), ("+1",), ("-1",), ("@x",), ("\tx",), ("ok",)))
    )
    assert all(not line.lstrip('"').startswith(("=", "+", "-", "@", "\t")) for line in written.splitlines()[1:])
    assert written.splitlines()[-1] == "ok"


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one value a column"):
        Rows(columns=("a", "b"), values=((1,),))


def test_the_list_of_surfaces(month: Month) -> None:
    read = assert_clean(render_index(surfaces(month.analytics)))
    assert [tag.text for tag in read.all("a", href="/reports/support")] == ["Support replies"]
    assert "1,600" in read.text
    assert "There is no surface yet" in assert_clean(render_index(())).text
