"""Bring a file that an earlier version wrote up to the present schema: rewritten into a new file, then swapped.

The old file is only read, so a crash before the rename leaves it whole. Every column that both know is copied as it is;
a new one is null in old rows, and whoever reads it knows what null means."""

from __future__ import annotations

from pathlib import Path

import duckdb

from suggest.store.blobs import sync_folder
from suggest.store.database import CATALOG, attach_file, connect, create_file, sync_file

_FRESH = "fresh"
_OF_THE_FILE = ("schema_version",)  # in meta: said by whoever wrote the file


def upgrade(file: Path) -> None:
    """Rewrite `file`, which nobody else has open, in the present schema."""
    fresh = file.with_name(file.name + ".upgrade")
    for left_over in (fresh, fresh.with_name(fresh.name + ".wal")):
        left_over.unlink(missing_ok=True)
    create_file(fresh, {})
    connection = connect(file)
    try:
        connection.execute(f"force checkpoint {CATALOG}")  # nothing of the old log may be replayed onto the new file
        attach_file(connection, fresh, _FRESH)
        before = _columns(connection, CATALOG)
        for table, columns in _columns(connection, _FRESH).items():
            shared = ", ".join(f'"{name}"' for name in columns if name in before.get(table, ()))
            if shared:
                but = "where key not in (select unnest($keys))" if table == "meta" else ""
                connection.execute(
                    f"insert into {_FRESH}.main.{table} ({shared}) select {shared} from {CATALOG}.main.{table} {but}",  # noqa: S608
                    {"keys": list(_OF_THE_FILE)} if but else {},
                )
        connection.execute(f"force checkpoint {_FRESH}")
    finally:
        connection.close()
    sync_file(fresh)
    fresh.replace(file)
    sync_folder(file.parent)


def _columns(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[str]]:
    """The tables of a file with their columns, in order."""
    rows = connection.execute(
        "select columns.table_name, columns.column_name from duckdb_columns() columns "
        "join duckdb_tables() tables using (database_name, schema_name, table_name) "
        "where columns.database_name = $catalog order by columns.table_name, columns.column_index",
        {"catalog": catalog},
    ).fetchall()
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found
