"""One DuckDB file: opened safely, read by many cursors, swapped for another file under everybody's feet when need be.

The file is this process's alone: DuckDB's lock lets no second process in, not even to read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition

import duckdb

from suggest.domain.errors import StorageUnavailable
from suggest.store.blobs import sync_folder
from suggest.store.ports import Table
from suggest.store.queries import statements

SCHEMA_VERSION = 4
OLDEST_SCHEMA = 1  # that can still be brought up to the present one
# Commits wait while the write-ahead log is moved into the file. Of slates that is 200 MB/s without the string
# compression named here, 60 MB/s with it (128 MB: up to 2.4 s on a busy machine), for files a quarter larger.
CHECKPOINT_BYTES = 32 * 2**20  # also the longest log to replay at start
NO_COMPRESSION = "dict_fsst"
# A checkpoint writes the last, unfinished row group of a table anew, however little came to it: of slates, with the
# usual 122,880 rows a group, that grew to 10 s for 4 MB of news.
ROW_GROUP_ROWS = 4096
CATALOG = "live"  # the name the open file has in SQL
READERS_PATIENCE_S = 5.0
MEMORY_LIMIT = "2GB"  # a report that needs more spills to work/


class OldSchema(StorageUnavailable):
    """An earlier version wrote this file; `upgrade` brings it up to the present schema."""


class Database:
    """A connection for the one writer, cursors for readers, and a gate that lets the file be swapped between two reads.

    `work` is the only folder SQL may touch besides the file itself: exports and copies are made there, then moved."""

    def __init__(self, file: Path, work: Path) -> None:
        self.file = file
        self.work = work
        self._gate = Condition()
        self._reading: set[duckdb.DuckDBPyConnection] = set()
        self._is_closed = False
        self._is_closed_to_readers = False
        if not file.exists():
            create_file(file, {})
        self.work.mkdir(parents=True, exist_ok=True)
        self.connection = self._connect()  # the writer's
        for left_over in self.work.iterdir():  # of a copy that a crash cut short; the file is ours by now
            shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
        self._cursors = self.connection.cursor()  # readers' come from here: a busy connection refuses to make any

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A fresh cursor. Waits while the file is being swapped."""
        with self._gate:
            self._gate.wait_for(lambda: not self._is_closed_to_readers)
            if self._is_closed:
                raise StorageUnavailable("the log is closed")
            cursor = self._cursors.cursor()
            cursor.execute(f"use {CATALOG}")
            self._reading.add(cursor)
        try:
            yield cursor
        except (duckdb.FatalException, duckdb.InterruptException, duckdb.IOException) as error:
            raise StorageUnavailable("the log cannot be read right now: try again") from error
        finally:
            with self._gate:
                self._reading.discard(cursor)
                self._gate.notify_all()
            cursor.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody reads, and whoever wants to waits; whoever reads too long is interrupted.

        For the writer's thread, outside a transaction."""
        with self._gate:
            self._gate.wait_for(lambda: not self._is_closed_to_readers)
            self._is_closed_to_readers = True
            if not self._gate.wait_for(lambda: not self._reading, READERS_PATIENCE_S):
                for cursor in self._reading:
                    cursor.interrupt()
                self._gate.wait_for(lambda: not self._reading)
        try:
            yield
        finally:
            with self._gate:
                self._is_closed_to_readers = False
                self._gate.notify_all()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        self.connection.execute(f"checkpoint {CATALOG}")

    @property
    def wal(self) -> Path:
        return self.file.with_name(self.file.name + ".wal")

    def wal_bytes(self) -> int:
        try:
            return self.wal.stat().st_size
        except FileNotFoundError:
            return 0

    def reopen(self) -> None:
        """Close whatever is left of a failed instance and open the file anew; its log is replayed."""
        with self.alone():
            self._disconnect()
            self._reconnect()

    def swap(self, other: Path) -> None:
        """Put another file of the same schema in this one's place: afterwards the old bytes are in no file.

        A crash before the rename leaves the old file whole, a crash after it the new one. Call it inside `alone`."""
        self.connection.execute(f"force checkpoint {CATALOG}")
        self._disconnect()
        try:
            if self.wal_bytes():
                raise StorageUnavailable("the old file kept a write-ahead log; it was not replaced, try again")
            sync_file(other)
            other.replace(self.file)
            sync_folder(self.file.parent)
        finally:
            self._reconnect()

    def close(self) -> None:
        """Close once the last reader has left; whoever asks afterwards is refused."""
        with self.alone():
            self._disconnect()

    def _disconnect(self) -> None:
        self._is_closed = True
        self._cursors.close()
        self.connection.close()

    def _reconnect(self) -> None:
        self.connection = self._connect()
        self._cursors = self.connection.cursor()
        self._is_closed = False

    def table_columns(self) -> dict[Table, dict[str, str]]:
        rows = self.connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() and schema_name = 'main' order by table_name, column_index"
        ).fetchall()
        columns: dict[Table, dict[str, str]] = {table: {} for table in Table}
        for table, column, kind in rows:
            if table in columns:
                columns[Table(table)][column] = kind
        return columns

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = connect(self.file)
        try:
            check_schema(connection, self.file)
            connection.execute("set global timezone = 'UTC'")
            connection.execute(f"set allowed_directories = ['{quoted(self.work)}']")
            connection.execute(f"set temp_directory = '{quoted(self.work / 'spill')}'")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
        except BaseException:
            connection.close()
            raise
        return connection


def attach_file(connection: duckdb.DuckDBPyConnection, file: Path, catalog: str) -> None:
    """Attach a file of ours under a name; a new one gets our row groups too, which only this way of opening can ask."""
    connection.execute(f"attach '{quoted(file)}' as {catalog} (row_group_size {ROW_GROUP_ROWS})")


def connect(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a file with our settings. Raises StorageUnavailable with what to do where it cannot be opened."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "checkpoint_threshold": f"{CHECKPOINT_BYTES // 2**20}MB",
            "disabled_compression_methods": NO_COMPRESSION,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY_LIMIT,
        },
    )
    try:
        attach_file(connection, file, CATALOG)
        connection.execute(f"use {CATALOG}")
        return connection
    except duckdb.Error as error:
        connection.close()
        raise StorageUnavailable(_why_it_does_not_open(file, error)) from error


def create_file(file: Path, meta: Mapping[str, str]) -> None:
    """Make a new file with all tables and views, complete or not at all."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    connection = connect(part)
    try:
        connection.execute(statements("schema.sql"))
        connection.execute(statements("views.sql"))
        for key, value in {"schema_version": str(SCHEMA_VERSION), **meta}.items():
            connection.execute("insert into meta values ($key, $value)", {"key": key, "value": value})
        connection.execute(f"force checkpoint {CATALOG}")
    finally:
        connection.close()
    sync_file(part)
    part.replace(file)
    sync_folder(file.parent)


def check_schema(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Raise StorageUnavailable where this code is not the one to open the file."""
    try:
        row = connection.execute("select max(cast(value as integer)) from meta where key = 'schema_version'").fetchone()
    except duckdb.CatalogException:
        row = None
    version = row[0] if row else None
    if version is None:
        raise StorageUnavailable(f"{file} is a DuckDB file, but not one of ours: choose another data folder")
    if version > SCHEMA_VERSION:
        raise StorageUnavailable(
            f"{file} has schema {version}, this program knows {SCHEMA_VERSION}: "
            "upgrade the program, or restore a backup that this version wrote"
        )
    if OLDEST_SCHEMA <= version < SCHEMA_VERSION:
        raise OldSchema(f"{file} has schema {version}, this program writes {SCHEMA_VERSION}")
    if version < OLDEST_SCHEMA:
        raise StorageUnavailable(
            f"{file} has schema {version}, this program writes {SCHEMA_VERSION}: "
            "open it once with a version that knows both"
        )


def sync_file(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def quoted(path: Path) -> str:
    """A path between single quotes in SQL."""
    return str(path.resolve()).replace("'", "''")


def _why_it_does_not_open(file: Path, error: duckdb.Error) -> str:
    reason = str(error).splitlines()[0]
    if "lock" in reason.lower():
        return f"{file} is in use{_by_whom(file.parent)}: talk to that server, or stop it first"
    if "wal" in reason.lower() and "corrupt" in reason.lower():
        return (
            f"the write-ahead log of {file} is damaged ({reason}): restore a backup, "
            f"or move {file.name}.wal away to start without its last, unfinished part"
        )
    return f"{file} cannot be opened: {reason}"


def _by_whom(folder: Path) -> str:
    """What server.json in the data folder says about the running server."""
    try:
        server = json.loads((folder / "server.json").read_text())
    except (OSError, ValueError):
        return " by another process"
    if not isinstance(server, dict):
        return " by another process"
    address = server.get("address") or server.get("url") or ""
    if not address and server.get("port"):
        address = f"http://{server.get('host', '127.0.0.1')}:{server['port']}"
    pid = f" (pid {server['pid']})" if server.get("pid") else ""
    return f" by the running server{pid}{f' at {address}' if address else ''}"
