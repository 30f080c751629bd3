"""What goes out is what the pages say."""

from __future__ import annotations

import json

import pytest
from conftest import Month

from analytics.report import report
from analytics.summary import summary
from components.number import decimal, percent


@pytest.mark.parametrize("name", ["support"])
def test_every_figure_is_the_one_of_the_overview(month: Month, name: str) -> None:
    page = report(month.analytics, name, now=month.now, page="overview")
    told = summary(month.analytics, name, page.period)
    shown = {stat.label: stat.value for stat in page.stats}
    precision, error, without = told.live_precision, told.calibration_error, told.without_people
    assert precision is not None
    assert error is not None
    assert without is not None
    assert shown["Right when confident"] == percent(precision.mid)
    assert shown["Calibration error of p_any"] == decimal(error.ece)
    assert shown["Went without people"] == percent(without.mid)
    taken = told.shares["taken_when_seen"].now
    assert taken is not None
    assert shown["Taken when seen"] == percent(taken.mid)
    assert shown["Requests"] == f"{told.requests:,}"


def test_it_is_plain_json_with_the_interval_beside_each_share(month: Month) -> None:
    page = report(month.analytics, "support", now=month.now, page="overview")
    told = json.loads(json.dumps(summary(month.analytics, "support", page.period).to_json(), allow_nan=False))
    for share in told["shares"].values():
        assert share["low"] <= share["value"] <= share["high"]
    assert told["live_precision"]["low"] < told["live_precision"]["value"]
    assert 0 < told["review_wait_s"]["median"] <= told["review_wait_s"]["p90"]
    assert told["review_wait_s"]["answered"] <= told["review_wait_s"]["reviews"]


def test_a_surface_that_was_never_asked_has_nothing_to_tell(month: Month) -> None:
    page = report(month.analytics, "support", now=month.now, page="overview")
    told = summary(month.analytics, "nowhere", page.period).to_json()
    assert told["requests"] == 0
    assert told["live_precision"] is told["calibration_error"] is told["without_people"] is None
    assert {share["value"] for share in told["shares"].values()} == {None}  # type: ignore[attr-defined]
