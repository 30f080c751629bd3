"""The task in the queue, a worker's claim on it, and the answer.

A review is held by one lease at a time. The lease is the fencing token: whoever presents an old one is refused, so an
answer takes effect at most once however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from suggest.domain.worker import Worker


class ReviewReason(StrEnum):
    ESCALATED = "escalated"
    AUDIT = "audit"
    LEARNING = "learning"


class Pick(StrEnum):
    """How a learning review was chosen."""

    INFORMATIVE = "informative"  # it stands for many that the model is unsure of
    CONTROL = "control"  # blindly, from the same requests: what the others are measured against
    DOUBTED = "doubted"  # a known answer is probably wrong
    GUIDELINE = "guideline"  # it rests on a paragraph of the guideline that has changed
    ASKED = "asked"  # somebody wanted to know


class ReviewState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Who should answer, and until when nobody else may while such a person is on duty."""

    skills: frozenset[str] = frozenset()  # one of them is enough
    language: str | None = None
    until: datetime

    def are_met_by(self, worker: Worker | None) -> bool:
        """Whether they know the matter. A worker without languages speaks any; somebody without an account, none."""
        if worker is None:
            return False
        speaks = self.language is None or not worker.languages or self.language in worker.languages
        return speaks and (not self.skills or bool(self.skills & worker.skills))


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """How many people answer one review before an answer stands."""

    wanted: int = 1  # voices that are asked for in any case
    most: int = 3  # voices, where they disagree
    sign_off: int = 1  # people who must give the very same answer; 1: no sign-off
    doubts: bool = False  # whether a voice that finds the suggestion wrong asks for a second one

    def __post_init__(self) -> None:
        if not 1 <= self.wanted <= self.most or self.sign_off < 1:
            raise ValueError("a panel has 1 <= wanted <= most voices")

    @property
    def is_single(self) -> bool:
        """One answer settles it: no panel at all."""
        return self.wanted == 1 and self.sign_off == 1 and not self.doubts


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A request handed to people. Its id is also the id of the escalation, where there is one."""

    id: str
    surface: str
    impression: str
    reason: ReviewReason
    at: datetime
    priority: float  # what it is expected to cost, in minutes of a person; larger goes first within its reason
    deadline: datetime | None = None
    pick: Pick | None = None  # of a learning review
    control_share: float | None = None  # of the picks that were drawn blindly when this one was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A worker's answer: an item, a text of their own, or none of these. Exactly one of the three."""

    eid: str
    review: str
    surface: str
    impression: str
    worker: str
    at: datetime
    item: str | None = None
    text: str | None = None
    none: bool = False
    note: str | None = None
    add_candidate: bool = False
    undoes: str | None = None  # eid of the verdict this one takes back; its own: a voice of a panel, no answer yet
    handling_ms: int | None = None
    guideline: int | None = None  # the version that was in force
    paragraph: str | None = None  # of it: what the answer rests on, or, with a note, what is disputed

    def __post_init__(self) -> None:
        if self.undoes is None and sum((self.item is not None, self.text is not None, self.none)) != 1:
            raise ValueError("a verdict is exactly one of item, text or none")
