"""Names and values of something whose shape is not known beforehand, such as a manifest: nested, bounded, readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from htpy import Element, Node, code, dd, dl, dt

from components.number import NOTHING
from components.table import Column, TableView, data_table

_DEEPEST = 4
_LONGEST = 24  # entries of one list or mapping
_WIDEST = 8  # columns of a list that is a table
_MOST_DECIMALS = 4  # that a column shares
_SPOKEN = {  # names of measures that nobody should have to look up
    "nll": "log loss (NLL)",
    "ndcg": "order (NDCG)",
    "top1": "right first",
    "top3": "right in three",
    "ece_p_any": "calibration error of p_any",
    "ece_floor": "the same of perfect forecasts",
    "ece_floor_p95": "… and at most, 95 in 100",
    "n_pairs": "judged by both",
}


def terms(values: Mapping[str, object], *, _depth: int = 0) -> Element:
    """A definition list; several flat mappings become a table, such as the rungs of a ladder."""
    shown = list(values.items())[:_LONGEST]
    left = len(values) - len(shown)
    return dl(".terms")[
        ((dt[words(name)], dd[_value(name, value, _depth)]) for name, value in shown),
        left > 0 and (dt["…"], dd[f"and {left} more"]),
    ]


def words(name: str) -> str:
    """A field's name as words, a measure's as one says it.

    >>> words("n_examples"), words("ece-any"), words("top1")
    ('n examples', 'ece-any', 'right first')
    """
    return _SPOKEN.get(name, name.replace("_", " "))


def scalar(value: object) -> str:
    """One value as text: yes and no, thousands apart, at most five digits that mean something.

    >>> scalar(True), scalar(12345), scalar(0.1234567), scalar(None)
    ('yes', '12,345', '0.12346', '–')
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.5g}"
    return str(value)


def _value(name: str, value: object, depth: int) -> Node:
    if isinstance(value, Mapping):
        return _mapped(name, value, depth) if value else NOTHING
    if isinstance(value, str):
        return code[value] if len(value) > 24 and " " not in value else value
    if isinstance(value, Sequence):
        return _listed(name, value, depth)
    return scalar(value)


def _mapped(name: str, values: Mapping[str, object], depth: int) -> Node:
    """Several mappings alike, such as an interval a measure, are a table with their names in front."""
    rows = [{**value, "name": words(key)} for key, value in values.items() if isinstance(value, Mapping) and value]
    taken = any("name" in value for value in values.values() if isinstance(value, Mapping))
    if len(rows) == len(values) > 1 and not taken and _is_flat(rows):
        return _table(name, [{"name": row["name"], **row} for row in rows])
    return _nested(values, depth)


def _nested(values: Mapping[str, object], depth: int) -> Node:
    return terms(values, _depth=depth + 1) if depth < _DEEPEST else "…"


def _listed(name: str, values: Sequence[object], depth: int) -> Node:
    rows = [value for value in values if isinstance(value, Mapping)]
    if rows and len(rows) == len(values) and _is_flat(rows):
        return _table(name, rows)
    if any(isinstance(value, Mapping | list | tuple) for value in values):
        return _nested({str(number): value for number, value in enumerate(values, 1)}, depth)
    shown = ", ".join(scalar(value) for value in values[:_LONGEST])
    left = len(values) - _LONGEST
    return (f"{shown} and {left} more" if left > 0 else shown) or NOTHING


def _is_flat(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether the rows make a table one can read: few columns, no value with parts of its own."""
    names = {name for row in rows for name in row}
    return 0 < len(names) <= _WIDEST and not any(
        isinstance(value, Mapping | list | tuple) for row in rows for value in row.values()
    )


def _table(name: str, rows: Sequence[Mapping[str, object]]) -> Node:
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    numeric = {
        name for name in names if all(isinstance(row.get(name), int | float) or row.get(name) is None for row in rows)
    }
    return data_table(
        TableView(
            caption=words(name),
            caption_hidden=True,
            columns=tuple(Column(label=words(name), number=name in numeric) for name in names),
            rows=tuple(zip(*(_column([row.get(name) for row in rows[:_LONGEST]]) for name in names), strict=True)),
        )
    )


def _column(values: Sequence[object]) -> list[str]:
    """The cells of a column: numbers among them with as many decimals as the finest has, the names of measures spoken.

    >>> _column([0.61, 0.5859, 3, None]), _column(["top1", "all"])
    (['0.6100', '0.5859', '3', '–'], ['right first', 'all'])
    """
    plain = [scalar(value) for value in values]
    decimals = max(
        (len(text.partition(".")[2]) for value, text in zip(values, plain, strict=True) if isinstance(value, float)),
        default=0,
    )
    if any("e" in text for value, text in zip(values, plain, strict=True) if isinstance(value, float)):
        return plain  # very large or very small: every one by itself
    return [
        f"{value:.{min(decimals, _MOST_DECIMALS)}f}" if isinstance(value, float) else _SPOKEN.get(text, text)
        for value, text in zip(values, plain, strict=True)
    ]
