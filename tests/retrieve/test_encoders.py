"""The encoders that serve: unpacked once, in memory while they are needed, refused where they are not what they say."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from suggest.domain.bundle import EncoderRef
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.encoder import Encoder, EncoderUnavailable, tunable_folder
from suggest.retrieve.encoder_archive import (
    WEIGHTS,
    DamagedEncoder,
    halve_encoder,
    pack_encoder,
    unpack_encoder,
)
from suggest.retrieve.encoders import Encoders, load_from
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings
from suggest.store.blobs import DirectoryBlobs

DIM = 16


class Shifted:
    """Hashing, rolled by a number that is all of its weights."""

    def __init__(self, folder: Path) -> None:
        self._by = int(load_file(folder / WEIGHTS)["by"][0])
        self.dim = DIM
        self.fingerprint = f"shifted-{self._by}"

    def encode(self, texts: Sequence[str]) -> Embeddings:
        return np.roll(HashingEncoder(DIM).encode(texts), self._by, axis=1)


def folder_of(where: Path, by: int) -> Path:
    where.mkdir(parents=True)
    save_file({"by": np.array([by], np.float32)}, where / WEIGHTS)
    (where / "config.json").write_text("{}")
    return where


class Shop:
    """Some tuned encoders as blobs, and how often each was loaded."""

    def __init__(self, tmp_path: Path, *, most_loaded: int = 2) -> None:
        self.tmp_path = tmp_path
        self.blobs: dict[str, bytes] = {}
        self.loaded: list[str] = []
        self.fetched: list[str] = []
        self.default = Batcher(HashingEncoder(DIM))
        self.encoders = Encoders(
            self.default, folder=tmp_path / "encoders", fetch=self._fetch, load=self._load, most_loaded=most_loaded
        )

    def tuned(self, by: int, *, named: str | None = None) -> EncoderRef:
        content = pack_encoder(folder_of(self.tmp_path / f"made-{by}", by))
        blob = hashlib.sha256(content).hexdigest()
        self.blobs[blob] = content
        return EncoderRef(fingerprint=named or f"shifted-{by}", dim=DIM, blob=blob)

    def _fetch(self, blob: str) -> bytes:
        self.fetched.append(blob)
        return self.blobs[blob]

    def _load(self, folder: Path, cache_dir: Path) -> Shifted:
        self.loaded.append(folder.name)
        return Shifted(folder)

    def close(self) -> None:
        self.encoders.close()
        self.default.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def test_each_surface_gets_the_vectors_of_its_own_encoder(shop: Shop) -> None:
    own, other = shop.tuned(3), shop.tuned(5)
    text = ["where is my parcel"]
    plain = HashingEncoder(DIM).encode(text)
    np.testing.assert_allclose(shop.encoders.batcher(own).encode(text), np.roll(plain, 3, axis=1))
    np.testing.assert_allclose(shop.encoders.batcher(other).encode(text), np.roll(plain, 5, axis=1))
    np.testing.assert_allclose(shop.encoders.batcher(shop.encoders.default_ref).encode(text), plain)
    assert shop.encoders.batcher(own) is shop.encoders.batcher(own)


def test_only_some_are_in_memory_and_the_others_come_back(shop: Shop) -> None:
    refs = [shop.tuned(by) for by in (1, 2, 3)]
    for turn, ref in enumerate([*refs, refs[0]]):
        shop.encoders.batcher(ref).encode([f"text {turn}"])
    assert shop.loaded == ["shifted-1", "shifted-2", "shifted-3", "shifted-1"]
    assert len(shop.fetched) == 3  # unpacked once each


def test_what_no_surface_serves_with_for_two_turns_is_closed(shop: Shop) -> None:
    used, unused = shop.tuned(1), shop.tuned(2)
    for ref in (used, unused):
        shop.encoders.batcher(ref)
    shop.encoders.let_go({used.fingerprint})
    assert len(shop.encoders.opened()) == 3
    shop.encoders.let_go({used.fingerprint})
    assert [batcher.fingerprint for batcher in shop.encoders.opened()[1:]] == [used.fingerprint]


def test_one_asked_for_again_in_between_stays(shop: Shop) -> None:
    ref = shop.tuned(1)
    shop.encoders.batcher(ref)
    shop.encoders.let_go(())
    shop.encoders.batcher(ref)
    shop.encoders.let_go(())
    assert len(shop.encoders.opened()) == 2


def test_an_encoder_that_can_be_had_nowhere_is_refused_in_words(shop: Shop) -> None:
    with pytest.raises(EncoderUnavailable, match="configure it again, or train"):
        shop.encoders.batcher(EncoderRef(fingerprint="of-last-year", dim=DIM))


def test_one_whose_archive_was_removed_is_refused_in_words(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path / "blobs")
    default = HashingEncoder(DIM)
    encoders = Encoders(Batcher(default), folder=tmp_path, fetch=blobs.get, load=lambda folder, cache: default)
    with pytest.raises(EncoderUnavailable, match="promote a later bundle"):
        encoders.batcher(EncoderRef(fingerprint="of-last-year", dim=DIM, blob="0" * 64))
    encoders.close()


def test_one_that_is_not_what_its_bundle_says_never_encodes(shop: Shop) -> None:
    ref = shop.tuned(4, named="shifted-9")
    with pytest.raises(EncoderUnavailable, match="is the encoder shifted-4"):
        shop.encoders.batcher(ref).encode(["a"])


def test_a_folder_half_written_is_unpacked_anew(shop: Shop) -> None:
    ref = shop.tuned(6)
    (shop.tmp_path / "encoders" / ref.fingerprint).mkdir(parents=True)
    shop.encoders.batcher(ref).encode(["a"])
    assert len(shop.fetched) == 1


def test_folders_nobody_wants_are_removed_and_come_back_from_the_blobs(shop: Shop) -> None:
    gone, kept = shop.tuned(1), shop.tuned(2)
    folders = [shop.encoders.folder_of(ref) for ref in (gone, kept)]
    shop.encoders.tidy({kept.fingerprint})
    assert [folder.exists() for folder in folders] == [False, True]
    assert shop.encoders.folder_of(gone).exists()


def test_weights_are_kept_as_half_floats_and_numbers_of_other_kinds_as_they_are(tmp_path: Path) -> None:
    made = tmp_path / "made"
    (made / "1_Pooling").mkdir(parents=True)
    tensors = {"w": np.array([1 / 3, -2.5], np.float32), "huge": np.array([1e6], np.float32), "ids": np.arange(3)}
    save_file(tensors, made / WEIGHTS)
    (made / "1_Pooling" / "config.json").write_text("{}")
    (made / "README.md").write_text("words")
    halve_encoder(made, tmp_path / "half")
    stored = load_file(tmp_path / "half" / WEIGHTS)
    assert {name: tensor.dtype.name for name, tensor in stored.items()} == {
        "w": "float16",
        "huge": "float32",
        "ids": "int64",
    }
    assert abs(float(stored["w"][0]) - 1 / 3) < 2e-4
    packed = pack_encoder(tmp_path / "half")
    assert packed == pack_encoder(tmp_path / "half")
    unpack_encoder(packed, tmp_path / "again")
    assert pack_encoder(tmp_path / "again") == packed
    assert not (tmp_path / "again" / "README.md").exists()


@pytest.mark.parametrize("name", ["../up.json", "/abs.json", "model.pkl", "a/b/c.json", "run.py"])
def test_an_archive_with_anything_else_in_it_is_damaged(tmp_path: Path, name: str) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        content = json.dumps({}).encode()
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(DamagedEncoder):
        unpack_encoder(made.getvalue(), tmp_path / "out")
    with pytest.raises(DamagedEncoder):
        unpack_encoder(b"no archive at all" * 100, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.encoder
def test_the_real_encoder_is_the_same_from_its_archive(tmp_path: Path, default_encoder: Encoder) -> None:
    """Halved, packed, unpacked and exported again: its vectors are those of the full weights, for all that counts."""
    base = tunable_folder(default_encoder)
    assert base is not None
    halve_encoder(base, tmp_path / "half")
    content = pack_encoder(tmp_path / "half")
    unpack_encoder(content, tmp_path / "again")
    again = load_from(tmp_path / "again", tmp_path / "again")
    texts = ["Where is my parcel?", "ok thanks", "I would like to change the delivery address of order 12 " * 4]
    cosines = (again.encode(texts) * default_encoder.encode(texts)).sum(axis=1)
    print(f"cosine to float32: {cosines.min():.7f}; {len(content) / 2**20:.0f} MB")
    assert cosines.min() > 0.9999
    assert again.fingerprint != default_encoder.fingerprint  # other weights, other space
    assert len(content) < 50 * 2**20
