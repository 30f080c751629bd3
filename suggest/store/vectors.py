"""Vectors that the log does not hold: of a surface's texts, by another encoder than the one that saw them first.

A file a surface and encoder in the data folder, so that no start encodes them again. It is a cache: what is torn or
missing is encoded anew, backups leave it out, and what was erased from the log is taken out of it, too."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_KEY_BYTES = 16


class Reads(Protocol):
    def select(self, query: str, /, **params: object) -> list[dict[str, object]]: ...


def text_key(text: str) -> str:
    """The key of a bare text, such as a candidate's; a context has a key of its own."""
    return f"text:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


class VectorFile:
    """Vectors of one encoder by key. Thread-safe; in memory only while it is read."""

    def __init__(self, path: Path, dim: int) -> None:
        self._path = path
        self._dim = dim
        self._row = np.dtype([("key", f"V{_KEY_BYTES}"), ("vector", "<f2", (dim,)), ("check", "<u4")])
        self._lock = Lock()

    def get(self, keys: Sequence[str]) -> dict[str, Floats]:
        """Those that are there, unit length."""
        with self._lock:
            rows = self._read()
        if not len(rows) or not keys:
            return {}
        place = {bytes(key): n for n, key in enumerate(rows["key"])}
        found = {key: n for key in dict.fromkeys(keys) if (n := place.get(_digest(key))) is not None}
        vectors = rows["vector"][list(found.values())].astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return dict(zip(found, vectors, strict=True))

    def add(self, keys: Sequence[str], vectors: Floats) -> None:
        """Append; of a key that is added again the last counts."""
        if not len(keys):
            return
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            whole = len(self._read()) * self._row.itemsize
            with self._path.open("ab") as file:
                file.truncate(whole)  # a torn end would shift all that follows
                file.write(self._packed(keys, vectors).tobytes())

    def retain(self, keys: Iterable[str]) -> None:
        """Forget all others: written anew, so that no byte of them stays in the file."""
        kept = {_digest(key) for key in keys}
        with self._lock:
            rows = self._read()
            stays = np.array([bytes(key) in kept for key in rows["key"]], np.bool_)
            size = self._path.stat().st_size if self._path.exists() else 0
            if stays.all() and size == rows.nbytes:
                return  # also nothing torn behind them
            part = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}.part")
            part.write_bytes(rows[stays].tobytes())
            part.replace(self._path)

    def _packed(self, keys: Sequence[str], vectors: Floats) -> NDArray[Any]:
        rows = np.zeros(len(keys), self._row)
        rows["key"] = np.array([np.void(_digest(key)) for key in keys])
        rows["vector"] = vectors.astype(np.float16)
        rows["check"] = _checks(rows)
        return rows

    def _read(self) -> NDArray[Any]:
        """The rows up to the first that is torn."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return np.zeros(0, self._row)
        n = len(content) // self._row.itemsize
        rows = np.frombuffer(content[: n * self._row.itemsize], self._row)
        sound = _checks(rows) == rows["check"]
        return rows if sound.all() else rows[: int(np.argmin(sound))]


class VectorFiles:
    """The files of all surfaces, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[tuple[str, str], VectorFile] = {}
        self._lock = Lock()

    def of(self, surface: str, encoder: str, dim: int) -> VectorFile:
        with self._lock:
            name = (surface, encoder)
            if name not in self._open:
                self._open[name] = VectorFile(self.path(surface, encoder), dim)
            return self._open[name]

    def path(self, surface: str, encoder: str) -> Path:
        return self._of_surface(surface) / f"{hashlib.sha256(encoder.encode()).hexdigest()[:16]}.vectors"

    def prune(self, reads: Reads, surface: str) -> None:
        """Take out what the log does not hold any more."""
        with self._lock:
            files = [file for (of, _), file in self._open.items() if of == surface]
            opened = {file._path for file in files}
        for path in self._of_surface(surface).glob("*"):
            if path not in opened:
                path.unlink(missing_ok=True)  # nobody has asked for it since the start: made again if ever needed
        if not files:
            return
        keys = {str(row["context_key"]) for row in reads.select("context_keys_of_surface", surface=surface)}
        keys |= {text_key(str(row["text"])) for row in reads.select("latest_candidates", surface=surface)}
        for file in files:
            file.retain(keys)

    def drop(self, surface: str) -> None:
        """Remove all of a surface: its stored texts were changed."""
        shutil.rmtree(self._of_surface(surface), ignore_errors=True)

    def _of_surface(self, surface: str) -> Path:
        return self._folder / hashlib.sha256(surface.encode()).hexdigest()[:24]


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _checks(rows: NDArray[Any]) -> NDArray[np.uint32]:
    width = rows.dtype.itemsize - 4
    content = rows.tobytes()
    starts = range(0, len(content), rows.dtype.itemsize)
    return np.array([zlib.crc32(content[start : start + width]) for start in starts], np.uint32)


def vectors_of(files: Mapping[str, NDArray[Any]]) -> tuple[list[str], Floats]:
    """Keys and rows as a training run hands them back."""
    return [str(key) for key in files["keys"]], np.asarray(files["vectors"], np.float32)
