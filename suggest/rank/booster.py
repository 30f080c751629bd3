"""LightGBM lambdarank: fit, score, and the text it is stored as. The only place that knows LightGBM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suggest.rank.features import OPTION_FEATURES

Floats = NDArray[np.float32]
FEWEST_SLATES = 150  # below this the trees only memorise


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRows:
    """Rows of many slates laid end to end."""

    features: Floats  # (rows, len(OPTION_FEATURES))
    relevance: NDArray[np.int32]  # (rows,) 1 = right or chosen
    sizes: NDArray[np.int64]  # (slates,) rows of each slate
    weight: Floats  # (rows,) constant within a slate: row weights are not pairwise weights
    position: NDArray[np.int32]  # (rows,) slot where it was seen; labels, never seen in a slot, share one

    def __post_init__(self) -> None:
        if int(self.sizes.sum()) != len(self.features):
            raise ValueError("slate sizes must add up to the rows")


class Booster:
    """A fitted lambdarank model. Scores order one slate; they are not comparable between slates."""

    def __init__(self, text: str) -> None:
        import lightgbm

        self.text = text
        self._model: Any = lightgbm.Booster(model_str=text)
        self._names: list[str] = self._model.feature_name()
        unknown = [name for name in self._names if name not in OPTION_FEATURES]
        if unknown:
            raise ValueError(f"the booster expects a feature {unknown[0]!r}, which there is not")
        self._columns = [OPTION_FEATURES.index(name) for name in self._names]  # of an earlier version: fewer
        self._is_whole = self._names == list(OPTION_FEATURES)

    def score(self, features: Floats) -> Floats:
        """(n, features) -> (n,)."""
        if not len(features):
            return np.zeros(0, np.float32)
        own = features if self._is_whole else features[:, self._columns]
        return np.asarray(self._model.predict(own, num_threads=1), np.float32)

    def importances(self) -> dict[str, float]:
        gains = self._model.feature_importance(importance_type="gain")
        return dict(zip(self._names, (float(g) for g in gains), strict=True))


def fit_booster(rows: RankingRows, *, seed: int, trees: int = 120, threads: int = 1) -> Booster:
    """Lambdarank with position-bias correction as an additive term per slot.

    `lambdarank_position_bias_regularization` stays 0: LightGBM multiplies it by the instance count, so that .03 already
    destroys the correction. Deterministic for a fixed seed and thread count."""
    import lightgbm

    parameters: dict[str, object] = {
        "objective": "lambdarank",
        "lambdarank_position_bias_regularization": 0.0,
        "lambdarank_truncation_level": 10,
    } | growth(seed=seed, threads=threads)
    several_slots = len(np.unique(rows.position)) > 1
    dataset = lightgbm.Dataset(
        rows.features,
        label=rows.relevance,
        group=rows.sizes,
        weight=rows.weight,
        position=rows.position if several_slots else None,
        feature_name=list(OPTION_FEATURES),
        free_raw_data=True,
    )
    return Booster(lightgbm.train(parameters, dataset, num_boost_round=trees).model_to_string())


def growth(*, seed: int, threads: int) -> dict[str, object]:
    """How trees are grown, whatever they explain: small, held back, the same for one seed and thread count."""
    return {
        "learning_rate": 0.06,
        "num_leaves": 15,
        "min_data_in_leaf": 40,
        "lambda_l2": 5.0,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def laid_end_to_end(slates: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """Ragged slates as one matrix and the size of each."""
    sizes = np.array([len(s) for s in slates], np.int64)
    return np.concatenate(slates).astype(np.float32), sizes
