"""An encoder that still loads: it has its name already, lets the hurried go and keeps the patient."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from suggest.retrieve.batcher import Batcher, EncoderBusy
from suggest.retrieve.encoder import Encoder, EncoderUnavailable
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.loading import EncoderAbsent, LoadingEncoder, open_encoder

PLAIN = HashingEncoder(32)
PATIENCE_S = 10


class Slow:
    """What loads when it is told to, or fails."""

    def __init__(self) -> None:
        self.may_end = Event()
        self.result: Encoder | Exception = PLAIN

    def __call__(self) -> Encoder:
        assert self.may_end.wait(PATIENCE_S)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def slow() -> Iterator[Slow]:
    load = Slow()
    yield load
    load.may_end.set()


@pytest.fixture
def loading(slow: Slow) -> LoadingEncoder:
    return LoadingEncoder(dim=PLAIN.dim, fingerprint=PLAIN.fingerprint, load=slow)


def test_it_is_named_before_it_is_loaded(loading: LoadingEncoder) -> None:
    assert (loading.dim, loading.fingerprint) == (PLAIN.dim, PLAIN.fingerprint)
    assert not loading.is_loaded


def test_who_asks_for_vectors_waits_and_gets_them(loading: LoadingEncoder, slow: Slow) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(loading.encode, ["where is my parcel"])
        assert not asked.done()
        slow.may_end.set()
        assert np.array_equal(asked.result(PATIENCE_S), PLAIN.encode(["where is my parcel"]))
    assert loading.is_loaded
    loading.wait()


def test_people_are_let_go_at_once_while_it_loads_and_bulk_work_waits(loading: LoadingEncoder, slow: Slow) -> None:
    batcher = Batcher(loading, is_loaded=lambda: loading.is_loaded)
    with ThreadPoolExecutor(1) as pool:
        bulk = pool.submit(batcher.encode_bulk, ["a reply"])
        with pytest.raises(EncoderBusy, match="being loaded"):
            batcher.encode(["a question"], deadline_s=PATIENCE_S)
        assert not batcher.is_loaded
        assert not bulk.done()
        slow.may_end.set()
        assert bulk.result(PATIENCE_S).shape == (1, PLAIN.dim)
    assert batcher.is_loaded
    assert batcher.encode(["a question"], deadline_s=PATIENCE_S).shape == (1, PLAIN.dim)
    batcher.close()


def test_what_went_wrong_is_raised_where_it_is_waited_for(loading: LoadingEncoder, slow: Slow) -> None:
    slow.result = EncoderUnavailable("the weights are others than named")
    slow.may_end.set()
    with pytest.raises(EncoderUnavailable, match="others than named"):
        loading.wait()
    with pytest.raises(EncoderAbsent, match="others than named"):  # a caller of the API did nothing wrong: 503
        loading.encode(["hello"])
    assert not loading.is_loaded


def test_an_encoder_other_than_its_folder_promised_is_not_used(slow: Slow) -> None:
    loading = LoadingEncoder(dim=384, fingerprint=PLAIN.fingerprint, load=slow)
    slow.may_end.set()
    with pytest.raises(ValueError, match="promised 384"):
        loading.wait()


def test_a_stop_waits_neither_for_the_load_nor_for_who_waits_for_it(loading: LoadingEncoder, slow: Slow) -> None:
    batcher = Batcher(loading, is_loaded=lambda: loading.is_loaded)
    with ThreadPoolExecutor(1) as pool:
        bulk = pool.submit(batcher.encode_bulk, ["a reply"])
        while not batcher._bulk and not bulk.running():
            continue
        loading.give_up()
        batcher.close()
        with pytest.raises((EncoderAbsent, EncoderBusy)):
            bulk.result(PATIENCE_S)
    assert not slow.may_end.is_set()


def test_giving_up_what_is_loaded_changes_nothing(loading: LoadingEncoder, slow: Slow) -> None:
    slow.may_end.set()
    loading.wait()
    loading.give_up()
    assert loading.encode(["hello"]).shape == (1, PLAIN.dim)


def test_hashing_has_nothing_to_load(tmp_path: Path) -> None:
    assert isinstance(open_encoder("hashing", cache_dir=tmp_path), HashingEncoder)


@pytest.mark.encoder
def test_the_default_encoder_is_what_its_folder_promises(default_encoder: Encoder, encoder_cache: Path) -> None:
    opened = open_encoder(cache_dir=encoder_cache)
    assert isinstance(opened, LoadingEncoder)
    assert (opened.dim, opened.fingerprint) == (default_encoder.dim, default_encoder.fingerprint)
    opened.wait()
    assert opened.encode(["hello"])[0] @ default_encoder.encode(["hello"])[0] > 0.99999
    assert "load-encoder" not in {thread.name for thread in threading.enumerate()}
