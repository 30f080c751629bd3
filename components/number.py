"""How figures are written wherever people read them: the same digits for the same quantity on every page."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

NOTHING = "–"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; what is not a number is a dash.

    >>> percent(0.12345), percent(1.0), percent(None), percent(0.9995, 0)
    ('12.3%', '100.0%', '–', '100%')
    """
    return NOTHING if share is None or not isfinite(share) else f"{100 * share:.{digits}f}%"


def count(n: int) -> str:
    """A count with thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{n:,}"


def decimal(value: float | None, digits: int = 3) -> str:
    """A figure that is not a share of anything.

    >>> decimal(0.02345), decimal(float("nan"))
    ('0.023', '–')
    """
    return NOTHING if value is None or not isfinite(value) else f"{value:.{digits}f}"


def span(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval of shares.

    >>> span(0.1, 0.25), span(None, 0.25)
    ('10.0% to 25.0%', '–')
    """
    return NOTHING if low is None or high is None else f"{percent(low, digits)} to {percent(high, digits)}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """A count and its noun.

    >>> plural(1, "slate"), plural(2, "reply", "replies")
    ('1 slate', '2 replies')
    """
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def moment(at: datetime) -> str:
    """A time as people read it, with its zone said.

    >>> moment(datetime(2026, 3, 4, 5, 6))
    '4 Mar 2026, 05:06 UTC'
    """
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def coordinate(value: float) -> str:
    """A length inside a drawing: at most two decimals, no trailing zeros.

    >>> coordinate(12.0), coordinate(1 / 3), coordinate(-0.001)
    ('12', '0.33', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
