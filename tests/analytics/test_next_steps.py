"""What to do next: each rule alone, at both sides of its line; on logs, with the figures of where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from logbook import REPLIES, START, Logbook
from markup import assert_clean

from analytics.advice import MOST_STEPS, RULES, Known, advice
from analytics.markdown import render_markdown
from analytics.render import render, render_file
from analytics.report import ReportView, report
from components.steps import NextStep, StepsView, next_steps
from suggest.domain.event import EventType
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision
from suggest.metrics.interval import Interval
from suggest.policy.threshold import fewest_labels
from suggest.store.records import policy_change_record

CALM = Known(
    requests=2_000, applied=0, seen=1_500, acted=1_200, selected=900, judged=1_100, known=400, fewest_judged=100,
    mode="assist",
)  # fmt: skip
NOW = START + timedelta(days=3)


def interval(low: float, mid: float, high: float, n: int = 200) -> Interval:
    return Interval(low=low, mid=mid, high=high, n=n)


def rules_of(known: Known) -> list[str]:
    return [step.rule for step in advice(known)]


def test_where_nothing_is_beyond_chance_nothing_needs_doing() -> None:
    assert advice(CALM) == ()


SPEAKS: Mapping[str, tuple[dict[str, object], dict[str, object]]] = {  # what makes a rule speak, and what just does not
    "promise-broken": (
        {"promised": 0.95, "audited": interval(0.8, 0.88, 0.94)},
        {"promised": 0.95, "audited": interval(0.8, 0.88, 0.95)},
    ),
    "without-an-answer": ({"asked": 40, "late": 1}, {"asked": 40, "late": 0}),
    "long-waits": ({"waited": interval(601, 700, 900)}, {"waited": interval(600, 700, 900)}),
    "called-back": ({"newest": "b", "newest_state": "alarmed"}, {"newest": "b", "newest_state": "promoted"}),
    "silence": ({"seen": 20, "acted": 0, "selected": 0}, {"seen": 19, "acted": 0, "selected": 0}),
    "uncertified": ({"promised": 0.95, "is_certified": False}, {"promised": 0.95, "is_certified": None}),
    "not-alone": (
        {"mode": "auto", "auto_target": 0.95, "applied": 0},
        {"mode": "auto", "auto_target": 0.95, "applied": 1},
    ),
    "unanswered": ({"unanswered": 50, "alike": 5}, {"unanswered": 50, "alike": 0}),
    "drift": ({"fall": (2_000, 0.08, 0.03)}, {"fall": (2_000, 0.03, 0.03)}),
    "refused": (
        {"newest": "b", "newest_state": "kept", "newest_nll": interval(0.01, 0.03, 0.05)},
        {"newest": "b", "newest_state": "promoted", "newest_nll": interval(-0.05, -0.03, -0.01)},
    ),
    "give-labels": ({"labels": 500, "gain": interval(0.006, 0.02, 0.03)}, {"gain": interval(0.004, 0.02, 0.03)}),
    "stop-labels": (
        {"learning_per_day": 9, "gain": interval(0.0, 0.002, 0.004)},
        {"learning_per_day": 9, "gain": interval(0.0, 0.002, 0.006)},
    ),
    "wait": ({"judged": 99}, {"judged": 100}),
    "never-taken": ({"never_taken": 2, "most_looked": 300}, {"never_taken": 0}),
}


@pytest.mark.parametrize("rule", SPEAKS)
def test_a_rule_speaks_beyond_its_line_and_not_at_it(rule: str) -> None:
    beyond, at = SPEAKS[rule]
    (step,) = advice(replace(CALM, **beyond))
    assert step.rule == rule
    assert step.do
    assert step.why.endswith(".")
    assert step.place
    assert rules_of(replace(CALM, **at)) == []


def test_every_rule_is_tried_here() -> None:
    assert len(SPEAKS) == len(RULES) + 1  # of labels, two in one


def test_nothing_is_promised_where_people_answer_all_or_nothing_is_shown() -> None:
    broken = {"promised": 0.95, "audited": interval(0.8, 0.88, 0.94)}
    assert rules_of(replace(CALM, mode="shadow", **broken)) == []
    assert rules_of(replace(CALM, mode="review_all", promised=0.95, is_certified=False)) == []


def test_labels_are_stopped_only_where_some_are_asked_for() -> None:
    assert rules_of(replace(CALM, gain=interval(0.0, 0.002, 0.004))) == []


def test_silence_explains_why_nothing_is_judged_or_taken() -> None:
    silent = replace(CALM, seen=150, acted=0, selected=0, judged=0, never_taken=3, most_looked=150)
    assert rules_of(silent) == ["silence"]


def test_at_most_four_are_told_and_what_harms_people_comes_first() -> None:
    everything = replace(
        CALM,
        **{name: value for beyond, _ in reversed(SPEAKS.values()) for name, value in beyond.items() if name != "mode"},
    )
    told = rules_of(everything)
    assert len(told) == MOST_STEPS
    assert told == ["promise-broken", "without-an-answer", "long-waits", "called-back"]


def test_a_certificate_takes_as_many_answers_as_the_policy_says() -> None:
    (step,) = advice(replace(CALM, promised=0.95, is_certified=False, known=12))
    assert (step.limit, step.value) == (fewest_labels(0.95), 12)
    assert "45 known answers" in step.why
    assert step.do == "Give answers"


def test_an_open_end_of_a_wait_is_none() -> None:
    (step,) = advice(replace(CALM, waited=interval(700, 900, float("inf"))))
    assert (step.low, step.high) == (700, None)


# -- on logs


def overview(book: Logbook, surface: str = "s", **more: object) -> ReportView:
    with book.opened(at=NOW) as opened:
        return report(opened, surface, now=NOW, page="overview", **more)  # type: ignore[arg-type]


def steps_of(view: ReportView) -> list[Mapping[str, object]]:
    drawn = next(each for each in view.figures if each.figure.id == "what-next")
    return [dict(zip(drawn.rows.columns, row, strict=True)) for row in drawn.rows.values]


def promise(book: Logbook, *, at_days: float = 0, certified: bool = False, **policy: object) -> None:
    told = {
        "mode": "assist",
        "target": {"kind": "precision", "value": 0.95},
        "line": {"certified": certified},
        **policy,
    }
    book.records.append(
        policy_change_record(
            book.id("p"), surface="s", at=START + timedelta(days=at_days), by="Olga", policy=told, revision=1
        )
    )


def test_one_request_waits_for_more(book: Logbook) -> None:
    book.slate("s")
    (step,) = steps_of(overview(book))
    assert (step["rule"], step["value"], step["n"], step["limit"]) == ("wait", 0, 1, 100)


def test_all_ignored_asks_whether_acts_are_reported(book: Logbook) -> None:
    for _ in range(150):
        book.event(book.slate("s"), EventType.VIEW)
    (step,) = steps_of(overview(book))
    assert (step["rule"], step["n"]) == ("silence", 150)


def calm(book: Logbook, n: int = 120) -> None:
    for number in range(n):
        seen = book.slate("s", p=(0.9, 0.05, 0.01), at=START + timedelta(minutes=number))
        book.event(seen, EventType.SELECT, item=REPLIES[number % 3])


def test_a_surface_with_nothing_to_do_says_so_in_a_sentence(book: Logbook) -> None:
    calm(book)
    view = overview(book)
    assert steps_of(view) == []
    text = assert_clean(render(view)).text
    assert "Nothing needs doing: none of the 13 things that are looked at is beyond what chance explains." in text
    assert "Nothing needs doing" in render_markdown(view)
    assert "Nothing needs doing" in render_file(view)


def vector(subject: int) -> bytes:
    return np.eye(8)[subject].astype(np.float16).tobytes()


@pytest.fixture
def busy(book: Logbook) -> Logbook:
    """A promise that is broken, people left waiting, a question that nobody could answer."""
    calm(book)
    promise(book)
    for number in range(60):  # audited, and wrong
        slate = book.slate("s", p=(0.9, 0.05, 0.01))
        book.verdict(slate, book.review(slate, ReviewReason.AUDIT), REPLIES[7] if number % 2 else REPLIES[0])
    for number in range(5):
        asked = book.slate("s", decision=Decision.ESCALATE, text=f"pay in shells {number}", embedding=vector(1))
        review = book.review(asked)
        if number:
            book.verdict(asked, review, None, seconds=100)
    return book


def test_a_step_says_the_figures_of_the_pages_that_it_leads_to(busy: Logbook) -> None:
    with busy.opened(at=NOW) as opened:
        view = report(opened, "s", now=NOW, page="overview")
        found = {str(step["rule"]): step for step in steps_of(view)}
        assert list(found) == ["promise-broken", "without-an-answer", "uncertified", "unanswered"]

        def of(page: str, figure: str) -> list[dict[str, object]]:
            drawn = next(f for f in report(opened, "s", now=NOW, page=page).figures if f.figure.id == figure)
            return [dict(zip(drawn.rows.columns, row, strict=True)) for row in drawn.rows.values]

        (audit,) = of("people", "audit")
        told = found["promise-broken"]
        assert [told[name] for name in ("value", "low", "high", "n")] == [
            audit[name] for name in ("right_share", "share_low", "share_high", "answered")
        ]
        (escalated,) = (row for row in of("people", "reviews-by-reason") if row["reason"] == "escalated")
        assert found["without-an-answer"]["n"] == escalated["reviews"]
        assert found["without-an-answer"]["value"] == escalated["reviews"] - escalated["answered"]  # type: ignore[operator]
        (cluster,) = of("tail", "unanswered")
        told = found["unanswered"]
        assert [told[name] for name in ("value", "low", "high")] == [
            cluster[name] for name in ("share", "share_low", "share_high")
        ]


def test_the_steps_lead_to_where_they_are_done_with_the_time_that_is_read(busy: Logbook) -> None:
    view = overview(busy, from_=START, to=NOW)
    links = [tag.attributes["href"] for tag in assert_clean(render(view)).all("a") if "href" in tag.attributes]
    assert "/admin/surfaces/s#policy" in links
    tail = next(link for link in links if link.startswith("/reports/s/tail") and link.endswith("#unanswered"))
    assert "from=2026-03-02T08" in tail
    whole = overview(busy)
    assert 'href="/reports/s/tail#unanswered"' in render(whole)


def test_neither_a_worker_nor_a_file_gets_a_way_to_where_it_may_not_lead(busy: Logbook) -> None:
    view = overview(busy)
    for drawn in (render(view, as_worker=True), render_file(view)):
        assert "See who waits without an answer" in drawn
        assert "/admin/surfaces" not in drawn
        assert "#unanswered" not in drawn
    assert "pay in shells" not in render(view), "who may not read what was asked reads no word of it"
    assert "1. **Ask people more often, or promise less.** " in render_markdown(view)


def test_a_promise_is_the_last_one_before_the_end_of_the_time(busy: Logbook) -> None:
    promise(busy, at_days=2, target={"kind": "review_share", "value": 0.1})
    assert "promise-broken" not in [step["rule"] for step in steps_of(overview(busy))]
    before = [step["rule"] for step in steps_of(overview(busy, to=START + timedelta(days=1)))]
    assert before[0] == "promise-broken"


def test_a_certificate_is_not_spoken_of_once_another_bundle_serves(busy: Logbook) -> None:
    """The line was drawn anew then, and the log does not say how."""
    busy.bundle("s", "b-1", state="promoted", at=START + timedelta(days=1))
    assert "uncertified" not in [step["rule"] for step in steps_of(overview(busy))]


@pytest.mark.parametrize(("state", "rule"), [("alarmed", "called-back"), ("kept", "refused")])
def test_the_newest_bundle_is_told_of_where_it_was_not_what_was_hoped(book: Logbook, state: str, rule: str) -> None:
    calm(book)
    gate = {"n_pairs": 300, "differences": {"nll": {"low": 0.01, "mid": 0.03, "high": 0.05}}}
    book.bundle("s", "b-1", state=state, at=START + timedelta(days=1), gate=gate)
    assert [step["rule"] for step in steps_of(overview(book))] == [rule]
    later = steps_of(overview(book, from_=START, to=START + timedelta(hours=20)))
    assert later == [], "not of a time before it"


def test_the_steps_are_numbered_and_link_only_where_they_may() -> None:
    view = StepsView(steps=(NextStep(title="Do", text="Because.", place="See", href="/reports/s"),))
    assert '<a href="/reports/s">See</a>' in str(next_steps(view))
    assert "<a" not in str(next_steps(view.unlinked))
    assert str(next_steps(view)).startswith('<ol class="steps steps-next">')
