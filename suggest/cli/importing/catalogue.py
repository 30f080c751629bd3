"""The candidates a surface has, as an import sees them: found by id or by words, and made where that is allowed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from suggest.cli.connection import Service, segment
from suggest.domain.text import check_id, check_text, normalise

_PAGE = 1000
_LONGEST_SLUG = 40
_TOKEN = re.compile(r"[\w.:/-]{1,80}")


class Catalogue:
    def __init__(self, known: Iterable[tuple[str, str]] = (), *, may_create: bool = False) -> None:
        """`known`: ids and texts of the active candidates."""
        self._text_of: dict[str, str] = {}
        self._id_of: dict[str, str] = {}
        self.may_create = may_create
        self.created: dict[str, str] = {}  # id -> text, to be sent before whatever names them
        for id, text in known:
            self._add(id, text)

    @classmethod
    def of_surface(cls, service: Service, surface: str, *, may_create: bool) -> Catalogue:
        """All active candidates, page by page."""
        known: list[tuple[str, str]] = []
        after: str | None = None
        while True:
            page = service.get(f"/v1/surfaces/{segment(surface)}/candidates", limit=_PAGE, after=after)
            known += [(each["id"], each["text"]) for each in page["candidates"] if not each["retired"]]
            after = page["next"]
            if after is None:
                return cls(known, may_create=may_create)

    def __len__(self) -> int:
        return len(self._text_of)

    def find(self, value: str) -> str | None:
        """The candidate with this id, else the one with these words."""
        return value if value in self._text_of else self._id_of.get(normalise(value))

    def find_or_create(self, value: str) -> str | None:
        """The same; where there is none and creating is allowed, it becomes one. Raises ValueError where it cannot."""
        found = self.find(value)
        if found is not None or not self.may_create:
            return found
        id, text = id_for(value), words_of(value)
        self._add(id, text)
        self.created[id] = text
        return id

    def _add(self, id: str, text: str) -> None:
        self._text_of[id] = text
        self._id_of.setdefault(normalise(text), id)


def id_for(value: str) -> str:
    """A stable id for an option known only by its words; a value that looks like an id is one.

    >>> id_for("card_arrival")
    'card_arrival'
    >>> id_for("We refund the money within five days.")
    'we-refund-the-money-within-five-days-dbfa065c'
    """
    value = value.strip()
    if _TOKEN.fullmatch(value):
        check_id(value, name="candidate id", longest=200)
        return value
    check_text(value, name="candidate text")
    slug = re.sub(r"[^a-z0-9]+", "-", normalise(value))[:_LONGEST_SLUG].strip("-")
    digest = hashlib.sha256(normalise(value).encode()).hexdigest()
    return f"{slug}-{digest[:8]}" if slug else f"option-{digest[:12]}"


def words_of(value: str) -> str:
    """What people read: an id of words becomes those words.

    >>> words_of("card_arrival")
    'card arrival'
    """
    value = value.strip()
    is_made_of_words = _TOKEN.fullmatch(value) is not None and re.fullmatch(r"[^\W\d_]+([_-][^\W_]+)+", value)
    return re.sub(r"[_-]+", " ", value) if is_made_of_words else value


def candidate_bodies(created: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"id": id, "text": text} for id, text in created.items()]
