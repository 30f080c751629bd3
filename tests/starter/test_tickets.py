"""`examples/tickets.csv` is what a visitor drops on "use my own data": real CSV with quotes, another business."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from suggest.starter import load_candidates, load_examples

TICKETS = Path(__file__).parents[2] / "examples" / "tickets.csv"


@pytest.fixture(scope="module")
def tickets() -> list[dict[str, str]]:
    with TICKETS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_it_has_sixty_rows_of_two_named_columns(tickets: list[dict[str, str]]) -> None:
    assert len(tickets) == 60
    assert all(set(row) == {"message", "answer"} for row in tickets)
    assert all(row["message"].strip() and row["answer"].strip() for row in tickets)


def test_it_needs_a_real_csv_reader() -> None:
    raw = TICKETS.read_text(encoding="utf-8")
    assert '""' in raw, "a quote inside a field"
    assert any(line.count(",") > 3 for line in raw.split("\n")), "commas inside a field"


def test_eight_to_ten_answers_return_often_enough_to_learn_from(tickets: list[dict[str, str]]) -> None:
    counts = Counter(row["answer"] for row in tickets)
    assert 8 <= len(counts) <= 10
    assert min(counts.values()) >= 5


def test_messages_are_unique(tickets: list[dict[str, str]]) -> None:
    assert len({row["message"].casefold() for row in tickets}) == len(tickets)


def test_it_is_another_business_than_the_starter_shop(tickets: list[dict[str, str]]) -> None:
    assert {row["answer"] for row in tickets}.isdisjoint(row["text"] for row in load_candidates())
    assert {row["message"].casefold() for row in tickets}.isdisjoint(row["text"].casefold() for row in load_examples())
