"""A file of an earlier version is brought up to the present schema when it is opened, with all that was in it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from suggest.domain.clock import ManualClock
from suggest.store.database import SCHEMA_VERSION
from suggest.store.embedded import FILE_NAME, EmbeddedStore
from suggest.store.ports import CasWrite, Table
from tests.store.builders import a_row


def made_older(file: Path) -> None:
    """What version 1 wrote: events without a weight, views that know nothing of it."""
    with duckdb.connect(str(file)) as old:
        for view in ("impression_options", "outcomes", "impression_acts"):
            old.execute(f"drop view {view}")
        old.execute("alter table events drop column weight")
        old.execute("create view impression_acts as select impression, count(*) as n from events group by impression")
        old.execute("update meta set value = '1' where key = 'schema_version'")


@pytest.fixture
def older(store: EmbeddedStore) -> Path:
    store.append([a_row("e1"), a_row("e2")], writes=[CasWrite("key/a", {"n": 1}, 0)])
    store.close()
    made_older(store.data_dir / FILE_NAME)
    return store.data_dir


def test_all_that_was_written_is_there_and_more_can_be_written(older: Path, clock: ManualClock) -> None:
    with EmbeddedStore.open(older, clock=clock) as store:
        assert [row.record.values["eid"] for row in store.read(Table.EVENTS)] == ["e1", "e2"]
        assert [row.record.values["weight"] for row in store.read(Table.EVENTS)] == [None, None]
        kept = store.get("key/a")
        assert kept is not None
        assert kept.value == {"n": 1}
        assert store.append([a_row("e1"), a_row("e3")]).fresh == (False, True)
        assert store.select("outcome_counts", surface="s", moment=clock.now()) == []
    with duckdb.connect(str(older / FILE_NAME)) as file:
        versions = file.execute("select value from meta where key = 'schema_version'").fetchall()
    assert versions == [(str(SCHEMA_VERSION),)]


def test_a_crash_before_the_swap_leaves_the_old_file_whole(
    older: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("suggest.store.upgrade.sync_file", lambda _: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            EmbeddedStore.open(older, clock=clock)
    with EmbeddedStore.open(older, clock=clock) as store:
        assert len(list(store.read(Table.EVENTS))) == 2
