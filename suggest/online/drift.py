"""Whether the latest requests of a surface are still like those before them: part of its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from suggest.metrics.drift import Drift, fall_of_mean, shift_of_mean
from suggest.online.history import Reads
from suggest.online.served import vector_of

RECENT, FEWEST_BEFORE, MOST = 300, 600, 2_500  # requests
_SEED = 20_260_102


def drift(reads: Reads, surface: str) -> Mapping[str, object]:
    """The latest RECENT requests against those before them; p_any among those of the serving bundle only, since two
    bundles' figures are not the same figure."""
    rows = reads.select("drifting_requests", surface=surface, limit=MOST)
    told: dict[str, object] = {"recent": RECENT, "needed": RECENT + FEWEST_BEFORE, "requests": len(rows)}
    if not rows:
        return {**told, "p_any_fall": None, "mean_shift": None}
    bundle, encoder = rows[-1]["bundle"], rows[-1]["encoder"]
    p_any = [float(cast("float", row["p_any"])) for row in rows if row["bundle"] == bundle]
    stored = [row["embedding"] for row in rows if row["encoder"] == encoder and row["embedding"] is not None]
    told["p_any_fall"] = told["mean_shift"] = None
    if len(p_any) >= RECENT + FEWEST_BEFORE:
        told["p_any_fall"] = _json(fall_of_mean(p_any[:-RECENT], p_any[-RECENT:], np.random.default_rng(_SEED)))
    if len(stored) >= RECENT + FEWEST_BEFORE:
        vectors = np.stack([vector_of(cast("bytes", each)) for each in stored])
        told["mean_shift"] = _json(shift_of_mean(vectors[:-RECENT], vectors[-RECENT:], np.random.default_rng(_SEED)))
    return told


def _json(found: Drift) -> Mapping[str, object]:
    return {"value": round(found.value, 5), "limit": round(found.limit, 5), "alarm": found.is_alarm}
