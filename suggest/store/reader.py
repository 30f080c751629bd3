"""Read a snapshot of the log from another process: the same named queries, nothing that writes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from suggest.store.queries import named_query
from suggest.store.rows import bound, columns_of, lists_of, rows_of


class SnapshotReader:
    """A snapshot file made by `EmbeddedStore.snapshot`. Raises duckdb.Error where it is no such file."""

    def __init__(self, file: Path) -> None:
        self._connection = duckdb.connect(str(file), read_only=True)

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        """A named query of store/sql as a list of rows; times come aware in UTC, json comes parsed."""
        return rows_of(self._connection.execute(named_query(query), bound(params)))

    def columns(self, query: str, /, **params: object) -> dict[str, list[Any]]:
        """The same as one list a column, json unparsed."""
        return lists_of(self._connection.execute(named_query(query), bound(params)))

    def arrays(self, query: str, /, **params: object) -> dict[str, NDArray[np.generic]]:
        """The same as one numpy array a column, never masked: see `columns_of` for what becomes of nulls."""
        return columns_of(self._connection.execute(named_query(query), bound(params)))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
