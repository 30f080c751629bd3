"""Where things are: every link of a report carries the time and the lens that it is read through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from analytics.lens import Lens
from analytics.period import Period
from suggest.domain.clock import rfc3339


class Spoken(Protocol):
    """What a report or a page of it speaks of."""

    @property
    def surface(self) -> str: ...
    @property
    def period(self) -> Period: ...
    @property
    def lens(self) -> Lens: ...
    @property
    def versus(self) -> str | None: ...


class Asked(Spoken, Protocol):
    """The same, as somebody asked for it."""

    @property
    def is_whole(self) -> bool: ...
    @property
    def page(self) -> str | None: ...
    @property
    def against(self) -> Period | None: ...


def base(surface: str) -> str:
    return f"/reports/{quote(surface, safe='')}"


def to_page(view: Asked, page: str, **changed: str | None) -> str:
    """A page of the same report; `changed` replaces or (None) leaves out a part of what it is read through."""
    return with_query(f"{base(view.surface)}/{page}", _query(view) | changed)


def to_rows(view: Asked, figure: str, form: str = "csv") -> str:
    """The rows of a figure, of just the time that was measured."""
    query = _bounds(view) | dict(view.lens.query) | {"page": view.page, "versus": view.versus} | _against(view)
    return with_query(f"{base(view.surface)}/{figure}.{form}", query)


def to_impressions(view: Spoken, from_: datetime | None = None, to: datetime | None = None, **of: str) -> str:
    """The slates behind a part of a figure."""
    within = Period(
        from_=max(from_ or view.period.from_, view.period.from_), to=min(to or view.period.to, view.period.to)
    )
    return to_slates(view.surface, within, **view.lens.query, **of)


def to_slates(surface: str, period: Period, **of: str) -> str:
    """The slates of any time, whatever a report speaks of."""
    bounds = {"from": rfc3339(period.from_), "to": rfc3339(period.to)}
    return with_query(f"{base(surface)}/impressions", bounds | of)


def with_query(path: str, query: Mapping[str, str | None]) -> str:
    given = {name: text for name, text in query.items() if text is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _bounds(view: Spoken) -> dict[str, str | None]:
    return {"from": rfc3339(view.period.from_), "to": rfc3339(view.period.to)}


def _query(view: Asked) -> dict[str, str | None]:
    """As it was asked for: a report of everything stays one of everything tomorrow."""
    return {**({} if view.is_whole else _bounds(view)), **view.lens.query, "versus": view.versus, **_against(view)}


def _against(view: Asked) -> dict[str, str | None]:
    then = view.against
    return {} if then is None else {"vs_from": rfc3339(then.from_), "vs_to": rfc3339(then.to)}
