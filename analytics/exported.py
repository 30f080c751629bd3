"""The exported tables, read back as the log that they were taken from, so that whatever a report says can be counted
again on them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from suggest.domain.errors import StorageUnavailable
from suggest.store.columns import naive_utc
from suggest.store.database import quoted
from suggest.store.ports import Exported
from suggest.store.queries import statements

_READ = {  # what is empty in a CSV is nothing, what is quoted and empty is an empty text
    "parquet": "insert into {table} by name from '{file}'",
    "csv": "copy {table} from '{file}' (format csv, header true, allow_quoted_nulls false)",
}


def read_export(connection: duckdb.DuckDBPyConnection, folder: Path, as_of: datetime | None) -> None:
    """Make the catalog `log` in memory, with the views of the log, of the files {table}.parquet or {table}.csv.

    A table without a file is empty: an export of an earlier version has neither policy_changes nor state. Raises
    StorageUnavailable where there are no slates."""
    found = {
        table: (form, file) for table in Exported for form in _READ if (file := folder / f"{table}.{form}").is_file()
    }
    if Exported.SLATES not in found:
        raise StorageUnavailable(f"there is no export in {folder.name}: it has no slates.parquet and no slates.csv")
    connection.execute("attach ':memory:' as log")
    connection.execute("use log")
    connection.execute(statements("schema.sql"))
    for table, (form, file) in found.items():
        into = "cas" if table is Exported.STATE else str(table)
        connection.execute(_READ[form].format(table=into, file=quoted(file)))
    if as_of is not None:
        connection.execute("insert into meta values ('as_of', $at)", {"at": naive_utc(as_of).isoformat(sep=" ")})
    connection.execute(statements("views.sql"))
