"""The pages of a report: each stands by itself, and what it counts adds up through every lens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import Month
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logbook import REPLIES, START, Logbook
from markup import assert_clean

from analytics.lens import Lens
from analytics.outcomes import outcomes_over_time
from analytics.pages.funnel import ENDS, STAGES
from analytics.pages.learning import forecast
from analytics.pages.registry import PAGES
from analytics.period import Period
from analytics.render import render
from analytics.report import ReportView, report
from analytics.snapshot import Analytics
from suggest.domain.event import EventType
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision

LATER = START + timedelta(days=1)
NAMES = [page.name for page in PAGES]


def rows_of(view: ReportView, figure: str) -> list[dict[str, object]]:
    found = next(each for each in view.figures if each.figure.id == figure)
    return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_stands_by_itself_and_marks_its_tab(month: Month, name: str) -> None:
    view = report(month.analytics, "support", now=month.now, page=name)
    read = assert_clean(render(view))
    tabs = {tag.text: tag.attributes for tag in read.all("a") if "/reports/support/" in tag.attributes.get("href", "")}
    assert [text for text, attributes in tabs.items() if attributes.get("aria-current") == "page"] == [
        next(page.title for page in PAGES if page.name == name)
    ]
    assert view.figures
    for drawn in view.figures:
        assert all((drawn.figure.definition.what, drawn.figure.definition.formula, drawn.figure.definition.caveat))
        assert drawn.figure.missing or drawn.rows.values or drawn.figure.note


def test_every_figure_of_the_whole_is_on_some_page_with_the_same_rows(month: Month) -> None:
    alone = {
        drawn.figure.id: drawn.rows
        for name in NAMES
        for drawn in report(month.analytics, "support", now=month.now, page=name).figures
    }
    assert {drawn.figure.id: drawn.rows for drawn in month.view.figures} == alone


@pytest.mark.parametrize("kind", ["empty", "one", "ignored", "escalated"])
def test_nothing_divides_by_nothing(book: Logbook, kind: str) -> None:
    book.surface("s")
    for _ in range({"empty": 0, "one": 1}.get(kind, 120)):
        slate = book.slate("s", decision=Decision.ESCALATE if kind == "escalated" else Decision.SHOW)
        if kind == "ignored":
            book.event(slate, EventType.VIEW)
    with book.opened(at=LATER) as opened:
        for name in NAMES:
            assert_clean(render(report(opened, "s", now=LATER, page=name)))


SLATES = st.lists(
    st.tuples(
        st.sampled_from(list(Decision)),
        st.sampled_from(["prior", "b-1", "b-2"]),
        st.sampled_from(["en", "de", None]),
        st.sampled_from(["none", "view", "select", "dismiss", "override", "edited"]),
        st.integers(0, 47),
    ),
    min_size=1,
    max_size=16,
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SLATES)
def test_the_funnel_never_grows_and_adds_up_through_every_lens(tmp_path_factory, made: list) -> None:
    book = Logbook(tmp_path_factory.mktemp("funnel"))
    for decision, bundle, language, act, hours in made:
        slate = book.slate(
            "s",
            decision=decision,
            bundle=bundle,
            at=START + timedelta(hours=hours),
            fields={"language": language} if language else {},
        )
        react(book, slate, act)
    now = START + timedelta(days=3)
    with book.opened(at=now) as opened:
        whole = report(opened, "s", now=now, page="funnel")
        assert whole.n_requests == len(made)
        stages = [row["slates"] for row in rows_of(whole, "funnel")]
        assert stages == sorted(stages, reverse=True)
        for by in ("funnel-by-bundle", "funnel-by-decision"):
            parts = rows_of(whole, by)
            for stage, k in zip(STAGES, stages, strict=True):
                assert sum(row[stage] for row in parts) == k
            for row in parts:
                assert [row[stage] for stage in STAGES] == sorted((row[s] for s in STAGES), reverse=True)
                assert row["requested"] >= row["selected"] + sum(row[end] for end in ENDS)
        lenses = [Lens(bundle=bundle) for bundle in {b for _, b, *_ in made}]
        assert sum(report(opened, "s", now=now, page="funnel", lens=each).n_requests for each in lenses) == len(made)
        for value in {language for _, _, language, *_ in made if language}:
            narrowed = report(opened, "s", now=now, page="funnel", lens=Lens(field="language", value=value))
            assert narrowed.n_requests == sum(language == value for _, _, language, *_ in made)
        cut = START + timedelta(hours=20)
        halves = [
            report(opened, "s", START, cut, now=now, page="overview").n_requests,
            report(opened, "s", cut, now, now=now, page="overview").n_requests,
        ]
        assert sum(halves) == len(made)
    book.store.close()


def react(book: Logbook, slate, act: str) -> None:
    if act == "none":
        return
    book.event(slate, EventType.VIEW)
    if act in ("select", "edited"):
        book.event(slate, EventType.SELECT, item=slate.items[0].id)
    if act == "edited":
        book.event(slate, EventType.COMMIT, edited=True, edit_ratio=0.25)
    if act in ("dismiss", "override"):
        book.event(slate, EventType(act))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Chatham", "UTC"])
def test_a_period_in_any_zone_over_a_change_of_clocks_loses_no_hour(book: Logbook, zone: str) -> None:
    """29 March 2026 has 23 hours in Berlin; 8 March in New York."""
    for day in (8, 29):
        for hour in range(-30, 30):
            book.slate("s", at=datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour, minutes=30))
    now = datetime(2026, 4, 20, tzinfo=UTC)
    with book.opened(at=now) as opened:
        for day in (8, 29):
            local = datetime(2026, 3, day, tzinfo=ZoneInfo(zone))
            for length in (timedelta(days=1), timedelta(days=3)):
                period = Period(from_=local, to=local + length)
                measured = outcomes_over_time(opened, "s", period)
                inside = sum(period.from_ <= each.at < period.to for each in book.slates)
                assert measured.n == inside > 0
                assert period.columns[0] <= period.from_


def test_a_group_is_looked_at_apart_and_through(book: Logbook) -> None:
    for number in range(90):
        language = "de" if number % 3 else "en"
        slate = book.slate("s", fields={"language": language, "id": number}, text=f"{language} {number}")
        right = "refund" if language == "en" else None
        book.verdict(slate, book.review(slate, ReviewReason.AUDIT), right)
    with book.opened(at=LATER) as opened:
        view = report(opened, "s", now=LATER)
        through = report(opened, "s", now=LATER, page="reliability", lens=Lens(field="language", value="en"))
    assert view.fields == (("language", ("de", "en")),), "an id is no group"
    gaps = {row["language"]: row for row in rows_of(view, "calibration-by-group")}
    assert (gaps["en"]["right_share"], gaps["de"]["right_share"]) == (1.0, 0.0)
    explains = rows_of(view, "explains-the-gap")
    assert explains[0]["value"] == "de"
    assert explains[0]["against_rest"] == pytest.approx(-1.0)
    assert explains[0]["would_gain"] == pytest.approx(60 / 90)
    assert through.n_requests == 30
    assert "Only language = en" in assert_clean(render(through)).text


def test_bundles_are_compared_within_the_same_time(month: Month) -> None:
    view = report(
        month.analytics, "support", now=month.now, page="overview", lens=Lens(bundle="b-0319"), versus="prior"
    )
    row = next(row for row in rows_of(view, "what-changed") if row["share"] == "taken when seen")
    served = {row["bundle"]: row for row in rows_of(month.view, "funnel-by-bundle")}
    assert row["now"] == pytest.approx(served["b-0319"]["selected"] / served["b-0319"]["seen"])
    assert row["before"] == pytest.approx(served["prior"]["selected"] / served["prior"]["seen"])
    assert row["verdict"] == "up"


def test_arms_are_told_apart_and_a_broken_split_is_said_to_be_one(book: Logbook) -> None:
    rng = np.random.default_rng(2)
    for number in range(900):
        variant = "b" if rng.random() < 0.5 else "a"
        slate = book.slate("s", fields={"variant": variant, "broken": "x" if number % 3 else "y"})
        book.event(slate, EventType.VIEW)
        if rng.random() < (0.6 if variant == "b" else 0.3):
            book.event(slate, EventType.SELECT, item=slate.items[0].id)
    with book.opened(at=LATER) as opened:
        arms = {(r["field"], r["arm"]): r for r in rows_of(report(opened, "s", now=LATER, page="experiments"), "arms")}
    assert arms["variant", "b"]["verdict"] == "more"
    assert 0 < arms["variant", "b"]["low"] < 0.3 < arms["variant", "b"]["high"]
    assert arms["broken", "y"]["verdict"] == "the split is not even"


def test_the_long_tail_names_subjects_and_proposes_what_was_written(book: Logbook) -> None:
    vectors = np.eye(8, dtype=np.float32)
    for number in range(12):
        about = number % 2
        vector = (vectors[about] + 0.05 * vectors[2 + number % 5]).astype(np.float16).tobytes()
        slate = book.slate("s", text=f"subject {about} number {number}", embedding=vector)
        if number % 4 == 0:
            book.event(slate, EventType.OVERRIDE, text="Close it for me")
        else:
            book.event(slate, EventType.OVERRIDE if about == 0 else EventType.DISMISS)
    with book.opened(at=LATER) as opened:
        found = rows_of(report(opened, "s", now=LATER, page="tail"), "unanswered")
    assert [row["slates"] for row in found] == [6, 6]
    assert {row["proposed"] for row in found} == {"Close it for me", ""}


def test_a_candidate_that_is_never_taken_is_named_with_how_often_it_might_be(book: Logbook) -> None:
    for _ in range(40):
        slate = book.slate("s")
        book.event(slate, EventType.VIEW)
        book.event(slate, EventType.SELECT, item=slate.items[1].id)
    with book.opened(at=LATER) as opened:
        never = rows_of(report(opened, "s", now=LATER, page="tail"), "never-taken")
    assert [row["item"] for row in never] == [REPLIES[0]], "what stands below the selection was not looked at"
    assert never[0]["at_most"] == pytest.approx(1 - 0.025 ** (1 / 40), abs=1e-6)


def test_the_workers_are_compared_on_the_same_contexts(book: Logbook) -> None:
    for number in range(6):
        slate = book.slate("s", text=f"question {number}")
        book.verdict(slate, book.review(slate), "refund")
        book.label("s", f"question {number}", "refund" if number else "invoice")
    with book.opened(at=LATER) as opened:
        worker = rows_of(report(opened, "s", now=LATER, page="people"), "workers")[0]
    assert (worker["verdicts"], worker["checked"], worker["compared"]) == (6, 6, 0)
    assert worker["right_share"] == pytest.approx(5 / 6)
    assert worker["agreed_share"] is None


def test_a_forecast_holds_what_a_power_law_goes_on_to_be() -> None:
    curve = [(n, 0.8 * n**-0.4) for n in (100, 250, 600, 1_500)]
    for more, low, mid, high in forecast(curve, (500, 3_000)):
        assert mid == pytest.approx(1 - 0.8 * (1_500 + more) ** -0.4)
        assert low <= mid <= high


def test_a_lens_is_refused_where_it_could_be_a_path() -> None:
    for field in ('a"b', "$.x", "a b", "", "x" * 61):
        with pytest.raises(ValueError, match="context field"):
            Lens(field=field, value="v")


def test_the_snapshot_is_read_through_one_lens_at_a_time(month: Month) -> None:
    analytics: Analytics = month.analytics
    before = report(analytics, "support", now=month.now, page="funnel")
    report(analytics, "support", now=month.now, page="overview", lens=Lens(bundle="prior"), versus="b-0311")
    assert render(report(analytics, "support", now=month.now, page="funnel")) == render(before)
