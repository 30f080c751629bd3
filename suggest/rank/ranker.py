"""One surface's ranking model: evidence in, named columns out. Without linear model and booster it is the prior."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from suggest.rank.booster import Booster
from suggest.rank.evidence import Evidence, Floats
from suggest.rank.features import (
    OPTION_FEATURES,
    SET_FEATURES,
    column,
    neighbourhood,
    option_features,
    set_features,
    write_fields,
)
from suggest.rank.field_model import FieldModel
from suggest.rank.linear import FLOOR, LinearModel

COLUMNS: tuple[str, ...] = (*OPTION_FEATURES, "booster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What calibration sees: one row a candidate, one row for the pool."""

    option: Floats  # (n, len(COLUMNS))
    pool: Floats  # (len(SET_FEATURES),)

    def named(self, names: tuple[str, ...]) -> Floats:
        """The option columns of these names, (n, len(names))."""
        return self.option[:, _places(names)]

    def pool_named(self, names: tuple[str, ...]) -> Floats:
        return self.pool[[SET_FEATURES.index(name) for name in names]]


@functools.cache
def _places(names: tuple[str, ...]) -> list[int]:
    return [COLUMNS.index(name) for name in names]


@dataclass(frozen=True, slots=True)
class Ranker:
    linear: LinearModel | None = None
    booster: Booster | None = None
    fields: FieldModel | None = None

    def columns(self, evidence: Evidence) -> Columns:
        log_p, energy = self._linear(evidence)
        near = neighbourhood(evidence)
        rows = option_features(evidence, near, log_p)
        if self.linear is not None:
            self._stand_in(rows)
        if self.fields is not None:
            write_fields(rows, self.fields, evidence.context, evidence.ids, evidence.options)
        score = self.booster.score(rows) if self.booster is not None else np.zeros(len(rows), np.float32)
        none = self.linear.none_log_odds(evidence.embedding, energy) if self.linear is not None else 0.0
        return Columns(option=np.column_stack([rows, score]), pool=set_features(evidence, near, rows, energy, none))

    def _linear(self, evidence: Evidence) -> tuple[Floats, float]:
        if self.linear is None:
            return np.zeros(len(evidence.ids), np.float32), 0.0
        return self.linear.log_probabilities(evidence.embedding, evidence.ids)

    def _stand_in(self, rows: Floats) -> None:
        """Give candidates the linear model has not met the log-probability that their cosines suggest."""
        assert self.linear is not None
        linear = rows[:, column("linear")]
        unknown = np.isnan(linear)
        if unknown.any():
            s0, s1, s2 = self.linear.stand_in
            guess = s0 + s1 * rows[unknown, column("name_cosine")] + s2 * rows[unknown, column("best_cosine")]
            linear[unknown] = np.clip(guess, FLOOR, 0.0)
        rows[:, column("gap_linear")] = linear - linear.max() if len(linear) else linear

    def files(self) -> dict[str, bytes]:
        stored: dict[str, bytes] = {}
        if self.linear is not None:
            stored["linear.npz"] = self.linear.to_npz()
        if self.booster is not None:
            stored["booster.txt"] = self.booster.text.encode()
        if self.fields is not None:
            stored["fields.npz"] = self.fields.to_npz()
        return stored

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Ranker:
        return cls(
            linear=LinearModel.from_npz(files["linear.npz"]) if "linear.npz" in files else None,
            booster=Booster(files["booster.txt"].decode()) if "booster.txt" in files else None,
            fields=FieldModel.from_npz(files["fields.npz"]) if "fields.npz" in files else None,
        )
