"""Figures that are a table first: typed columns, so that the same quantity is written alike on every page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from htpy import Node, br
from htpy import span as small

from analytics.csv import Rows, Value
from analytics.drawn import Chart, Drawn, drawn_as
from components.figure import Definition
from components.identifier import identifier
from components.number import NOTHING, count, decimal, moment, percent, span

Kind = Literal["text", "bundle", "count", "share", "points", "spread", "seconds", "days", "decimal", "chance", "moment"]

_WORDS = ("text", "bundle", "moment")
_LEAST_CHANCE = 0.001
_WHOLE_DAYS = 30  # from here on the hour says nothing to anybody
_YEAR_DAYS = 2 * 365.25  # from here on the day does not either


@dataclass(frozen=True, slots=True, kw_only=True)
class Col:
    name: str  # in the CSV
    label: str
    kind: Kind = "count"


def table_figure(
    *,
    id: str,
    title: str,
    definition: Definition,
    columns: Sequence[Col],
    values: Sequence[tuple[Value, ...]],
    sample: str,
    cells: Sequence[tuple[Node, ...]] | None = None,
    labels: Sequence[str] | None = None,
    texts: Collection[int] | None = None,
    chart: Chart | None = None,
    missing: str = "",
    note: str = "",
    is_stacked: bool = False,
) -> Drawn:
    """`values` unrounded, one a column; cells are written by the kind of their column, words to the left.

    The bounds of an interval, `…low` and `…high`, are two columns of the CSV and one of the table; `is_stacked`: none,
    they stand under their figure. `labels`, `cells` and `texts` (see `drawn_as`) say it in other words."""
    shown = [n for n in range(len(columns)) if not _is_upper_bound(columns, n)]
    if is_stacked:
        shown = [n for n in shown if not _is_upper_bound(columns, n + 1)]
    cell = _stacked_cell if is_stacked else _cell_of
    if texts is None:
        texts = [place for place, n in enumerate(shown) if columns[n].kind in _WORDS]
    return drawn_as(
        id=id,
        title=title,
        definition=definition,
        rows=Rows(columns=tuple(each.name for each in columns), values=tuple(values)),
        labels=labels or ["95% interval" if _is_upper_bound(columns, n + 1) else columns[n].label for n in shown],
        cells=[tuple(cell(columns, row, n) for n in shown) for row in values] if cells is None else cells,
        texts=texts,
        sample=sample,
        chart=None if missing else chart,
        missing=missing,
        note=note,
    )


def over(value: str, interval: str) -> Node:
    """A figure with its interval under it: one column instead of two."""
    return [value, br, small(".fine.quiet")[interval]]


def share_over(share: Value, low: Value, high: Value) -> Node:
    """A share with its interval under it; a dash where there is none."""
    return NOTHING if share is None else over(written(share, "share"), between(low, high, "share"))


def name_apart(name: str, columns: Sequence[str]) -> str:
    """The name of a column for a field of the caller's, told apart from those that stand there already.

    >>> name_apart("language", ["n", "seen"]), name_apart("Seen", ["n", "seen"])
    ('language', 'field_Seen')
    """
    return f"field_{name}" if name.lower() in (each.lower() for each in columns) else name


def _is_upper_bound(columns: Sequence[Col], n: int) -> bool:
    return 0 < n < len(columns) and columns[n].name.endswith("high") and columns[n - 1].name.endswith("low")


def _cell_of(columns: Sequence[Col], row: Sequence[Value], n: int) -> Node:
    """The same as `written`, an id of a bundle shortened, the two bounds of an interval together."""
    value, kind = row[n], columns[n].kind
    if _is_upper_bound(columns, n + 1):
        return between(value, row[n + 1], kind)
    if kind == "moment":  # broken between the day and the hour, if at all
        return written(value, kind).replace(" ", "\u00a0").replace(",\u00a0", ", ")
    return identifier(value) if kind == "bundle" and isinstance(value, str) else written(value, kind)


def _stacked_cell(columns: Sequence[Col], row: Sequence[Value], n: int) -> Node:
    """A figure with its interval, where it has one, under it."""
    if not _is_upper_bound(columns, n + 2):
        return _cell_of(columns, row, n)
    value, low, high = row[n : n + 3]
    return NOTHING if value is None else over(written(value, columns[n].kind), between(low, high, columns[n].kind))


def between(low: Value, high: Value, kind: Kind) -> str:
    """An interval as people read it; where so few were measured that an end is open, the other one.

    >>> between(0.0, 0.0002, "share"), between(-0.01, 0.02, "points"), between(None, None, "decimal")
    ('under 0.02%', '-1.0 to +2.0 pt', '–')
    >>> between(20.0, None, "seconds"), between(None, 90.0, "seconds")
    ('at least 20.0 s', 'at most 1.5 min')
    """
    if low is None and high is None:
        return NOTHING
    if low is None or high is None:
        return f"at most {written(high, kind)}" if low is None else f"at least {written(low, kind)}"
    if kind == "share" and isinstance(low, int | float) and isinstance(high, int | float):
        return span(low, high)
    ends = [written(end, kind) for end in (low, high)]
    return f"{ends[0].removesuffix(' pt')} to {ends[1]}"


def written(value: Value, kind: Kind) -> str:
    """A value as people read it; what is not known is a dash.

    >>> [written(0.123, kind) for kind in ("share", "points", "seconds", "decimal")]
    ['12.3%', '+12.3 pt', '0.1 s', '0.123']
    >>> written(None, "count"), written(7_200, "seconds")
    ('–', '2.0 h')
    >>> written(0.062, "spread"), written(0.0, "share")
    ('6.2 pt', '0.0%')
    >>> written(0.0002, "chance"), written(0.25, "days"), written(12.0, "days"), written(3653.0, "days")
    ('< 0.001', '6.0 h', '12.0 d', '10 years')
    """
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, str):
        return value or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    match kind:
        case "share":
            return percent(float(value))
        case "points":
            return f"{100 * value:+.1f} pt"
        case "spread":
            return f"{100 * value:.1f} pt"
        case "seconds":
            return duration(float(value))
        case "days":
            if value >= _YEAR_DAYS:
                return f"{count(round(value / 365.25))} years"
            return f"{count(round(value))} d" if value >= _WHOLE_DAYS else duration(86_400 * float(value))
        case "chance":
            return f"< {_LEAST_CHANCE}" if value < _LEAST_CHANCE else decimal(float(value))
        case "decimal":
            return decimal(float(value))
        case _:
            return count(round(value))


def values_of(row: Mapping[str, object], *names: str) -> tuple[Value, ...]:
    """Some columns of a queried row, as a table takes them."""
    return tuple(cast(Value, row[name]) for name in names)


def duration(seconds: float) -> str:
    """A length of time in the largest unit that leaves a whole number before the point.

    >>> duration(42), duration(90), duration(86_400 * 3)
    ('42.0 s', '1.5 min', '3.0 d')
    """
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= unit:
            return f"{seconds / unit:,.1f} {name}"
    return f"{seconds:.1f} s"
