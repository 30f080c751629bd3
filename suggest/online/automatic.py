"""The trail of automatic decisions: what was applied, when, by which model and policy, and whether an audit agreed.

Every one is a slate in the log like any other; this only reads them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from suggest.online.history import Reads
from suggest.online.messages import AutomaticDecision


def automatic_decisions(reads: Reads, surface: str, limit: int) -> list[AutomaticDecision]:
    return [_decision(row) for row in reads.select("automatic_decisions", surface=surface, limit=limit)]


def _decision(row: dict[str, object]) -> AutomaticDecision:
    at = cast("datetime", row["at"])
    return AutomaticDecision(
        impression=str(row["impression"]),
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        item=str(row["item"]),
        text=str(row["text"]),
        p_select=float(cast("float", row["p_select"])),
        bundle=str(row["bundle"]),
        policy_revision=cast("int", row["policy_revision"]),
        verdict=None if row["verdict"] is None else str(row["verdict"]),
    )
