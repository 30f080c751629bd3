"""What an owner writes down beside the figures: a deploy, a campaign, an outage. Reports show it where it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import FieldError, Invalid
from suggest.domain.text import check_text
from suggest.store.ports import Cas

PREFIX = "annotation/"
LONGEST = 500  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    id: str
    surface: str
    at: datetime
    text: str


class Annotations:
    def __init__(self, cas: Cas, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._cas = cas
        self._clock = clock
        self._new_id = new_id

    def add(self, surface: str, text: str, at: datetime | None = None) -> Annotation:
        """Write it down, durable when this returns. Raises Invalid."""
        try:
            check_text(text, name="text")
        except ValueError as wrong:
            raise _invalid(str(wrong)) from None
        if len(text) > LONGEST:
            raise _invalid(f"must have at most {LONGEST} characters")
        made = Annotation(id=self._new_id(), surface=surface, at=at or self._clock.now(), text=" ".join(text.split()))
        value = {"surface": made.surface, "at": rfc3339(made.at), "text": made.text}
        self._cas.update(PREFIX + made.id, value, expected=0)
        return made


def _invalid(problem: str) -> Invalid:
    return Invalid(f"Nothing was written down: text {problem}.", errors=(FieldError(pointer="/text", detail=problem),))
