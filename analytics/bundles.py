"""The bundles of a surface: where each came from, what the gate measured, what it has served since."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from analytics.period import Period
from analytics.snapshot import Analytics
from suggest.metrics.interval import Interval, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHistory:
    id: str
    at: datetime
    state: str  # the latest
    parent: str | None
    encoder: str
    manifest: Mapping[str, object]
    gate: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedByBundle:
    bundle: str
    slates: int
    shown: int  # of them, shown and no longer pending
    selected: int

    @property
    def selected_share(self) -> Interval | None:
        return wilson(self.selected, self.shown) if self.shown else None


def bundle_history(analytics: Analytics, surface: str) -> tuple[BundleHistory, ...]:
    """Every bundle ever built, newest first: a report of a week still says what serves."""
    return tuple(
        BundleHistory(
            id=cast(str, row["id"]),
            at=cast(datetime, row["at"]),
            state=cast(str, row["state"]),
            parent=cast("str | None", row["parent"]),
            encoder=cast("str | None", row["encoder"]) or "",
            manifest=_mapping(row["manifest"]),
            gate=_mapping(row["gate"]),
        )
        for row in analytics.rows("bundle_history", surface=surface)
    )


def served_by_bundle(analytics: Analytics, surface: str, period: Period) -> tuple[ServedByBundle, ...]:
    rows = analytics.rows("served_by_bundle", surface=surface, **{"from": period.from_, "to": period.to})
    return tuple(
        ServedByBundle(
            bundle=cast("str | None", row["bundle"]) or "",
            slates=cast(int, row["slates"]),
            shown=cast(int, row["shown"]),
            selected=cast(int, row["selected"]),
        )
        for row in rows
    )


def number_of(value: object) -> float | None:
    """A figure of a gate, where it is one."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _mapping(text: object) -> Mapping[str, object]:
    value = json.loads(text) if isinstance(text, str) and text else {}
    return value if isinstance(value, dict) else {"value": value}
