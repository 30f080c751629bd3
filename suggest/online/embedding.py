"""Contexts and options to vectors, for people who wait and for work that can.

A person's request waits 150 ms for the encoder and is then ranked by words; batches, labels and candidates wait as long
as it takes and let people go first. What the log holds in the vectors of another encoder is made anew from its stored
text, once: it is kept beside the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from suggest.domain.context import Context, Turn
from suggest.retrieve.batcher import Batcher, EncoderBusy
from suggest.retrieve.context import embed_contexts
from suggest.retrieve.encoder import EncoderUnavailable
from suggest.retrieve.vectors import Embeddings, Vector, unit
from suggest.store.vectors import VectorFile, text_key

log = logging.getLogger(__name__)

DEADLINE_S = 0.150
DEADLINE_PER_OPTION_S = 0.010  # a caller who brings many new options of their own must wait for them anyway

_Request = tuple[Context, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContext:
    """A context of the log, with the vector it was stored with."""

    key: str
    encoder: object  # fingerprint; None where it was never embedded
    embedding: object  # float16 bytes
    context: object = None  # as stored; needed only where the vector is of another encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A candidate's text, likewise."""

    text: str
    encoder: object
    embedding: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Rows and whose they are."""

    encoder: str
    rows: Embeddings  # (n, dim)

    def only(self, which: NDArray[np.intp]) -> Embedded:
        return Embedded(encoder=self.encoder, rows=self.rows[which])

    def of(self, embedder: Embedder, contexts: Sequence[Context]) -> Embeddings:
        """The same contexts as this encoder sees them."""
        return self.rows if embedder.fingerprint == self.encoder else embedder.of_contexts(contexts)


class Embedder:
    """One surface's way to the encoder it is served with."""

    def __init__(self, batcher: Batcher, *, kept: VectorFile | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._batcher = batcher
        self._kept = kept
        self._deadline_s = deadline_s

    @property
    def dim(self) -> int:
        return self._batcher.dim

    @property
    def fingerprint(self) -> str:
        """Names the encoder; vectors of two encoders never meet."""
        return self._batcher.fingerprint

    @property
    def is_loaded(self) -> bool:
        return self._batcher.is_loaded

    @property
    def is_warm(self) -> bool:
        return self._batcher.is_warm

    def warm(self) -> None:
        """Read the encoder now, so that nobody waits for that."""
        self._batcher.warm()

    def of_request(self, context: Context, options: Sequence[str]) -> tuple[Vector | None, list[Vector] | None]:
        """The vectors of a context and of the options that came with it; (None, None) when not encoded in time."""
        deadline_s = self._deadline_s + DEADLINE_PER_OPTION_S * len(options)
        try:
            return _split(_Timed(self._batcher, deadline_s), [(context, options)])[0]
        except EncoderBusy:
            return None, None
        except EncoderUnavailable:
            log.exception("the encoder %s cannot be read; ranking by words", self.fingerprint)
            return None, None

    def of_batch(self, requests: Sequence[_Request]) -> list[tuple[Vector | None, list[Vector] | None]]:
        """The same for many, however long it takes."""
        return _split(_Unhurried(self._batcher), requests) if requests else []

    def of_contexts(self, contexts: Sequence[Context]) -> Embeddings:
        """Unit rows (n, dim), without haste."""
        return embed_contexts(_Unhurried(self._batcher), [_said(context) for context in contexts])

    def of_texts(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows (n, dim), without haste."""
        return self._batcher.encode_bulk(texts)

    def keep(self, key: str, vector: Vector) -> None:
        """The log holds this context in another encoder's vector: no start encodes it again."""
        if self._kept is not None:
            self._kept.add([key], vector[None, :])

    def of_stored(
        self, stored: Sequence[StoredContext], *, also_unseen: bool = False
    ) -> tuple[Embeddings, NDArray[np.bool_]]:
        """Unit rows (n, dim), and which of them are there: stored vectors where this encoder made them, else the kept
        ones, else encoded from the stored texts, and kept.

        A context that was erased has none. One that no encoder saw in time is encoded only where `also_unseen`: a start
        has no time for it, and the next retrain does it."""
        rows, is_there = self._own(stored)
        others = [i for i, each in enumerate(stored) if not is_there[i]]
        contexts = {stored[i].key: context for i in others if (context := context_of(stored[i].context)) is not None}
        unseen = {stored[i].key for i in others if not isinstance(stored[i].encoder, str)}
        found = self._again(contexts, but=frozenset() if also_unseen else unseen)
        for i in others:
            if (vector := found.get(stored[i].key)) is not None:
                rows[i], is_there[i] = vector, True
        return rows, is_there

    def of_stored_texts(self, stored: Sequence[StoredText]) -> Embeddings:
        """Unit rows (n, dim) of candidates."""
        rows, is_there = self._own(stored)
        keys = {text_key(stored[i].text): stored[i].text for i in np.flatnonzero(~is_there).tolist()}
        found = self._again({key: Context(text=text) for key, text in keys.items()})
        for i in np.flatnonzero(~is_there).tolist():
            rows[i] = found[text_key(stored[i].text)]
        return rows

    def own(self, encoders: Sequence[object], embeddings: Sequence[object]) -> tuple[Embeddings, NDArray[np.bool_]]:
        """Unit rows (n, dim) of stored vectors, and which of them are there: those that this encoder made."""
        mine = self.fingerprint
        packed = [
            each if encoder == mine and _is_there(each) else None
            for encoder, each in zip(encoders, embeddings, strict=True)
        ]
        is_own = np.array([each is not None for each in packed], np.bool_)
        rows = np.zeros((len(packed), self.dim), np.float32)
        if is_own.any():
            joined = np.frombuffer(b"".join(each for each in packed if each is not None), np.float16)
            rows[is_own] = unit(joined.reshape(-1, self.dim).astype(np.float32))
        return rows, is_own

    def _own(self, stored: Sequence[StoredContext | StoredText]) -> tuple[Embeddings, NDArray[np.bool_]]:
        return self.own([each.encoder for each in stored], [each.embedding for each in stored])

    def _again(self, contexts: Mapping[str, Context], *, but: Set[str] = frozenset()) -> dict[str, Vector]:
        """Vectors by key, kept or made now; of those in `but` only kept ones."""
        found = dict(self._kept.get(list(contexts))) if self._kept is not None and contexts else {}
        missing = [key for key in contexts if key not in found and key not in but]
        if missing:
            rows = self.of_contexts([contexts[key] for key in missing])
            if self._kept is not None:
                self._kept.add(missing, rows)
            found |= dict(zip(missing, rows, strict=True))
        return found


class _Timed:
    def __init__(self, batcher: Batcher, deadline_s: float) -> None:
        self._batcher = batcher
        self._deadline_s = deadline_s

    def encode(self, texts: Sequence[str], /) -> Embeddings:
        return self._batcher.encode(texts, deadline_s=self._deadline_s)


class _Unhurried:
    def __init__(self, batcher: Batcher) -> None:
        self._batcher = batcher

    def encode(self, texts: Sequence[str], /) -> Embeddings:
        return self._batcher.encode_bulk(texts)


def _split(
    encoder: _Timed | _Unhurried, requests: Sequence[_Request]
) -> list[tuple[Vector | None, list[Vector] | None]]:
    """One pass of the encoder for all contexts and all options of all requests."""
    contexts = [_said(context) for context, _ in requests]
    options: list[tuple[str, tuple[tuple[str, str], ...]]] = [(text, ()) for _, texts in requests for text in texts]
    rows = embed_contexts(encoder, [*contexts, *options])
    split: list[tuple[Vector | None, list[Vector] | None]] = []
    start = len(requests)
    for i, (_, texts) in enumerate(requests):
        split.append((rows[i], list(rows[start : start + len(texts)])))
        start += len(texts)
    return split


def _said(context: Context) -> tuple[str, tuple[tuple[str, str], ...]]:
    return context.text, tuple((turn.role, turn.text) for turn in context.turns)


def context_of(stored: object) -> Context | None:
    """A stored context again; None where it was erased."""
    told = json.loads(stored) if isinstance(stored, str) else stored
    if not isinstance(told, Mapping) or not told.get("text"):
        return None
    turns = tuple(Turn(role=str(turn["role"]), text=str(turn["text"])) for turn in told.get("turns") or ())
    return Context(text=str(told["text"]), turns=turns, fields=dict(told.get("fields") or {}))


def _is_there(embedding: object) -> TypeGuard[bytes | bytearray]:
    return isinstance(embedding, bytes | bytearray)  # DuckDB gives columns of the one and rows of the other
