"""Fit what fields say: which values to read, and then every weight at once, by maximum a posteriori.

Each known answer is one choice among the options it was hardest to tell from. The text's own columns stand beside the
fields while fitting, so that fields learn only what the text leaves open. Nothing is made where no field says anything:
a surface without fields is as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.rank.field_model import ID, FieldModel, Floats, Scale, Space
from suggest.rank.traits import Token, Traits

FEWEST_CHOICES = 30
FEWEST_SEEN = 4  # times a value must be there to be read
MOST_CONTEXT_TOKENS, MOST_OPTION_TOKENS = 80, 240
MOST_CONTEXT_NUMBERS, MOST_OPTION_NUMBERS = 8, 6
MOST_NAMES = 8
CONTEXT_STEPS, OPTION_STEPS = 7, 3
HARDEST = 12  # options that a right one is told from
MOST_CHOICES = 4_000  # the latest
PRECISION = 1.0  # of each weight: a value seen a few times says little


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """One context with the options that were in question."""

    context: Traits
    ids: tuple[str, ...]
    options: tuple[Traits, ...]
    right: NDArray[np.bool_]  # (n,)
    text: Floats  # (n, columns) what the text says of each, in columns of about one
    weight: float


def fit_fields(choices: Sequence[FieldChoice]) -> FieldModel | None:
    """None where neither contexts nor options have fields, or too few answers are known."""
    known = [c for c in choices if 0 < int(c.right.sum()) < len(c.right)][-MOST_CHOICES:]
    if len(known) < FEWEST_CHOICES or not any(c.context or any(c.options) for c in known):
        return None
    blank = _spaces(known)
    if blank.context.size == 1 and not blank.names and not blank.numbers and not any(any(c.options) for c in known):
        return None
    return _fitted(blank, known)


# -- what is read ------------------------------------------------------------------------------------------------------


def _spaces(choices: Sequence[FieldChoice]) -> FieldModel:
    contexts = [c.context for c in choices]
    options = {i: t for c in choices for i, t in zip(c.ids, c.options, strict=True)}
    chosen = Counter(i for c in choices for i, right in zip(c.ids, c.right, strict=True) if right)
    ids = [(ID, i) for i, n in chosen.most_common(MOST_OPTION_TOKENS // 2) if n >= FEWEST_SEEN]
    of_options = _frequent((t for c in choices for o in c.options for t in o.tokens), MOST_OPTION_TOKENS - len(ids))
    of_contexts = _frequent((t for c in contexts for t in c.tokens), MOST_CONTEXT_TOKENS)
    both = {n for c in contexts for n, _ in c.tokens} & {n for o in options.values() for n, _ in o.tokens}
    numbers = _columns(contexts)
    theirs = _columns(list(options.values()))
    return FieldModel(
        context=_space(of_contexts, _widest(numbers, MOST_CONTEXT_NUMBERS), CONTEXT_STEPS),
        option=_space([*ids, *of_options], _widest(theirs, MOST_OPTION_NUMBERS), OPTION_STEPS),
        weights=np.zeros((0, 0), np.float32),
        names=tuple(sorted(both))[:MOST_NAMES],
        numbers={
            name: max(float(np.std(np.concatenate([numbers[name], theirs[name]]))), 1e-9)
            for name in sorted(numbers.keys() & theirs.keys())[:MOST_NAMES]
        },
        match_weights=np.zeros(0, np.float32),
    )


def _frequent(tokens: Iterable[Token], most: int) -> list[Token]:
    return [token for token, n in Counter(tokens).most_common(most) if n >= FEWEST_SEEN]


def _columns(traits: Sequence[Traits]) -> dict[str, NDArray[np.float64]]:
    values: dict[str, list[float]] = {}
    for each in traits:
        for name, number in each.numbers:
            values.setdefault(name, []).append(number)
    return {name: np.array(found) for name, found in values.items()}


def _widest(columns: dict[str, NDArray[np.float64]], most: int) -> dict[str, NDArray[np.float64]]:
    """The numbers most often there, of those that vary."""
    kept = [(len(found), name) for name, found in columns.items() if len(found) >= FEWEST_SEEN and np.ptp(found) > 0]
    return {name: columns[name] for _, name in sorted(kept, key=lambda each: (-each[0], each[1]))[:most]}


def _space(tokens: Sequence[Token], numbers: dict[str, NDArray[np.float64]], n_steps: int) -> Space:
    places = {token: 1 + place for place, token in enumerate(tokens)}
    size = 1 + len(places)
    scales: dict[str, tuple[int, Scale]] = {}
    for name, found in numbers.items():
        steps = np.unique(np.quantile(found, np.arange(1, n_steps + 1) / (n_steps + 1)))
        low, middle, high = np.quantile(found, [0.1, 0.5, 0.9])
        spread = max(float(high - low) / 2.5, float(np.std(found)) / 10.0, 1e-12)  # a normal's deviation is its own
        scale = Scale(middle=float(middle), spread=spread, steps=tuple(float(s) for s in steps if s < found.max()))
        scales[name] = (size, scale)
        size += 1 + len(scale.steps)
    return Space(tokens=places, scales=scales, size=size)


# -- the weights -------------------------------------------------------------------------------------------------------


def _fitted(blank: FieldModel, choices: Sequence[FieldChoice]) -> FieldModel:
    from scipy.optimize import minimize

    p, q = blank.context.size, blank.option.size
    shape = np.zeros(len(blank.names) + 3 * len(blank.numbers), np.float32)
    blank = FieldModel(
        context=blank.context,
        option=blank.option,
        weights=np.zeros((p, q), np.float32),
        names=blank.names,
        numbers=blank.numbers,
        match_weights=shape,
    )
    x = np.zeros((len(choices), p))
    right, text, match, of, at, values, lengths = [], [], [], [], [], [], []
    for n, choice in enumerate(choices):
        columns, read = blank.context.read(choice.context)
        x[n, columns] = read
        kept = _hardest(choice)
        right.append(choice.right[kept])
        text.append(choice.text[kept])
        options = [choice.options[i] for i in kept]
        match.append(blank.compared(choice.context, options))
        of += [n] * len(kept)
        for i, option in zip(kept, options, strict=True):
            columns, read = blank.option.read(option, choice.ids[i])
            at += columns
            values += read
            lengths.append(len(columns))
    rows = _Rows(x, right, text, match, of, at, values, lengths, [c.weight for c in choices])
    m, b = rows.match.shape[1], rows.text.shape[1]

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w, beside = theta[: p * q].reshape(p, q), theta[p * q :]
        value, d_w, d_beside = rows.loss(w, beside[:m], beside[m:])
        held = PRECISION * theta
        held[p * q + m :] *= 0.01  # the text's own weights: nearly free
        return value + 0.5 * float(theta @ held), np.concatenate([d_w.ravel(), d_beside]) + held

    begin = np.zeros(p * q + m + b)
    solved = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 60, "ftol": 1e-6}).x
    return FieldModel(
        context=blank.context,
        option=blank.option,
        weights=solved[: p * q].reshape(p, q).astype(np.float32),
        names=blank.names,
        numbers=blank.numbers,
        match_weights=solved[p * q : p * q + m].astype(np.float32),
    )


def _hardest(choice: FieldChoice) -> list[int]:
    """The right ones, and those beside them that the text speaks for most."""
    order = np.argsort(-choice.text.sum(axis=1), kind="stable").tolist()
    right = np.flatnonzero(choice.right).tolist()
    return list(dict.fromkeys([*right, *order]))[: HARDEST + len(right)]


class _Rows:
    """All choices laid end to end: rows of options, each a few columns of z."""

    def __init__(
        self,
        x: NDArray[np.float64],
        right: Sequence[NDArray[np.bool_]],
        text: Sequence[Floats],
        match: Sequence[Floats],
        of: Sequence[int],
        at: Sequence[int],
        values: Sequence[float],
        lengths: Sequence[int],
        weights: Sequence[float],
    ) -> None:
        self.x = x
        self.right = np.concatenate(right).astype(np.float64)
        self.text = np.concatenate(text).astype(np.float64)
        self.match = np.concatenate(match).astype(np.float64)
        sizes = np.array([len(each) for each in right])
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._of = np.asarray(of, np.int64)
        counts = np.asarray(lengths, np.int64)
        self._row_starts = np.cumsum([0, *counts[:-1]])
        self._row = np.repeat(np.arange(len(counts)), counts)
        self._at, self._values = np.asarray(at, np.int64), np.asarray(values, np.float64)
        self._sizes = sizes
        self._weight = np.asarray(weights, np.float64)

    def loss(
        self, w: NDArray[np.float64], m: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Weighted negative log-likelihood of the right ones, and its gradients."""
        column = self.x @ w
        own = self._of[self._row]
        u = np.add.reduceat(column[own, self._at] * self._values, self._row_starts)
        u += self.match @ m + self.text @ b
        top = np.maximum.reduceat(u, self._starts)
        e = np.exp(u - np.repeat(top, self._sizes))
        total, held = np.add.reduceat(e, self._starts), np.add.reduceat(e * self.right, self._starts)
        held = np.maximum(held, 1e-300)
        spread = np.repeat(np.column_stack([1 / total, 1 / held, self._weight]), self._sizes, axis=0)
        d = e * (spread[:, 0] - self.right * spread[:, 1]) * spread[:, 2]
        flat = np.bincount(
            own * w.shape[1] + self._at, weights=d[self._row] * self._values, minlength=column.size
        ).reshape(column.shape)
        value = float((self._weight * np.log(total / held)).sum())
        return value, self.x.T @ flat, np.concatenate([self.match.T @ d, self.text.T @ d])
