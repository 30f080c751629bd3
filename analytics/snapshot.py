"""A snapshot of the log opened for reading: named queries in, plain rows out. The live file is never touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from analytics.derivation import STRETCH, derive
from analytics.exported import read_export
from analytics.lens import EVERYTHING, Lens
from analytics.period import Period
from suggest.domain.errors import StorageUnavailable
from suggest.store.database import quoted
from suggest.store.queries import parse_queries

Row = Mapping[str, object]
_TABLES = frozenset(
    ("slates", "events", "labels", "reviews", "verdicts", "bundles", "policy_changes", "candidates", "cas", "meta")
)


class Analytics:
    """One open snapshot. Not for several threads at once; close it, or use it as a context manager."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """A connection that reads a log as the catalog `log`, and has one named `derived` to write to; see `open`."""
        self._connection = connection
        connection.execute(f"attach ':memory:' as {STRETCH}")
        self._deriving = connection.cursor()
        self._deriving.execute(f"use {STRETCH}")
        self._deriving.execute(_queries()["derived_tables"])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        self._focused: tuple[object, ...] | None = None
        self._is_derived = False
        self._known: dict[tuple[object, ...], list[Row]] = {}
        self.lens = EVERYTHING  # narrows whatever is asked of a period
        self.path = path

    def rows(self, query: str, /, **params: object) -> list[Row]:
        """A named query of analytics/sql. Aware times go in as UTC, and come back aware in UTC.

        What is asked of no period is the same for every page, and is asked once."""
        if "from" in params:
            return self._read(query, params)
        key = (query, *sorted(params.items()))
        if key not in self._known:
            self._known[key] = self._read(query, params)
        return self._known[key]

    def _read(self, query: str, params: Mapping[str, object]) -> list[Row]:
        result = self._run(query, params)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, map(_aware, row), strict=True)) for row in result.fetchall()]

    def columns(self, query: str, /, **params: object) -> dict[str, list[object]]:
        """The same, a list a column: for queries with a row a slate."""
        result = self._run(query, params)
        names = [column[0] for column in result.description or ()]
        rows = result.fetchall()
        return {name: [row[number] for row in rows] for number, name in enumerate(names)}

    def arrays(self, query: str, /, **params: object) -> dict[str, NDArray[Any]]:
        """The same as numpy arrays: for queries of very many rows without nulls."""
        return {name: np.asarray(values) for name, values in self._run(query, params).fetchnumpy().items()}

    def _run(self, query: str, params: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
        """Run a named query; one of a period gets it into focus first."""
        if "from" in params:
            self._focus(params["surface"], params["from"], params["to"])
        return self._execute(_queries()[query], params)

    def _focus(self, surface: object, from_: object, to: object) -> None:
        lens = self.lens
        if self._focused == (surface, from_, to, lens):
            return
        self._focused = None
        self.prepare()
        assert isinstance(from_, datetime)
        assert isinstance(to, datetime)
        groups = self._groups(surface, lens)
        is_of_any_field = lens.field is not None and groups is None
        days = Period(from_=from_, to=to).whole_days
        days_from, days_to = (from_, from_) if days is None or is_of_any_field else days
        for name, value in {
            "surface": surface,
            "since": from_,
            "until": to,
            "days_from": days_from,
            "days_to": days_to,
            "bundle": lens.bundle,
            "groups": groups,
            "path": f'$."{lens.field}"' if is_of_any_field else None,
            "value": lens.value if is_of_any_field else None,
        }.items():
            self._connection.execute(f"set variable {name} = $value", {"value": _naive(value)})
        self._connection.execute(_queries()["focus_views"])
        if is_of_any_field:
            self._connection.execute(_queries()["focus_views_of_any_field"])
        self._focused = (surface, from_, to, lens)

    def _groups(self, surface: object, lens: Lens) -> object:
        """The groups a lens looks at; None where it looks at none, or at a field that is not counted by."""
        if lens.field is None:
            return None
        of = {"surface": surface, "name": lens.field, "value": lens.value}
        found = self._execute(_queries()["groups_of_value"], of).fetchone()
        return None if found is None else found[0]

    def prepare(self, goes_on: Callable[[], None] = lambda: None) -> None:
        """Derive what every report on this snapshot counts from, once; `goes_on` is called after every step of it."""
        if not self._is_derived:
            derive(self._deriving, query_text, goes_on)
            self._is_derived = True

    def _execute(self, sql: str, params: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
        spoken_of = {name: _naive(value) for name, value in params.items() if f"${name}" in sql}
        return self._connection.execute(sql, spoken_of)

    def relation(self, name: str = "outcomes") -> duckdb.DuckDBPyRelation:
        """A table or a view of the log as a DuckDB relation: `.df()` for pandas, `.arrow()`, `.pl()`, `.filter(…)`.

        The tables are slates, events, labels, reviews, verdicts, bundles, policy_changes and candidates; the views
        (see docs/reference/views.md) slate_options, impression_acts, outcomes and impression_options."""
        return self._connection.table(name) if name in _TABLES else self._connection.view(name)

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """Any query of your own over them; the file is only read, and nothing outside it can be."""
        return self._connection.sql(query)

    def close(self) -> None:
        self._deriving.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open(path: Path, *, kept: Path | None = None, as_of: datetime | None = None) -> Analytics:
    """Open a snapshot made by the store, or a folder of exported tables, each {table}.parquet or {table}.csv: they are
    read into memory and counted as of the moment `as_of`, without it as of now.

    `kept`: a file for what is derived, so that the next snapshot, which begins with the rows of this one, only derives
    what came since; without, it is in memory.

    Raises StorageUnavailable where there is none, or it is not one of ours."""
    if not path.exists():
        raise StorageUnavailable(f"there is no snapshot at {path.name}; make one from the running server")
    try:
        connection = duckdb.connect(":memory:")
        connection.execute("set threads = 1")  # a report may wait; what is served beside it may not
        # DuckDB 2.0.0 takes a sum for narrower than it is when it packs what it sorts: "INT128 … out of range for INT8"
        connection.execute("set disabled_optimizers = 'compressed_materialization'")
        if path.is_dir():
            read_export(connection, path, as_of)
        else:
            connection.execute(f"attach '{quoted(path)}' as log (read_only)")
        connection.execute(f"attach '{quoted(kept)}' as derived" if kept else "attach ':memory:' as derived (compress)")
        connection.execute("use log")
        connection.execute("select 1 from as_of, outcomes limit 0")
        return Analytics(connection, path)
    except duckdb.Error as error:
        raise StorageUnavailable(f"{path.name} is not a snapshot this version can read: {error}") from error


def query_text(name: str) -> str:
    """A named query as it is run."""
    return _queries()[name]


@cache
def _queries() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in sorted((Path(__file__).parent / "sql").glob("*.sql")):
        found |= parse_queries(file.read_text(encoding="utf-8"))
    return found


def _naive(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
