"""What people answered before to requests like this one, so that like is answered alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from suggest.online.history import Reads
from suggest.online.served import Served
from suggest.online.surfaces import Place

MOST_CASES = 3
LEAST_COSINE = 0.4  # below it two requests have little in common
_LOOKED_AT = 40  # neighbours: some were clicked and not answered, some are other rows of one context


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    text: str
    answer: str | None  # in words; None: none of the candidates was right
    cosine: float
    at: datetime


def past_cases(reads: Reads, place: Place, served: Served) -> list[PastCase]:
    """The nearest answered requests, nearest first; none where the slate has no vector of the present encoder."""
    serving = place.serving
    if served.vector is None or served.slate.encoder != serving.embedder.fingerprint:
        return []
    near = serving.suggester.memory.neighbours(served.vector, _LOOKED_AT, exclude_key=served.key)
    cosine_of: dict[str, float] = {}
    for key, cosine in zip(near.keys, near.cosines.tolist(), strict=True):
        if cosine >= LEAST_COSINE:
            cosine_of.setdefault(key, cosine)
    if not cosine_of:
        return []
    rows = reads.select("answered_contexts", surface=place.name, keys=list(cosine_of))
    cases = [
        PastCase(
            text=str(row["text"]),
            answer=_answer(place, row),
            cosine=cosine_of[str(row["context_key"])],
            at=cast("datetime", row["received_at"]),
        )
        for row in rows
    ]
    return sorted(cases, key=lambda case: -case.cosine)[:MOST_CASES]


def _answer(place: Place, row: dict[str, object]) -> str | None:
    if row["item"] is None:
        return None if row["words"] is None else str(row["words"])
    known = place.catalogue.get(str(row["item"]))
    return str(row["item"]) if known is None else known.candidate.text
