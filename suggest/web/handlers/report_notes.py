"""What owners write down beside the figures, as a form of the report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request

from components.notice import NoticeView
from suggest.domain.errors import FieldError, Invalid
from suggest.online.links import Role, Session
from suggest.web.sessions import csrf_token

if TYPE_CHECKING:  # imported by whoever first looks at a report
    from analytics.noting import NoteForm


def noting_of(request: Request, session: Session) -> NoteForm | None:
    """The form for those who may write on this page, and whether something was just written down."""
    from analytics.noting import NoteForm

    if session.role is not Role.OWNER:
        return None
    done = NoticeView(
        title="Written down",
        text="It stands under What happened meanwhile from the next snapshot on, in a minute where the log is small.",
        tone="good",
    )
    return NoteForm(csrf=csrf_token(request), notice=done if request.query_params.get("noted") == "1" else None)


def noted_at(text: str) -> datetime | None:
    """A date and time of a form, in UTC; None where it is empty. Raises Invalid."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        fault = FieldError(pointer="/at", detail="must be a date and a time, e.g. 2026-03-04T10:00")
        raise Invalid("Nothing was written down.", errors=(fault,)) from None
