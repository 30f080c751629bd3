"""One thread that encodes for everyone: what waits while a batch runs becomes the next batch.

No linger: a lone request is encoded at once, and under load the batch forms by itself (measured: 95 requests/s one by
one, 250/s batched, health checks undisturbed). Requests of people come before bulk work; a full queue or a passed
deadline raises EncoderBusy, and the caller ranks without an embedding."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

import numpy as np

from suggest.domain.errors import Overloaded
from suggest.domain.text import normalise
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.vectors import Embeddings, Vector

_BULK_BATCH = 8  # as fast a text as 64 (a lone core is busy either way), and a person waits 40 ms for it, not 300
_BULK_TURN = 8  # after so many batches for people one of bulk work is done, so that it ends under any load
_LONGEST_BATCH_CHARACTERS = 4_000  # one batch takes about 300 ms at most, so a short text never waits for 32 long ones
_LONGEST_ENCODED_CHARACTERS = 1_200  # about 256 tokens, where the encoder stops reading
_CACHED_AHEAD = 0.5  # share of the cache that bulk work may fill


class EncoderBusy(Overloaded):
    """The encoder did not get to this text in time; rank without it."""

    slug = "encoder-busy"
    title = "The encoder is busy"


class _Work:
    """Texts on their way to the encoder, and the thread that waits for them."""

    def __init__(self, texts: Sequence[str], keys: Sequence[bytes]) -> None:
        self.texts = texts
        self.keys = keys
        self.embeddings: Embeddings | None = None
        self.error: BaseException | None = None
        self.is_abandoned = False
        self.done = threading.Event()


class Batcher:
    """Thread-safe. Embeddings are cached by normalised text, under a hash: the cache holds nobody's words."""

    def __init__(
        self,
        encoder: Encoder,
        *,
        max_batch: int = 32,
        max_queue: int = 256,
        cache_size: int = 20_000,
        is_loaded: Callable[[], bool] = lambda: True,
    ) -> None:
        """While not `is_loaded`, people are not kept waiting for the encoder, and bulk work is."""
        self._encoder = encoder
        self._is_loaded = is_loaded
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._cache_size = cache_size
        self._cache: OrderedDict[bytes, Vector] = OrderedDict()
        self._waiting: deque[_Work] = deque()
        self._bulk: deque[_Work] = deque()
        self._batches_since_bulk = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self.is_warm = False
        self._worker = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._worker.start()

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    @property
    def dim(self) -> int:
        return self._encoder.dim

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded()

    @property
    def n_waiting(self) -> int:
        """Texts in the queue, bulk work apart."""
        with self._changed:
            return self._n_waiting()

    def encode(self, texts: Sequence[str], *, deadline_s: float | None = None) -> Embeddings:
        """Unit rows (n, dim) for a person who waits. Raises EncoderBusy at once when the queue is full, when there is a
        deadline and the encoder is not loaded yet, or when `deadline_s` seconds have passed."""
        keys, found, work = self._look_up(texts)
        if work is None:
            return self._rows(keys, found)
        if deadline_s is not None and not self._is_loaded():
            raise EncoderBusy("the encoder is still being loaded; rank without an embedding")
        with self._changed:
            self._refuse_when_closed()
            n_waiting = self._n_waiting()
            if n_waiting and n_waiting + len(work.texts) > self._max_queue:
                raise EncoderBusy(f"{n_waiting} texts are waiting to be encoded; rank without an embedding")
            self._waiting.append(work)
            self._changed.notify()
        if not work.done.wait(deadline_s):
            work.is_abandoned = True  # nobody waits for it any more, so the worker skips it
            raise EncoderBusy(f"not encoded within {deadline_s} s; rank without an embedding")
        _take_from(work, found)
        return self._rows(keys, found)

    def encode_bulk(self, texts: Sequence[str], *, on_progress: Callable[[int], None] | None = None) -> Embeddings:
        """Unit rows (n, dim) without haste: between its small batches, people's requests go first.

        `on_progress` is called with the number of texts done so far."""
        keys, found, work = self._look_up(texts)
        if work is None:
            return self._rows(keys, found)
        pieces = _pieces(work)
        with self._changed:
            self._refuse_when_closed()
            self._bulk.extend(pieces)
            self._changed.notify()
        n_done = len(texts) - len(work.texts)
        try:
            for piece in pieces:
                piece.done.wait()
                _take_from(piece, found)
                n_done += len(piece.texts)
                if on_progress is not None:
                    on_progress(n_done)
        finally:
            for piece in pieces:
                piece.is_abandoned = True
        return self._rows(keys, found)

    def warm(self) -> None:
        """Encode a few lengths, so that the first person does not pay for first allocations."""
        for words in (4, 16, 48):
            self._encoder.encode(["warm " * words])
        self.is_warm = True

    def close(self) -> None:
        """Finish the batch in hand; whoever still waits gets EncoderBusy."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._worker.join()

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise EncoderBusy("the encoder is shutting down")

    def _n_waiting(self) -> int:
        return sum(len(work.texts) for work in self._waiting if not work.is_abandoned)

    def _rows(self, keys: Sequence[bytes], found: dict[bytes, Vector]) -> Embeddings:
        return np.stack([found[key] for key in keys]) if keys else np.empty((0, self.dim), dtype=np.float32)

    def _look_up(self, texts: Sequence[str]) -> tuple[list[bytes], dict[bytes, Vector], _Work | None]:
        """The texts' keys, what the cache has of them, and the rest as work, each distinct text once."""
        keys = [_key(text) for text in texts]
        found: dict[bytes, Vector] = {}
        missing: dict[bytes, str] = {}
        with self._changed:
            for key, text in zip(keys, texts, strict=True):
                vector = self._cache.get(key)
                if vector is None:
                    missing.setdefault(key, text)  # the first spelling is the one encoded
                else:
                    self._cache.move_to_end(key)
                    found[key] = vector
        return keys, found, _Work(list(missing.values()), list(missing)) if missing else None

    def _run(self) -> None:
        while batch := self._next_batch():
            works, is_bulk = batch
            self._encode(works)
            with self._changed:
                for work in works:
                    self._remember(work, is_bulk=is_bulk)
                    work.done.set()
        with self._changed:
            for work in (*self._waiting, *self._bulk):
                work.error = EncoderBusy("the encoder is shutting down")
                work.done.set()

    def _next_batch(self) -> tuple[list[_Work], bool] | None:
        """Wait for work. None when closed."""
        with self._changed:
            while not self._is_closed:
                if self._bulk and (not self._waiting or self._batches_since_bulk >= _BULK_TURN):
                    self._batches_since_bulk = 0
                    work = self._bulk.popleft()
                    if not work.is_abandoned:
                        return [work], True
                elif self._waiting:
                    if works := self._take():
                        self._batches_since_bulk += 1
                        return works, False
                else:
                    self._changed.wait()
        return None

    def _take(self) -> list[_Work]:
        taken: list[_Work] = []
        n_texts = n_characters = 0
        while self._waiting:
            work = self._waiting[0]
            n_texts += len(work.texts)
            n_characters += sum(map(_cost, work.texts))
            if taken and (n_texts > self._max_batch or n_characters > _LONGEST_BATCH_CHARACTERS):
                break
            self._waiting.popleft()
            if work.is_abandoned:
                n_texts -= len(work.texts)
                n_characters -= sum(map(_cost, work.texts))
            else:
                taken.append(work)
        return taken

    def _encode(self, works: Sequence[_Work]) -> None:
        try:
            rows = self._encoder.encode([text for work in works for text in work.texts])
        except Exception as error:
            if len(works) == 1:
                works[0].error = error
                return
            for work in works:  # so that one text which cannot be encoded fails its own request only
                self._encode([work])
            return
        start = 0
        for work in works:
            work.embeddings = rows[start : start + len(work.texts)]
            start += len(work.texts)

    def _remember(self, work: _Work, *, is_bulk: bool) -> None:
        if work.embeddings is None:
            return
        room = _CACHED_AHEAD * self._cache_size if is_bulk else self._cache_size
        for key, row in zip(work.keys, work.embeddings, strict=True):
            if is_bulk and len(self._cache) >= room:
                return
            self._cache[key] = row.copy()  # a view would keep the whole batch alive
            self._cache.move_to_end(key)
        while len(self._cache) > room:
            self._cache.popitem(last=False)


def _take_from(work: _Work, found: dict[bytes, Vector]) -> None:
    if work.error is not None:
        raise work.error
    assert work.embeddings is not None
    found.update(zip(work.keys, work.embeddings, strict=True))


def _pieces(work: _Work) -> list[_Work]:
    """Bulk work cut small, similar lengths together."""
    pieces: list[list[int]] = []
    cost = 0
    for i in sorted(range(len(work.texts)), key=lambda i: len(work.texts[i])):
        cost += _cost(work.texts[i])
        if not pieces or len(pieces[-1]) == _BULK_BATCH or cost > _LONGEST_BATCH_CHARACTERS // 2:
            pieces.append([])
            cost = _cost(work.texts[i])
        pieces[-1].append(i)
    return [_Work([work.texts[i] for i in piece], [work.keys[i] for i in piece]) for piece in pieces]


def _cost(text: str) -> int:
    return min(len(text), _LONGEST_ENCODED_CHARACTERS)


def _key(text: str) -> bytes:
    return hashlib.blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()
