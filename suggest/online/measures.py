"""The numbers of one surface over a span of time, as the log has them: requests, decisions, outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from suggest.domain.bundle import IMPORTED_BUNDLE
from suggest.domain.clock import rfc3339
from suggest.online.drift import drift
from suggest.online.history import Reads

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def measures(reads: Reads, surface: str, *, since: datetime | None, until: datetime) -> Mapping[str, object]:
    """Counts and shares of the slates served in [since, until).

    `acceptance` is selections over slates that were shown and whose outcome is known; silence counts as not accepted,
    what is still open does not count."""
    start = since or _EPOCH
    rows = reads.arrays("outcomes_of_surface", surface=surface, since=start, moment=until)
    served_at = rows["served_at"].astype("datetime64[us]")
    within = served_at < np.datetime64(until.astimezone(UTC).replace(tzinfo=None), "us")
    decisions = rows["decision"][within]
    outcomes = rows["outcome"][within]
    n = int(within.sum())
    is_shown = np.isin(decisions.astype(str), ["show", "auto"])
    known = outcomes[is_shown & (outcomes.astype(str) != "pending")]
    is_ours = rows["bundle"].astype(str) != IMPORTED_BUNDLE  # nobody gave a probability to what was imported
    p_any = rows["p_any"][within & is_ours].astype(np.float64)
    return {
        "surface": surface,
        "from": None if since is None else rfc3339(since),
        "to": rfc3339(until),
        "requests": n,
        "decisions": _counts(decisions),
        "outcomes": _counts(outcomes),
        "escalation_share": _share(decisions, "escalate"),
        "acceptance": _share(known, "selected"),
        "mean_p_any": round(float(p_any.mean()), 4) if len(p_any) else None,
        "selected_by_position": _positions(rows["position"][within], outcomes),
        "drift": drift(reads, surface),  # of the latest requests, whatever the span
    }


def _counts(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> dict[str, int]:
    return dict(sorted(Counter(str(value) for value in values.tolist()).items()))


def _share(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], wanted: str) -> float | None:
    return round(float(np.mean(values.astype(str) == wanted)), 4) if len(values) else None


def _positions(
    positions: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    outcomes: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> dict[str, int]:
    stood = [
        int(position)
        for position, outcome in zip(positions.tolist(), outcomes.tolist(), strict=True)
        if outcome == "selected" and position is not None and position == position
    ]
    return {str(position): n for position, n in sorted(Counter(stood).items())}
