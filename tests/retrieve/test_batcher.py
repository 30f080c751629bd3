"""The batcher: one thread encodes for all, people before bulk, and who cannot be served in time is told so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from suggest.domain.errors import Overloaded
from suggest.retrieve.batcher import Batcher, EncoderBusy
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings

PATIENCE_S = 20.0  # only ever waited out by a test that fails


class GatedEncoder(HashingEncoder):
    """Encodes nothing until it is let; remembers what it was asked, batch by batch."""

    def __init__(self) -> None:
        super().__init__(32)
        self.batches: list[list[str]] = []
        self.began = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.is_open = False

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self.batches.append(list(texts))
        self.began.release()
        if not self.is_open:
            assert self.gate.acquire(timeout=PATIENCE_S)
        if "unspeakable" in texts:
            raise RuntimeError("cannot encode that")
        return super().encode(texts)

    def wait_for_batch(self) -> None:
        assert self.began.acquire(timeout=PATIENCE_S)

    def let_one_through(self) -> None:
        self.gate.release()

    def open(self) -> None:
        self.is_open = True
        self.gate.release(1_000)


@pytest.fixture
def gated() -> GatedEncoder:
    return GatedEncoder()


@pytest.fixture
def batcher(gated: GatedEncoder) -> Iterator[Batcher]:
    batcher = Batcher(gated, max_batch=4, max_queue=6)
    yield batcher
    gated.open()
    batcher.close()


@pytest.fixture
def people() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.fixture
def ask(
    batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor
) -> Iterator[Callable[..., Future[Embeddings]]]:
    """Ask from another thread, and come back when the request is in the queue."""

    def ask(*texts: str, bulk: bool = False) -> Future[Embeddings]:
        before = queued(batcher)
        encode = batcher.encode_bulk if bulk else batcher.encode
        future = people.submit(encode, texts)
        until(lambda: queued(batcher) > before or future.done())
        return future

    yield ask
    gated.open()


def queued(batcher: Batcher) -> int:
    with batcher._changed:
        return len(batcher._waiting) + len(batcher._bulk)


def until(is_so: Callable[[], bool]) -> None:
    """Give other threads their turn until it is so."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S * 1_000)):
        if is_so():
            return
        pause.wait(0.001)
    raise AssertionError("it never came to that")


def hold(batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor) -> Future[Embeddings]:
    """Keep the worker busy with one text, so that what is asked next has to wait."""
    future = people.submit(batcher.encode, ["holding"])
    gated.wait_for_batch()
    return future


Ask = Callable[..., "Future[Embeddings]"]


def test_rows_are_the_encoders_in_the_order_asked_for(batcher: Batcher, gated: GatedEncoder) -> None:
    gated.open()
    texts = ["b", "a", "b", "c"]
    assert (batcher.encode(texts) == HashingEncoder(32).encode(texts)).all()
    assert (batcher.encode_bulk(texts[::-1]) == HashingEncoder(32).encode(texts[::-1])).all()


def test_no_texts_need_no_encoder(batcher: Batcher, gated: GatedEncoder) -> None:
    assert batcher.encode([]).shape == (0, 32)
    assert batcher.encode_bulk([]).shape == (0, 32)
    assert gated.batches == []


def test_it_speaks_for_its_encoder(batcher: Batcher, gated: GatedEncoder) -> None:
    assert batcher.encoder is gated
    assert (batcher.dim, batcher.fingerprint) == (32, "hashing-32")


class TestBatches:
    def test_what_waits_while_one_batch_runs_becomes_the_next(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        waiting = [ask("one"), ask("two"), ask("three")]
        gated.open()
        for future in waiting:
            future.result(PATIENCE_S)
        assert gated.batches == [["holding"], ["one", "two", "three"]]

    def test_a_batch_holds_no_more_than_max_batch(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        waiting = [ask("1", "2", "3"), ask("4"), ask("5")]
        gated.open()
        for future in waiting:
            future.result(PATIENCE_S)
        assert gated.batches[1:] == [["1", "2", "3", "4"], ["5"]]

    def test_a_long_text_does_not_make_short_ones_wait_for_many_long_ones(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        long = [f"{i} " + "word " * 400 for i in range(4)]
        waiting = [ask(text) for text in long]
        gated.open()
        for future in waiting:
            future.result(PATIENCE_S)
        assert [len(batch) for batch in gated.batches[1:]] == [3, 1]

    def test_a_text_that_cannot_be_encoded_fails_its_own_request_only(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        good, bad, also_good = ask("one"), ask("unspeakable"), ask("two")
        gated.open()
        with pytest.raises(RuntimeError, match="cannot encode that"):
            bad.result(PATIENCE_S)
        assert good.result(PATIENCE_S).shape == also_good.result(PATIENCE_S).shape == (1, 32)

    def test_it_goes_on_after_a_failure(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        with pytest.raises(RuntimeError):
            batcher.encode(["unspeakable"])
        assert batcher.encode(["fine"]).shape == (1, 32)


class TestBusy:
    def test_a_full_queue_refuses_at_once(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        ask("1", "2", "3", "4")
        with pytest.raises(EncoderBusy, match="4 texts are waiting"):
            batcher.encode(["5", "6", "7"])
        assert batcher.n_waiting == 4
        ask("5", "6")  # six is what the queue holds
        assert batcher.n_waiting == 6

    def test_one_large_request_is_taken_when_nothing_waits(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        assert batcher.encode([str(i) for i in range(50)]).shape == (50, 32)

    def test_a_passed_deadline_is_said_and_the_work_is_not_done_for_nobody(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        holding = hold(batcher, gated, people)
        with pytest.raises(EncoderBusy, match=r"within 0\.001 s"):
            batcher.encode(["too late"], deadline_s=0.001)
        assert batcher.n_waiting == 0
        gated.open()
        holding.result(PATIENCE_S)
        batcher.encode(["next"])
        assert gated.batches == [["holding"], ["next"]]

    def test_busy_is_an_overload_to_whoever_does_not_degrade(self) -> None:
        assert issubclass(EncoderBusy, Overloaded)

    def test_what_is_cached_is_served_whatever_the_queue(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        gated.let_one_through()
        batcher.encode(["known"])
        gated.wait_for_batch()
        hold(batcher, gated, people)
        ask("1", "2", "3", "4", "5", "6")
        assert batcher.encode(["known"], deadline_s=0.0).shape == (1, 32)

    def test_closing_tells_those_who_wait_and_those_who_come(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        holding = hold(batcher, gated, people)
        waiting, bulk = ask("one"), ask("two", bulk=True)
        closing = people.submit(batcher.close)
        until(lambda: batcher._is_closed)
        gated.open()
        closing.result(PATIENCE_S)
        assert holding.result(PATIENCE_S).shape == (1, 32)
        for future in (waiting, bulk):
            with pytest.raises(EncoderBusy, match="shutting down"):
                future.result(PATIENCE_S)
        with pytest.raises(EncoderBusy, match="shutting down"):
            batcher.encode(["three"])
        with pytest.raises(EncoderBusy, match="shutting down"):
            batcher.encode_bulk(["four"])


class TestCache:
    def test_a_text_is_encoded_once_however_it_is_written(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        first = batcher.encode(["Where is it?"])
        assert (batcher.encode(["  where IS it? "]) == first).all()
        assert (batcher.encode_bulk(["where is it?"]) == first).all()
        assert gated.batches == [["Where is it?"]]

    def test_a_text_twice_in_one_request_is_encoded_once(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        rows = batcher.encode(["a", "A", "b"])
        assert (rows[0] == rows[1]).all()
        assert gated.batches == [["a", "b"]]

    def test_the_least_recently_used_goes_first(self) -> None:
        gated = GatedEncoder()
        gated.open()
        batcher = Batcher(gated, cache_size=2)
        for text in ("a", "b", "a", "c", "a", "b"):
            batcher.encode([text])
        batcher.close()
        assert gated.batches == [["a"], ["b"], ["c"], ["b"]]

    def test_bulk_work_does_not_push_people_out(self) -> None:
        gated = GatedEncoder()
        gated.open()
        batcher = Batcher(gated, cache_size=10)
        batcher.encode([f"person {i}" for i in range(8)])
        batcher.encode_bulk([f"bulk {i}" for i in range(50)])
        n_before = len(gated.batches)
        batcher.encode([f"person {i}" for i in range(8)])
        assert len(gated.batches) == n_before
        assert len(batcher._cache) <= 10
        batcher.close()

    def test_it_keeps_no_text(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        batcher.encode(["my name is Ann Example"])
        assert all(len(key) == 16 and b"ann" not in key.lower() for key in batcher._cache)

    def test_handed_out_rows_are_the_callers_own(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        rows = batcher.encode(["a"])
        rows[:] = 0.0
        assert batcher.encode(["a"]).any()

    def test_lone_surrogates_have_a_place_too(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        assert batcher.encode(["half \ud800"]).shape == (1, 32)


class TestBulk:
    def test_people_go_between_its_batches(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        bulk = ask(*(f"bulk {i:02}" for i in range(24)), bulk=True)
        gated.wait_for_batch()
        person = ask("a person")
        gated.let_one_through()
        gated.wait_for_batch()
        assert gated.batches[1] == ["a person"]
        assert not bulk.done()
        gated.open()
        assert person.result(PATIENCE_S).shape == (1, 32)
        assert bulk.result(PATIENCE_S).shape == (24, 32)

    def test_its_batches_are_small_and_long_texts_go_one_by_one(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        texts = ["short"[: 1 + i % 5] + str(i) for i in range(20)] + [f"{i} " + "long " * 300 for i in range(3)]
        batcher.encode_bulk(texts)
        assert max(len(batch) for batch in gated.batches) == 8
        assert [sum("long" in text for text in batch) for batch in gated.batches] == [0, 0, 1, 1, 1]

    def test_it_gets_its_turn_under_any_load(
        self, batcher: Batcher, gated: GatedEncoder, people: ThreadPoolExecutor, ask: Ask
    ) -> None:
        hold(batcher, gated, people)
        bulk = ask("bulk", bulk=True)
        for i in range(12):  # there is always a person waiting when the next batch is chosen
            ask(f"person {i}")
            gated.let_one_through()
            gated.wait_for_batch()
        assert bulk.done() or ["bulk"] in gated.batches
        assert gated.batches.index(["bulk"]) > 4

    def test_it_says_how_far_it_is(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        batcher.encode(["text 0"])
        said: list[int] = []
        batcher.encode_bulk([f"text {i}" for i in range(20)], on_progress=said.append)
        assert said == sorted(said)
        assert said[-1] == 20

    def test_a_failure_in_it_reaches_its_caller(self, batcher: Batcher, gated: GatedEncoder) -> None:
        gated.open()
        with pytest.raises(RuntimeError, match="cannot encode that"):
            batcher.encode_bulk(["fine", "unspeakable"])


def test_many_threads_at_once_all_get_their_own_rows() -> None:
    plain = HashingEncoder(32)
    batcher = Batcher(plain, max_queue=10_000)
    texts = [f"text {i % 400}" for i in range(2_000)]
    with ThreadPoolExecutor(16) as pool:
        rows = list(pool.map(lambda text: batcher.encode([text])[0], texts))
    batcher.close()
    assert (np.stack(rows) == plain.encode(texts)).all()


def test_warming_encodes_something_and_says_so(batcher: Batcher, gated: GatedEncoder) -> None:
    gated.open()
    assert not batcher.is_warm
    batcher.warm()
    assert batcher.is_warm
    assert gated.batches


@pytest.mark.encoder
def test_the_real_encoder_through_it_is_the_real_encoder(default_encoder: Encoder) -> None:
    batcher = Batcher(default_encoder)
    texts = ["where is my parcel", "refund please", "where is my PARCEL", "a much longer question " * 20]
    rows = batcher.encode(texts, deadline_s=PATIENCE_S)
    batcher.close()
    assert (rows * default_encoder.encode(texts)).sum(axis=1).min() >= 0.9999
