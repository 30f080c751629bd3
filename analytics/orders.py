"""What can be ordered of the process that draws reports: plain values, so that nothing but text goes to it.

Who is asking and what they may see is settled before an order is written; an order holds no key and no session."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from analytics.lens import EVERYTHING, Lens
from analytics.noting import NoteForm
from analytics.period import Period
from components.notice import NoticeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a report is asked; see `analytics.report.report`."""

    surface: str
    now: datetime
    from_: datetime | None = None
    to: datetime | None = None
    page: str | None = None  # None: all of them
    lens: Lens = EVERYTHING
    versus: str | None = None
    against: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrder:
    """The list of surfaces, as HTML."""

    as_worker: bool = False  # who asks may open neither the administration nor a page that names people


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """One page of a report, as HTML."""

    question: Question
    noting: NoteForm | None = None
    as_worker: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOrder:
    """The rows of one figure, in one of the forms of `row_files`; nothing where the report has no such figure."""

    question: Question
    figure: str
    form: str
    work: str  # a folder for what is gone again afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionsOrder:
    """The slates behind a part of a figure, as HTML."""

    question: Question
    title: str
    of: Mapping[str, str]
    csrf: str
    handed_over: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOrder:
    """The figures of the overview as JSON: `moment` of the snapshot, `told`, `gauges` (see `summary`).

    Over [from_, to), both null where the snapshot is from before `to`; without a period over the `days` until it."""

    surface: str
    from_: datetime | None = None
    to: datetime | None = None
    days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """All pages as one file: html or md."""

    question: Question
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Close the snapshot: somebody wants to carry it on, or has erased it."""


Order = IndexOrder | PageOrder | RowsOrder | ImpressionsOrder | SummaryOrder | FileOrder | LetGo
_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Order)}
_TOLD_APART = frozenset({*_KINDS.values(), Question, Lens, Period, NoteForm, NoticeView})


def plain_of(order: Order) -> dict[str, object]:
    """As JSON can say it.

    >>> plain_of(LetGo())
    {'kind': 'LetGo', 'order': {}}
    """
    return {"kind": type(order).__name__, "order": _plain(order)}


def order_of(plain: Mapping[str, Any]) -> Order:
    """What `plain_of` said. Raises KeyError, TypeError or ValueError where it is nothing of the kind.

    >>> order_of({"kind": "LetGo", "order": {}})
    LetGo()
    """
    made: Order = _value(_KINDS[plain["kind"]], plain["order"])
    return made


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value


def _value(kind: Any, plain: Any) -> Any:
    if plain is None:
        return None
    if get_origin(kind) in (Union, types.UnionType):  # there is only "this or None"
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if kind not in _TOLD_APART:
        return plain
    hints = _hints(kind)
    return kind(**{name: _value(hints[name], said) for name, said in plain.items()})


@cache
def _hints(kind: object) -> Mapping[str, Any]:
    return get_type_hints(kind)
