"""An option that may be suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suggest.domain.text import check_id, check_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    id: str  # any 1-200 characters without controls
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_id(self.id, name="candidate id", longest=200)
        check_text(self.text, name="candidate text")
