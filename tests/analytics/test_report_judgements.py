"""What counts as known, case by case: verdicts before labels before acts, silence never."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from logbook import START, Logbook

from analytics.period import Period
from analytics.reliability import judged_slates, reliability_of_accept, reliability_of_select
from suggest.domain.event import EventType
from suggest.domain.label import LabelSource
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision

LATER = START + timedelta(days=1)
PERIOD = Period(from_=START - timedelta(days=1), to=LATER)
SHOWN = ("parcel-late", "refund", "change-address")


@dataclass(frozen=True)
class Found:
    known_by: str
    is_right: bool
    right_items: set[str]


def judged(book: Logbook) -> dict[str, Found]:
    with book.opened(at=LATER) as opened:
        found = judged_slates(opened, "s", PERIOD)
        right = dict(opened.sql("select impression, right_items from derived.facts").fetchall())
    told = zip(found.impressions, found.known_by, found.is_right.tolist(), strict=True)
    return {impression: Found(known_by, is_right, set(right[impression])) for impression, known_by, is_right in told}


@pytest.mark.parametrize(
    ("acts", "known", "right"),
    [
        ([], False, False),
        ([EventType.VIEW], False, False),
        ([EventType.VIEW, EventType.LEAVE], False, False),
        ([EventType.DISMISS], True, False),
        ([EventType.OVERRIDE], True, False),
        ([EventType.DISMISS, EventType.SELECT], True, True),
        ([EventType.SELECT, EventType.DISMISS], True, True),
        ([EventType.COMMIT], False, False),
    ],
)
def test_acts_judge_and_silence_does_not(book: Logbook, acts: list[EventType], known: bool, right: bool) -> None:
    slate = book.slate("s")
    for each in acts:
        book.event(slate, each, item="refund" if each is EventType.SELECT else None)
    found = judged(book)
    assert (slate.id in found) == known
    if known:
        assert (found[slate.id].known_by, found[slate.id].is_right) == ("act", right)


def test_a_verdict_outweighs_what_the_person_did(book: Logbook) -> None:
    slate = book.slate("s")
    book.event(slate, EventType.SELECT, item="refund")
    book.verdict(slate, book.review(slate, ReviewReason.AUDIT), None)
    found = judged(book)[slate.id]
    assert (found.known_by, found.is_right) == ("verdict", False)


def test_a_verdict_for_something_that_was_not_shown_is_wrong_for_the_slate(book: Logbook) -> None:
    slate = book.slate("s", decision=Decision.ESCALATE)
    book.verdict(slate, book.review(slate), "voucher")
    assert not judged(book)[slate.id].is_right


def test_the_latest_verdict_counts(book: Logbook) -> None:
    slate = book.slate("s")
    review = book.review(slate)
    book.verdict(slate, review, None)
    book.verdict(slate, review, "refund")
    assert judged(book)[slate.id].is_right


def test_a_verdict_that_was_taken_back_counts_for_nothing(book: Logbook) -> None:
    slate = book.slate("s")
    review = book.review(slate)
    first = book.verdict(slate, review, "refund")
    book.verdict(slate, review, None, undoes=first)
    assert slate.id not in judged(book)


def test_a_label_judges_every_slate_of_its_context_and_only_those(book: Logbook) -> None:
    same, other = book.slate("s", text="Where IS it?"), book.slate("s", text="Something else")
    book.label("s", "where is it?", "refund")
    found = judged(book)
    assert (found[same.id].known_by, found[same.id].is_right) == ("label", True)
    assert other.id not in found


def test_right_answers_of_a_context_are_the_union_of_its_labels(book: Logbook) -> None:
    slate = book.slate("s", text="a")
    book.label("s", "a", "voucher")
    book.label("s", "a", "refund")
    assert judged(book)[slate.id].is_right
    assert judged(book)[slate.id].right_items == {"voucher", "refund"}


def test_a_none_label_judges_where_nothing_says_what_is_right(book: Logbook) -> None:
    wrong, right = book.slate("s", text="a"), book.slate("s", text="b")
    book.label("s", "a", None)
    book.label("s", "b", None)
    book.label("s", "b", "refund")
    found = judged(book)
    assert (found[wrong.id].known_by, found[wrong.id].is_right) == ("label", False)
    assert found[right.id].is_right


def test_a_label_outweighs_what_the_person_did(book: Logbook) -> None:
    slate = book.slate("s", text="a")
    book.event(slate, EventType.DISMISS)
    book.label("s", "a", "refund")
    assert judged(book)[slate.id].is_right


def test_a_verdict_on_one_impression_judges_the_others_of_its_context(book: Logbook) -> None:
    asked, silent = book.slate("s", text="a"), book.slate("s", text="a")
    book.verdict(asked, book.review(asked), "refund")
    found = judged(book)
    assert (found[asked.id].known_by, found[silent.id].known_by) == ("verdict", "label")
    assert found[silent.id].is_right


def test_the_label_that_a_verdict_left_goes_when_the_verdict_is_taken_back(book: Logbook) -> None:
    slate = book.slate("s", text="a")
    review = book.review(slate)
    first = book.verdict(slate, review, "refund")
    book.label("s", "a", "refund", source=LabelSource.VERDICT)
    book.verdict(slate, review, None, undoes=first)
    assert slate.id not in judged(book)


def test_labels_of_another_surface_say_nothing(book: Logbook) -> None:
    slate = book.slate("s", text="a")
    book.label("other", "a", "refund")
    assert slate.id not in judged(book)


def test_what_was_imported_gave_no_probability_and_is_not_judged(book: Logbook) -> None:
    book.event(book.slate("s", bundle="imported", p=(0.0, 0.0, 0.0)), EventType.SELECT, item="refund")
    ours = book.slate("s")
    book.event(ours, EventType.SELECT, item="refund")
    with book.opened(at=LATER) as opened:
        known = judged_slates(opened, "s", PERIOD)
        assert known.impressions == [ours.id]
        assert reliability_of_select(opened, known).n == len(ours.items)
        assert reliability_of_accept(opened, "s", PERIOD).n == 1


def test_a_slate_without_options_is_judged_wrong_not_lost(book: Logbook) -> None:
    slate = book.slate("s", p=(), items=(), decision=Decision.ESCALATE)
    book.verdict(slate, book.review(slate), "refund")
    assert not judged(book)[slate.id].is_right
