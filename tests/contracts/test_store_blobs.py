"""What every Blobs promises."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.store_adapters import BLOBS, BlobsOpener
from suggest.domain.errors import NotFound
from suggest.store.blobs import BlobDamaged
from suggest.store.ports import Blobs


@pytest.fixture(params=BLOBS.values(), ids=BLOBS.keys())
def opener(request: pytest.FixtureRequest) -> BlobsOpener:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def blobs(opener: BlobsOpener, tmp_path: Path) -> Blobs:
    return opener(tmp_path / "blobs")


def test_a_blob_is_named_by_its_sha256(blobs: Blobs) -> None:
    assert blobs.put(b"a bundle") == hashlib.sha256(b"a bundle").hexdigest()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=5000))
def test_what_was_put_is_what_is_got(blobs: Blobs, content: bytes) -> None:
    assert blobs.get(blobs.put(content)) == content


def test_putting_it_again_is_harmless(blobs: Blobs) -> None:
    assert blobs.put(b"twice") == blobs.put(b"twice")
    assert blobs.get(blobs.put(b"twice")) == b"twice"


def test_a_blob_survives_a_restart(opener: BlobsOpener, tmp_path: Path) -> None:
    sha = opener(tmp_path / "blobs").put(b"kept")
    assert opener(tmp_path / "blobs").get(sha) == b"kept"


def test_what_was_never_put_is_not_found(blobs: Blobs) -> None:
    sha = hashlib.sha256(b"never").hexdigest()
    assert not blobs.exists(sha)
    with pytest.raises(NotFound):
        blobs.get(sha)
    with pytest.raises(NotFound):
        blobs.path(sha)


def test_a_deleted_blob_is_gone_and_deleting_it_again_is_harmless(blobs: Blobs) -> None:
    sha = blobs.put(b"old")
    blobs.delete(sha)
    blobs.delete(sha)
    assert not blobs.exists(sha)


def test_its_path_is_a_file_with_just_these_bytes(blobs: Blobs) -> None:
    sha = blobs.put(b"on disk")
    assert blobs.path(sha).read_bytes() == b"on disk"


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b"X" + b[1:], lambda b: b""])
def test_a_damaged_blob_is_refused_and_mended_by_putting_it_again(blobs: Blobs, change) -> None:  # type: ignore[no-untyped-def]
    sha = blobs.put(b"whole and sound")
    blobs.path(sha).write_bytes(change(b"whole and sound"))
    with pytest.raises(BlobDamaged, match=sha):
        blobs.get(sha)
    blobs.put(b"whole and sound")
    assert blobs.get(sha) == b"whole and sound"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "/" * 64, "g" * 64, "a" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_not_found(blobs: Blobs, name: str) -> None:
    for ask in (blobs.get, blobs.path, blobs.exists, blobs.delete):
        with pytest.raises(NotFound):
            ask(name)


def test_many_may_put_the_same_blob_at_once(blobs: Blobs) -> None:
    content = b"x" * 200_000
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(blobs.put, [content] * 24))
    assert blobs.get(names.pop()) == content
    assert names == set()
