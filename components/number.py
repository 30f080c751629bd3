"""How figures are written wherever people read them: the same digits for the same quantity on every page."""

from __future__ import annotations

from datetime import datetime
from math import ceil, floor, isfinite

NOTHING = "–"
_FINEST = 5  # decimals of a percentage, where it takes them to tell one from another


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; what is not a number is a dash. Few is never written as none, nor most as all.

    >>> percent(0.12345), percent(1.0), percent(None), percent(0.0)
    ('12.3%', '100.0%', '–', '0.0%')
    >>> percent(0.0003), percent(0.9998), percent(0.9995, 0)
    ('< 0.1%', '> 99.9%', '> 99%')
    """
    if share is None or not isfinite(share):
        return NOTHING
    least = 10.0**-digits  # of a hundred
    if 0 < share < 1 and _is_end(share, digits):
        return f"< {least:.{digits}f}%" if share < 0.5 else f"> {100 - least:.{digits}f}%"
    return _as_percent(share, digits)


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
    """An interval of shares, with as many decimals as it takes to tell its ends apart, and from none and all.

    >>> span(0.1, 0.25), span(0.0, 0.021), span(0.5001, 0.5004), span(None, 0.25)
    ('10.0% to 25.0%', '0.0% to 2.1%', '50.01% to 50.04%', '–')
    >>> span(0.0, 0.00027), span(0.9998, 1.0), span(0.0004, 0.0016)
    ('under 0.03%', 'over 99.98%', '0.04% to 0.16%')
    """
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return NOTHING
    for finer in range(digits, _FINEST + 1):
        at_none, at_all = low <= 10.0**-_FINEST / 100, high >= 1 - 10.0**-_FINEST / 100
        if at_none and finer > digits and not _is_end(high, finer):
            return f"under {ceil(round(100 * high * 10**finer, 6)) / 10**finer:.{finer}f}%"
        if at_all and finer > digits and not _is_end(low, finer):
            return f"over {floor(round(100 * low * 10**finer, 6)) / 10**finer:.{finer}f}%"
        is_told = (at_none or not _is_end(low, finer)) and (at_all or not _is_end(high, finer))
        if low == high or (is_told and _as_percent(low, finer) != _as_percent(high, finer)):
            return f"{_as_percent(low, finer)} to {_as_percent(high, finer)}"
    return f"{percent(low, digits)} to {percent(high, digits)}"


def _as_percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f}%"


def _is_end(share: float, digits: int) -> bool:
    """Whether it would be written as none or as all."""
    return _as_percent(share, digits) in (_as_percent(0.0, digits), _as_percent(1.0, digits))


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
