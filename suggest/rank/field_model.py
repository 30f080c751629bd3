"""What fields say of each option: one logit per option, from the fields of the context and its own.

    u(i) = x · W · z_i  +  sum_n m_n · match_n(x, z_i)

x and z are read from the fields that were there when it was fitted: a 1, a 0/1 per frequent value of a category, and
per number its distance from the middle and one step per quantile (a threshold lies anywhere, and bands are learned
too). An option's id is a category of its own, so "pro asks for A" needs no field of A's. *Match* compares a field of
the context with the option's field of the same name: the same value or not, how far apart, how far above, and whether.

A conditional logit with a normal prior on every weight, fitted beside the text columns (`rank.fit_fields`). What it
has not met has weight 0. It adds up what single fields say: where two fields of the context mean something only
together (either alone says nothing), it misses that."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suggest.rank.traits import NO_TRAITS, Token, Traits

Floats = NDArray[np.float32]
ID = "\x00id"  # name of the token that an option's id is; no field has it
FARTHEST = 3.0  # spreads of a number; what is farther out counts as this
FARTHEST_APART = 4.0
_CACHED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How a number is read."""

    middle: float
    spread: float
    steps: tuple[float, ...]  # quantiles: one 0/1 column each, "above it"

    def read(self, value: float) -> list[float]:
        away = min(max((value - self.middle) / self.spread, -FARTHEST), FARTHEST)
        return [away, *(float(value > step) for step in self.steps)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The columns that one side's fields are read into."""

    tokens: Mapping[Token, int]  # -> column
    scales: Mapping[str, tuple[int, Scale]]  # name of a number -> first of its columns
    size: int

    def read(self, traits: Traits, id: str | None = None) -> tuple[list[int], list[float]]:
        """Columns that are not 0, and their values; column 0 is always 1."""
        at, values = [0], [1.0]
        own = traits.tokens if id is None else (*traits.tokens, (ID, id))
        for token in own:
            if (place := self.tokens.get(token)) is not None:
                at.append(place)
                values.append(1.0)
        for name, number in traits.numbers:
            if (known := self.scales.get(name)) is not None:
                first, scale = known
                read = scale.read(number)
                at.extend(range(first, first + len(read)))
                values.extend(read)
        return at, values

    def to_json(self) -> dict[str, object]:
        return {
            "tokens": [[*token, place] for token, place in self.tokens.items()],
            "scales": [[n, first, s.middle, s.spread, list(s.steps)] for n, (first, s) in self.scales.items()],
            "size": self.size,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, list[list[object]]]) -> Space:
        scales = {
            str(name): (int(str(first)), Scale(middle=float(str(middle)), spread=float(str(spread)), steps=_row(steps)))
            for name, first, middle, spread, steps in stored["scales"]
        }
        tokens = {(str(name), str(value)): int(str(place)) for name, value, place in stored["tokens"]}
        return cls(tokens=tokens, scales=scales, size=int(str(stored["size"])))


def _row(values: object) -> tuple[float, ...]:
    return tuple(float(v) for v in values) if isinstance(values, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What fields say of n options."""

    logit: Floats  # (n,) less its mean over them
    match: Floats  # (n,) share of the categories both sides have in which they agree; 0 where there is none
    apart: Floats  # (n,) mean distance of the numbers both sides have, in spreads


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """An option's fields, read once."""

    traits: Traits
    columns: NDArray[np.int64]  # those of z that are not 0
    values: Floats
    tokens: frozenset[Token]
    numbers: tuple[float, ...]  # of the names that both sides have; NaN where it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldModel:
    context: Space
    option: Space
    weights: Floats  # (context.size, option.size)
    names: tuple[str, ...]  # categories that both sides have
    numbers: Mapping[str, float]  # numbers that both sides have -> the spread of their difference
    match_weights: Floats  # (names + 3 * numbers,)
    _known: dict[str, _Option] = field(default_factory=dict, compare=False, repr=False)  # options as read

    def said(self, context: Traits, ids: Sequence[str], options: Sequence[Traits]) -> Said:
        n = len(ids)
        if n == 0:
            return Said(logit=np.zeros(0, np.float32), match=np.zeros(0, np.float32), apart=np.zeros(0, np.float32))
        at, values = self.context.read(context)
        column = np.asarray(values, np.float32) @ self.weights[at]
        read = [self._option(i, t) for i, t in zip(ids, options, strict=True)]
        columns = np.concatenate([option.columns for option in read])
        starts = np.cumsum([0, *(len(option.columns) for option in read[:-1])])
        logit = np.add.reduceat(column[columns] * np.concatenate([option.values for option in read]), starts)
        match, apart = np.zeros(n, np.float32), np.zeros(n, np.float32)
        if len(self.match_weights) and context:
            compared = self._compared(context, read)
            logit = logit + compared @ self.match_weights
            k = len(self.names)
            if k:
                match = compared[:, :k].mean(axis=1)
            if self.numbers:
                apart = -compared[:, k::3].mean(axis=1)
        return Said(logit=np.asarray(logit - logit.mean(), np.float32), match=match, apart=apart)

    def compared(self, context: Traits, options: Sequence[Traits]) -> Floats:
        """(n, names + 3 * numbers): same value; minus how far apart, how far the option lies above, whether it does."""
        return self._compared(context, [self._read_option("", option) for option in options])

    def _compared(self, context: Traits, options: Sequence[_Option]) -> Floats:
        rows = np.zeros((len(options), len(self.match_weights)), np.float32)
        for place, name in enumerate(self.names):
            mine = {token for token in context.tokens if token[0] == name}
            if mine:
                rows[:, place] = [not mine.isdisjoint(option.tokens) for option in options]
        own = dict(context.numbers)
        if not any(name in own for name in self.numbers):
            return rows
        theirs = np.array([option.numbers for option in options], np.float64)
        for n, (name, spread) in enumerate(self.numbers.items()):
            if (number := own.get(name)) is None:
                continue
            away = np.clip(np.nan_to_num((theirs[:, n] - number) / spread), -FARTHEST_APART, FARTHEST_APART)
            place = len(self.names) + 3 * n
            rows[:, place], rows[:, place + 1], rows[:, place + 2] = -np.abs(away), np.maximum(away, 0.0), away > 0
        return rows

    def _option(self, id: str, traits: Traits) -> _Option:
        held = self._known.get(id)
        if held is None or held.traits is not traits:
            if len(self._known) >= _CACHED:
                self._known.clear()
            held = self._known[id] = self._read_option(id, traits)
        return held

    def _read_option(self, id: str, traits: Traits) -> _Option:
        at, values = self.option.read(traits, id)
        numbers = dict(traits.numbers)
        return _Option(
            traits=traits,
            columns=np.array(at, np.int64),
            values=np.array(values, np.float32),
            tokens=frozenset(traits.tokens),
            numbers=tuple(numbers.get(name, np.nan) for name in self.numbers),
        )

    def to_npz(self) -> bytes:
        told = {
            "context": self.context.to_json(),
            "option": self.option.to_json(),
            "names": list(self.names),
            "numbers": dict(self.numbers),
        }
        target = io.BytesIO()
        np.savez(
            target,
            weights=self.weights,
            match_weights=self.match_weights,
            spaces=np.frombuffer(json.dumps(told).encode(), np.uint8),
        )
        return target.getvalue()

    @classmethod
    def from_npz(cls, stored: bytes) -> FieldModel:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            told = json.loads(arrays["spaces"].tobytes())
            return cls(
                context=Space.from_json(told["context"]),
                option=Space.from_json(told["option"]),
                weights=arrays["weights"],
                names=tuple(told["names"]),
                numbers={str(name): float(spread) for name, spread in told["numbers"].items()},
                match_weights=arrays["match_weights"],
            )


__all__ = ["ID", "NO_TRAITS", "FieldModel", "Said", "Scale", "Space"]
