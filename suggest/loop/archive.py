"""A bundle as one blob: a deterministic tar of plain files and a manifest that names each by its SHA-256, and itself.

Models are data: LightGBM text, npz without pickles, JSON. Hashes are checked before anything is parsed. What is stored
must be, byte for byte, what packing its contents gives: so no bit of it can change unnoticed, padding included."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

MANIFEST = "manifest.json"
TUNED, ARCHIVE = "encoder", "encoder.tar"  # in a run's folder: a tuned encoder, with its export, and as it is stored
FORMAT = 2
OWN = ("format", "files", "seal")  # of the manifest: what packing adds to it
LARGEST_FILE = 512 * 2**20  # bytes


class DamagedBundle(ValueError):
    """The archive does not hold what its manifest says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    manifest: Mapping[str, object]
    files: Mapping[str, bytes]


def pack(files: Mapping[str, bytes], manifest: Mapping[str, object]) -> bytes:
    """The same files and manifest always give the same bytes, and so the same name in the blob store."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    said = {**manifest, "format": FORMAT, "files": hashes}
    told = json.dumps({**said, "seal": _seal(said)}, sort_keys=True, indent=1).encode()
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in [(MANIFEST, told), *sorted(files.items())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def unpack(stored: bytes) -> Unpacked:
    """Raises DamagedBundle where a file is missing, unknown, too large or not what the manifest says."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(stored), mode="r:") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() and entry.size <= LARGEST_FILE else None
                if content is None:
                    raise DamagedBundle(f"{entry.name!r} is not a plain file of a bundle")
                found[entry.name] = content.read()
    except tarfile.TarError as error:
        raise DamagedBundle(f"the archive cannot be read: {error}") from error
    if MANIFEST not in found:
        raise DamagedBundle("the archive has no manifest")
    try:
        manifest = dict(json.loads(found.pop(MANIFEST)))
    except (ValueError, TypeError) as error:
        raise DamagedBundle(f"the manifest cannot be read: {error}") from error
    if manifest.get("format") != FORMAT:
        raise DamagedBundle(f"bundle format {manifest.get('format')!r} is not {FORMAT}; train again")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    told = manifest.get("files")
    if hashes != told:
        wrong = sorted(set(hashes.items()) ^ set(told.items())) if isinstance(told, dict) else [(MANIFEST, "")]
        raise DamagedBundle(f"{wrong[0][0]!r} is not the file that the manifest names")
    if pack(found, {name: value for name, value in manifest.items() if name not in OWN}) != stored:
        raise DamagedBundle("the archive is not as it was packed")
    return Unpacked(manifest=manifest, files=found)


def _seal(manifest: Mapping[str, object]) -> str:
    """The manifest's own hash: it names all the files, but nothing else names it."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
