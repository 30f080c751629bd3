"""A whole context as one vector: the message, coloured a little by what was said just before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suggest.retrieve.vectors import Embeddings, Vector, unit

# The message stays the larger part: "yes please" must move towards the question it answers, while a full question must
# stay within cosine 0.94 of itself whatever came before.
TURNS_WEIGHT = 0.35
TURNS_USED = 2

Turns = Sequence[tuple[str, str]]  # (role, text), oldest first


class EncodesTexts(Protocol):
    """An Encoder, a Batcher, or anything else that turns texts into unit rows."""

    def encode(self, texts: Sequence[str], /) -> Embeddings: ...


def embed_context(encoder: EncodesTexts, text: str, turns: Turns = ()) -> Vector:
    """The unit vector of a context: e(text), or e(text) + 0.35 e(last two turns) made unit again."""
    vector: Vector = embed_contexts(encoder, [(text, turns)])[0]
    return vector


def embed_contexts(encoder: EncodesTexts, contexts: Sequence[tuple[str, Turns]]) -> Embeddings:
    """One unit row a context, in one call of the encoder."""
    before = {i: _joined(turns) for i, (_, turns) in enumerate(contexts) if _joined(turns)}
    rows = encoder.encode([*(text for text, _ in contexts), *before.values()])
    if not before:
        return rows
    combined = rows[: len(contexts)].copy()
    with_turns = list(before)
    combined[with_turns] = unit(combined[with_turns] + TURNS_WEIGHT * rows[len(contexts) :])
    return combined


def _joined(turns: Turns) -> str:
    return "\n".join(text for _, text in turns[-TURNS_USED:]).strip()
