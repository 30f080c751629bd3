"""What a suggestion is for: the message, what was said before it, and who is asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suggest.domain.text import check_text, context_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    text: str
    turns: tuple[Turn, ...] = ()
    user: str | None = None  # as the caller sent it; only a keyed hash of it is ever stored
    session: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_text(self.text, name="context text")

    @property
    def key(self) -> str:
        """The identity of this context: equal texts (and turns, and fields) share it, whoever asks."""
        return context_key(self.text, tuple((turn.role, turn.text) for turn in self.turns), self.fields)
