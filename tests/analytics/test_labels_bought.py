"""What labels bought: each kind of pick counted apart, and advice that says to stop where nothing is left to gain."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from logbook import START, Logbook
from test_pages_by_hand import missing, read, rows_of

from analytics.pages.labels_bought import advice
from analytics.pages.learning import gains
from suggest.domain.review import Pick, ReviewReason


def asked(book: Logbook, pick: Pick, *answers: str | None) -> None:
    """A learning review an answer: the first or the last option of its slate, `none`, or None: not answered yet."""
    for number, answer in enumerate(answers):
        slate = book.slate("s", at=START + timedelta(minutes=number))
        review = book.review(slate, ReviewReason.LEARNING, pick=pick)
        items = {"first": slate.items[0].id, "last": slate.items[-1].id, "none": None}
        if answer is not None:
            book.verdict(slate, review, items[answer])


def test_each_kind_is_counted_apart_and_what_is_unanswered_is_not_judged(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    asked(book, Pick.INFORMATIVE, "last", "none", "last", None)
    asked(book, Pick.CONTROL, "first", "first", "last", "first")
    book.review(book.slate("s"), ReviewReason.AUDIT)
    informative, control = rows_of(read(book, "learning"), "labels-bought")
    assert (informative["picked"], informative["answered"], informative["corrected"]) == (4, 3, 1.0)
    assert informative["none"] == informative["beyond"] == pytest.approx(1 / 3)
    assert (control["picked"], control["answered"], control["corrected"], control["none"]) == (4, 4, 0.25, 0.0)


def test_a_verdict_that_was_taken_back_bought_nothing(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    slate = book.slate("s", at=START)
    review = book.review(slate, ReviewReason.LEARNING, pick=Pick.CONTROL)
    said = book.verdict(slate, review, None)
    book.verdict(slate, review, None, undoes=said)
    (row,) = rows_of(read(book, "learning"), "labels-bought")
    assert (row["picked"], row["answered"], row["corrected"]) == (1, 0, None)


def test_where_nobody_was_asked_it_says_how_to(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    book.slate("s", at=START)
    assert "learning_per_day" in missing(read(book, "learning"), "labels-bought")


def test_the_advice_is_to_stop_where_even_the_best_case_is_small() -> None:
    assert "hardly worth" in advice([], [(500, -0.002, 0.001, 0.004)])
    assert "hardly worth" not in advice([], [(500, -0.002, 0.004, 0.02)])


def test_mistakes_are_named_by_the_blind_picks_where_those_tell_enough() -> None:
    def wrong(pick: str, item: str | None, n: int) -> list[dict[str, object]]:
        return [{"pick": pick, "answered": True, "is_first": False, "item": item}] * n

    told = advice([*wrong("informative", "refund", 9), *wrong("control", None, 4), *wrong("control", "size", 2)], [])
    assert told.endswith(
        "Of 6 mistakes on requests drawn blindly, most were where right is: none of the candidates (4), size (2)."
    )
    assert "asked about, most were where right is: refund (9)" in advice(wrong("informative", "refund", 9), [])
    assert "mistake" not in advice(wrong("control", "refund", 2), [])


def test_a_gain_is_of_the_curve_and_needs_four_points() -> None:
    curve = [(100, 0.2), (200, 0.1414), (400, 0.1), (800, 0.0707)]
    ((more, low, mid, high),) = gains(curve, (800,))
    assert (more, round(mid, 3)) == (800, 0.021)
    assert low < mid < high
    assert gains(curve[:3], (800,)) == []
