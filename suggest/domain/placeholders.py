"""`{{placeholders}}` in the text of an option, filled from the fields of the context it is suggested for.

An option is known, logged and learned by its text as written; only what is handed to a person is filled. One that
cannot be filled is no option for this context: it is left out before anything is ranked, so that probabilities and
propensities are those of what could be shown (docs/decisions/0025)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

LONGEST_VALUE = 1_000  # characters
OPENS = "{{"  # a text without it has no placeholder
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def filled(text: str, fields: Mapping[str, object]) -> str | None:
    """The text with every placeholder filled, or None where one cannot be.

    A name is a field, or a path of dots into one. Texts and finite numbers fill; a filled value is not read again.

    >>> filled("Hello {{ name }}, order {{order.id}} is on its way.", {"name": "Ann", "order": {"id": 7}})
    'Hello Ann, order 7 is on its way.'
    >>> filled("Hello {{name}}.", {"name": " "}) is None
    True
    """
    if OPENS not in text:
        return text
    around = _PLACEHOLDER.split(text)[::2]
    found = [_said(match[1].strip(), fields) for match in _PLACEHOLDER.finditer(text)]
    if any(OPENS in each for each in around) or any(each is None for each in found):
        return None
    values = iter(found)
    return _PLACEHOLDER.sub(lambda _: str(next(values)), text)


def _said(name: str, fields: Mapping[str, object]) -> str | None:
    value: object = fields.get(name)
    if name not in fields:
        value = fields
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    said = str(value).strip()
    return said if 0 < len(said) <= LONGEST_VALUE else None
