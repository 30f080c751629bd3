"""What else one would do with the same rows: each a function from a corpus to one answer a context.

All see the same history and the same frozen encoder, and say P as they natively do: none is calibrated afterwards.
Where the history holds none-labels, the classifiers get a class for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.corpora import Ask, Corpus
from bench.encoded import CachedEncoder
from bench.judged import Answer
from bench.ours import K, Trained

Floats = NDArray[np.float64]
NONE = "\x00none"  # the class of what nothing answers
NEIGHBOURS = 50
SHARPNESS = 18.0  # of the cosines of this encoder; 0.31 is where nothing fits (docs: the shipped prior)
NONE_COSINE = 0.31


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    corpus: Corpus
    encoder: CachedEncoder
    trained: Trained  # for the raw ranker only

    @property
    def ids(self) -> list[str]:
        return list(self.corpus.candidates)


def names_only(task: Task) -> list[Answer]:
    """Softmax over the cosines of the candidates' own texts, beside a fixed "none" at cosine 0.31."""
    names = task.encoder.encode(list(task.corpus.candidates.values()))
    logits = SHARPNESS * (task.encoder.of(task.corpus.stream) @ names.T)
    none = np.full((len(logits), 1), SHARPNESS * NONE_COSINE)
    return answers_of([*task.ids, NONE], _softmax(np.hstack([logits, none])))


def nearest_neighbours(task: Task) -> list[Answer]:
    """Shares of a kernel vote of the 50 nearest past contexts."""
    rows, items, _ = labelled(task)
    known = task.encoder.of(task.corpus.history)[rows]
    classes, codes = np.unique(items, return_inverse=True)
    shares = []
    for block in np.array_split(task.encoder.of(task.corpus.stream), max(1, len(task.corpus.stream) // 500)):
        cosines = block @ known.T
        near = np.argpartition(-cosines, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        for line, places in zip(cosines, near, strict=True):
            votes = np.bincount(codes[places], np.exp(SHARPNESS * (line[places] - 1.0)), minlength=len(classes))
            shares.append(votes / votes.sum())
    return answers_of(list(classes), np.array(shares))


def tfidf_regression(task: Task) -> list[Answer]:
    """Words 1-2 and characters 2-4, logistic regression with C = 10."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2),
    )
    rows, items, weights = labelled(task)
    texts = [task.corpus.history[i].text for i in rows]
    model = regression(features.fit_transform(texts), items, weights, C=10.0)
    return answers_of(
        list(model.classes_), model.predict_proba(features.transform([a.text for a in task.corpus.stream]))
    )


def embedding_regression(task: Task) -> list[Answer]:
    """Logistic regression with C = 30 on the frozen embeddings: the simplest strong baseline."""
    rows, items, weights = labelled(task)
    model = regression(task.encoder.of(task.corpus.history)[rows], items, weights, C=30.0)
    return answers_of(list(model.classes_), model.predict_proba(task.encoder.of(task.corpus.stream)))


def raw_ranker(task: Task) -> list[Answer]:
    """Our own columns and trees, each score through a plain sigmoid: what a ranker says before it is calibrated."""
    from suggest.rank.ranker import COLUMNS

    answers, rows = [], task.encoder.of(task.corpus.stream)
    suggester = task.trained.suggester
    place = COLUMNS.index("booster")
    for ask, row in zip(task.corpus.stream, rows, strict=True):
        ranking = suggester.rank(row, ask.text)
        columns = np.frombuffer(ranking.features, np.float16).reshape(len(ranking.ids), len(COLUMNS))
        scores = columns[:, place].astype(np.float64)
        order = np.argsort(-scores, kind="stable")
        p = 1.0 / (1.0 + np.exp(-scores[order[:K]]))
        ids = [ranking.ids[i] for i in order[:50]]
        answers.append(_answer(ids, p / max(1.0, float(p.sum())), p_any=float(1.0 - np.prod(1.0 - p))))
    return answers


def labelled(task: Task) -> tuple[NDArray[np.int64], NDArray[np.str_], Floats]:
    """One row a right option of a past context, a none-label as a class of its own: row, item, weight."""
    told = [(n, item, 1.0 / max(1, len(a.right))) for n, a in enumerate(task.corpus.history) for item in _items(a)]
    rows, items, weights = zip(*told, strict=True)
    return np.array(rows), np.array(items), np.array(weights)


def _items(ask: Ask) -> Sequence[str]:
    return sorted(ask.right) or [NONE]


def regression(x: Any, items: NDArray[np.str_], weights: Floats, *, C: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, max_iter=300, tol=1e-3).fit(x, items, sample_weight=weights)


def answers_of(classes: Sequence[str], p: Floats) -> list[Answer]:
    """Options by probability; what the none class takes is left over."""
    options = np.array([n for n, c in enumerate(classes) if c != NONE])
    best = np.argsort(-p[:, options], axis=1, kind="stable")[:, :50]
    answers = []
    for line, order in zip(p[:, options], best, strict=True):
        answers.append(_answer([classes[options[i]] for i in order], line[order[:K]]))
    return answers


def _answer(ids: Sequence[str], p: Floats, *, p_any: float | None = None) -> Answer:
    shown = tuple(float(each) for each in p[:K])
    return Answer(
        ranked=tuple(ids),
        shown=tuple(ids[:K]),
        p_shown=shown,
        p_any=float(np.clip(sum(shown) if p_any is None else p_any, 0.0, 1.0)),
    )


def _softmax(logits: Floats) -> Floats:
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


BASELINES: Mapping[str, Callable[[Task], list[Answer]]] = {
    "names only": names_only,
    "nearest neighbours": nearest_neighbours,
    "TF-IDF regression": tfidf_regression,
    "embedding regression": embedding_regression,
    "raw ranker": raw_ranker,
}
