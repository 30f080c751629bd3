"""What a check found: one line with the fault, and the remedy beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    GOOD = "good"
    NOTE = "note"  # worth knowing, nothing to mend
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    check: str
    state: State
    said: str
    remedy: str = ""
