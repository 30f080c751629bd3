"""The ordered options returned for one context, with everything that was known when they were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from suggest.domain.context import Context


class Decision(StrEnum):
    SHOW = "show"
    ESCALATE = "escalate"
    ABSTAIN = "abstain"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateItem:
    id: str
    text: str
    position: int  # 0 is the top
    p_select: float  # calibrated P(this is the right option)
    propensity: float  # P(the logging policy put this option here | the options above it)
    team: str | None = None  # in a canary: the bundle that picked it
    contested: bool = False  # in a canary: the two bundles rank it differently, so a selection of it counts

    def __post_init__(self) -> None:
        if not 0 < self.propensity <= 1:
            raise ValueError(f"propensity must be in (0, 1], got {self.propensity}")
        if not 0 <= self.p_select <= 1:
            raise ValueError(f"p_select must be in [0, 1], got {self.p_select}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Every candidate that was ranked for this slate, best first, with the numbers it was ranked by."""

    ids: tuple[str, ...]
    logits: tuple[float, ...]  # calibrated, instant head included; comparable within this slate only
    p_select: tuple[float, ...]  # over the whole pool; sums to 1 - p_none
    features: bytes  # float16 row-major, len(ids) x len(names of feature_version)
    feature_version: int
    fields: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # of options the caller supplied


@dataclass(frozen=True, slots=True, kw_only=True)
class Slate:
    """A slate as served: stored before it is returned. Its id is the impression."""

    id: str
    surface: str
    at: datetime
    context: Context
    items: tuple[SlateItem, ...]
    decision: Decision
    reason: str | None  # a stable slug, e.g. "below-threshold"
    p_any: float  # calibrated P(a right option is in this slate)
    p_none_raw: float  # before the prior-shift correction, P(no candidate of the pool is right)
    p_accept: float
    threshold: float
    k: int
    mode: str
    bundle: str
    policy_revision: int
    supplied: bool  # the caller named the candidates: the ranking API
    learnable: bool = True  # false: served without learning (consent withheld)
    embedding: bytes | None = None  # float16; None where the request was degraded
    encoder: str | None = None  # fingerprint of what made the embedding
    pool: Pool = field(default=Pool(ids=(), logits=(), p_select=(), features=b"", feature_version=0))

    def __post_init__(self) -> None:
        if not 0 <= self.p_any <= 1:
            raise ValueError(f"p_any must be in [0, 1], got {self.p_any}")
