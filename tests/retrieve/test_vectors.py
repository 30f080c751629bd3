"""Growing rows: snapshots do not change, segments find what the plain product finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.retrieve import vectors as vectors_module
from suggest.retrieve.vectors import Embeddings, GrowingVectors, Vectors, unit


def directions(n: int, *, dim: int = 32, seed: int = 0) -> Embeddings:
    return unit(np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32))


def all_allowed(vectors: Vectors) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(len(vectors), dtype=bool)


def test_a_snapshot_does_not_change_when_rows_are_added() -> None:
    rows = directions(500)
    growing = GrowingVectors(32)
    growing.append(rows[:3])
    early = growing.snapshot()
    for row in rows[3:]:
        growing.append(row)
    assert len(early) == 3
    assert (early.matrix == rows[:3]).all()
    assert (growing.snapshot().matrix == rows).all()


def test_a_snapshot_cannot_be_written_to() -> None:
    growing = GrowingVectors(32)
    growing.append(directions(3))
    with pytest.raises(ValueError, match="read-only"):
        growing.snapshot().matrix[0] = 0.0


def test_append_says_where_the_rows_begin() -> None:
    growing = GrowingVectors(32)
    assert [growing.append(directions(n)) for n in (2, 3, 1)] == [0, 2, 5]


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="32 dimensions, got 31"):
        GrowingVectors(32).append(directions(1, dim=31))


def test_nearest_of_nothing_is_nothing() -> None:
    empty = GrowingVectors(32).snapshot()
    rows, cosines = empty.nearest(directions(1)[0], 5, all_allowed(empty))
    assert (len(rows), len(cosines)) == (0, 0)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 300), k=st.integers(0, 40), seed=st.integers(0, 1_000), share=st.floats(0, 1))
def test_nearest_is_the_sorted_product_with_and_without_segments(n: int, k: int, seed: int, share: float) -> None:
    rows, query = directions(n, seed=seed), directions(1, seed=seed + 1)[0]
    allowed = np.random.default_rng(seed).random(n) < share
    expected = sorted(np.flatnonzero(allowed), key=lambda row: (-(rows @ query)[row], row))[:k]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_module, "SEGMENT_ROWS", 64)
        growing = GrowingVectors(32)
        growing.append(rows)
        segmented = growing.snapshot()
        assert len(segmented.segments) == n // 64
        for vectors in (segmented, Vectors(matrix=rows)):
            found, cosines = vectors.nearest(query, k, allowed)
            assert cosines == pytest.approx((rows @ query)[expected], abs=1e-5)
            assert len(set(found.tolist())) == len(expected)
            assert allowed[found].all()


def test_a_zero_vector_stays_zero() -> None:
    assert unit(np.zeros((2, 3), dtype=np.float32)).tolist() == [[0.0] * 3] * 2
