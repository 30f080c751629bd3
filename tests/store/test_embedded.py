"""The embedded store as its users meet it: full queues, slow disks, second processes, files of other versions."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from store.builders import a_label, a_row, a_slate, an_embedding
from suggest.domain.clock import ManualClock
from suggest.domain.errors import Invalid, Overloaded, StorageUnavailable
from suggest.store.database import SCHEMA_VERSION
from suggest.store.embedded import FILE_NAME, EmbeddedStore
from suggest.store.ports import CasWrite, Record, Table
from suggest.store.records import label_record, slate_record


@contextmanager
def writer_held(store: EmbeddedStore) -> Iterator[Callable[[], None]]:
    """Keep the writer from writing until told to go on."""
    go_on, is_held = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        go_on.wait(30)

    holder = threading.Thread(target=lambda: store.writer.perform(hold))
    holder.start()
    assert is_held.wait(5)
    try:
        yield go_on.set
    finally:
        go_on.set()
        holder.join()


def open_with(folder: Path, clock: ManualClock, **limits: float) -> EmbeddedStore:
    return EmbeddedStore(folder, clock=clock, **limits)  # type: ignore[arg-type]


def until(is_so: Callable[[], bool], *, within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.002)


def test_a_full_queue_is_an_answer_at_once_and_nothing_was_taken(folder: Path, clock: ManualClock) -> None:
    with open_with(folder, clock, longest_rows=10) as store:
        with ThreadPoolExecutor(1) as pool, writer_held(store):
            waiting = pool.submit(store.append, [a_row(f"e{n}") for n in range(10)])
            until(lambda: store.health().queue_depth == 10)
            with pytest.raises(Overloaded):
                store.append([a_row("too many")])
        assert waiting.result().fresh == (True,) * 10
        assert store.append([a_row("too many")]).fresh == (True,)


def test_what_the_file_holds_counts_once_before_its_ids_are_loaded_and_after(folder: Path, clock: ManualClock) -> None:
    with open_with(folder, clock) as store:
        store.append([a_row("e1")])
    with open_with(folder, clock, warm=False) as again:
        assert again.append([a_row("e1"), a_row("e2")]).fresh == (False, True)
        assert not again.writer.seen.is_warm
        again.warm_up()
        until(lambda: again.writer.seen.is_warm)
        assert again.append([a_row("e1"), a_row("e2"), a_row("e3")]).fresh == (False, False, True)


def test_a_queue_is_full_by_bytes_too(folder: Path, clock: ManualClock) -> None:
    with (
        open_with(folder, clock, longest_bytes=10_000) as store,
        writer_held(store) as go_on,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(store.append, [a_row("e1", text="x" * 6000)])
        until(lambda: store.health().queue_depth == 1)
        with pytest.raises(Overloaded):
            store.append([a_row("e2", text="x" * 6000)])
        go_on()
        assert waiting.result().fresh == (True,)


def test_what_could_never_fit_is_refused_with_the_limit(folder: Path, clock: ManualClock) -> None:
    with open_with(folder, clock, longest_rows=10) as store, pytest.raises(ValueError, match="at most 10 rows"):
        store.append([a_row(f"e{n}") for n in range(11)])


def test_who_waits_too_long_is_told_and_may_repeat(folder: Path, clock: ManualClock) -> None:
    with open_with(folder, clock, wait_s=0.05) as store:
        with writer_held(store), pytest.raises(StorageUnavailable, match="try again"):
            store.append([a_row("slow")])
        until(lambda: len(store.read(Table.EVENTS)) == 1)  # it was written after all
        assert store.append([a_row("slow")]).fresh == (False,)


def test_what_waits_together_is_committed_together(store: EmbeddedStore) -> None:
    until(lambda: store.writer.seen.is_warm)  # the last thing that comes between two submissions
    with ThreadPoolExecutor(40) as pool:
        with writer_held(store):
            waiting = [pool.submit(store.append, [a_row(f"e{n}")]) for n in range(40)]
            until(lambda: store.health().queue_depth == 40)
            n_before = len(store.writer._commit_s)
        assert all(one.result().fresh == (True,) for one in waiting)
    assert len(store.writer._commit_s) - n_before == 1


def test_a_row_the_file_refuses_fails_alone(store: EmbeddedStore) -> None:
    """The columns are checked before the queue; what slips through must still not take its neighbours along."""
    unfit = Record(Table.EVENTS, "unfit", {"eid": "unfit"})
    columns = store._columns[Table.EVENTS]
    real_row = columns.row

    def row(record: Record) -> object:
        made = real_row(record)
        if record.id != "unfit":
            return made
        return type(made)(made.table, made.id, (*made.values[:-1], "neither true nor false"), made.size_bytes)

    columns.row = row  # type: ignore[method-assign,assignment]
    with ThreadPoolExecutor(20) as pool:
        with writer_held(store):
            waiting = [pool.submit(store.append, [a_row(f"e{n}")]) for n in range(9)]
            until(lambda: store.health().queue_depth == 9)
            bad = pool.submit(store.append, [a_row("beside it"), unfit], writes=[CasWrite("k", {}, 0)])
            until(lambda: store.health().queue_depth == 12)
            waiting += [pool.submit(store.append, [a_row(f"e{n}")]) for n in range(9, 18)]
            until(lambda: store.health().queue_depth == 21)
        assert all(one.result().fresh == (True,) for one in waiting)
        with pytest.raises(Invalid):
            bad.result()
    assert {stored.record.id for stored in store.read(Table.EVENTS)} == {f"e{n}" for n in range(18)}
    assert store.get("k") is None
    assert store.append([a_row("beside it")]).fresh == (True,)
    assert store.health().writable


def test_a_second_store_in_this_process_or_another_is_told_who_has_the_file(store: EmbeddedStore) -> None:
    (store.data_dir / "server.json").write_text(json.dumps({"pid": 4711, "address": "http://127.0.0.1:8080"}))
    program = (
        "import sys; from pathlib import Path; from suggest.domain.clock import SystemClock\n"
        "from suggest.store.embedded import EmbeddedStore\n"
        "try: EmbeddedStore.open(Path(sys.argv[1]), clock=SystemClock())\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(store.data_dir)], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("StorageUnavailable")
    assert "pid 4711" in told
    assert "http://127.0.0.1:8080" in told
    (store.data_dir / "server.json").write_text("no json")
    told = subprocess.run(
        [sys.executable, "-c", program, str(store.data_dir)], capture_output=True, text=True, check=True
    ).stdout
    assert "in use by another process" in told


@pytest.mark.parametrize(
    ("version", "advice"), [(str(SCHEMA_VERSION + 1), "upgrade the program"), ("0", "open it once with a version")]
)
def test_a_file_of_another_version_says_what_to_do(
    store: EmbeddedStore, clock: ManualClock, version: str, advice: str
) -> None:
    store.close()
    with duckdb.connect(str(store.data_dir / FILE_NAME)) as file:
        file.execute("update meta set value = $version where key = 'schema_version'", {"version": version})
    with pytest.raises(StorageUnavailable, match=advice):
        EmbeddedStore.open(store.data_dir, clock=clock)


def test_a_file_that_is_not_ours_is_left_alone(folder: Path, clock: ManualClock) -> None:
    folder.mkdir()
    with duckdb.connect(str(folder / FILE_NAME)) as other:
        other.execute("create table theirs (n integer)")
    with pytest.raises(StorageUnavailable, match="not one of ours"):
        EmbeddedStore.open(folder, clock=clock)


def test_a_file_that_is_no_database_is_refused(folder: Path, clock: ManualClock) -> None:
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(b"hello" * 1000)
    with pytest.raises(StorageUnavailable, match="cannot be opened"):
        EmbeddedStore.open(folder, clock=clock)


def test_a_closed_store_refuses_and_closing_again_is_harmless(store: EmbeddedStore) -> None:
    store.append([a_row("e1")])
    store.close()
    store.close()
    with pytest.raises(StorageUnavailable):
        store.append([a_row("e2")])
    with pytest.raises(StorageUnavailable):
        store.read(Table.EVENTS)


def test_closing_writes_what_waits(folder: Path, clock: ManualClock) -> None:
    store = EmbeddedStore.open(folder, clock=clock)
    with ThreadPoolExecutor(2) as pool:
        with writer_held(store):
            waiting = pool.submit(store.append, [a_row("e1")])
            until(lambda: store.health().queue_depth == 1)
            closing = pool.submit(store.close)
        assert waiting.result().fresh == (True,)
        closing.result()
    assert not (folder / f"{FILE_NAME}.wal").exists()
    with EmbeddedStore.open(folder, clock=clock) as again:
        assert len(again.read(Table.EVENTS)) == 1


def test_nearly_no_space_is_said_before_the_file_breaks(folder: Path, clock: ManualClock) -> None:
    with open_with(folder, clock, min_free_bytes=2**60) as store:
        assert not store.health().writable
        with pytest.raises(StorageUnavailable, match="disk"):
            store.append([a_row("e1")])


def test_health_tells_how_it_goes(store: EmbeddedStore) -> None:
    assert store.health().commit_p99_ms == 0
    store.append([a_row("e1")])
    health = store.health()
    assert health.writable
    assert health.queue_depth == 0
    assert 0 < health.commit_p99_ms < 5000
    assert health.free_bytes > 0


def test_sql_reaches_neither_the_disk_nor_the_net(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for sql in (
        f"select * from read_csv('{tmp_path}/secret.csv')",
        f"copy events to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/x.duckdb'",
        "install httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
    ):
        with store.database.reading() as cursor, pytest.raises(duckdb.Error):
            cursor.execute(sql)


def test_a_failed_file_is_opened_anew_and_nothing_acknowledged_is_gone(store: EmbeddedStore) -> None:
    store.append([a_row("before")], writes=[CasWrite("k", {"n": 1}, 0)])
    until(lambda: store.writer.seen.is_warm)
    store.writer.perform(store.database.connection.close)  # what a fatal error leaves behind: every call fails
    with pytest.raises(StorageUnavailable, match="try again"):
        store.append([a_row("during")])
    assert store.append([a_row("before"), a_row("after")]).fresh == (False, True)
    assert store.update("k", {"n": 2}, expected=1) == 2
    assert store.health().writable


def test_an_export_has_everything_acknowledged_before_it(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append([a_row("e1", text='comma, "quote"\nline'), a_row("e2", position=3)])
    for format in ("parquet", "csv"):
        store.export(Table.EVENTS, format, tmp_path / f"events.{format}")  # type: ignore[arg-type]
    store.append([a_row("e3")])
    with duckdb.connect() as reader:
        for format in ("parquet", "csv"):
            rows = reader.execute(f"select eid, text, position from '{tmp_path}/events.{format}'").fetchall()
            assert rows == [("e1", 'comma, "quote"\nline', None), ("e2", None, 3)], format
    assert list(store.database.work.glob("events*")) == []


def test_an_export_in_another_format_is_refused(store: EmbeddedStore, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parquet or csv"):
        store.export(Table.EVENTS, "xlsx", tmp_path / "e.xlsx")  # type: ignore[arg-type]


def test_a_snapshot_is_consistent_while_others_write(store: EmbeddedStore, tmp_path: Path) -> None:
    """Each submission writes a slate and a label: a snapshot has both of it or neither."""
    stop = threading.Event()
    n_written = 0

    def write() -> None:
        nonlocal n_written
        while not stop.is_set():
            id = f"i{n_written}"
            store.append([slate_record(a_slate(id)), label_record(a_label(id, impression=id))])
            n_written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: n_written > 5)
        snapshots = []
        for _ in range(4):
            n_acknowledged = n_written
            snapshots.append((store.snapshot(tmp_path), n_acknowledged))
    finally:
        stop.set()
        writer.join()
    for file, n_acknowledged in snapshots:
        with duckdb.connect(str(file), read_only=True) as snapshot:
            n_slates, n_labels = snapshot.execute(
                "select (select count(*) from slates), (select count(*) from labels)"
            ).fetchall()[0]
        assert n_slates == n_labels >= n_acknowledged
    assert n_written > 5


def test_readers_read_while_the_file_is_swapped(store: EmbeddedStore) -> None:
    store.append([slate_record(a_slate("theirs"), user_key="u1"), slate_record(a_slate("others"), user_key="u2")])
    stop = threading.Event()

    def read() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add(len(store.select("slates_by_id", ids=["theirs", "others"])))
        return seen

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read) for _ in range(3)]
        store.erase("u1")
        stop.set()
        assert set().union(*(one.result() for one in reading)) <= {1, 2}
    assert len(store.select("slates_by_id", ids=["theirs", "others"])) == 1


def test_embeddings_cost_nothing_to_bring_back(store: EmbeddedStore) -> None:
    store.append([slate_record(a_slate(f"i{n}", embedding=an_embedding(n))) for n in range(20)])
    columns = store.arrays("slates_by_id", ids=[f"i{n}" for n in range(20)])
    assert bytes(columns["embedding"][7]) == an_embedding(7)
    assert columns["pool_logits"][0].tolist() == [2.0, 1.0, 0.5, -1.0]
