"""A bundle's archive: the same bytes for the same content, and not one of them may change unnoticed."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.loop.archive import FORMAT, MANIFEST, DamagedBundle, pack, unpack

FILES = {"choice.json": b'{"theta": [1.5, -2.0]}', "booster.txt": b"tree\nleaf_value=0.1 0.2\n", "empty": b""}
TOLD = {"surface": "desk", "seed": 17, "metrics": {"top1": 0.91, "nll": 0.25}, "parent": None}
STORED = pack(FILES, TOLD)


def test_what_was_packed_comes_back() -> None:
    back = unpack(STORED)
    assert dict(back.files) == FILES
    assert {name: back.manifest[name] for name in TOLD} == TOLD
    assert set(back.manifest["files"]) == set(FILES)  # type: ignore[call-overload]  # JSON


def test_equal_content_gives_equal_bytes() -> None:
    backwards = dict(reversed(FILES.items()))
    assert pack(backwards, dict(reversed(TOLD.items()))) == STORED
    assert pack({**FILES, "empty": b"x"}, TOLD) != STORED
    assert pack(FILES, {**TOLD, "seed": 18}) != STORED


@settings(max_examples=400, deadline=None)
@given(place=st.integers(0, len(STORED) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(place: int, bit: int) -> None:
    """Headers, contents, the manifest, the padding between and after: all of it."""
    damaged = bytearray(STORED)
    damaged[place] ^= 1 << bit
    with pytest.raises(DamagedBundle):
        unpack(bytes(damaged))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_piece_cut_out_or_put_in_is_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(STORED) - 1))
    length = data.draw(st.integers(1, len(STORED) - start))
    for damaged in (STORED[:start] + STORED[start + length :], STORED[:start] + b"\0" * length + STORED[start:]):
        if damaged != STORED:
            with pytest.raises(DamagedBundle):
                unpack(damaged)


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_what_was_never_an_archive_is_refused_in_words(noise: bytes) -> None:
    with pytest.raises(DamagedBundle):
        unpack(noise)


def tar_of(files: dict[str, bytes], *, kind: bytes = tarfile.REGTYPE) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = kind, "/etc/passwd", len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def test_a_link_is_no_file_of_a_bundle() -> None:
    with pytest.raises(DamagedBundle, match="plain file"):
        unpack(tar_of({"choice.json": b""}, kind=tarfile.SYMTYPE))


def test_an_archive_without_a_manifest_is_refused() -> None:
    with pytest.raises(DamagedBundle, match="no manifest"):
        unpack(tar_of({"choice.json": b"{}"}))


@pytest.mark.parametrize("manifest", [b"", b"[]", b"7", b"{", b'"text"', b"\xff", b"[[1]]"])
def test_a_manifest_that_is_none_is_refused(manifest: bytes) -> None:
    with pytest.raises(DamagedBundle):
        unpack(tar_of({MANIFEST: manifest}))


def test_a_bundle_of_another_format_says_what_to_do() -> None:
    told = json.dumps({"format": FORMAT + 1, "files": {}}).encode()
    with pytest.raises(DamagedBundle, match="train again"):
        unpack(tar_of({MANIFEST: told}))


def test_a_manifest_that_was_rewritten_to_fit_needs_its_seal() -> None:
    """Someone edits a file, and its hash in the manifest, and forgets that the manifest has a hash as well."""
    honest = unpack(pack({"a": b"1"}, {}))
    forged = unpack(pack({"a": b"2"}, {}))
    told = {**honest.manifest, "files": forged.manifest["files"]}
    with pytest.raises(DamagedBundle):
        unpack(tar_of({MANIFEST: json.dumps(told, sort_keys=True, indent=1).encode(), "a": b"2"}))
