"""A backup is everything: the log, the blobs, the secrets; and restoring never overwrites."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from store.builders import a_row, a_slate
from suggest.domain.clock import ManualClock
from suggest.domain.errors import Conflict, Invalid
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite, Table
from suggest.store.records import slate_of, slate_record


@pytest.fixture
def archive(store: EmbeddedStore, tmp_path: Path) -> Path:
    """The backup of a store with a bit of everything, taken while it is open."""
    store.append([slate_record(a_slate()), a_row("e1")], writes=[CasWrite("champion/replies", {"bundle": "b1"}, 0)])
    store.blobs.put(b"a bundle")
    secret = store.data_dir / "signing.key"
    secret.write_bytes(b"hush")
    secret.chmod(0o600)
    (store.data_dir / "server.json").write_text("{}")
    (store.data_dir / "snapshots").mkdir()
    (store.data_dir / "snapshots" / "old.duckdb").write_bytes(b"old")
    return store.backup(tmp_path / "backups" / "today.tar.gz")


def test_a_restored_folder_tells_the_same(
    archive: Path, tmp_path: Path, clock: ManualClock, store: EmbeddedStore
) -> None:
    sha = store.blobs.put(b"a bundle")
    store.append([a_row("after the backup")])
    EmbeddedStore.restore(archive, tmp_path / "restored")
    with EmbeddedStore.open(tmp_path / "restored", clock=clock) as restored:
        assert slate_of(restored.read(Table.SLATES)[0].record.values) == a_slate()
        assert [stored.record.id for stored in restored.read(Table.EVENTS)] == ["e1"]
        assert restored.get("champion/replies") == store.get("champion/replies")
        assert restored.blobs.get(sha) == b"a bundle"
        assert restored.append([a_row("e1"), a_row("e2")]).fresh == (False, True)
        assert restored.select("counts", surface=None) == store.select("counts", surface=None)
    assert (tmp_path / "restored" / "signing.key").read_bytes() == b"hush"
    assert not (tmp_path / "restored" / "server.json").exists()
    assert not (tmp_path / "restored" / "snapshots").exists()


def test_secrets_stay_for_their_owner_only(archive: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    EmbeddedStore.restore(archive, tmp_path / "restored")
    assert stat.S_IMODE((tmp_path / "restored" / "signing.key").stat().st_mode) == 0o600


def test_the_restored_log_is_live_and_not_as_of_a_moment(archive: Path, tmp_path: Path, clock: ManualClock) -> None:
    EmbeddedStore.restore(archive, tmp_path / "restored")
    with EmbeddedStore.open(tmp_path / "restored", clock=clock) as restored, restored.database.reading() as cursor:
        assert cursor.execute("select count(*) from meta where key = 'as_of'").fetchall() == [(0,)]


def test_restoring_into_a_folder_that_is_not_empty_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("mine")
    with pytest.raises(Conflict, match="not empty"):
        EmbeddedStore.restore(archive, tmp_path / "full")
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["precious"]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_cut_archive_is_refused_and_leaves_nothing(archive: Path, tmp_path: Path, part: float) -> None:
    cut = tmp_path / "cut.tar.gz"
    whole = archive.read_bytes()
    cut.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(Invalid, match="not a whole backup"):
        EmbeddedStore.restore(cut, tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []


def rewritten(archive: Path, target: Path, **changes: bytes | None) -> Path:
    """The archive with some members replaced, added or (None) left out."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        contents = {member.name: old.extractfile(member).read() for member in old}  # type: ignore[union-attr]
        for name, content in (contents | changes).items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


@pytest.mark.parametrize(
    "changes",
    [
        {"signing.key": b"forged"},
        {"signing.key": None},
        {"planted": b"not in the manifest"},
        {"../outside": b"climbs"},
        {"manifest.json": json.dumps({"format": 99, "files": {}}).encode()},
        {"manifest.json": b"[]"},
        {"manifest.json": None},
    ],
    ids=["changed", "missing", "planted", "climbing", "other format", "no manifest", "manifest missing"],
)
def test_a_meddled_archive_is_refused_and_leaves_nothing(
    archive: Path, tmp_path: Path, changes: dict[str, bytes | None]
) -> None:
    meddled = rewritten(archive, tmp_path / "meddled.tar", **changes)
    with pytest.raises(Invalid):
        EmbeddedStore.restore(meddled, tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_the_same_rewriting_without_a_change_is_accepted(archive: Path, tmp_path: Path) -> None:
    EmbeddedStore.restore(rewritten(archive, tmp_path / "same.tar"), tmp_path / "restored")
    assert (tmp_path / "restored" / "signing.key").read_bytes() == b"hush"


def test_no_copy_is_left_in_the_data_folder(archive: Path, store: EmbeddedStore) -> None:
    assert list(store.database.work.glob("*.duckdb*")) == []
