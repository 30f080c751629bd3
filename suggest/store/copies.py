"""Copies of the log for others: a whole file for reports and training, one table as Parquet or CSV for the owner.

The live file lets no second process in, so whoever else wants to read gets a copy. SQL may only touch `work`; what is
made there is moved to where it was asked for."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb

from suggest.store.columns import naive_utc
from suggest.store.database import CATALOG, Database, attach_file, quoted, sync_file
from suggest.store.ports import Exported, Table
from suggest.store.queries import named_query

_FOR_TRAINING = ("pool_ids", "pool_logits", "pool_p", "features")  # columns of slates


def snapshot(database: Database, folder: Path, *, at: datetime) -> Path:
    """Copy the log as of one moment into a new file in `folder`, views included; writing goes on meanwhile.

    The copy knows its moment (view as_of), so that `outcomes` means the same whenever it is read."""
    name = f"snapshot-{at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.duckdb"
    part = database.work / name
    try:
        with database.reading() as cursor:  # until it is moved: an erasure waits, then finds it
            copy_whole(cursor, part, as_of=at)
            folder.mkdir(parents=True, exist_ok=True)
            return move(part, folder / name)
    finally:
        part.unlink(missing_ok=True)


def carry_on(database: Database, folder: Path, before: Path | None, *, at: datetime) -> Path:
    """A snapshot for reports in a new file of `folder`: the one `before`, which is no more, and what came since.

    Only rows are read that it does not hold yet. What training alone reads (pools and features) is left out. Where this
    fails, `before` is gone too."""
    name = f"snapshot-{at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.duckdb"
    part = database.work / name
    try:
        with database.reading() as cursor:  # until it is moved: an erasure waits, then finds it
            if before is not None:
                shutil.move(before, part)
            with attached(cursor, part) as catalog:
                if before is None:
                    cursor.execute(f"copy from database {CATALOG} to {catalog} (schema)")
                    cursor.execute(f"insert into {catalog}.main.meta from {CATALOG}.main.meta")
                _append_news(cursor, catalog)
                _say_moment(cursor, catalog, at)
            folder.mkdir(parents=True, exist_ok=True)
            return move(part, folder / name)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(part.name + ".wal").unlink(missing_ok=True)


def _append_news(cursor: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Append the rows of each table after its last one; all of them as of one moment."""
    cursor.execute("begin")
    for table in (*map(str, Table), "cas"):
        last = cursor.execute(f"select coalesce(max(sequence), -1) from {catalog}.main.{table}").fetchone()  # noqa: S608
        but = f"exclude ({', '.join(_FOR_TRAINING)})" if table == Table.SLATES else ""
        cursor.execute(
            f"insert into {catalog}.main.{table} by name "  # noqa: S608 names of our own
            f"select * {but} from {CATALOG}.main.{table} where sequence > $last order by sequence",
            {"last": last[0] if last else -1},
        )
    cursor.execute("commit")


def copy_whole(cursor: duckdb.DuckDBPyConnection, file: Path, *, as_of: datetime | None = None) -> None:
    """Copy the whole log, in one transaction, into a new file in the database's work folder."""
    with attached(cursor, file) as catalog:
        cursor.execute(f"copy from database {CATALOG} to {catalog}")
        if as_of is not None:
            _say_moment(cursor, catalog, as_of)


def _say_moment(cursor: duckdb.DuckDBPyConnection, catalog: str, at: datetime) -> None:
    cursor.execute(
        f"insert into {catalog}.main.meta values ('as_of', $at)",  # noqa: S608 a name made here
        {"at": naive_utc(at).isoformat(sep=" ")},
    )


def export(database: Database, table: Exported, format: Literal["parquet", "csv"], path: Path) -> None:
    """Write one table, in order of sequence, with everything acknowledged before the call."""
    options = {"parquet": "format parquet, compression zstd", "csv": "format csv, header true"}
    if format not in options:
        raise ValueError(f"an export is parquet or csv, not {format!r}")
    part = database.work / f"{table}-{secrets.token_hex(4)}.{format}"
    try:
        with database.reading() as cursor:
            rows = named_query("exported_state") if table is Exported.STATE else f"from {table} order by sequence"
            cursor.execute(f"copy ({rows}) to '{quoted(part)}' ({options[format]})")
            path.parent.mkdir(parents=True, exist_ok=True)
            move(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[str]:
    """Attach a file in `work` under a name of its own, which is handed out."""
    catalog = f"copy_{secrets.token_hex(4)}"
    attach_file(connection, file, catalog)
    try:
        yield catalog
        connection.execute(f"checkpoint {catalog}")
    finally:
        connection.execute(f"detach {catalog}")


def move(part: Path, target: Path) -> Path:
    """Put a finished file where it was asked for, whole or not at all, also on another disk."""
    sync_file(part)
    try:
        part.replace(target)
    except OSError:
        beside = target.with_name(target.name + ".part")
        shutil.copyfile(part, beside)
        sync_file(beside)
        beside.replace(target)
    return target
