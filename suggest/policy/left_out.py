"""How well known answers agree with each other: each is guessed from all the others, and from the options' own texts.

    guess(i) = argmax_o Σ_{j in N(i), answer_j = o} exp(s · (cos(i, j) − 1)) + exp(s · (cos(i, text_o) − 1))

N(i) are the NEAREST other contexts, s = SHARPNESS, as the shipped prior has it. It is no model that ever serves: it
compares two ways of naming the same answers in a second, before anything changes. Misleads where answers are few, and
flatters a merger: with fewer options there is less to confuse. So it is told for what is touched and for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEAREST = 10
SHARPNESS = 18.0
_BLOCK = 512  # rows at a time: 512 x 20,000 cosines are 40 MB


def guessed(
    embeddings: Floats, keys: Sequence[str], answers: Sequence[str], options: Sequence[str], texts: Floats
) -> list[str]:
    """The guess for each row, in order. Rows with one key are one context and say nothing of each other.

    `embeddings` (n, d) and `texts` (len(options), d) are unit rows; every answer is one of the options.

    >>> rows = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    >>> guessed(rows, "wxyz", ["a", "a", "b", "a"], ["a", "b"], np.zeros((2, 2), np.float32))
    ['a', 'a', 'a', 'b']
    """
    place = {option: n for n, option in enumerate(options)}
    code_of = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    context = np.array([code_of[key] for key in keys])
    answer = np.array([place[each] for each in answers], np.intp)
    told: list[str] = []
    for start in range(0, len(embeddings), _BLOCK):
        rows = embeddings[start : start + _BLOCK]
        cosines = rows @ embeddings.T
        cosines[context[start : start + _BLOCK, None] == context[None, :]] = -1.0
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :NEAREST]
        pull = np.exp(SHARPNESS * (np.take_along_axis(cosines, near, axis=1) - 1.0))
        votes = np.exp(SHARPNESS * (rows @ texts.T - 1.0))
        for n, (line, weight) in enumerate(zip(near, pull, strict=True)):
            np.add.at(votes[n], answer[line], weight)
        told += [options[each] for each in votes.argmax(axis=1)]
    return told
