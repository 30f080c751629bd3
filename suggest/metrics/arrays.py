"""Arrays as the metrics accept them: named by meaning, checked once, in words that help.

A metric of a NaN, of an empty sample, or of two samples of different length is a bug upstream; it is said here
instead of printed as a number."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


def finite(values: ArrayLike, name: str) -> Floats:
    """`values` as float64, refused when any is NaN or infinite."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array


def probabilities(values: ArrayLike, name: str = "p") -> Floats:
    """`values` as float64 in [0, 1].

    >>> probabilities([0, 0.5, 1])
    array([0. , 0.5, 1. ])
    """
    array = finite(values, name)
    if array.size and (array.min() < 0.0 or array.max() > 1.0):
        raise ValueError(f"{name} must be probabilities in [0, 1], got {array.min():.6g} to {array.max():.6g}")
    return array


def outcomes(values: ArrayLike, name: str = "y") -> Floats:
    """0/1 outcomes (or booleans) as float64.

    >>> outcomes([True, False])
    array([1., 0.])
    """
    array = finite(values, name)
    if not ((array == 0.0) | (array == 1.0)).all():
        raise ValueError(f"{name} must be 0 or 1")
    return array


def scored(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities `(n,)` and the 0/1 outcomes `(n,)` they spoke of; n >= 1."""
    forecast, happened = probabilities(p), outcomes(y)
    same_length(forecast, happened)
    return forecast, happened


def same_length(*arrays: NDArray[np.generic]) -> None:
    """Refuse samples that do not pair up one to one, or hold nothing."""
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ValueError(f"samples must pair up one to one, got shapes {sorted(shapes)}")
    if not arrays[0].size:
        raise ValueError("a metric of no observations is not a number; collect at least one")
