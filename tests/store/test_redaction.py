"""What is taken out of a text before it is stored, and what is left in."""

from __future__ import annotations

import time

import pytest

from suggest.domain.context import Context, Turn
from suggest.store.redaction import luhn_fits, redacted, redacted_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ann.b+shop@mail.example.co.uk!", "write to <mail>!"),
        ("ann@example.org,bob@example.org", "<mail>,<mail>"),
        ("call +49 30 901820", "call <phone>"),
        ("call 030/901820-12 now", "call <phone> now"),
        ("(212) 555-0123", "<phone>"),
        ("card 4111-1111-1111-1111", "card <card>"),
        ("card 5500005555555559.", "card <card>."),
        ("IBAN GB82WEST12345698765432", "IBAN <account>"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN <account> please"),
    ],
)
def test_what_points_at_a_person_is_replaced(text: str, expected: str) -> None:
    assert redacted_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order?",
        "I paid 129.99 for 2 of them",
        "since 2026-01-02",
        "on 02.01.2026",
        "order A-1234",
        "@home at 5",
        "größe 42, ünïcode 😀",
        "",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert redacted_text(text) == text


def test_redacting_twice_changes_nothing_more() -> None:
    once = redacted_text("ann@example.org +49 30 901820 4111 1111 1111 1111 DE89370400440532013000")
    assert redacted_text(once) == once == "<mail> <phone> <card> <account>"


def test_turns_and_fields_are_cleaned_too() -> None:
    context = Context(
        text="hi", turns=(Turn(role="user", text="a@b.example"),), fields={"to": ["a@b.example", 7], "n": None}
    )
    clean = redacted(context)
    assert clean.turns[0].text == "<mail>"
    assert clean.fields == {"to": ["<mail>", 7], "n": None}


@pytest.mark.parametrize(
    "text", ["1 " * 16_000, "a@" * 16_000, "a." * 16_000 + "@", "DE12 " + "ABCD " * 6_000, "(" * 32_000]
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    started = time.process_time()
    redacted_text(text)
    assert time.process_time() - started < 2


def test_check_digits() -> None:
    assert [luhn_fits(digits) for digits in ("79927398713", "79927398710", "0")] == [True, False, True]
