"""Configuration: surfaces, their candidates and policies, and keys. Unknown fields are refused here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from suggest.domain.candidate import Candidate
from suggest.web.schemas.base import (
    CandidateId,
    Closed,
    FreeFields,
    Note,
    OpaqueId,
    Open,
    Probability,
    Rfc3339,
    SurfaceName,
    Tag,
    Text,
)

MOST_CANDIDATES = 50_000


class SurfaceIn(Closed):
    """What is not sent keeps its value, or takes this default where the surface is new."""

    title: Annotated[Note, Field(max_length=200)] = ""
    k: Annotated[int, Field(ge=1, le=50)] = 3
    redact: bool = False
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    simulated: bool = False


class SurfaceOut(Open):
    name: str
    title: str
    k: int
    redact: bool
    retention_days: int | None
    simulated: bool


class AnnotationIn(Closed):
    text: Annotated[Text, Field(min_length=1, max_length=500)]
    at: Rfc3339 | None = None  # when it happened; without it: now


class AnnotationOut(Open):
    id: str
    surface: str
    at: str
    text: str


class SurfacesOut(Open):
    surfaces: list[SurfaceOut]


class CandidateIn(Closed):
    id: CandidateId
    text: Text
    fields: FreeFields = Field(default_factory=dict)
    tags: Annotated[tuple[Tag, ...], Field(max_length=50)] = ()
    reset: bool = False  # forget what was learned about this id

    def value(self) -> Candidate:
        return Candidate(id=self.id, text=self.text, fields=self.fields, tags=self.tags)


class CandidatesIn(Closed):
    candidates: Annotated[list[CandidateIn], Field(min_length=1, max_length=MOST_CANDIDATES)]


class MoveIn(Closed):
    from_: Annotated[list[CandidateId], Field(alias="from", min_length=1, max_length=20)]
    to: Annotated[list[CandidateId], Field(min_length=1, max_length=20)]
    apply: bool = False


class AgreementOut(Open):
    n: int
    before: int
    after: int


class MovedOut(Open):
    labels: int
    to: dict[str, int]
    touched: AgreementOut
    rest: AgreementOut
    applied: bool


class UpsertedOut(Open):
    accepted: int
    embedded: int


class CandidateOut(Open):
    id: str
    text: str
    fields: dict[str, Any]
    tags: list[str]
    revision: int
    retired: bool
    at: str


class CandidatesOut(Open):
    candidates: list[CandidateOut]
    next: str | None  # pass as ?after= for the next page, which may be empty; null where there is none


class TargetIn(Closed):
    kind: Literal["precision", "review_share", "cost", "p_any"] = "p_any"
    value: Annotated[float, Field(ge=0)] = 0.5


class PolicyIn(Closed):
    """What is not sent keeps its value."""

    mode: Literal["shadow", "assist", "auto", "review_all"] = "assist"
    target: TargetIn = TargetIn()
    error_cost: Annotated[float, Field(ge=0, le=1e6)] | None = None
    auto_target: Annotated[float, Field(ge=0.5, le=0.9999)] = 0.95
    groups_by: Literal["none", "tag", "language"] = "none"
    audit_rate: Probability = 0.03
    exploration: Annotated[float, Field(ge=0, le=10)] = 0.0
    exploration_kind: Literal["plackett_luce", "posterior"] = "plackett_luce"
    review_plan: Annotated[Note, Field(max_length=600)] = ""
    escalation: bool = True
    trigger: bool = True
    promotion: Literal["offline", "audited", "canary"] = "offline"
    reward_wait_s: Annotated[int, Field(ge=1, le=86_400)] = 1800
    retrain_every: Annotated[int, Field(ge=0, le=10_000_000)] = 200
    retrain_nightly: bool = True
    learning_per_day: Annotated[int, Field(ge=0, le=10_000)] = 0
    overlap: Annotated[int, Field(ge=1, le=9)] = 1
    most_overlap: Annotated[int, Field(ge=1, le=9)] = 3
    second_opinion: bool = False
    sign_off: Annotated[int, Field(ge=1, le=2)] = 1
    answer_within_s: Annotated[int, Field(ge=1, le=86_400)] = 600
    routing_wait_s: Annotated[int, Field(ge=0, le=86_400)] = 120
    duty_hours: Annotated[Note, Field(max_length=300)] = ""
    time_zone: Annotated[Note, Field(max_length=60)] = "UTC"
    longest_queue: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    fallback: Literal["queue", "show", "abstain"] = "queue"
    out_of_hours: Annotated[Note, Field(max_length=500)] = ""


class Bounds(Open):
    low: float | None
    mid: float | None
    high: float | None
    n: int


class LiveOut(Open):
    precision: Bounds
    n_judged: int
    is_tight: bool
    tight_left: int
    why: str


class AloneOut(Open):
    threshold: float | None
    why: str
    n_needed: int | None


class AutoOut(AloneOut):
    live: LiveOut  # of what was applied without asking


class AutomaticOut(Open):
    impression: str
    at: str
    item: str
    text: str
    p_select: float
    bundle: str
    policy_revision: int
    verdict: str | None  # right or wrong, where it was audited and answered


class AutomaticsOut(Open):
    decisions: list[AutomaticOut]


class NextModeOut(Open):
    mode: str
    ready: bool
    missing: list[str]
    n_needed: int | None


class GroupOut(Open):
    """A group of requests with answers enough to test a line of its own."""

    group: str
    n: int
    threshold: float | None  # null: the surface's line holds
    why: str
    n_needed: int | None


class PolicyOut(Open):
    mode: str
    target: TargetIn
    error_cost: float | None
    auto_target: float
    groups_by: str
    audit_rate: float
    exploration: float
    exploration_kind: str
    review_plan: str
    escalation: bool
    trigger: bool
    promotion: str
    reward_wait_s: int
    retrain_every: int
    retrain_nightly: bool
    learning_per_day: int
    overlap: int
    most_overlap: int
    second_opinion: bool
    sign_off: int
    answer_within_s: int
    routing_wait_s: int
    duty_hours: str
    time_zone: str
    longest_queue: int | None
    fallback: str
    out_of_hours: str
    revision: int
    threshold: float
    why: str
    certified: bool
    n_needed: int | None
    live: LiveOut
    auto: AutoOut
    next_mode: NextModeOut | None
    groups: list[GroupOut]


class ExpectedOut(Open):
    precision: Bounds
    review_share: float
    wait_s: float | None
    cost: float | None  # null: nothing was asked yet, so nobody knows how often a line is wrong
    cost_per_1000: float | None
    people_needed: int | None
    n_traffic: int  # requests it is reckoned on; 0: p_any is taken as uniform


class FrontierOut(Open):
    threshold: float
    precision: Bounds
    review_share: float
    cost: float | None
    wait_s: float | None


class PreviewOut(Open):
    threshold: float
    why: str
    certified: bool
    n_needed: int | None
    expected: ExpectedOut
    frontier: list[FrontierOut]
    groups: list[GroupOut]
    auto: AloneOut | None  # in `auto`: the top option would be applied from here on; threshold null: that is refused


class KeyIn(Closed):
    kind: Literal["sk", "pk", "wk", "uk"]
    name: Annotated[Note, Field(max_length=200)] = ""
    surface: SurfaceName | None = None
    worker: OpaqueId | None = None  # of a wk key: the account that it claims and answers for
    origins: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=100)] = ()


class KeyOut(Open):
    id: str
    kind: str
    name: str
    surface: str | None
    worker: str | None
    origins: list[str]
    created_at: str | None
    revoked_at: str | None
    note: str | None = None


class NewKeyOut(KeyOut):
    key: str  # shown once, stored only as a hash


class KeysOut(Open):
    keys: list[KeyOut]
