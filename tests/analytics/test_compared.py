"""Where two times or two bundles are compared, every page with rates says of each how it differs, and how surely."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

import pytest
from logbook import START, busy_month
from markup import assert_clean

from analytics.compared import Rate, Rates, _figure
from analytics.lens import EVERYTHING, Lens
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.render import render
from analytics.report import ReportView, report
from analytics.snapshot import Analytics
from suggest.metrics.interval import Interval, difference, wilson

DAYS = timedelta(days=1)
NOW = START + 26 * DAYS
FIRST, LATER = Period(from_=START, to=START + 9 * DAYS), Period(from_=START + 9 * DAYS, to=NOW)
COMPARING = [page.name for page in PAGES if page.compares and page.name != "overview"]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    book = busy_month(tmp_path_factory.mktemp("compared"))
    with book.opened(at=NOW) as opened:
        yield opened
    book.store.close()


def of(log: Analytics, page: str, period: Period = LATER, **more: object) -> ReportView:
    return report(log, "support", period.from_, period.to, now=NOW, page=page, **more)  # type: ignore[arg-type]


def rows(view: ReportView) -> dict[str, dict[str, object]]:
    found = next(each for each in view.figures if each.figure.id.startswith("compared-"))
    told = [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]
    return {str(row["rate"]): row for row in told}


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_a_page_compares_only_where_something_was_chosen_to_compare_with(log: Analytics, page: str) -> None:
    def compares(**more: object) -> bool:
        return any(each.figure.id.startswith("compared-") for each in of(log, page, **more).figures)

    is_here = page in COMPARING
    assert (compares(), compares(against=FIRST), compares(versus="prior")) == (False, is_here, is_here)
    assert log.lens == EVERYTHING


@pytest.mark.parametrize("page", COMPARING)
@pytest.mark.parametrize(("ours", "theirs"), [({}, {"against": FIRST}), ({"lens": Lens(bundle="b-0319")}, {})])
def test_each_side_is_what_a_report_of_its_own_says(
    log: Analytics, page: str, ours: dict[str, object], theirs: dict[str, object]
) -> None:
    """The other side of a comparison is the near side of the one that is made the other way round."""
    whole = Period(from_=START, to=NOW)
    if theirs:
        told, back = of(log, page, against=FIRST), of(log, page, FIRST, against=LATER)
    else:
        told = of(log, page, whole, lens=Lens(bundle="b-0319"), versus="prior")
        back = of(log, page, whole, lens=Lens(bundle="prior"), versus="b-0319")
    here, there = rows(told), rows(back)
    assert here.keys() == there.keys()
    assert len(here) >= (1 if page == "drift" else 2)
    for name, row in here.items():
        other = there[name]
        for end in ("", "_low", "_high"):
            assert row[f"before{end}"] == other[f"now{end}"], name
        assert (row["n_before"], row["n"]) == (other["n"], other["n_before"])
        assert {row["verdict"], other["verdict"]} in (
            {"up", "down"}, {"no more than chance"}, {"nothing to compare"},
        )  # fmt: skip
        if row["difference"] is not None:
            assert row["difference"] == pytest.approx(row["now"] - row["before"])  # type: ignore[operator]
            assert row["difference"] == pytest.approx(-other["difference"])  # type: ignore[operator]


def test_the_funnel_differs_by_newcombes_interval(log: Analytics) -> None:
    row = rows(of(log, "funnel", against=FIRST))["taken of seen"]
    counted = [
        next(each for each in of(log, "funnel", period).figures if each.figure.id == "funnel").rows.values
        for period in (LATER, FIRST)
    ]
    seen, taken = ([int(stages[at][1]) for stages in counted] for at in (2, 4))  # type: ignore[arg-type]
    now, before = (wilson(k, n) for k, n in zip(taken, seen, strict=True))
    found = difference(now, before)
    assert [row[name] for name in ("difference", "low", "high")] == pytest.approx([found.mid, found.low, found.high])
    assert row["verdict"] == "up", "a trained bundle is taken more often than names alone"


def test_a_comparison_stays_on_its_page_and_reads_well(log: Analytics) -> None:
    for page in (page for page in PAGES if page.name != "overview"):
        read = assert_clean(render(of(log, page.name, against=FIRST)))
        stays = page.name if page.compares else "overview"
        (form,) = (tag for tag in read.all("form") if tag.attributes.get("method") == "get")
        assert form.attributes["action"] == f"/reports/support/{stays}"
        assert ("Against 2 Mar 2026" in read.text) is page.compares


def told(now: Rates, then: Rates) -> list[dict[str, object]]:
    found = _figure("x", now, then, word="then")
    return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]


def test_an_open_end_decides_nothing_on_its_side() -> None:
    now = Interval(low=-math.inf, mid=90.0, high=100.0, n=4)
    then = Interval(low=10.0, mid=20.0, high=30.0, n=40)
    (row,) = told({"wait": Rate(found=now, kind="seconds")}, {"wait": Rate(found=then, kind="seconds")})
    assert (row["now_low"], row["low"], row["verdict"]) == (None, None, "no more than chance")
    assert row["high"] == pytest.approx(70 + math.hypot(10, 10))


def test_what_only_one_side_observed_is_shown_and_not_compared() -> None:
    one = {"a": Rate(found=wilson(3, 4)), "none": Rate(found=None)}
    found = told(one, {"b": Rate(found=wilson(1, 4))})
    assert [(row["rate"], row["verdict"]) for row in found] == [
        ("a", "nothing to compare"),
        ("b", "nothing to compare"),
    ]
