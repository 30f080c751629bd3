"""What callers hand to the online use cases and what they get back, before and after anybody's JSON.

Typed values (`Proposal`, `RawVerdict`) are checked by whoever builds them. `RawEvent` and `RawLabel` are not: one bad
row among a thousand is refused alone, so these carry whatever was sent and the use case judges each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Self

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.policy import Policy
from suggest.domain.review import Needs, ReviewReason, ReviewState
from suggest.domain.slate import Slate, SlateItem
from suggest.metrics.interval import Interval
from suggest.policy.alone import Alone
from suggest.policy.groups import GroupLine
from suggest.policy.stages import NextMode
from suggest.policy.waiting import Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One request for suggestions."""

    surface: str
    context: Context
    k: int | None = None  # None: the surface's own
    candidates: tuple[Candidate, ...] | None = None  # the ranking API: rank exactly these, nothing else
    exclude: frozenset[str] = frozenset()
    explain: bool = False
    is_vouched: bool = False  # a server of the owner's asks, or a signed user token says for whom
    learn: bool = True  # False: consent is withheld: served without logging who asked for what, never learned from
    like: str | None = None  # more of this candidate's kind; nobody is asked for it
    ask: bool = False  # the person wants another person's answer, whatever the numbers say


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker said. Exactly one of item, text and none."""

    item: str | None = None
    item_text: str | None = None  # the words of that item, so that a widget can insert an option it was not shown
    text: str | None = None
    none: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationView:
    """An escalation as the person who waits for it may see it."""

    id: str
    surface: str
    impression: str
    state: ReviewState
    answer: Answer | None = None
    expected_wait_s: float | None = None  # None: nobody is on duty, or nothing is left to wait for
    on_duty: bool = False
    message: str | None = None  # the surface's out-of-hours words, when nobody is on duty
    wait: Wait | None = None  # what it will probably come to, with its spread
    is_late: bool = False  # it has lasted longer than nearly all that are known: nothing is told any more

    @property
    def is_final(self) -> bool:
        return self.state in {ReviewState.ANSWERED, ReviewState.EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    slate: Slate
    token: str
    escalation: EscalationView | None = None
    explain: Mapping[str, object] | None = None  # candidate id -> what spoke for and against it


class _Raw:
    """A row as it was sent: unknown keys are dropped, nothing is checked yet."""

    __slots__ = ()

    @classmethod
    def from_json(cls, row: Mapping[str, object]) -> Self:
        known = {each.name for each in fields(cls)}  # type: ignore[arg-type]  # every subclass is a dataclass
        return cls(**{name: value for name, value in row.items() if name in known})


class Absent:
    """The type of `ABSENT`: a key that was not sent, where null would mean something."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent(_Raw):
    eid: object = None
    impression: object = None
    token: object = None
    type: object = None
    item: object = None
    position: object = None
    visible_ms: object = None
    text: object = None
    at: object = None
    edited: object = None
    edit_ratio: object = None
    name: object = None
    value: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLabel(_Raw):
    surface: object = None
    context: object = None  # a mapping as in a suggest request, or a Context
    item: object = ABSENT  # None is an answer: no candidate is right
    at: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPastSlate(_Raw):
    """A row of another system's log: what was shown in which order, and what was chosen."""

    id: object = None  # names the row, so that a repeat is recognised
    context: object = None  # a mapping as in a suggest request, or a Context
    shown: object = None  # options as mappings of id, text, propensity; top first
    chosen: object = ABSENT  # the id or the text of one of them
    outcome: object = None  # selected, dismissed or ignored; without it, a choice or silence
    at: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    eid: str | None  # of an event; None for a label
    type: str  # a stable slug
    detail: str
    index: int  # which row of the request


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserted:
    accepted: int
    embedded: int  # how many texts were new or changed


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    candidate: Candidate
    revision: int
    retired: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticDecision:
    """One time the top option was applied without asking anybody."""

    impression: str
    at: datetime
    item: str
    text: str
    p_select: float
    bundle: str
    policy_revision: int
    verdict: str | None  # right or wrong, by its audit; None: it was not drawn, or nobody has answered yet


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """How the promise goes, by what became known of served requests."""

    precision: Interval  # of what was shown since the last alarm, by audits; its bounds hold whenever one looks
    n_judged: int  # answers that the watch has looked at
    is_tight: bool  # an alarm has tightened the line
    tight_left: int  # answers until that is over
    why: str  # what the watch did last; empty: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    policy: Policy
    revision: int
    threshold: float  # in force: a slate is shown from this p_any on
    why: str
    certified: bool
    n_needed: int | None  # labels still missing for the promise; None where it is certified or needs none
    live: LiveView
    auto: Alone
    auto_live: LiveView  # how right what was applied has been
    next_mode: NextMode | None  # None: there is none after this one
    groups: tuple[GroupLine, ...] = ()  # those with answers enough, each with the line in force for it


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """A review as its holder sees it."""

    id: str
    lease: str
    surface: str
    impression: str
    context: Context
    items: tuple[SlateItem, ...]
    reason: ReviewReason
    at: datetime
    expires_at: datetime
    p_any: float
    escalation: str | None = None  # its id, where a person is waiting
    needs: Needs | None = None  # who should answer; None: anybody
    due: datetime | None = None  # when an answer was promised
    proposed: Answer | None = None  # a colleague's answer to be signed off, or a known one that is doubted


@dataclass(frozen=True, slots=True, kw_only=True)
class RawVerdict:
    """A worker's answer as sent: typed, not yet checked against the review."""

    eid: str
    lease: str
    item: str | None = None
    text: str | None = None
    none: bool = False
    note: str | None = None
    paragraph: str | None = None  # of the guideline: what the answer rests on, or, with a note, what is disputed
    add_candidate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictResult:
    id: str
    state: ReviewState
    answer: Answer | None
    duplicate: bool  # this eid had been answered already; nothing was done again
    next: ReviewView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    waiting: int
    claimed: int
    by_reason: Mapping[ReviewReason, int] = field(default_factory=dict)  # of those waiting
    oldest_at: datetime | None = None
    postponed: int = 0  # put off until later, offered to nobody until then
    workers: int = 0  # on duty now
    expected_wait_s: float | None = None  # of an escalation that arrives now


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    ok: bool
    reasons: tuple[str, ...] = ()
