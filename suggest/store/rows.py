"""What a query found, as plain rows or as columns of numpy; and what is bound in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb
import numpy as np
from numpy.typing import NDArray

from suggest.store.columns import from_column, is_converted, naive_utc


def rows_of(result: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """One dict a row; times come aware in UTC, json comes parsed."""
    names = [column[0] for column in result.description or ()]
    kinds = {column[0]: str(column[1]) for column in result.description or ()}
    rows: list[dict[str, object]] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for name in names:
        if is_converted(kind := kinds[name]):
            for row in rows:
                row[name] = from_column(row[name], kind)
    return rows


def lists_of(result: duckdb.DuckDBPyConnection) -> dict[str, list[object]]:
    """One list a column; times come aware in UTC, json unparsed, blobs as they are."""
    names = [column[0] for column in result.description or ()]
    kinds = [str(column[1]) for column in result.description or ()]
    rows = result.fetchall()
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return {
        name: [from_column(value, kind) for value in column] if kind.startswith("TIMESTAMP") else column
        for name, kind, column in zip(names, kinds, columns, strict=True)
    }


def columns_of(result: duckdb.DuckDBPyConnection) -> dict[str, NDArray[np.generic]]:
    """One array a column, never masked.

    Times are datetime64[us] in UTC (null: NaT), numbers with nulls among them are float64 (NaN); texts, json
    (unparsed), blobs, lists and flags with nulls are objects (None)."""
    return {name: _unmasked(column) for name, column in result.fetchnumpy().items()}


def bound(params: Mapping[str, object]) -> dict[str, object]:
    """Times become naive UTC, as the columns are; sets and tuples become lists."""
    values: dict[str, object] = {}
    for name, value in params.items():
        if isinstance(value, datetime):
            values[name] = naive_utc(value)
        else:
            values[name] = list(value) if isinstance(value, tuple | set | frozenset) else value
    return values


def _unmasked(column: NDArray[np.generic]) -> NDArray[np.generic]:
    if not isinstance(column, np.ma.MaskedArray):
        return column
    mask = np.ma.getmaskarray(column)
    values: NDArray[np.generic] = np.asarray(column.data)
    if not mask.any():
        return values
    if values.dtype.kind == "M":
        return np.where(mask, np.datetime64("NaT"), values)
    if values.dtype.kind in "iuf":
        return np.where(mask, np.nan, values.astype(np.float64))
    nulled = values.astype(object)
    nulled[mask] = None
    return nulled
