"""What retrieval knows about one context and a pool of candidates, as plain arrays: the only input of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suggest.rank.traits import NO_TRAITS, Traits

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One context against n candidates and its m nearest past contexts."""

    ids: tuple[str, ...]  # n candidates
    embedding: Floats  # (d,) unit vector of the context
    name_cosine: Floats  # (n,) context against the candidate's own text
    centroid_cosine: Floats  # (n,) context against the mean of the candidate's past contexts; 0 where it has none
    memory_weight: Floats  # (n,) total weight of those past contexts
    lexical: Floats  # (n,) word overlap in [0, 1]
    neighbour_items: Sequence[str | None]  # (m,) what was right for each near past context; None = nothing was
    neighbour_cosines: Floats  # (m,) sorted, nearest first
    neighbour_weights: Floats  # (m,)
    context: Traits = NO_TRAITS  # what the context's fields say
    habits: Floats | None = None  # (n, len(HABIT_FEATURES)); None where nothing was ever decided
    options: Sequence[Traits] = field(default=())  # (n,) of the candidates; none where nothing is known of any

    def __post_init__(self) -> None:
        n = len(self.ids)
        for name in ("name_cosine", "centroid_cosine", "memory_weight", "lexical"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), got {getattr(self, name).shape}")
        if not len(self.neighbour_items) == len(self.neighbour_cosines) == len(self.neighbour_weights):
            raise ValueError("the neighbour columns must have one length")
        if self.options and len(self.options) != n:
            raise ValueError(f"options must have one entry a candidate, got {len(self.options)} of {n}")

    @property
    def nearest(self) -> tuple[str | None, float] | None:
        """What was right in the nearest past context, and its cosine; None where there is none."""
        return (self.neighbour_items[0], float(self.neighbour_cosines[0])) if len(self.neighbour_items) else None
