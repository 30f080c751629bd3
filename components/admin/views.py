"""What the administration shows, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from components.guideline import GuidelineView
from components.notice import NoticeView

TargetKind = Literal["precision", "review_share", "cost", "p_any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceRow:
    name: str
    title: str
    mode: str
    target: str  # the wish in words
    threshold: float
    certified: bool
    champion: str  # id of the bundle that serves
    waiting: int
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    id: str
    kind: Literal["sk", "pk", "wk", "uk"]
    name: str
    surface: str | None  # None: every surface
    origins: tuple[str, ...]
    created_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    id: str
    name: str
    role: Literal["worker", "reviewer", "owner"]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    login: str | None
    is_on_duty: bool
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretView:
    """Something that is shown this once."""

    title: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    csrf: str
    surfaces: tuple[SurfaceRow, ...]
    keys: tuple[KeyRow, ...]
    waiting: int
    workers: int
    expected_wait_s: float | None
    ready: tuple[str, ...]  # what stands in the way of serving; empty: nothing
    secret: SecretView | None = None
    notice: NoticeView | None = None
    people: tuple[WorkerRow, ...] = ()
    is_owner: bool = True  # who is none sees the surfaces only


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRow:
    """A request that arrived, or a row of one that was refused."""

    number: int
    at: datetime
    call: str
    key: str  # kind and name; empty: none that is known
    surface: str  # empty: not known
    origin: str  # empty: no page, or the browser did not say
    impression: str  # the end of its id
    said: str  # what was done, or why it was refused
    slug: str = ""  # of the refusal; empty: it was taken
    mend: str = ""
    help: str = ""  # address of the page about it


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalsView:
    csrf: str
    rows: tuple[ArrivalRow, ...]  # the newest first
    mark: str  # what the stream goes on from
    only_refused: bool
    kept: int  # at most so many of each kind
    base: str  # address of this server


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedView:
    """How right audits found something, with bounds that hold whenever one looks."""

    low: float
    mid: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """How the promise goes, and what the mode after this one needs."""

    low: float
    mid: float
    high: float
    n_audits: int
    n_judged: int
    is_tight: bool
    why: str  # what the watch did last; empty: nothing
    acts_from: float | None  # in auto: the top option is applied from here on
    acts_why: str
    acts_right: AuditedView  # what was applied without asking
    next_mode: str | None
    missing: tuple[str, ...] = ()  # for the next mode; empty: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    mode: str
    kind: TargetKind
    value: float  # of the kind in force
    values: Mapping[str, float]  # where the slider of each kind stands
    error_cost: float | None
    groups_by: str
    audit_rate: float
    exploration: float
    escalation: bool
    trigger: bool
    out_of_hours: str
    learning_per_day: int
    overlap: int
    most_overlap: int
    second_opinion: bool
    sign_off: int
    answer_within_s: int
    routing_wait_s: int
    review_plan: str
    duty_hours: str
    time_zone: str
    longest_queue: int | None
    fallback: str
    retrain_every: int
    retrain_nightly: bool
    threshold: float
    why: str
    certified: bool
    n_needed: int | None
    live: LiveView


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPlace:
    threshold: float
    precision: float
    low: float
    high: float
    n: int  # labels it rests on
    review_share: float
    cost: float
    wait_s: float | None = None  # of whoever goes to people; None: nobody does, or those on duty cannot keep up


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group of requests with answers enough for a line of its own."""

    group: str
    n: int
    threshold: float | None  # None: the surface's line holds
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    threshold: float
    why: str
    certified: bool
    n_needed: int | None
    expected: FrontierPlace  # what the line alone comes to
    served: FrontierPlace  # what the mode makes of it; a precision of nothing is no number
    mode: str
    wait_s: float | None
    people_needed: int | None  # for the busiest hour of the last day; None: no traffic yet
    frontier: tuple[FrontierPlace, ...]
    now: FrontierPlace | None  # where the line runs today; None where it is the same
    is_changed: bool
    groups: tuple[GroupRow, ...] = ()
    acts_from: float | None = None  # in auto: the first option would be applied from here on; None: that is refused
    acts_why: str = ""
    is_blind: bool = False  # nothing was asked here yet: nothing can be expected


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedView:
    """What came between one move of the slider and the next."""

    requests: int
    reviewed: int  # of them, those that went to people
    audited: int  # of what was shown or applied, those that an audit judged
    audited_right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One time somebody moved the slider."""

    at: datetime
    by: str
    changes: tuple[tuple[str, str, str], ...]  # name, before, after
    why: str = ""  # where the watch moved the line: the reason
    followed: FollowedView | None = None  # None: no request yet


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    id: str
    at: datetime | None
    state: str
    parent: str | None
    encoder: str
    is_champion: bool
    may_promote: bool
    metrics: Mapping[str, object]
    gate: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    id: str
    state: str
    progress: float
    step: str
    detail: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedOption:
    id: str
    text: str
    p_select: float
    why: tuple[tuple[str, float], ...]  # what set it apart, strongest first


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedView:
    """What would be suggested for a context, without anything being stored."""

    text: str
    decision: str
    reason: str
    p_any: float
    threshold: float
    options: tuple[TriedOption, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingView:
    """When the figures go out, and who hears of the surface."""

    every: str  # never | daily | weekly
    hour: int
    weekday: str  # Mo to Su
    zone: str
    next_at: datetime | None
    hearers: tuple[tuple[str, tuple[str, ...]], ...]  # host of the webhook, events; none: all


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelineAbout:
    text: str  # Markdown
    shown: GuidelineView
    n_outdated: int  # answers that rest on a paragraph that has changed since
    disputes: tuple[tuple[str, str], ...] = ()  # the paragraph, and what somebody wrote of it


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundView:
    """A request as somebody would make it, what would come of it, and what to paste to have it in a page."""

    csrf: str
    surfaces: tuple[tuple[str, str], ...]  # name, title
    surface: str
    text: str = ""
    fields: str = ""  # JSON, as it was typed
    k: str = ""  # empty: the surface's own
    layout: str = "chips"
    tried: TriedView | None = None
    snippet: str = ""
    call: str = ""  # the same request from a terminal
    notice: NoticeView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceView:
    csrf: str
    name: str
    address: str  # /admin/surfaces/…, quoted
    report: str  # address of its report
    title: str
    simulated: bool
    n_candidates: int
    policy: PolicyView
    preview: PreviewView
    history: tuple[ChangeRow, ...]
    champion: str
    models: tuple[ModelRow, ...]
    snippet: str
    pinned: str = ""  # the script element of this very release, with its integrity
    job: JobView | None = None
    tried: TriedView | None = None
    notice: NoticeView | None = None
    is_owner: bool = True  # who is none may only send everything to people
    reporting: ReportingView | None = None
    guideline: GuidelineAbout | None = None
