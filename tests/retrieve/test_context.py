"""A context's vector: its message, coloured by the last two turns and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from suggest.retrieve.context import TURNS_WEIGHT, embed_context, embed_contexts
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings, unit

TURNS = [("customer", "my parcel is late"), ("agent", "shall I send a new one?")]


class CountingEncoder(HashingEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self.calls.append(list(texts))
        return super().encode(texts)


def test_without_turns_it_is_the_text(hashing: HashingEncoder) -> None:
    assert (embed_context(hashing, "yes please") == hashing.encode(["yes please"])[0]).all()
    assert (embed_context(hashing, "yes please", [("agent", "  ")]) == hashing.encode(["yes please"])[0]).all()


def test_with_turns_it_is_the_weighted_sum_made_unit(hashing: HashingEncoder) -> None:
    said, before = hashing.encode(["yes please", "my parcel is late\nshall I send a new one?"])
    assert embed_context(hashing, "yes please", TURNS) == pytest.approx(unit(said + TURNS_WEIGHT * before), abs=1e-6)


def test_only_the_last_two_turns_count(hashing: HashingEncoder) -> None:
    long_ago = [("customer", "hello"), ("agent", "good morning")]
    assert (embed_context(hashing, "yes", [*long_ago, *TURNS]) == embed_context(hashing, "yes", TURNS)).all()


def test_one_call_of_the_encoder_whatever_there_is() -> None:
    encoder = CountingEncoder()
    embed_contexts(encoder, [("yes", TURNS), ("no", ()), ("hi", TURNS[:1])])
    assert encoder.calls == [["yes", "no", "hi", "my parcel is late\nshall I send a new one?", "my parcel is late"]]


def test_many_are_the_same_as_one_by_one(hashing: HashingEncoder) -> None:
    contexts = [("yes", TURNS), ("no", ()), ("hi there", TURNS[1:])]
    one_by_one = np.stack([embed_context(hashing, text, turns) for text, turns in contexts])
    assert embed_contexts(hashing, contexts) == pytest.approx(one_by_one)
    assert embed_contexts(hashing, []).shape == (0, hashing.dim)


@pytest.mark.encoder
def test_a_bare_yes_moves_to_what_it_answers_and_a_question_stays_itself(default_encoder: Encoder) -> None:
    resend, refund = default_encoder.encode(["send a replacement parcel", "refund to my card"])
    yes_to_resend = embed_context(default_encoder, "yes please", [("agent", "Shall I send a new parcel?")])
    yes_to_refund = embed_context(default_encoder, "yes please", [("agent", "Shall I refund the money to your card?")])
    assert yes_to_resend @ resend > yes_to_refund @ resend
    assert yes_to_refund @ refund > yes_to_resend @ refund
    question = "how do I change my delivery address"
    assert embed_context(default_encoder, question, TURNS) @ default_encoder.encode([question])[0] > 0.93
