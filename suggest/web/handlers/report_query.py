"""What the address of a report asks for: a time, another one to compare with, a bundle or a group."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request

from suggest.domain.clock import parse_rfc3339
from suggest.web.call import query_text, wrong_query

if TYPE_CHECKING:  # imported by whoever first looks at a report
    from analytics.lens import Lens
    from analytics.period import Period

ASKED = ("from", "to", "bundle", "field", "value", "versus", "vs_from", "vs_to")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def lens_of(request: Request) -> Lens:
    """The bundle or group that a report is read through."""
    from analytics.lens import Lens

    given = {name: query_text(request, name, longest=200) for name in ("bundle", "field", "value")}
    try:
        return Lens(bundle=given["bundle"] or None, field=given["field"] or None, value=given["value"] or None)
    except ValueError as wrong:
        raise wrong_query("field", str(wrong)) from None


def against_of(request: Request) -> Period | None:
    """The other time that is compared with; None where none is asked for."""
    from analytics.period import Period

    from_, to = moment_of(request, "vs_from"), moment_of(request, "vs_to")
    if from_ is None and to is None:
        return None
    if from_ is None or to is None:
        raise wrong_query("vs_to" if to is None else "vs_from", "is missing: another time has a beginning and an end")
    if from_ >= to:
        raise wrong_query("vs_from", "must lie before vs_to")
    return Period(from_=from_, to=to)


def moment_of(request: Request, name: str) -> datetime | None:
    """A time; a date alone is that day in UTC: of an end with all of it."""
    text = query_text(request, name, longest=64)
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return day + timedelta(days=1) if name in ("to", "vs_to") else day
        return parse_rfc3339(text.replace(" ", "+"))  # an unescaped + arrives as a space
    except (ValueError, OverflowError) as wrong:
        raise wrong_query(name, f"is no date and no RFC 3339 time: {wrong}") from None
