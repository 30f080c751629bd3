"""The figure of off-policy values: what the gate found, nothing where it found nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from analytics.bundles import BundleHistory
from analytics.valued import valued_bundles, valued_figure
from components.charts.values import ValuesView, values_chart

FOUND = {
    "estimate": 0.62,
    "interval": [0.55, 1.04],
    "n": 1200,
    "ess": 310.4,
    "logged": {"estimate": 0.58, "interval": [0.55, 0.61]},
    "warnings": [{"type": "heavy-slate", "detail": "One slate carries 12% of all weight."}],
}


def a_bundle(id: str, **gate: object) -> BundleHistory:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return BundleHistory(id=id, at=at, state="kept", parent=None, encoder="e", manifest={}, gate=gate)


def test_a_valued_bundle_is_drawn_beside_what_served_and_tabled_unrounded() -> None:
    drawn = valued_figure(valued_bundles([a_bundle("bundle-number-7", off_policy=FOUND)]))
    assert drawn.rows.values == (
        ("bundle-number-7", 0.62, 0.55, 1.0, 0.58, 0.55, 0.61, 1200, 310.4, "heavy-slate"),
    )  # fmt: skip
    assert isinstance(drawn.chart, ValuesView)
    markup = str(values_chart(drawn.chart))
    assert "would have earned 62" in markup
    assert "what served earned 58" in markup
    assert drawn.figure.keys == drawn.chart.keys


def test_a_bundle_leads_to_the_slates_it_was_valued_on_where_its_gate_said_when_they_were_served() -> None:
    when = {"from": "2026-03-01T00:00:00.000Z", "to": "2026-03-08T00:00:00.001Z"}
    valued = valued_bundles([a_bundle("new", off_policy={**FOUND, **when}), a_bundle("old", off_policy=FOUND)])
    chart = valued_figure(valued, "s").chart
    assert isinstance(chart, ValuesView)
    new, old = (pair.link for pair in chart.pairs)
    assert old == ""
    assert parse_qs(urlsplit(new).query) == {name: [at] for name, at in when.items()} | {"valued": ["1"]}
    assert str(values_chart(chart)).count("/reports/s/impressions?") == 2, "the bar, and the dot over it"
    assert "impressions" not in str(values_chart(chart.unlinked))


def test_what_the_log_could_not_say_is_not_drawn() -> None:
    unsaid = {**FOUND, "estimate": None, "interval": None}
    silent = [a_bundle("a"), a_bundle("b", off_policy=unsaid), a_bundle("c", off_policy="odd")]
    assert valued_bundles(silent) == ()
    drawn = valued_figure(())
    assert drawn.chart is None
    assert "exploration" in drawn.figure.missing


def test_many_bundles_are_all_in_the_table_and_the_newest_in_the_drawing() -> None:
    many = [a_bundle(f"b{n}", off_policy=FOUND) for n in range(12)]
    drawn = valued_figure(valued_bundles(many))
    assert len(drawn.rows.values) == 12
    assert isinstance(drawn.chart, ValuesView)
    assert [pair.label for pair in drawn.chart.pairs] == [f"b{n}" for n in range(8)]
