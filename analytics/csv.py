"""The rows behind a figure as CSV (RFC 4180): exactly what was drawn, in figures that are not rounded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from suggest.domain.clock import rfc3339

Value: TypeAlias = str | int | float | bool | datetime | None
_RUNS_IN_A_SHEET = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    columns: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.values):
            raise ValueError("every row has one value a column")


def rows_csv(rows: Rows) -> str:
    r"""The rows as text, lines ended by CRLF. Text that a spreadsheet would run as a formula gets an apostrophe.

    >>> rows_csv(Rows(columns=("reason", "n"), values=(("=1+1", 2), (None, -0.5))))
    "reason,n\r\n'=1+1,2\r\n,-0.5\r\n"
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows.columns)
    writer.writerows(map(_cells, rows.values))
    return text.getvalue()


def _cells(row: Iterable[Value]) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUNS_IN_A_SHEET) else value
    return repr(value)
