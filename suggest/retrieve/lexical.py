"""Likeness by the words themselves: a ranking feature beside the embedding, and the whole ranking when there is none.

Words carry most of it; character trigrams forgive typos and endings. Rare features count more than common ones."""

from __future__ import annotations

import itertools
import math
import re
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from suggest.domain.text import context_key, normalise

__all__ = ["LexicalIndex", "context_key", "normalise", "overlap", "tokens", "trigrams"]

Floats = NDArray[np.float32]

_WORD = re.compile(r"\w+")
_WORD_SHARE = 0.5  # of the score; the rest is trigrams
_COMPACT_FROM = 256  # dead rows that are worth rebuilding for


def tokens(text: str) -> tuple[str, ...]:
    """The distinct words of a text, normalised, in order of appearance.

    >>> tokens("Where's my Order, my order?")
    ('where', 's', 'my', 'order')
    """
    return tuple(dict.fromkeys(_WORD.findall(normalise(text))))


def trigrams(text: str) -> tuple[str, ...]:
    """The distinct character trigrams of a text's words, each word between spaces.

    >>> trigrams("my car")
    (' my', 'my ', ' ca', 'car', 'ar ')
    """
    return _trigrams_of(tokens(text))


def _trigrams_of(words: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in words:
        padded = f" {word} "
        for i in range(len(word)):
            found[padded[i : i + 3]] = None
    return tuple(found)


def overlap(query_text: str, candidate_texts: Sequence[str]) -> Floats:
    """IDF-weighted likeness of a query with each candidate, in [0, 1]; the IDF is that of these candidates.

    What a `LexicalIndex` of just these would say, without building one: 40 short texts take 1 to 2 ms.

    >>> overlap("card has not arrived", ["my card never arrived", "exchange rates"]).astype(float).round(2).tolist()
    [0.44, 0.0]
    """
    asked, said = tokens(query_text), [tokens(text) for text in candidate_texts]
    by_word = _cosines(asked, said)
    by_trigram = _cosines(_trigrams_of(asked), [_trigrams_of(words) for words in said])
    return np.asarray(_WORD_SHARE * by_word + (1 - _WORD_SHARE) * by_trigram, dtype=np.float32)


def _cosines(query: Iterable[str], documents: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Cosines of binary vectors weighted by idf, of one kind of feature."""
    n, df = len(documents), Counter(itertools.chain.from_iterable(documents))
    weight = {feature: _idf(n, count) ** 2 for feature, count in df.items()}
    of_query = {feature: weight.get(feature) or _idf(n, 0) ** 2 for feature in query}
    query_norm = sum(of_query.values())
    cosines = np.zeros(n)
    for i, features in enumerate(documents):
        shared = sum(of_query[feature] for feature in features if feature in of_query)
        if shared:
            cosines[i] = min(1.0, shared / math.sqrt(query_norm * sum(map(weight.__getitem__, features))))
    return cosines


class LexicalIndex:
    """Candidates by their words and trigrams. Thread-safe; one query over 1,000 short candidates takes about 0.3 ms.

    score(q, d) = (cos_words(q, d) + cos_trigrams(q, d)) / 2, each the cosine of binary vectors weighted by
    idf(f) = log(1 + n / (1 + df(f))). A query feature that no candidate has counts as df = 0: an unknown word lowers
    every score. Misleads when wording and meaning part ("do not cancel" is near "cancel").
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._words = _Postings()
        self._trigrams = _Postings()
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []  # by row, retired ones too
        self._texts: list[str] = []
        self._asked: tuple[tuple[str, ...], NDArray[np.intp]] | None = None  # the last ids and their rows

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id: object) -> bool:
        return id in self._rows

    def upsert(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        with self._lock:
            for id, text in zip(ids, texts, strict=True):
                self.retire(id)
                self._add(id, text)

    def retire(self, id: str) -> None:
        """Forget a candidate; unknown ids are no error."""
        with self._lock:
            row = self._rows.pop(id, None)
            self._asked = None
            if row is None:
                return
            words = tokens(self._texts[row])
            self._words.remove(row, words)
            self._trigrams.remove(row, _trigrams_of(words))
            n_dead = len(self._ids) - len(self._rows)
            if n_dead > max(_COMPACT_FROM, len(self._rows)):
                self._compact()

    def scores(self, text: str, ids: Sequence[str]) -> Floats:
        """The likeness of `text` with each of `ids`, in [0, 1]; 0 for one that is not here, perhaps no longer."""
        with self._lock:
            return np.append(self._score_all(text), np.float32(0))[self._places(ids)]

    def nearest(self, text: str, k: int) -> list[tuple[str, float]]:
        """The `k` candidates most like `text`, best first, those without anything in common left out."""
        with self._lock:
            scores = self._score_all(text)
            order = np.argsort(-scores, kind="stable")[: max(k, 0)]
            return [(self._ids[row], float(scores[row])) for row in order if scores[row] > 0]

    def _places(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """The row of each, -1 for one that is not here: of the same tuple as the last time it is known already."""
        if self._asked is None or self._asked[0] is not ids:
            places = np.array([self._rows.get(id, -1) for id in ids], np.intp)
            if not isinstance(ids, tuple):
                return places
            self._asked = ids, places
        return self._asked[1]

    def _score_all(self, text: str) -> Floats:
        n = len(self._rows)
        words = tokens(text)
        by_word = self._words.cosines(words, n=n)
        by_trigram = self._trigrams.cosines(_trigrams_of(words), n=n)
        scores: Floats = _WORD_SHARE * by_word + (1 - _WORD_SHARE) * by_trigram
        return scores

    def _add(self, id: str, text: str) -> None:
        self._asked = None
        self._rows[id] = len(self._ids)
        self._ids.append(id)
        self._texts.append(text)
        words = tokens(text)
        self._words.append(words)
        self._trigrams.append(_trigrams_of(words))

    def _compact(self) -> None:
        alive = [(id, self._texts[row]) for id, row in self._rows.items()]
        self._words, self._trigrams = _Postings(), _Postings()
        self._rows, self._ids, self._texts = {}, [], []
        for id, text in alive:
            self._add(id, text)


class _Postings:
    """One kind of feature: which rows have it, and how common it is among the living."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows_by_feature: list[array[int]] = []
        self._n_alive_by_feature: list[int] = []
        self._features = array("i")  # of all rows, one after another
        self._starts = array("q")
        self._dead: set[int] = set()
        self._norms: Floats | None = None  # of each row; all of them change with every candidate, so made when needed
        self._postings: tuple[NDArray[np.int64], NDArray[np.intc]] | None = None  # likewise

    def append(self, features: Sequence[str]) -> None:
        row = len(self._starts)
        self._starts.append(len(self._features))
        for feature in features:
            if feature not in self._numbers:
                self._numbers[feature] = len(self._rows_by_feature)
                self._rows_by_feature.append(array("i"))
                self._n_alive_by_feature.append(0)
            number = self._numbers[feature]
            self._rows_by_feature[number].append(row)
            self._n_alive_by_feature[number] += 1
            self._features.append(number)
        self._norms, self._postings = None, None

    def remove(self, row: int, features: Iterable[str]) -> None:
        for feature in features:
            self._n_alive_by_feature[self._numbers[feature]] -= 1
        self._dead.add(row)
        self._norms = None

    def cosines(self, features: Iterable[str], *, n: int) -> Floats:
        """The weighted cosine of a query's features with every row's; 0 for the dead."""
        numbers, n_unknown = [], 0
        for feature in features:
            number = self._numbers.get(feature)
            if number is None or not self._n_alive_by_feature[number]:
                n_unknown += 1
            else:
                numbers.append(number)
        shared = np.zeros(len(self._starts), dtype=np.float32)
        query_norm = n_unknown * _idf(n, 0) ** 2
        if numbers:
            weights = np.log1p(n / (1.0 + np.array([self._n_alive_by_feature[each] for each in numbers]))) ** 2
            starts, rows = self._laid_out()
            of_query = np.array(numbers)
            first, sizes = starts[of_query], starts[of_query + 1] - starts[of_query]
            ends = np.cumsum(sizes)
            places = np.arange(ends[-1]) + np.repeat(first - ends + sizes, sizes)
            spread = np.repeat(weights, sizes)
            shared = np.bincount(rows[places], weights=spread, minlength=len(shared)).astype(np.float32)
            query_norm += float(weights.sum())
        if query_norm == 0.0:
            return shared
        cosines = shared / (self._row_norms(n) * math.sqrt(query_norm))
        if self._dead:
            cosines[list(self._dead)] = 0.0
        clipped: Floats = np.clip(cosines, 0.0, 1.0)
        return clipped

    def _laid_out(self) -> tuple[NDArray[np.int64], NDArray[np.intc]]:
        """The rows of every feature, one feature after another, and where each begins."""
        if self._postings is None:
            starts = np.zeros(len(self._rows_by_feature) + 1, np.int64)
            np.cumsum([len(rows) for rows in self._rows_by_feature], out=starts[1:])
            laid = array("i", itertools.chain.from_iterable(self._rows_by_feature))
            self._postings = starts, np.frombuffer(laid, dtype=np.intc)
        return self._postings

    def _row_norms(self, n: int) -> Floats:
        if self._norms is None:
            df = np.asarray(self._n_alive_by_feature, dtype=np.float64)  # single precision would show in long sums
            weights = np.log1p(n / (1 + df)) ** 2
            cumulated = np.concatenate([[0.0], np.cumsum(weights[np.frombuffer(self._features, dtype=np.intc)])])
            ends = np.append(np.frombuffer(self._starts, dtype=np.int64), len(self._features))
            sums = np.diff(cumulated[ends])
            self._norms = np.sqrt(np.maximum(sums, 1e-12)).astype(np.float32)
        return self._norms


def _idf(n: int, df: int) -> float:
    return math.log1p(n / (1 + df))
