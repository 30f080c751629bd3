"""One review on its way: waiting, claimed, answered, expired. Pure transitions, no clock, no storage.

The lease is the fencing token: each claim makes a new one, and whoever comes with an older one is told whether its time
ran out or somebody else has taken over. A claim whose time is over needs no clean-up: it simply no longer counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from suggest.domain.clock import parse_rfc3339
from suggest.domain.errors import Conflict, LeaseExpired, LeaseLost
from suggest.domain.review import Needs, Panel, Review, ReviewReason, ReviewState
from suggest.online.messages import Answer
from suggest.policy.waiting import Modelled

_ORDER = {ReviewReason.ESCALATED: 0, ReviewReason.AUDIT: 1, ReviewReason.LEARNING: 2}
_WORTH_S = 60.0  # a minute that an error is expected to cost weighs as much as a minute of waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A worker's answer as it stands on the task."""

    eid: str
    answer: Answer
    worker: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    review: Review
    p_any: float
    state: ReviewState = ReviewState.WAITING  # as written down; see `state_at` for what it means now
    lease: str | None = None
    worker: str | None = None
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    given: Given | None = None
    undone: tuple[str, ...] = ()  # eids of answers that were taken back
    claimed_for: str | None = None  # the surface the holder asked for; None: any
    session: str | None = None  # of the person who waits, hashed
    due: datetime | None = None  # when an answer was promised; the queue goes by it
    needs: Needs | None = None  # who should answer; None: anybody
    panel: Panel | None = None  # more than one person answers; None: the first answer stands
    voices: tuple[Given, ...] = ()  # what the panel has said so far, one a person
    not_before: datetime | None = None  # put off: offered to nobody until then
    doubted: Answer | None = None  # a known answer to confirm or to correct
    told: Modelled | None = None  # how long it would wait, by what was known when it came

    @property
    def urgency(self) -> tuple[int, float, str]:
        """Smaller goes first: people who wait, then audits, then learning picks.

        Audits keep the order they came in, because they carry statistics. Among people who wait, the earliest promise
        goes first, brought forward by what an error is expected to cost; all promises age alike, so the order of two
        tasks never changes and needs no re-sorting.
        """
        came_s = self.review.at.timestamp()
        if self.review.reason is ReviewReason.AUDIT:
            return _ORDER[self.review.reason], came_s, self.review.id
        due_s = came_s if self.due is None else self.due.timestamp()
        return _ORDER[self.review.reason], due_s - _WORTH_S * self.review.priority, self.review.id

    @property
    def is_awaited(self) -> bool:
        """Somebody is waiting for the answer: the review is an escalation."""
        return self.review.reason is ReviewReason.ESCALATED

    def state_at(self, now: datetime) -> ReviewState:
        """What the task is now: a claim counts until its time is over, a wait until its deadline."""
        if self.state is ReviewState.CLAIMED and self._holds(now):
            return ReviewState.CLAIMED
        if self.state in {ReviewState.ANSWERED, ReviewState.EXPIRED}:
            return self.state
        late = self.review.deadline is not None and now >= self.review.deadline
        return ReviewState.EXPIRED if late else ReviewState.WAITING

    def claimed(self, *, lease: str, worker: str, now: datetime, lease_s: float, surface: str | None = None) -> Task:
        if self.state_at(now) is not ReviewState.WAITING:
            raise Conflict(f"Review {self.review.id} is {self.state_at(now)}; claim another.")
        until = now + timedelta(seconds=lease_s)
        held = replace(
            self, state=ReviewState.CLAIMED, lease=lease, worker=worker, claimed_for=surface, not_before=None
        )
        return replace(held, claimed_at=now, lease_until=until)

    def extended(self, *, lease: str, now: datetime, lease_s: float) -> Task:
        self._check(lease, now)
        return replace(self, lease_until=now + timedelta(seconds=lease_s))

    def released(self, *, lease: str, now: datetime) -> Task:
        self._check(lease, now)
        return self._waiting()

    def postponed(self, *, lease: str, now: datetime, until: datetime) -> Task:
        """Given back, and offered to nobody until then; after that it takes its old place in the queue."""
        self._check(lease, now)
        return replace(self._waiting(), not_before=until)

    def is_off_at(self, now: datetime) -> bool:
        """Whether it was put off until later than now."""
        return self.not_before is not None and now < self.not_before

    def answered(self, *, lease: str, given: Given, now: datetime) -> Task:
        self._check(lease, now)
        return replace(self, state=ReviewState.ANSWERED, given=given)

    def voiced(self, *, lease: str, given: Given, now: datetime) -> Task:
        """One voice more; the review waits for another. Who speaks again takes back what they said before."""
        self._check(lease, now)
        others = tuple(voice for voice in self.voices if voice.worker != given.worker)
        return replace(self._waiting(), voices=(*others, given))

    def settled(self, given: Given) -> Task:
        """The panel has said enough: this answer stands."""
        return replace(self, state=ReviewState.ANSWERED, given=given)

    def without_voice(self, eid: str) -> Task:
        """A voice is taken back; where the panel had settled, it has not any more."""
        rest = tuple(voice for voice in self.voices if voice.eid != eid)
        if len(rest) == len(self.voices) or self.state is ReviewState.EXPIRED:
            raise Conflict(f"The answer {eid!r} does not stand on review {self.review.id}; there is nothing to undo.")
        kept = self._waiting() if self.state is ReviewState.ANSWERED else self
        return replace(kept, voices=rest, given=None, undone=(*self.undone, eid))

    def undone_by(self, *, eid: str) -> Task:
        """The answer is taken back and the review waits again."""
        if self.state is not ReviewState.ANSWERED or self.given is None or self.given.eid != eid:
            raise Conflict(f"The answer {eid!r} does not stand on review {self.review.id}; there is nothing to undo.")
        return replace(self._waiting(), given=None, undone=(*self.undone, eid))

    def expired(self) -> Task:
        return replace(self._waiting(), state=ReviewState.EXPIRED)

    def _waiting(self) -> Task:
        freed = replace(self, state=ReviewState.WAITING, lease=None, worker=None, claimed_for=None)
        return replace(freed, claimed_at=None, lease_until=None)

    def _holds(self, now: datetime) -> bool:
        return self.lease_until is not None and now < self.lease_until

    def _check(self, lease: str, now: datetime) -> None:
        if self.state is ReviewState.ANSWERED:
            raise LeaseLost(f"Review {self.review.id} was answered already.")
        if self.lease != lease:
            raise LeaseLost(f"Review {self.review.id} is no longer held by this lease; claim another.")
        if not self._holds(now):
            raise LeaseExpired(f"The lease on review {self.review.id} ran out; claim it again.")


def task_json(task: Task) -> dict[str, object]:
    """The task as it is written under `lease/{review}`: complete, so that the queue can be rebuilt from these alone."""
    review, given = task.review, task.given
    return {
        "state": str(task.state),
        "lease": task.lease,
        "worker": task.worker,
        "claimed_for": task.claimed_for,
        "claimed_at": _text(task.claimed_at),
        "expires_at": _text(task.lease_until),
        "verdict": None if given is None else _given_json(given),
        "undone": list(task.undone),
        "session": task.session,
        "p_any": task.p_any,
        "surface": review.surface,
        "impression": review.impression,
        "reason": str(review.reason),
        "at": _text(review.at),
        "priority": review.priority,
        "deadline": _text(review.deadline),
        "due": _text(task.due),
        "needs": None if task.needs is None else _needs_json(task.needs),
        "not_before": _text(task.not_before),
        "panel": None if task.panel is None else asdict(task.panel),
        "voices": [_given_json(voice) for voice in task.voices],
        "doubted": None if task.doubted is None else asdict(task.doubted),
        "told": None if task.told is None else asdict(task.told),
    }


def task_from_json(review_id: str, stored: Mapping[str, object]) -> Task:
    at = _time(stored["at"])
    assert at is not None
    verdict = stored["verdict"]
    undone = stored["undone"]
    assert isinstance(undone, list)
    return Task(
        review=Review(
            id=review_id,
            surface=str(stored["surface"]),
            impression=str(stored["impression"]),
            reason=ReviewReason(str(stored["reason"])),
            at=at,
            priority=float(str(stored["priority"])),
            deadline=_time(stored["deadline"]),
        ),
        p_any=float(str(stored["p_any"])),
        state=ReviewState(str(stored["state"])),
        lease=_optional(stored["lease"]),
        worker=_optional(stored["worker"]),
        claimed_for=_optional(stored["claimed_for"]),
        claimed_at=_time(stored["claimed_at"]),
        lease_until=_time(stored["expires_at"]),
        given=_given(verdict) if isinstance(verdict, Mapping) else None,
        undone=tuple(str(eid) for eid in undone),
        session=_optional(stored["session"]),
        due=_time(stored.get("due")),
        needs=_needs(needs) if isinstance(needs := stored.get("needs"), Mapping) else None,
        not_before=_time(stored.get("not_before")),
        panel=Panel(**panel) if isinstance(panel := stored.get("panel"), Mapping) else None,
        voices=tuple(_given(voice) for voice in cast("list[Mapping[str, object]]", stored.get("voices") or [])),
        doubted=Answer(**doubted) if isinstance(doubted := stored.get("doubted"), Mapping) else None,
        told=Modelled(**told) if isinstance(told := stored.get("told"), Mapping) else None,
    )


def _needs_json(needs: Needs) -> dict[str, object]:
    return {"skills": sorted(needs.skills), "language": needs.language, "until": _text(needs.until)}


def _needs(stored: Mapping[str, object]) -> Needs:
    until, skills = _time(stored["until"]), stored["skills"]
    assert until is not None
    assert isinstance(skills, list)
    return Needs(skills=frozenset(map(str, skills)), language=_optional(stored["language"]), until=until)


def _given_json(given: Given) -> dict[str, object]:
    answer = given.answer
    said = {"item": answer.item, "item_text": answer.item_text, "text": answer.text, "none": answer.none}
    return {"eid": given.eid, "worker": given.worker, "at": _text(given.at), **said}


def _given(stored: Mapping[str, object]) -> Given:
    at = _time(stored["at"])
    assert at is not None
    return Given(
        eid=str(stored["eid"]),
        worker=str(stored["worker"]),
        at=at,
        answer=Answer(
            item=_optional(stored["item"]),
            item_text=_optional(stored["item_text"]),
            text=_optional(stored["text"]),
            none=bool(stored["none"]),
        ),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: object) -> datetime | None:
    return None if text is None else parse_rfc3339(str(text))


def _optional(text: object) -> str | None:
    return None if text is None else str(text)
