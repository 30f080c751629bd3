"""The default store: one DuckDB file and a folder of blobs in a data folder, owned by this process.

It is the log, the versioned values and the reader of named queries; erasure and backup work on the same file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from suggest.domain.clock import Clock
from suggest.domain.errors import StorageUnavailable
from suggest.store import copies
from suggest.store.backup import backup, restore
from suggest.store.blobs import DirectoryBlobs
from suggest.store.columns import ID_COLUMNS, Columns, from_column, json_text
from suggest.store.database import Database, OldSchema
from suggest.store.erasure import Erased, Eraser, of_user, served_before
from suggest.store.fold import EncodedWrite, check_writes
from suggest.store.ports import Appended, CasWrite, Exported, Record, Stored, Table, Versioned, Watcher
from suggest.store.queries import named_query
from suggest.store.rows import bound, columns_of, lists_of, rows_of
from suggest.store.upgrade import upgrade
from suggest.store.watchers import Watchers
from suggest.store.write_queue import LONGEST_BYTES, LONGEST_ROWS, Submission, WriteQueue
from suggest.store.writer import Writer

FILE_NAME = "suggest.duckdb"
WAIT_S = 2.0  # longest wait for a commit before the caller is told to try again
MIN_FREE_BYTES = 256 * 2**20  # a checkpoint needs room, and a disk that fills up makes the whole file unreadable
CLOSE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    writable: bool
    queue_depth: int  # rows that wait for the writer
    commit_p99_ms: float  # of the last thousand commits
    free_bytes: int  # on the disk of the data folder


class EmbeddedStore:
    """Implements EventLog and Cas; `.blobs` implements Blobs. Open one per process, share it between threads."""

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Clock,
        wait_s: float = WAIT_S,
        min_free_bytes: int = MIN_FREE_BYTES,
        longest_rows: int = LONGEST_ROWS,
        longest_bytes: int = LONGEST_BYTES,
        warm: bool = True,
    ) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self.clock = clock
        self._wait_s = wait_s
        self._min_free_bytes = min_free_bytes
        self.database = _opened(data_dir)
        self.blobs = DirectoryBlobs(data_dir / "blobs")
        self._columns = {table: Columns(table, types) for table, types in self.database.table_columns().items()}
        self._watchers = Watchers()
        self._queue = WriteQueue(longest_rows=longest_rows, longest_bytes=longest_bytes)
        self.writer = Writer(
            self.database,
            clock=clock,
            queue=self._queue,
            salt=secrets.token_hex(16),
            on_commit=self._watchers.announce,
            warm=warm,
        )
        self._eraser = Eraser(self.database, self.writer)

    @classmethod
    def open(cls, data_dir: Path, *, clock: Clock, warm: bool = True) -> Self:
        """Open the data folder, creating it where there is none. Not `warm`: the ids that it holds are loaded only by
        `warm_up`, and looked up in the file until then.

        Raises StorageUnavailable, saying what to do, where another process has it or the file does not fit."""
        return cls(data_dir, clock=clock, warm=warm)

    def warm_up(self) -> None:
        self.writer.warm()

    # the log

    def append(self, records: Sequence[Record], *, writes: Sequence[CasWrite] = ()) -> Appended:
        """See EventLog.append. Values are checked here, on the caller's thread: ValueError where one does not fit."""
        check_writes(writes)
        rows = [self._columns[record.table].row(record) for record in records]
        encoded = [
            EncodedWrite(write.key, None if write.value is None else json_text(write.value), write.expected)
            for write in writes
        ]
        if not rows and not encoded:
            return Appended(())
        if self._free_bytes() < self._min_free_bytes:
            raise StorageUnavailable("the disk is nearly full: free some space, then try again")
        size = sum(row.size_bytes for row in rows) + sum(len(write.text or "") + 64 for write in encoded)
        submission = Submission(rows, encoded, size)
        self._queue.put(submission)
        try:
            return submission.future.result(self._wait_s)
        except FutureTimeout:
            raise StorageUnavailable(
                f"not confirmed within {self._wait_s:g} s: try again, a repeat of the same ids counts once"
            ) from None

    def read(self, table: Table, *, after: int = 0, limit: int = 1000) -> list[Stored]:
        table = Table(table)
        key = ID_COLUMNS[table]
        sql = f"select {key}, * from {table} where sequence > $after order by sequence limit $limit"  # noqa: S608
        with self.database.reading() as cursor:
            result = cursor.execute(sql, {"after": after, "limit": limit})
            names = [column[0] for column in result.description or ()][2:]
            kinds = [str(column[1]) for column in result.description or ()][2:]
            rows = result.fetchall()
        return [
            Stored(
                sequence,
                Record(table, id, {n: from_column(v, k) for n, v, k in zip(names, values, kinds, strict=True)}),
            )
            for id, sequence, *values in rows
        ]

    # versioned values

    def get(self, key: str) -> Versioned | None:
        return self.writer.fold.get(key)

    def update(self, key: str, value: Mapping[str, object] | None, *, expected: int) -> int:
        return self.append([], writes=[CasWrite(key, value, expected)]).revisions[0]

    def keys(self, prefix: str) -> dict[str, Versioned]:
        return self.writer.fold.under(prefix)

    def watch(self, prefix: str, callback: Watcher) -> Callable[[], None]:
        return self._watchers.watch(prefix, callback)

    # reading

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        """A named query of store/sql as a list of rows; times come aware in UTC, json comes parsed."""
        with self.database.reading() as cursor:
            return rows_of(cursor.execute(named_query(query), bound(params)))

    def columns(self, query: str, /, **params: object) -> dict[str, list[Any]]:
        """The same as one list a column, json unparsed."""
        with self.database.reading() as cursor:
            return lists_of(cursor.execute(named_query(query), bound(params)))

    def arrays(self, query: str, /, **params: object) -> dict[str, NDArray[np.generic]]:
        """The same as one numpy array a column, never masked: see `columns_of` for what becomes of nulls."""
        with self.database.reading() as cursor:
            return columns_of(cursor.execute(named_query(query), bound(params)))

    def snapshot(self, folder: Path) -> Path:
        """A consistent copy of the whole log as a new file that another process may open; returns its path."""
        return copies.snapshot(self.database, folder, at=self.clock.now())

    def carry_on(self, folder: Path, before: Path | None) -> Path:
        """A snapshot for reports: the one `before`, or nothing, with what came since; see `copies.carry_on`."""
        return copies.carry_on(self.database, folder, before, at=self.clock.now())

    def export(self, table: Exported | Table, format: Literal["parquet", "csv"], path: Path) -> None:
        """Write one table with everything acknowledged before the call to a new file."""
        copies.export(self.database, Exported(table), format, path)

    # people's data

    def erase(self, user_key: str) -> Erased:
        """Erase a user, named by their keyed hash: afterwards nothing of theirs is in any file of the data folder.

        Returns once it is so; snapshots and exports in the data folder are removed too."""
        return self._eraser.erase(of_user(user_key))

    def retain(self, days: Mapping[str, int]) -> Erased:
        """Erase, surface by surface, what was served more than so many days ago, and everything said of it."""
        now = self.clock.now()
        before = {surface: now - timedelta(days=n) for surface, n in days.items()}
        return self._eraser.erase(served_before(before))

    def redact(self, surface: str) -> int:
        """Redact what a surface stored before it was told to; returns how many rows changed."""
        return self._eraser.redact(surface)

    # operation

    def backup(self, path: Path) -> Path:
        """Write everything a data folder is made of into one archive, secrets included, while the server runs."""
        return backup(self.database, path, clock=self.clock)

    @classmethod
    def restore(cls, archive: Path, data_dir: Path) -> None:
        """Make a data folder of a backup: Conflict where there is something in it, Invalid for a damaged archive."""
        restore(archive, data_dir)

    def health(self) -> Health:
        free = self._free_bytes()
        return Health(
            writable=self.writer.is_writable and free >= self._min_free_bytes,
            queue_depth=len(self._queue),
            commit_p99_ms=self.writer.commit_p99_ms(),
            free_bytes=free,
        )

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file now."""
        self.writer.perform(self.database.checkpoint)

    def close(self) -> None:
        """Take nothing more, write what waits, move the log into the file, close. Harmless a second time."""
        if not self.writer.close(deadline_s=CLOSE_S):
            return  # the disk hangs: what was acknowledged is in the write-ahead log
        self._watchers.close()
        try:
            self.database.checkpoint()
        except duckdb.Error:
            pass  # the log is replayed at the next start
        finally:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _free_bytes(self) -> int:
        status = os.statvfs(self.data_dir)
        return status.f_bavail * status.f_frsize


def _opened(data_dir: Path) -> Database:
    file, work = data_dir / FILE_NAME, data_dir / "work"
    try:
        return Database(file, work)
    except OldSchema:
        upgrade(file)
        return Database(file, work)
