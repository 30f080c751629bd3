"""What the console shows, as values: everything a worker needs for one answer, and nothing about who asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.guideline import NO_GUIDELINE, GuidelineView
from components.notice import NoticeView

Reason = Literal["escalated", "audit", "learning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    id: str
    text: str
    p_select: float  # calibrated P(this is the right one)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedView:
    """A colleague's answer as the field that would say the same, and as people read it."""

    field: Literal["item", "text", "none"]
    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    who: str
    text: str
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One request, held by the worker who looks at it."""

    id: str
    lease: str
    eid: str  # of the answer to come: sent twice, it counts once
    surface: str  # its title
    reason: Reason
    p_any: float
    threshold: float | None  # from which p_any on nobody is asked; None where no line decides
    waited_s: float
    text: str
    asks_all: bool = False  # the surface sends everything to people, however sure it is
    turns: tuple[TurnView, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    options: tuple[OptionView, ...] = ()  # best first
    proposed: ProposedView | None = None  # a colleague's answer to be signed off, or a known one that is doubted
    needs: tuple[str, ...] = ()  # what whoever answers should know, in words
    guideline: GuidelineView = NO_GUIDELINE
    later: tuple[tuple[int, str], ...] = ()  # by how many minutes it may be put off, and how people say that

    @property
    def shows_opinion(self) -> bool:
        """Whether the probabilities are shown: in a random check they would sway the answer that measures them."""
        return self.reason != "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A request like this one, and what was answered."""

    text: str
    answer: str  # empty: none of the candidates was right


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentView:
    """One of the worker's own last answers."""

    eid: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundView:
    """Other candidates of the surface that hold the words a worker looked for."""

    words: str
    options: tuple[OptionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    waiting: int
    claimed: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    csrf: str
    task: TaskView | None
    queue: QueueView
    notice: NoticeView | None = None
    draft: str = ""  # what was being written when the request was lost, so that nothing is
    done: str = ""  # what was just answered, in a few words
    n_answered: int = 0  # in this sitting
    can_undo: bool = False
    recent: tuple[RecentView, ...] = ()  # newest first
    is_aside: bool = False  # the worker put a request back and nothing else waits
    is_for_others: bool = False  # what waits is kept for colleagues who know its matter, for now
    is_first_run: bool = False  # there is no surface yet
    name: str = ""
    is_worker: bool = False  # who may open neither the administration nor what names people
    are_keys_on: bool = True
    found: FoundView | None = None
