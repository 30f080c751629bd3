"""Each known answer is guessed from the others, never from itself, nor from another row of its own context."""

from __future__ import annotations

import numpy as np

from suggest.policy.left_out import guessed

NOWHERE = np.zeros((2, 4), np.float32)
ROWS = np.eye(4, dtype=np.float32)


def test_a_context_says_nothing_of_itself() -> None:
    rows = ROWS[[0, 0, 1, 1]]
    assert guessed(rows, ["k", "k", "l", "m"], ["a", "a", "b", "b"], ["a", "b"], NOWHERE) == ["b", "b", "b", "b"]
    assert guessed(rows, ["k", "j", "l", "m"], ["a", "a", "b", "b"], ["a", "b"], NOWHERE) == ["a", "a", "b", "b"]


def test_the_texts_of_the_options_speak_where_nothing_else_does() -> None:
    assert guessed(ROWS[[0, 1]], ["k", "l"], ["b", "a"], ["a", "b"], ROWS[[0, 1]]) == ["a", "b"]
    assert guessed(ROWS[:0], [], [], ["a"], ROWS[:1]) == []


def test_blocks_do_not_change_what_is_guessed() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1_100, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    answers = ["a" if row[0] > 0 else "b" for row in rows]
    told = guessed(rows, [str(n) for n in range(1_100)], answers, ["a", "b"], NOWHERE)
    assert np.mean([guess == answer for guess, answer in zip(told, answers, strict=True)]) > 0.97
    first = guessed(rows, [str(n) for n in range(1_100)], answers, ["a", "b"], NOWHERE)[:512]
    assert first == told[:512]
