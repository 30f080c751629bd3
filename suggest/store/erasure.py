"""Really erase: write what stays into a new file and put it in the old one's place.

A deleted row's text stays in a DuckDB file, checkpoint and vacuum or not (measured: 2 hits before, 3 after). Only a
file that never held it is free of it. The long part, copying, happens beside the traffic; then, on the writer's thread,
what came meanwhile is added and the files are swapped between two transactions."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

import duckdb

from suggest.store.columns import ID_COLUMNS, json_text, naive_utc
from suggest.store.copies import attached
from suggest.store.database import Database, create_file
from suggest.store.ports import Table
from suggest.store.records import context_json, context_of
from suggest.store.redaction import redacted, redacted_text
from suggest.store.writer import Writer

Condition = tuple[str, Mapping[str, object]]  # what a row must fulfil, with the parameters bound in it
Doomed = dict[Table, Condition]
Rows = tuple[str, Mapping[str, object]]  # a query for rows of a table as they shall be, with its parameters

_OF_IMPRESSION = (Table.EVENTS, Table.LABELS, Table.REVIEWS, Table.VERDICTS)
_COPIES = ("snapshots", "exports")  # of the log, in the data folder: made again when needed
_TEXTS = {Table.SLATES: "context", Table.LABELS: "context", Table.EVENTS: "text", Table.VERDICTS: "text"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log, by sequence."""

    after: int
    upto: int

    @property
    def bounds(self) -> dict[str, int]:
        return {"after": self.after, "upto": self.upto}


WITHIN = "sequence > $after and sequence <= $upto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What is no longer there. Whoever keeps a copy in memory forgets these ids too."""

    impressions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)  # table -> how many rows went

    @property
    def is_nothing(self) -> bool:
        return not any(self.rows.values())


def of_user(user_key: str) -> Doomed:
    """A user's slates and everything said of them, and the labels given in their name."""
    theirs = {"user_key": user_key}
    of_impression = "impression in (select id from slates where user_key = $user_key)"
    doomed: Doomed = dict.fromkeys(_OF_IMPRESSION, (of_impression, theirs))
    doomed[Table.SLATES] = ("user_key = $user_key", theirs)
    doomed[Table.LABELS] = (f"user_key = $user_key or {of_impression}", theirs)
    return doomed


def served_before(moments: Mapping[str, datetime]) -> Doomed:
    """What was served before a moment: per surface its slates, and everything said of them whenever it was."""
    params = {"surfaces": list(moments), "moments": [naive_utc(moment) for moment in moments.values()]}
    limits = "(select unnest($surfaces) as surface, unnest($moments) as moment)"
    old = f'select id from slates join {limits} limits using (surface) where slates."at" < limits.moment'  # noqa: S608
    # an event that came after its slate was erased is found by its own age
    stray = (
        f"select eid from events join {limits} limits using (surface) "  # noqa: S608
        "where received_at < limits.moment and not exists (select 1 from slates where slates.id = events.impression)"
    )
    doomed: Doomed = dict.fromkeys(_OF_IMPRESSION, (f"impression in ({old})", params))
    doomed[Table.SLATES] = (f"id in ({old})", params)
    doomed[Table.EVENTS] = (f"impression in ({old}) or eid in ({stray})", params)
    return doomed


class Eraser:
    """Rewrites the file of a running store; one rewriting at a time."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer
        self._lock = Lock()

    def erase(self, doomed: Doomed) -> Erased:
        """Leave out every row that fulfils its table's condition. Nothing is rewritten where there is none."""
        ids: dict[Table, list[str]] = {table: [] for table in doomed}

        def stays(cursor: duckdb.DuckDBPyConnection, table: Table, stretch: Stretch) -> Rows:
            if table not in doomed:
                return f"from {table}", {}
            condition, params = doomed[table]
            sql = f"select {ID_COLUMNS[table]} from {table} where ({condition}) and {WITHIN}"  # noqa: S608
            ids[table] += [id for (id,) in cursor.execute(sql, dict(params) | stretch.bounds).fetchall()]
            return f"from {table} where not coalesce(({condition}), false)", params

        self._rewrite(
            stays,
            is_needed=lambda: any(ids.values()),
            lost_keys=lambda: [f"lease/{review}" for review in ids.get(Table.REVIEWS, [])],
        )
        return Erased(
            impressions=tuple(ids.get(Table.SLATES, [])),
            labels=tuple(ids.get(Table.LABELS, [])),
            rows={table.value: len(its_ids) for table, its_ids in ids.items()},
        )

    def redact(self, surface: str) -> int:
        """Redact a surface's contexts and people's own texts; returns how many rows changed."""
        n_changed = 0

        def clean(cursor: duckdb.DuckDBPyConnection, table: Table, stretch: Stretch) -> Rows:
            nonlocal n_changed
            if table not in _TEXTS:
                return f"from {table}", {}
            column = _TEXTS[table]
            redact = _redacted_context if column == "context" else redacted_text
            sql = (
                f"select sequence, {column} from {table} where surface = $surface and {column} is not null and {WITHIN}"  # noqa: S608
            )
            rows = cursor.execute(sql, {"surface": surface} | stretch.bounds).fetchall()
            news = {number: after for number, before in rows if (after := redact(before)) != before}
            n_changed += len(news)
            query = (
                f"select {table}.* replace (coalesce(news.text, {table}.{column}) as {column}) from {table} left join "  # noqa: S608
                f"(select unnest($numbers) as number, unnest($texts) as text) news on news.number = {table}.sequence"
            )
            return query, {"numbers": list(news), "texts": list(news.values())}

        self._rewrite(clean, is_needed=lambda: n_changed > 0, lost_keys=list)
        return n_changed

    def _rewrite(
        self,
        rows: Callable[[duckdb.DuckDBPyConnection, Table, Stretch], Rows],
        *,
        is_needed: Callable[[], bool],
        lost_keys: Callable[[], Iterable[str]],
    ) -> None:
        """Write `rows` of each table into a new file, then swap. Of versioned values the present ones stay."""
        part = self._database.work / f"rewrite-{secrets.token_hex(4)}.duckdb"

        def copy(cursor: duckdb.DuckDBPyConnection, catalog: str, stretch: Stretch) -> None:
            for table in Table:
                sql, params = rows(cursor, table, stretch)
                cursor.execute(
                    f"insert into {catalog}.main.{table} select * from ({sql}) where {WITHIN} order by sequence",  # noqa: S608
                    dict(params) | stretch.bounds,
                )

        def finish(copied: Stretch) -> None:
            connection = self._database.connection
            with attached(connection, part) as catalog:
                copy(connection, catalog, Stretch(copied.upto, self._writer.sequence))
                connection.execute(
                    f"insert into {catalog}.main.cas from cas where key not in (select unnest($lost)) "
                    "qualify row_number() over (partition by key order by sequence desc) = 1 order by sequence",
                    {"lost": list(lost_keys())},
                )
                connection.execute(
                    f"insert into {catalog}.main.meta values ('sequence', $sequence)",  # noqa: S608
                    {"sequence": str(self._writer.sequence)},
                )
            try:
                with self._database.alone():
                    self._database.swap(part)
            finally:
                self._writer.replaced()

        try:
            with self._lock:
                create_file(part, {})
                copied = Stretch(0, self._writer.sequence)
                with self._database.reading() as cursor, attached(cursor, part) as catalog:
                    copy(cursor, catalog, copied)
                if is_needed():
                    self._writer.perform(lambda: finish(copied))
                    drop_copies(self._database.file.parent)
        finally:
            part.unlink(missing_ok=True)
            part.with_name(part.name + ".wal").unlink(missing_ok=True)


def drop_copies(data_dir: Path) -> None:
    """Remove the snapshots and exports that lie in the data folder: they hold what was erased.

    A process that has one open reads on; the space is freed when it is done. A training run that was given one and has
    not opened it yet fails, and is started again by its schedule."""
    for folder in _COPIES:
        shutil.rmtree(data_dir / folder, ignore_errors=True)
    for snapshot in data_dir.rglob("snapshot-*.duckdb*"):
        snapshot.unlink(missing_ok=True)


def _redacted_context(text: str) -> str:
    stored = json.loads(text)
    context = context_of(stored)
    after = redacted(context)
    return text if after == context else json_text({**stored, **context_json(after)})
