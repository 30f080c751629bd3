"""One place in a product where suggestions appear."""

from __future__ import annotations

from dataclasses import dataclass

from suggest.domain.text import check_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    name: str
    title: str = ""
    k: int = 3  # options per slate where the request does not say
    redact: bool = False  # store contexts without mail addresses, phone, card and account numbers
    retention_days: int | None = None  # after this long slates, events and verdicts are erased; None keeps them
    simulated: bool = False  # a playground: its figures are labelled as simulated wherever they are shown

    def __post_init__(self) -> None:
        check_id(self.name, name="surface name", longest=100)
        if not 1 <= self.k <= 50:
            raise ValueError(f"k must be in 1..50, got {self.k}")
        if self.retention_days is not None and self.retention_days < 1:
            raise ValueError("retention_days must be at least 1")
