"""A snapshot is read from outside with the same queries, and nothing can be written into it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from store.builders import a_label, a_row, a_slate
from suggest.store.embedded import EmbeddedStore
from suggest.store.reader import SnapshotReader
from suggest.store.records import label_record, slate_record


@pytest.fixture
def snapshot(store: EmbeddedStore, tmp_path: Path) -> Path:
    store.append([slate_record(a_slate("i1")), slate_record(a_slate("i2")), label_record(a_label("l1"))])
    store.append([a_row("e1", type="select", item="c1")])
    work = tmp_path / "work"
    work.mkdir()
    return store.snapshot(work)


def test_it_says_what_the_live_file_says(store: EmbeddedStore, snapshot: Path) -> None:
    with SnapshotReader(snapshot) as reader:
        for query, told in {
            "decided_slates": {"surface": "replies", "after": 0},
            "labels_of_surface": {"surface": "replies", "after": 0},
            "last_sequence": {},
        }.items():
            assert reader.select(query, **told) == store.select(query, **told), query
        assert reader.select("decided_slates", surface="replies", after=0), "there is something to compare"


def test_columns_come_as_arrays_too(store: EmbeddedStore, snapshot: Path) -> None:
    with SnapshotReader(snapshot) as reader:
        ours = reader.arrays("labels_of_surface", surface="replies", after=0)
        live = store.arrays("labels_of_surface", surface="replies", after=0)
    assert ours.keys() == live.keys()
    np.testing.assert_array_equal(ours["id"], live["id"])
    np.testing.assert_array_equal(ours["sequence"], live["sequence"])


def test_it_stands_still_while_the_log_goes_on(store: EmbeddedStore, snapshot: Path) -> None:
    with SnapshotReader(snapshot) as reader:
        before = reader.select("last_sequence")
        store.append([label_record(a_label("l2"))])
        assert reader.select("last_sequence") == before
        assert store.select("last_sequence") != before


def test_nothing_can_be_written_into_it(snapshot: Path) -> None:
    with SnapshotReader(snapshot) as reader, pytest.raises(duckdb.Error):
        reader._connection.execute("delete from labels")


def test_another_process_reads_it_while_the_log_is_open(store: EmbeddedStore, snapshot: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from suggest.store.reader import SnapshotReader\n"
        "with SnapshotReader(Path(sys.argv[1])) as reader:\n"
        "    print(len(reader.select('labels_of_surface', surface='replies', after=0)))"
    )
    told = subprocess.run([sys.executable, "-c", code, str(snapshot)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1"
    store.append([label_record(a_label("l2"))])


@pytest.mark.parametrize("content", [None, b"", b"not a database at all"])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "none.duckdb"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises((duckdb.Error, KeyError)), SnapshotReader(file) as reader:
        reader.select("last_sequence")


def test_it_lets_the_file_go(snapshot: Path) -> None:
    with SnapshotReader(snapshot) as reader:
        reader.select("last_sequence")
    with pytest.raises(duckdb.Error):
        reader.select("last_sequence")
    snapshot.unlink()
