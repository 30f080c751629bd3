"""A person on the owner's side: who answers reviews, who reads reports, who decides. And what each of them knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from suggest.domain.text import check_id

LONGEST_NAME = 80
MOST_SKILLS = 100


class Role(StrEnum):
    WORKER = "worker"  # answers reviews
    REVIEWER = "reviewer"  # also reads reports, and may make a policy more careful
    OWNER = "owner"  # also loosens policies, makes keys and people, changes models

    @property
    def rank(self) -> int:
        return (Role.WORKER, Role.REVIEWER, Role.OWNER).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    id: str  # stands on their verdicts, for ever
    name: str
    role: Role = Role.WORKER
    skills: frozenset[str] = frozenset()  # as `words_of` spells them; tags of candidates and of contexts
    languages: frozenset[str] = frozenset()  # primary subtags, e.g. "de"; empty: any
    login: str | None = None  # who they are for the sign-in proxy in front
    created_at: datetime | None = None
    left_at: datetime | None = None

    def __post_init__(self) -> None:
        check_id(self.name, name="name", longest=LONGEST_NAME)
        if not self.name.strip():
            raise ValueError("name must not be empty")
        if self.login is not None:
            check_id(self.login, name="login", longest=200)
        if len(self.skills) > MOST_SKILLS or len(self.languages) > MOST_SKILLS:
            raise ValueError(f"at most {MOST_SKILLS} skills and languages")

    @property
    def is_active(self) -> bool:
        return self.left_at is None


def words_of(words: Iterable[str]) -> frozenset[str]:
    """Skills as they are compared: without regard to case and to space around them.

    >>> sorted(words_of(["Billing", " billing", "Returns"]))
    ['billing', 'returns']
    """
    return frozenset(folded for word in words if (folded := word.strip().casefold()))


LANGUAGE_FIELDS = ("language", "lang", "locale")  # of a context: what it names the language of the person by


def language_of(tag: str) -> str:
    """The primary subtag: who speaks German may answer de-AT.

    >>> language_of("de-AT"), language_of("PT_br"), language_of("")
    ('de', 'pt', '')
    """
    return tag.strip().replace("_", "-").split("-")[0].casefold()
