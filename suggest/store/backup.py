"""One archive that a whole data folder can be made of again, taken while the server runs.

It holds the log, the blobs and the secrets: without the secrets no token of yesterday would be accepted, and no user
could be found again to be erased. Keep it as you would keep the secrets; it is made readable to its owner only."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import Conflict, Invalid
from suggest.store.copies import copy_whole
from suggest.store.database import SCHEMA_VERSION, Database, sync_file

MANIFEST = "manifest.json"
FORMAT = 1
_NOT_KEPT = frozenset(  # of this machine, or made anew
    {"work", "snapshots", "exports", "vectors", "encoders", "server.json", ".restoring"}
)
_NOT_KEPT_ENDINGS = (".part", ".tmp", ".wal", ".log")


def backup(database: Database, path: Path, *, clock: Clock) -> Path:
    """Write a .tar (gzipped where the name ends in gz) with everything acknowledged before the call."""
    data_dir = database.file.parent
    copy = database.work / "backup.duckdb"
    copy.unlink(missing_ok=True)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with database.reading() as cursor:
            copy_whole(cursor, copy)
        # blobs and secrets after the log: whatever a row of the copy names is there by now
        files = {database.file.name: copy} | dict(_kept_files(data_dir, but=database.file.name))
        manifest = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "at": rfc3339(clock.now()),
            "files": {name: _sha256(file) for name, file in files.items()},
        }
        with (
            os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as raw,
            tarfile.open(fileobj=raw, mode="w:gz" if path.name.endswith("gz") else "w") as archive,
        ):
            _add_bytes(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
            for name, file in files.items():
                archive.add(file, arcname=name, recursive=False)
        sync_file(part)
        part.replace(path)
    finally:
        copy.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return path


def restore(archive: Path, data_dir: Path) -> None:
    """Make a data folder of a backup. The folder must be empty or absent: nothing is ever overwritten.

    Raises Conflict where it is not, Invalid where the archive is damaged or not ours; then nothing is left behind."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if any(data_dir.iterdir()):
        raise Conflict(f"{data_dir} is not empty: restore into a new folder, then start the server with that one")
    staging = data_dir / ".restoring"
    try:
        staging.mkdir()
        with tarfile.open(archive) as tar:
            _unpack(tar, staging)
        manifest = json.loads((staging / MANIFEST).read_text())
        _check(manifest, staging)
        (staging / MANIFEST).unlink()
        for entry in sorted(staging.iterdir()):
            entry.rename(data_dir / entry.name)
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, FileNotFoundError, OSError) as error:
        for entry in data_dir.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise Invalid(f"{archive} is not a whole backup: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Files and folders below `folder`, as what wrote them left them; raises ValueError for anything else in there.

    Python 3.11 has the filter for that from 3.11.4 on, and Debian 12 an older one."""
    if hasattr(tarfile, "data_filter"):
        tar.extraction_filter = tarfile.data_filter
    for member in tar.getmembers():
        place = PurePosixPath(member.name)
        if not (member.isfile() or member.isdir()) or place.is_absolute() or ".." in place.parts:
            raise ValueError(f"{member.name} is neither a file nor a folder of a backup")
        tar.extract(member, folder)


def _check(manifest: dict[str, object], folder: Path) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError(f"it has format {manifest['format']}, this program reads {FORMAT}")
    files = manifest["files"]
    if not isinstance(files, dict):
        raise TypeError("its manifest names no files")
    for name, sha in files.items():
        if _sha256(folder / name) != sha:
            raise ValueError(f"{name} is damaged")
    extra = {name for name, _ in _all_files(folder)} - files.keys() - {MANIFEST}
    if extra:
        raise ValueError(f"{min(extra)} is not in its manifest")


def _kept_files(data_dir: Path, *, but: str) -> Iterator[tuple[str, Path]]:
    for name, file in _all_files(data_dir):
        if name != but and name.split("/")[0] not in _NOT_KEPT and not name.endswith(_NOT_KEPT_ENDINGS):
            yield name, file


def _all_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file.relative_to(folder).as_posix(), file


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(content))
