"""A snapshot of the log opened for reading: named queries in, plain rows out. The live file is never touched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from analytics.lens import EVERYTHING
from suggest.domain.errors import StorageUnavailable
from suggest.store.queries import parse_queries

Row = Mapping[str, object]
_TABLES = frozenset(
    ("slates", "events", "labels", "reviews", "verdicts", "bundles", "policy_changes", "candidates", "cas", "meta")
)


class Analytics:
    """One open snapshot. Not for several threads at once; close it, or use it as a context manager."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._surface: object = None
        self._focused: tuple[object, ...] | None = None
        self._is_judged = False
        self.lens = EVERYTHING  # narrows whatever is asked of a period
        self.path = path

    def rows(self, query: str, /, **params: object) -> list[Row]:
        """A named query of analytics/sql. Aware times go in as UTC, and come back aware in UTC."""
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
        sql = _queries()[query]
        if "judged_in_focus" in sql and not self._is_judged:
            self._execute(_queries()["focus_judged"], params)
            self._is_judged = True
        return self._execute(sql, params)

    def _focus(self, surface: object, from_: object, to: object) -> None:
        lens = self.lens
        if self._focused == (surface, from_, to, lens):
            return
        self._focused, self._is_judged = None, False
        self.prepare(surface)
        field = None if lens.field is None else f'$."{lens.field}"'
        bounds = {"from": from_, "to": to, "bundle": lens.bundle, "field": field, "value": lens.value}
        options = "focus_options" if lens.field is None else "focus_options_of_group"
        for query in ("focus_outcomes", options):
            self._execute(_queries()[query], bounds)
        self._focused = (surface, from_, to, lens)

    def prepare(self, surface: object) -> None:
        """Derive the slates of a surface and their options once; every report on it then only counts."""
        if self._surface != surface:
            for query in ("surface_outcomes", "surface_options"):
                self._execute(_queries()[query], {"surface": surface})
            self._surface = surface

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
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open(path: Path) -> Analytics:
    """Open a snapshot made by the store. Raises StorageUnavailable where there is none, or it is not one of ours."""
    if not path.is_file():
        raise StorageUnavailable(f"there is no snapshot at {path.name}; make one from the running server")
    try:
        connection = duckdb.connect(str(path), read_only=True)
        connection.execute("set threads = 1")  # a report may wait; what is served beside it may not
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        connection.execute("select 1 from as_of, outcomes limit 0")
    except duckdb.Error as error:
        raise StorageUnavailable(f"{path.name} is not a snapshot this version can read: {error}") from error
    return Analytics(connection, path)


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
