"""Groups of nearly equal texts: each text in one at most, the largest group first."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.metrics import clusters as module
from suggest.metrics.clusters import clusters


def around(rng: np.random.Generator, n: int, *, spread: float = 0.05) -> np.ndarray:
    rows = rng.normal(0, 1, 16) + rng.normal(0, spread, (n, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_planted_subjects_are_found_the_largest_first() -> None:
    rng = np.random.default_rng(3)
    rows = np.concatenate([around(rng, 5), around(rng, 12), around(rng, 1), around(rng, 7)])
    found = clusters(rows, near=0.9, least=3)
    assert [set(each.members) for each in found] == [set(range(5, 17)), set(range(18, 25)), set(range(5))]
    assert all(each.centre == each.members[0] for each in found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(0, 5), st.integers(2, 4))
def test_nobody_is_in_two(n: int, seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    rows = around(rng, n, spread=0.8) if n else np.zeros((0, 16), np.float32)
    members = [row for each in clusters(rows, near=0.7, least=least) for row in each.members]
    assert len(members) == len(set(members))
    assert all(len(each.members) >= least for each in clusters(rows, near=0.7, least=least))


def test_of_very_many_the_last_are_looked_at(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    rows = np.tile(np.eye(1, 16, dtype=np.float32), (25, 1))
    assert sorted(clusters(rows)[0].members) == list(range(15, 25))
