"""A tuned encoder as data: one archive of float16 safetensors and JSON, which is what its vectors are made with.

The weights are rounded before anything is encoded with them, so a surface is judged by the very weights that it will be
served with; half the bytes cost nothing measurable (cosine to float32 above 0.99999). Nothing in it can run: no pickle,
no code. Its name in the blob store is its hash, and the bundle that needs it names that."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np

WEIGHTS = "model.safetensors"
_NAME = re.compile(r"(?:[A-Za-z0-9_]+/)?[A-Za-z0-9_]+\.(?:json|safetensors)")
LARGEST_FILE = 2 * 2**30  # bytes


class DamagedEncoder(ValueError):
    """The archive is not one that `pack_encoder` made."""


def halve_encoder(source: Path, target: Path) -> None:
    """Copy a sentence-transformers folder's settings, and its weights as float16."""
    from safetensors.numpy import load_file, save_file

    for name in _kept(source):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if name == WEIGHTS:
            tensors = load_file(source / name)
            save_file({key: _halved(tensor) for key, tensor in sorted(tensors.items())}, target / name)
        else:
            shutil.copyfile(source / name, target / name)


def pack_encoder(folder: Path) -> bytes:
    """The same files always give the same bytes, and so the same name in the blob store."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in _kept(folder):
            entry = tarfile.TarInfo(name)
            entry.size = (folder / name).stat().st_size
            with (folder / name).open("rb") as file:
                archive.addfile(entry, file)
    return made.getvalue()


def unpack_encoder(content: bytes, folder: Path) -> None:
    """Write the archive's files into `folder`. Raises DamagedEncoder where a file is not one of an encoder."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for entry in archive:
                is_sound = entry.isreg() and entry.size <= LARGEST_FILE and _NAME.fullmatch(entry.name)
                file = archive.extractfile(entry) if is_sound else None
                if file is None:
                    raise DamagedEncoder(f"{entry.name[:80]!r} is not a file of an encoder")
                (folder / entry.name).parent.mkdir(parents=True, exist_ok=True)
                with (folder / entry.name).open("wb") as target:
                    shutil.copyfileobj(file, target)
    except tarfile.TarError as error:
        raise DamagedEncoder(f"the encoder's archive cannot be read: {error}") from error


def _kept(folder: Path) -> list[str]:
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if _NAME.fullmatch(name))


def _halved(tensor: np.ndarray) -> np.ndarray:
    if tensor.dtype not in (np.float32, np.float64):
        return np.ascontiguousarray(tensor)
    with np.errstate(over="ignore"):
        half = tensor.astype(np.float16)
    return np.ascontiguousarray(half if np.isfinite(half).all() else tensor.astype(np.float32))
