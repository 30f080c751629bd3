"""The owner's wishes for a surface: what is promised, how often people are asked, how much is explored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from suggest.domain.duty import DutyHours, duty_hours
from suggest.domain.plan import ReviewPlan, review_plan

USUAL_ERROR_COST = 10.0  # minutes of a person, where nobody has said what an error costs
GROUPINGS = ("none", "tag", "language")
EXPLORATION_KINDS = ("plackett_luce", "posterior")


class Mode(StrEnum):
    SHADOW = "shadow"  # people answer everything, the model is only watched
    ASSIST = "assist"  # the model suggests, people answer what it does not know
    AUTO = "auto"  # above a certified bound the top option is applied
    REVIEW_ALL = "review_all"  # everything goes to people, always


class Fallback(StrEnum):
    QUEUE = "queue"  # they wait until somebody is there
    SHOW = "show"  # the best there is, marked by its reason
    ABSTAIN = "abstain"  # nothing


class TargetKind(StrEnum):
    PRECISION = "precision"  # share of shown slates that hold a right option
    REVIEW_SHARE = "review_share"  # share of requests that go to people
    COST = "cost"  # price of an error in minutes of a person (>= 1)
    P_ANY = "p_any"  # the threshold on p_any itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    kind: TargetKind
    value: float

    def __post_init__(self) -> None:
        top = float("inf") if self.kind is TargetKind.COST else 1.0
        if not 0 <= self.value <= top:
            raise ValueError(f"a {self.kind} target must be in [0, {top:g}], got {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    mode: Mode = Mode.ASSIST
    target: Target = Target(kind=TargetKind.P_ANY, value=0.5)
    error_cost: float | None = None  # minutes of a person; with it the cheapest line counts too, and the stricter wins
    auto_target: float = 0.95  # in `auto`: share of what is applied that must be right
    groups_by: str = "none"  # with a precision target: tag or language, where groups have answers enough for own lines
    audit_rate: float = 0.03  # share of confident decisions sent to people anyway
    exploration: float = 0.0  # Plackett-Luce temperature, or width of the posterior; 0 = deterministic
    exploration_kind: str = "plackett_luce"  # or posterior: more where the instant head is unsure
    review_plan: str = ""  # at least this share to people, e.g. "2026-12-01 100%; 2027-03-01 20%"; empty: none
    escalation: bool = True  # off: where the model does not know, nothing is shown
    trigger: bool = True  # small talk gets no suggestion and bothers nobody
    promotion: str = "offline"  # offline | audited | canary
    reward_wait_s: int = 1800  # after this long, silence becomes ignored or unseen
    retrain_every: int = 200  # outcomes between scheduled retrains; 0 = only on demand
    retrain_nightly: bool = True
    learning_per_day: int = 0  # requests that nobody waits for, put to people because their answers teach most
    overlap: int = 1  # people who answer each review, whatever they say
    most_overlap: int = 3  # people who are asked where those disagree
    second_opinion: bool = False  # an audit that finds a suggestion wrong counts only once somebody else has looked
    sign_off: int = 1  # 2: an answer reaches the person only when two people have given the very same
    answer_within_s: int = 600  # what a person who waits is to be answered in; the queue goes by it
    routing_wait_s: int = 120  # so long a review waits for somebody who knows its matter, before anybody gets it
    duty_hours: str = ""  # when people are there, e.g. "Mo-Fr 09:00-17:00"; empty: always
    time_zone: str = "UTC"  # that the hours are meant in
    longest_queue: int | None = None  # with so many waiting on this surface, `fallback` takes over; None: never
    fallback: Fallback = Fallback.QUEUE  # what happens outside the hours and beyond the longest queue
    out_of_hours: str = "Nobody is on duty right now. We will answer as soon as someone is back."

    def __post_init__(self) -> None:
        if not 0 <= self.audit_rate <= 1:
            raise ValueError(f"audit_rate must be in [0, 1], got {self.audit_rate}")
        if self.error_cost is not None and not 0 <= self.error_cost < math.inf:
            raise ValueError(f"error_cost must be finite and >= 0, got {self.error_cost}")
        if not 0 < self.auto_target < 1:
            raise ValueError(f"auto_target must lie strictly between 0 and 1, got {self.auto_target}")
        if not 0 <= self.exploration <= 10:
            raise ValueError(f"exploration must be in [0, 10], got {self.exploration}")
        if self.exploration_kind not in EXPLORATION_KINDS:
            raise ValueError(f"exploration_kind must be one of {EXPLORATION_KINDS}, got {self.exploration_kind!r}")
        if self.groups_by not in GROUPINGS:
            raise ValueError(f"groups_by must be one of {GROUPINGS}, got {self.groups_by!r}")
        if self.promotion not in {"offline", "audited", "canary"}:
            raise ValueError(f"promotion must be offline, audited or canary, got {self.promotion!r}")
        if self.learning_per_day < 0:
            raise ValueError(f"learning_per_day must be >= 0, got {self.learning_per_day}")
        if not 1 <= self.overlap <= 9 or not 1 <= self.most_overlap <= 9:
            raise ValueError("overlap and most_overlap must be from 1 to 9")
        if self.sign_off not in {1, 2}:
            raise ValueError(f"sign_off must be 1 or 2, got {self.sign_off}")
        duty_hours(self.duty_hours, self.time_zone)  # raises where they are none
        review_plan(self.review_plan, self.time_zone)  # likewise
        if self.answer_within_s < 1 or self.routing_wait_s < 0:
            raise ValueError("answer_within_s must be >= 1 and routing_wait_s >= 0")
        if self.longest_queue is not None and self.longest_queue < 0:
            raise ValueError(f"longest_queue must be >= 0, got {self.longest_queue}")
        if self.reward_wait_s < 1 or self.retrain_every < 0:
            raise ValueError("reward_wait_s must be >= 1 and retrain_every >= 0")

    @property
    def hours(self) -> DutyHours:
        return duty_hours(self.duty_hours, self.time_zone)

    @property
    def plan(self) -> ReviewPlan:
        return review_plan(self.review_plan, self.time_zone)

    @property
    def cost_of_error(self) -> float:
        """What a wrong or missing answer costs, in minutes of a person."""
        if self.error_cost is not None:
            return self.error_cost
        return self.target.value if self.target.kind is TargetKind.COST else USUAL_ERROR_COST
