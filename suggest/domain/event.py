"""What a client reports, and what the server makes of it. Clients never say "ignored"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from suggest.domain.text import check_id


class EventType(StrEnum):
    VIEW = "view"
    LEAVE = "leave"
    SELECT = "select"
    DISMISS = "dismiss"
    OVERRIDE = "override"
    COMMIT = "commit"
    REWARD = "reward"  # server keys only


class Outcome(StrEnum):
    SELECTED = "selected"
    DISMISSED = "dismissed"
    OVERRIDDEN = "overridden"
    IGNORED = "ignored"  # seen, no act until the reward wait ran out: missing, never negative
    UNSEEN = "unseen"
    PENDING = "pending"  # no terminal event yet and the wait has not run out


TERMINAL: dict[EventType, Outcome] = {
    EventType.SELECT: Outcome.SELECTED,
    EventType.DISMISS: Outcome.DISMISSED,
    EventType.OVERRIDE: Outcome.OVERRIDDEN,
}
_RANK = (Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    eid: str  # any 1-128 characters without controls; the client's, so a retry is recognised
    impression: str
    surface: str
    type: EventType
    received_at: datetime
    at: datetime | None = None
    item: str | None = None
    position: int | None = None
    visible_ms: int | None = None
    text: str | None = None
    edited: bool | None = None
    edit_ratio: float | None = None  # 0 = used as it was, 1 = nothing of it left
    name: str | None = None  # of a reward
    value: float | None = None  # of a reward
    trusted: bool = False  # came with a secret key: caps and weights do not apply
    weight: float = 1.0  # how much it may teach: what the caps left of one voice when it came

    @property
    def is_refusal(self) -> bool:
        """A dismissal that names an option speaks of that option alone, and ends nothing."""
        return self.type is EventType.DISMISS and self.item is not None

    @property
    def is_terminal(self) -> bool:
        return self.type in TERMINAL and not self.is_refusal

    def __post_init__(self) -> None:
        check_id(self.eid, name="eid", longest=128)
        if self.type is EventType.SELECT and self.item is None:
            raise ValueError("a select names the item that was selected")
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight must be in [0, 1], got {self.weight}")
        if self.type is EventType.REWARD and self.value is None:
            raise ValueError("a reward has a value")


def outcome(types: Iterable[EventType], *, waited_s: float, reward_wait_s: float) -> Outcome:
    """What became of an impression: the highest of select > dismiss > override; else silence, once it has lasted.

    >>> outcome([EventType.VIEW, EventType.DISMISS, EventType.SELECT], waited_s=1, reward_wait_s=1800).value
    'selected'
    >>> outcome([EventType.VIEW], waited_s=1800, reward_wait_s=1800).value
    'ignored'
    >>> outcome([], waited_s=5, reward_wait_s=1800).value
    'pending'
    """
    seen = set(types)
    reached = {TERMINAL[kind] for kind in seen if kind in TERMINAL}
    for candidate in _RANK:
        if candidate in reached:
            return candidate
    if waited_s < reward_wait_s:
        return Outcome.PENDING
    return Outcome.IGNORED if EventType.VIEW in seen else Outcome.UNSEEN
