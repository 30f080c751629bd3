"""Bundles and other large things, kept as files named by the SHA-256 of what is in them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from suggest.domain.errors import NotFound, StorageUnavailable

_NAME = re.compile(r"[0-9a-f]{64}")


class BlobDamaged(StorageUnavailable):
    """The bytes no longer fit their name: restore the blob from a backup, or promote another bundle."""

    slug = "blob-damaged"
    title = "A stored file is damaged"


class DirectoryBlobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob("*.part"):  # a put that a crash cut short; it was never acknowledged
            left_over.unlink()

    def put(self, content: bytes, /) -> str:
        sha = hashlib.sha256(content).hexdigest()
        target = self._file(sha)
        if target.exists() and target.read_bytes() == content:
            return sha  # otherwise it is missing or damaged: write it
        target.parent.mkdir(exist_ok=True)
        part = self._folder / f"{sha}.{secrets.token_hex(4)}.part"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(target.parent)
        sync_folder(self._folder)
        return sha

    def get(self, sha: str) -> bytes:
        content = self.path(sha).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha:
            raise BlobDamaged(f"blob {sha} is damaged: restore it from a backup")
        return content

    def exists(self, sha: str) -> bool:
        return self._file(sha).is_file()

    def delete(self, sha: str) -> None:
        self._file(sha).unlink(missing_ok=True)

    def path(self, sha: str) -> Path:
        file = self._file(sha)
        if not file.is_file():
            raise NotFound(f"there is no blob {sha}")
        return file

    def _file(self, sha: str) -> Path:
        if not _NAME.fullmatch(sha):
            raise NotFound(f"{sha[:80]!r} is no SHA-256 in lower-case hex")
        return self._folder / sha[:2] / sha


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable: without it a power cut may bring the old name back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
