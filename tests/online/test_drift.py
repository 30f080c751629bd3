"""The drift of a surface, from the requests in its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from suggest.online.drift import drift


class Log:
    """Recent requests as the store tells them."""

    def __init__(self, p_any: list[float], vectors: NDArray[np.float16], bundles: list[str] | None = None) -> None:
        names = bundles or ["b"] * len(p_any)
        self._rows = [
            {"p_any": p, "bundle": bundle, "encoder": "e", "embedding": vector.tobytes()}
            for p, vector, bundle in zip(p_any, vectors, names, strict=True)
        ]

    def select(self, query: str, /, **params: object) -> list[dict[str, object]]:
        assert query == "drifting_requests"
        return cast("list[dict[str, object]]", self._rows)

    def arrays(self, query: str, /, **params: object) -> dict[str, NDArray[Any]]:
        raise AssertionError(query)


def alarms(told: Mapping[str, Any]) -> tuple[bool, bool]:
    return told["p_any_fall"]["alarm"], told["mean_shift"]["alarm"]


def test_what_changed_is_told_and_what_did_not_is_not() -> None:
    rng = np.random.default_rng(0)
    p, vectors = rng.beta(8, 1, 1_000), rng.normal(size=(1_000, 8)).astype(np.float16)
    assert alarms(drift(Log(p.tolist(), vectors), "s")) == (False, False)
    fallen = p.copy()
    fallen[-300:] *= 0.8
    assert alarms(drift(Log(fallen.tolist(), vectors), "s")) == (True, False)
    moved = vectors.copy()
    moved[-300:, 0] += 2
    assert alarms(drift(Log(p.tolist(), moved), "s")) == (False, True)


def test_figures_of_two_bundles_are_not_compared() -> None:
    rng = np.random.default_rng(1)
    p, vectors = rng.beta(8, 1, 1_000), rng.normal(size=(1_000, 8)).astype(np.float16)
    told = drift(Log(p.tolist(), vectors, ["old"] * 700 + ["new"] * 300), "s")
    assert told["p_any_fall"] is None
    assert told["mean_shift"] is not None


def test_a_young_surface_says_how_much_is_needed() -> None:
    told = drift(Log([], np.zeros((0, 8), np.float16)), "s")
    assert (told["requests"], told["needed"]) == (0, 900)
    assert told["p_any_fall"] is told["mean_shift"] is None
