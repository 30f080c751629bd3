"""The rows of a figure in other forms: JSON for a script, Parquet for a notebook."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.csv import Rows, Value, rows_csv
from suggest.domain.clock import rfc3339

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


def rows_as(form: str, rows: Rows, work: Path) -> bytes:
    """`work` is a folder for a file that is gone again when this returns."""
    if form == "csv":
        return rows_csv(rows).encode()
    return rows_json(rows).encode() if form == "json" else rows_parquet(rows, work)


def rows_json(rows: Rows) -> str:
    """One object a row; times are RFC 3339.

    >>> rows_json(Rows(columns=("a", "b"), values=((1, None),)))
    '[{"a": 1, "b": null}]'
    """
    told = [dict(zip(_unique(rows.columns), map(_plain, row), strict=True)) for row in rows.values]
    return json.dumps(told, ensure_ascii=False)


def rows_parquet(rows: Rows, work: Path) -> bytes:
    """Typed columns: a column of whole numbers stays one."""
    work.mkdir(parents=True, exist_ok=True)
    part = work / f"rows-{secrets.token_hex(8)}.parquet"
    names = _unique(rows.columns)
    types = [_type([row[n] for row in rows.values]) for n in range(len(names))]
    try:
        with duckdb.connect() as connection:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(names, types, strict=True))
            connection.execute(f"create table rows ({columns})")
            for row in rows.values:
                marks = ", ".join("?" for _ in row)
                connection.execute(f"insert into rows values ({marks})", [_stored(value) for value in row])  # noqa: S608
            target = str(part).replace("'", "''")
            connection.execute(f"copy rows to '{target}' (format parquet)")
        return part.read_bytes()
    finally:
        part.unlink(missing_ok=True)


def _unique(names: Sequence[str]) -> list[str]:
    """Letters, digits and _ only; a name said twice, in whatever case, gets a number: DuckDB tells no cases apart.

    >>> _unique(("Low", "a.b", "low", "low"))
    ['Low', 'a_b', 'low_2', 'low_3']
    """
    told: dict[str, str] = {}
    for name in names:
        plain = made = "".join(each if each.isalnum() else "_" for each in name)
        number = 1
        while made.lower() in told:
            number += 1
            made = f"{plain}_{number}"
        told[made.lower()] = made
    return list(told.values())


def _type(values: Sequence[Value]) -> str:
    known = [value for value in values if value is not None]
    for kind, name in ((bool, "boolean"), (int, "bigint"), (int | float, "double"), (datetime, "timestamptz")):
        if known and all(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) for value in known):
            return name
    return "varchar"


def _stored(value: Value) -> Value:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _plain(value: Value) -> str | int | float | bool | None:
    return rfc3339(value) if isinstance(value, datetime) else value
