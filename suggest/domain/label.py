"""A known right answer for a context: from history, from a caller, or from a worker. It weighs more than a click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from suggest.domain.context import Context


class LabelSource(StrEnum):
    LABEL = "label"  # POST /v1/labels or an import
    VERDICT = "verdict"  # a worker's answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    id: str
    surface: str
    context: Context
    item: str | None  # None: no candidate that existed then is right
    received_at: datetime
    source: LabelSource = LabelSource.LABEL
    at: datetime | None = None  # when it was true, where the caller knows; labels without it have no order
    impression: str | None = None  # the slate a verdict speaks of
    guideline: int | None = None  # the version of the surface's guideline that a verdict was given under
