"""Pages of a report worked by hand: arms, plans, drift, gaps and waits of small logs, and of logs with only silence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from logbook import START, Logbook

from analytics.lens import EVERYTHING, Lens
from analytics.pages.drift import FEWEST
from analytics.pages.experiments import EFFECTS
from analytics.pages.registry import PAGES
from analytics.report import ReportView, report
from analytics.snapshot import Analytics
from suggest.domain.event import EventType
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision
from suggest.metrics.experiment import FEWEST_OF_AN_ARM, people_needed, sample_ratio_p
from suggest.metrics.interval import clopper_pearson, wilson

NOW = START + timedelta(days=2)


def rows_of(view: ReportView, figure: str) -> list[Mapping[str, object]]:
    found = next(each for each in view.figures if each.figure.id == figure)
    return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]


def missing(view: ReportView, figure: str) -> str:
    return next(each for each in view.figures if each.figure.id == figure).figure.missing


def read(book: Logbook, page: str, lens: Lens = EVERYTHING) -> ReportView:
    with book.opened(at=NOW) as opened:
        return report(opened, "s", now=NOW, page=page, lens=lens)


def taken(book: Logbook, n: int, right: int, *, start: int = 0, **fields: object) -> None:
    """n slates that were seen, of which `right` were taken from; the others were dismissed."""
    for number in range(n):
        slate = book.slate("s", at=START + timedelta(minutes=start + number), fields=fields)
        book.event(slate, EventType.VIEW)
        if number < right:
            book.event(slate, EventType.SELECT, item=slate.items[0].id)
        else:
            book.event(slate, EventType.DISMISS)


# -- silence


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    """Sixty slates that people looked at and left, in two groups."""
    book = Logbook(tmp_path_factory.mktemp("silent"))
    for number in range(60):
        slate = book.slate("s", at=START + timedelta(minutes=number), fields={"language": ("de", "en")[number % 2]})
        book.event(slate, EventType.VIEW)
    with book.opened(at=NOW) as opened:
        yield opened
    book.store.close()


@pytest.mark.parametrize("page", [page.name for page in PAGES])
@pytest.mark.parametrize("lens", [EVERYTHING, Lens(field="language", value="de"), Lens(bundle="unknown")])
def test_where_everything_was_ignored_no_share_is_made_up(silent: Analytics, page: str, lens: Lens) -> None:
    view = report(silent, "s", now=NOW, page=page, lens=lens)
    assert view.n_requests == (0 if lens.bundle else 60 if lens.is_whole else 30)
    for drawn in view.figures:
        for row in drawn.rows.values:
            known = [value for value in row if isinstance(value, float)]
            assert all(map(math.isfinite, known)), f"{drawn.figure.id} has a value that is no number"


def test_ignored_is_seen_and_neither_answered_nor_judged(silent: Analytics) -> None:
    funnel = {row["stage"]: row for row in rows_of(report(silent, "s", now=NOW, page="funnel"), "funnel")}
    assert [funnel[stage]["slates"] for stage in ("requested", "seen", "answered", "selected")] == [60, 60, 0, 0]
    assert funnel["answered"]["of_before"] == 0.0
    assert funnel["kept"]["of_before"] is None, "of nothing taken nothing can be kept"
    assert missing(report(silent, "s", now=NOW, page="experiments"), "planner")
    assert missing(report(silent, "s", now=NOW, page="reliability"), "calibration-by-group")
    assert missing(report(silent, "s", now=NOW, page="overview"), "typing-saved")


# -- experiments


def test_arms_are_held_against_the_first_by_name_and_their_plan_against_their_rate(book: Logbook) -> None:
    taken(book, 120, 30, variant="a")
    taken(book, 120, 90, start=120, variant="b")
    taken(book, FEWEST_OF_AN_ARM - 1, 49, start=240, variant="c")
    view = read(book, "experiments")
    arms = {row["arm"]: row for row in rows_of(view, "arms")}
    assert {arm: (row["against"], row["seen"]) for arm, row in arms.items()} == {
        "a": ("", 120),
        "b": ("a", 120),
        "c": ("a", 49),
    }
    assert arms["b"]["difference"] == pytest.approx(0.5)
    assert (arms["b"]["split_p"], arms["b"]["verdict"]) == (1.0, "more")
    assert arms["c"]["split_p"] == pytest.approx(sample_ratio_p(120, 49))
    assert arms["c"]["verdict"] == "the split is not even"
    assert (arms["c"]["difference"], arms["c"]["low"]) == (None, None), "too few to say"
    plan = rows_of(view, "planner")
    base = 169 / 289
    assert [row["effect"] for row in plan] == list(EFFECTS)
    days = (NOW - START).total_seconds() / 86_400
    for row, effect in zip(plan, EFFECTS, strict=True):
        needed = people_needed(base, effect)
        assert needed is not None
        assert row["outcomes"] == needed
        assert row["days"] == pytest.approx(needed / (289 / days))


def test_no_plan_is_made_for_more_than_everything(book: Logbook) -> None:
    taken(book, 50, 47)
    assert [row["effect"] for row in rows_of(read(book, "experiments"), "planner")] == [0.01, 0.02, 0.05]


# -- drift


def test_how_sure_it_was_is_a_mean_of_each_stretch_and_all_requests_are_in_it(book: Logbook) -> None:
    for hour, p_any in ((0, 0.2), (0, 0.4), (5, 0.9)):
        book.slate("s", at=START + timedelta(hours=hour, minutes=20), p=(p_any, 0.0, 0.0))
    view = read(book, "drift")
    first, second = rows_of(view, "confidence-over-time")
    assert (first["n"], second["n"]) == (2, 1)
    assert first["mean_p_any"] == pytest.approx(0.3)
    assert first["low"] == pytest.approx(0.3 - 1.96 * 0.1 * 2**0.5 / 2**0.5)
    assert second["low"] == second["mean_p_any"] == second["high"] == pytest.approx(0.9)
    assert f"{FEWEST} requests are needed" in missing(view, "drift-tests")
    assert "there are 3" in missing(view, "drift-tests")


@pytest.mark.parametrize(("later", "verdict"), [(0.8, "no more than chance"), (0.3, "changed")])
def test_a_fall_of_confidence_is_told_from_chance(book: Logbook, later: float, verdict: str) -> None:
    for number in range(FEWEST):
        middle = later if number >= FEWEST * 3 // 4 else 0.8
        book.slate("s", at=START + timedelta(minutes=number), p=(middle + 0.1 * ((number * 7) % 10 / 10 - 0.45), 0, 0))
    tests = rows_of(read(book, "drift"), "drift-tests")
    assert [(row["test"], row["verdict"]) for row in tests] == [("fall of p_any", verdict)]
    assert tests[0]["value"] == pytest.approx(0.8 - later, abs=0.02)


# -- people


def test_waits_are_seconds_from_the_review_to_its_verdict_and_the_open_ones_are_left_out(book: Logbook) -> None:
    for seconds in (10, 20, 60):
        slate = book.slate("s", decision=Decision.ESCALATE, text=f"after {seconds}")
        book.verdict(slate, book.review(slate), "refund", seconds=seconds)
    book.review(book.slate("s", decision=Decision.ESCALATE))
    audit = book.slate("s")
    book.verdict(audit, book.review(audit, ReviewReason.AUDIT), None, seconds=5)
    waits = {row["reason"]: row for row in rows_of(read(book, "people"), "waits")}
    assert {reason: (row["reviews"], row["answered"]) for reason, row in waits.items()} == {
        "escalated": (4, 3),
        "audit": (1, 1),
    }
    assert (waits["escalated"]["wait_s_median"], waits["escalated"]["handling_s_median"]) == (80, 20)
    assert waits["audit"]["wait_s_median"] == 65


# -- reliability, and what explains a gap


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportView]:
    """German is right 9 of 30 times, English 27 of 30; both were said to be right 85 of 100 times."""
    book = Logbook(tmp_path_factory.mktemp("uneven"))
    for language, right in (("de", 9), ("en", 27)):
        for number in range(30):
            slate = book.slate("s", fields={"language": language}, text=f"{language} {number}")
            item = slate.items[0].id if number < right else None
            book.verdict(slate, book.review(slate, ReviewReason.AUDIT), item)
    with book.opened(at=NOW) as opened:
        yield report(opened, "s", now=NOW)
    book.store.close()


def test_a_gap_is_what_was_said_less_what_was_right(uneven: ReportView) -> None:
    gaps = {row["language"]: row for row in rows_of(uneven, "calibration-by-group")}
    for language, right in (("de", 9), ("en", 27)):
        exact = clopper_pearson(right, 30)
        row = gaps[language]
        assert (row["n"], row["low"], row["high"]) == (30, pytest.approx(exact.low), pytest.approx(exact.high))
        assert row["off_by"] == pytest.approx(0.85 - right / 30)
        assert row["noise"] == pytest.approx(1.96 * (0.85 * 0.15 / 30) ** 0.5)


def test_what_explains_a_gap_is_weighed_by_how_much_of_the_whole_it_is(uneven: ReportView) -> None:
    worst, best = rows_of(uneven, "explains-the-gap")
    assert (worst["value"], best["value"]) == ("de", "en")
    assert worst["against_rest"] == pytest.approx(-0.6)
    assert (worst["would_gain"], best["would_gain"]) == (pytest.approx(0.3), pytest.approx(-0.3))
    bundle = rows_of(uneven, "offline-and-live")[0]
    live = wilson(36, 60)
    assert (bundle["known"], bundle["known_low"], bundle["known_high"]) == (live.mid, live.low, live.high)
    assert bundle["held_out"] is None
