"""An example as predicted by models that never saw it: what later stages are fitted on."""

from __future__ import annotations

from dataclasses import dataclass

from suggest.rank.ranker import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    example: int  # its place among the examples
    ids: tuple[str, ...]  # the pool
    columns: Columns
