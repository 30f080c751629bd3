"""Contexts without mail addresses, telephone, card and account numbers, for surfaces that store them so.

Patterns, not understanding: names and street addresses stay. What is found is replaced by what it was, `<mail>`, so
that a model still learns that there was one."""

from __future__ import annotations

import re
from dataclasses import replace

from suggest.domain.context import Context

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_DIGITS = re.compile(r"(?<![\w<])\+?\(?\d(?:[ ()./-]{0,2}\d){6,18}(?!\w)")
_CARD = re.compile(r"(?<!\w)(?:(?:\d{4}[ -]?){3}\d{1,7}|3[47]\d\d[ -]?\d{6}[ -]?\d{5}|\d{13,19})(?!\w)")
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}")


def redacted_text(text: str) -> str:
    """The text with what points at a person replaced.

    >>> redacted_text("I am ann@example.org, call +49 (0) 30 901820 or see 4111 1111 1111 1111.")
    'I am <mail>, call <phone> or see <card>.'
    >>> redacted_text("Refund to DE89 3704 0044 0532 0130 00, ordered 2026-01-02 for 12.50")
    'Refund to <account>, ordered 2026-01-02 for 12.50'
    """
    text = _MAIL.sub("<mail>", text)
    text = _IBAN.sub("<account>", text)
    text = _CARD.sub(lambda match: "<card>" if luhn_fits(re.sub(r"\D", "", match.group())) else match.group(), text)
    return _DIGITS.sub(lambda match: match.group() if _DATE.fullmatch(match.group()) else "<phone>", text)


def luhn_fits(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1, annex B).

    >>> luhn_fits("4111111111111111"), luhn_fits("4111111111111112")
    (True, False)
    """
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def redacted(context: Context) -> Context:
    """The context as a redacting surface stores it: texts and text fields cleaned; user and session as they were."""
    return replace(
        context,
        text=redacted_text(context.text),
        turns=tuple(replace(turn, text=redacted_text(turn.text)) for turn in context.turns),
        fields={name: _redacted_value(value) for name, value in context.fields.items()},
    )


def _redacted_value(value: object) -> object:
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, dict):
        return {name: _redacted_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted_value(inner) for inner in value]
    return value
