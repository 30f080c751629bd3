"""A snapshot that is carried on, with what was derived from it, says what a new one would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from logbook import REPLIES, START, Logbook

import analytics
from analytics.report import report
from suggest.domain.event import EventType
from suggest.domain.label import LabelSource
from suggest.domain.review import ReviewReason
from suggest.store.ports import CasWrite


def nothing(book: Logbook) -> None:
    del book


def more_requests(book: Logbook) -> None:
    for number in range(20):
        slate = book.slate("s", fields={"language": ("de", "fr")[number % 2]})
        book.event(slate, EventType.VIEW)


def late_acts(book: Logbook) -> None:
    for slate in book.slates[:10]:
        book.event(slate, EventType.SELECT, item=REPLIES[1], after_s=90_000)


def a_label_of_an_old_context(book: Logbook) -> None:
    book.label("s", "asked twice", REPLIES[2], source=LabelSource.LABEL)


def a_verdict(book: Logbook) -> None:
    slate = book.slates[11]
    book.verdict(slate, book.review(slate, ReviewReason.AUDIT), REPLIES[0])


def a_verdict_taken_back(book: Logbook) -> None:
    last = f"verdict-{book._counted:06d}"  # what the first days end with
    book.verdict(book.slates[0], "review", None, undoes=last)


def a_longer_wait(book: Logbook) -> None:
    book.writes.append(CasWrite("policy/s", {"reward_wait_s": 10 * 86_400}, 0))


def a_field_of_ever_more_values(book: Logbook) -> None:
    for number in range(30):
        book.slate("s", fields={"language": f"l{number}"})


NEWS = (
    nothing,
    more_requests,
    late_acts,
    a_label_of_an_old_context,
    a_verdict,
    a_verdict_taken_back,
    a_longer_wait,
    a_field_of_ever_more_values,
)


def told(opened: analytics.Analytics, book: Logbook) -> list[object]:
    view = report(opened, "s", START - timedelta(days=1), now=book.clock.now())
    figures = [(drawn.figure.id, [tuple(map(rounded, row)) for row in drawn.rows.values]) for drawn in view.figures]
    return [view.fields, view.stats, *figures]


def rounded(value: object) -> object:
    """Sums of the same numbers in another order differ in their last digit, their spread in the eighth."""
    return round(value, 6) if isinstance(value, float) else value


def carried_on(book: Logbook, folder: Path, before: Path | None) -> tuple[Path, list[object]]:
    path = book.store.carry_on(folder, before)
    with analytics.open(path, kept=folder / "derived") as opened:
        return path, told(opened, book)


def write(book: Logbook) -> None:
    book.store.append(book.records, writes=book.writes)
    book.records, book.writes = [], []


def the_first_days(book: Logbook) -> None:
    for number in range(60):
        text, fields = f"question {number}", {"language": ("de", "en")[number % 2]}
        if number in (3, 40):
            text, fields = "asked twice", {}
        slate = book.slate("s", at=START + timedelta(hours=number), text=text, fields=fields)
        if number % 3 == 0:
            book.event(slate, EventType.VIEW)
        if number % 4 == 0:
            book.event(slate, EventType.DISMISS)
    review = book.review(book.slates[0])
    book.verdict(book.slates[0], review, REPLIES[0])
    book.clock.advance(seconds=60 * 3600)
    write(book)


@pytest.mark.parametrize("news", NEWS, ids=lambda news: news.__name__)
def test_what_is_carried_on_says_what_a_new_snapshot_says(
    book: Logbook, tmp_path: Path, news: Callable[[Logbook], None]
) -> None:
    the_first_days(book)
    folder = tmp_path / "snapshots" / "reports"
    path, first = carried_on(book, folder, None)
    news(book)
    write(book)
    book.clock.advance(seconds=3600)  # silence has lasted, where it was waited for
    later, second = carried_on(book, folder, path)
    assert not path.exists()
    assert [each.name for each in folder.glob("*.duckdb")] == [later.name]
    with analytics.open(book.store.snapshot(tmp_path / "new")) as fresh:
        assert second == told(fresh, book)
    assert news is nothing or second != first


def test_only_what_is_new_is_derived_again(book: Logbook, tmp_path: Path) -> None:
    the_first_days(book)
    path, _ = carried_on(book, tmp_path / "reports", None)
    more_requests(book)
    write(book)
    with analytics.open(
        book.store.carry_on(tmp_path / "reports", path), kept=tmp_path / "reports" / "derived"
    ) as opened:
        opened.prepare()
        (touched,) = opened.sql("select count(*) filter (is_new), count(*) from derived.touched").fetchall()
        assert touched[0] == 20
        assert touched[1] < 25, "those of which silence had not lasted yet are looked at again"
