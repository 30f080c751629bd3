"""The one writer: drains the queue, commits what is waiting in one transaction, then answers everyone in it.

No linger: a batch forms while the last one is being synced to disk. One submission can lose (Conflict) or be unfit
without touching its neighbours."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import TypeVar

import duckdb

from suggest.domain.clock import Clock
from suggest.domain.errors import Conflict, Invalid, StorageUnavailable, SuggestError
from suggest.store.columns import ID_COLUMNS, naive_utc
from suggest.store.database import Database
from suggest.store.fold import CasFold, Entry
from suggest.store.ports import Appended, Table
from suggest.store.seen import SeenIds, in_order
from suggest.store.write_queue import Submission, Task, WriteQueue

log = logging.getLogger("suggest.store")

QUIET_S = 2.0  # so long without a write, and the log is worth it: checkpoint
QUIET_WAL_BYTES = 4 * 2**20
REVIVE_EVERY_S = 1.0

Result = TypeVar("Result")


@dataclass(slots=True)
class _Batch:
    """What one transaction is going to do. Nothing of it counts before the commit."""

    sequence: int
    rows: dict[Table, list[tuple[object, ...]]] = field(default_factory=dict)
    cas_rows: list[tuple[object, ...]] = field(default_factory=list)
    staged: dict[str, Entry] = field(default_factory=dict)
    fingerprints: set[bytes] = field(default_factory=set)
    answers: list[tuple[Submission, Appended | Conflict]] = field(default_factory=list)

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


class Writer:
    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        queue: WriteQueue,
        salt: str,
        on_commit: Callable[[Mapping[str, Entry]], None],
        warm: bool = True,
    ) -> None:
        """Without `warm` ids are looked up in the file until `warm` is called."""
        self._database = database
        self._clock = clock
        self._queue = queue
        self._salt = salt
        self._on_commit = on_commit
        self._commit_s: deque[float] = deque(maxlen=1000)
        self.is_writable = True
        self._revived_at = float("-inf")
        self._is_warming = warm
        self._load()
        self._thread = Thread(target=self._run, name="suggest-writer", daemon=True)
        self._thread.start()

    # state, loaded at open and after every swap or revival

    def _load(self) -> None:
        connection = self._database.connection
        self.sequence = self._last_sequence()
        rows = connection.execute(
            "select key, revision, value from cas "
            "qualify row_number() over (partition by key order by sequence desc) = 1"
        ).fetchall()
        self.fold = CasFold({key: Entry(revision, text) for key, revision, text in rows})
        self._appenders = {table: connection.appender(table.value) for table in Table}
        self._cas_appender = connection.appender("cas")
        self.seen = SeenIds(self._salt)
        if self._is_warming:
            self.warm()

    def _last_sequence(self) -> int:
        tables = " union all ".join(f"select max(sequence) as s from {table}" for table in (*Table, "cas"))  # noqa: S608
        floor = "select max(cast(value as bigint)) from meta where key = 'sequence'"
        row = self._database.connection.execute(f"select max(s) from ({tables} union all {floor})").fetchone()  # noqa: S608
        return int(row[0]) if row and row[0] is not None else 0

    def warm(self) -> None:
        """Load the fingerprints of what the file holds, a quarter of a second for 140,000 ids, beside the traffic."""
        self._is_warming = True
        Thread(target=self._warm, args=(self.seen,), name="suggest-store-warm", daemon=True).start()

    def _warm(self, seen: SeenIds) -> None:
        """Load the fingerprints of every id beside the traffic; until then the writer asks the file."""
        keys = " union all ".join(f"select '{t}' || chr(31) || {ID_COLUMNS[t]} as key from {t}" for t in Table)  # noqa: S608
        sql = f"select md5_number_upper($salt || key) as upper, md5_number_lower($salt || key) as lower from ({keys})"  # noqa: S608
        try:
            with self._database.reading() as cursor:
                found = cursor.execute(sql, {"salt": self._salt}).fetchnumpy()
            upper, lower = in_order(found["upper"], found["lower"])
            self._queue.put_task(Task(lambda: seen.load(upper, lower)))
        except (duckdb.Error, SuggestError) as error:
            log.info("ids are looked up in the file, their fingerprints were not loaded: %s", error)

    # the thread

    def _run(self) -> None:
        is_quiet_done = False
        while True:
            work = self._queue.take(timeout_s=QUIET_S if self.is_writable else REVIVE_EVERY_S)
            if work is None:
                return
            if isinstance(work, Task):
                work.act()
            elif work:
                is_quiet_done = False
                self._take(work)
            elif not self.is_writable:
                self._revive()
            elif not is_quiet_done and self._database.wal_bytes() >= QUIET_WAL_BYTES:
                is_quiet_done = True
                self._checkpoint()

    def _take(self, submissions: Sequence[Submission]) -> None:
        if not self.is_writable and not self._revive():
            for submission in submissions:
                submission.future.set_exception(StorageUnavailable("the log cannot be written; see the server's log"))
            return
        self._commit(submissions)

    def _commit(self, submissions: Sequence[Submission]) -> None:
        started = time.perf_counter()
        connection = self._database.connection
        try:
            connection.begin()
            batch = self._stage(submissions)
            for table, rows in batch.rows.items():
                appender = self._appenders[table]
                appender.append_rows(rows)
                appender.flush()
            if batch.cas_rows:
                self._cas_appender.append_rows(batch.cas_rows)
                self._cas_appender.flush()
            connection.commit()
        except Exception as error:
            self._recover(submissions, error)
            return
        self._commit_s.append(time.perf_counter() - started)
        self.sequence = batch.sequence
        self.seen.add(batch.fingerprints)
        self.fold.apply(batch.staged)
        if batch.staged:
            self._on_commit(batch.staged)
        for submission, answer in batch.answers:
            if isinstance(answer, Conflict):
                submission.future.set_exception(answer)
            else:
                submission.future.set_result(answer)

    def _stage(self, submissions: Sequence[Submission]) -> _Batch:
        batch = _Batch(self.sequence)
        at = naive_utc(self._clock.now())
        marks = [[self.seen.fingerprint(row.table, row.id) for row in s.rows] for s in submissions]
        known = self._known(submissions, marks)
        for submission, its_marks in zip(submissions, marks, strict=True):
            changed: dict[str, Entry] = {}
            try:
                for write in submission.writes:
                    changed[write.key] = self.fold.next_entry(write, batch.staged)
            except Conflict as conflict:
                batch.answers.append((submission, conflict))
                continue
            fresh: list[bool] = []
            for row, mark in zip(submission.rows, its_marks, strict=True):
                is_fresh = mark not in known and mark not in batch.fingerprints
                fresh.append(is_fresh)
                if is_fresh:
                    batch.fingerprints.add(mark)
                    batch.rows.setdefault(row.table, []).append((batch.next_sequence(), *row.values))
            for key, entry in changed.items():
                batch.cas_rows.append((batch.next_sequence(), key, entry.revision, entry.text, at))
            batch.staged.update(changed)
            revisions = tuple(changed[write.key].revision for write in submission.writes)
            batch.answers.append((submission, Appended(tuple(fresh), revisions)))
        return batch

    def _known(self, submissions: Sequence[Submission], marks: Sequence[Sequence[bytes]]) -> set[bytes]:
        flat = [mark for its_marks in marks for mark in its_marks]
        known = {mark for mark, is_known in zip(flat, self.seen.known(flat), strict=True) if is_known}
        if self.seen.is_warm or not flat:
            return known
        ids: dict[Table, list[str]] = {}
        for submission in submissions:
            for row in submission.rows:
                ids.setdefault(row.table, []).append(row.id)
        for table, its_ids in ids.items():
            key = ID_COLUMNS[table]
            sql = f"select {key} from {table} where {key} in (select unnest($ids))"  # noqa: S608
            found = self._database.connection.execute(sql, {"ids": its_ids}).fetchall()
            known.update(self.seen.fingerprint(table, id) for (id,) in found)
        return known

    # when it goes wrong

    def _recover(self, submissions: Sequence[Submission], error: Exception) -> None:
        """Roll back; then find the unfit submission by halves, or, where the file itself failed, open it anew."""
        try:
            self._database.connection.rollback()
            is_broken = isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.IOException)
        except duckdb.Error:
            is_broken = True
        if is_broken:
            log.error("the log could not be written: %s", error)
            self.is_writable = False
            for submission in submissions:
                submission.future.set_exception(
                    StorageUnavailable("the log could not be written: try again, a repeat of the same ids counts once")
                )
            self._revive()
            return
        self._appenders = {table: self._database.connection.appender(table.value) for table in Table}
        self._cas_appender = self._database.connection.appender("cas")
        if len(submissions) > 1:
            middle = len(submissions) // 2
            self._commit(submissions[:middle])
            self._commit(submissions[middle:])
            return
        reason = str(error).splitlines()[0]
        is_unfit = isinstance(error, duckdb.DataError | duckdb.InvalidInputException | duckdb.InvalidTypeException)
        answer = Invalid(f"a value does not fit the log: {reason}") if is_unfit else StorageUnavailable(reason)
        submissions[0].future.set_exception(answer)

    def _revive(self) -> bool:
        """Close and open the file again, at most once a second. Whether it can be written now."""
        if time.monotonic() - self._revived_at < REVIVE_EVERY_S:
            return False
        self._revived_at = time.monotonic()
        try:
            self._database.reopen()
            self._load()
        except (duckdb.Error, SuggestError) as error:
            log.error("the log could not be opened again: %s", error)
            self.is_writable = False
            return False
        self.is_writable = True
        return True

    def _checkpoint(self) -> None:
        try:
            self._database.checkpoint()
        except duckdb.FatalException:
            log.exception("checkpoint failed; the file is opened anew")
            self.is_writable = False
            self._revive()
        except duckdb.Error as error:
            log.warning("checkpoint put off: %s", error)

    # for others

    def perform(self, act: Callable[[], Result], *, deadline_s: float | None = None) -> Result:
        """Run something on the writer's thread between two transactions, and hand back what it returns or raises."""
        future: Future[Result] = Future()

        def run() -> None:
            try:
                future.set_result(act())
            except BaseException as error:
                future.set_exception(error)

        self._queue.put_task(Task(run))
        return future.result(deadline_s)

    def replaced(self) -> None:
        """The file under the database is another one now: load its state. On the writer's thread only."""
        self._load()

    def commit_p99_ms(self) -> float:
        """99th percentile of the last thousand commits, in ms; 0 before the first."""
        durations = sorted(self._commit_s.copy())
        return 1000 * durations[min(len(durations) - 1, int(0.99 * len(durations)))] if durations else 0.0

    def close(self, *, deadline_s: float) -> bool:
        """Drain the queue and stop. Whether it was done within the deadline."""
        self._queue.close()
        self._thread.join(deadline_s)
        return not self._thread.is_alive()
