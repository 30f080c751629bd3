"""Webhooks: other systems hear of each change of an escalation, of alerts and of reports that are due, signed, at least
once, in the order they can take.

What is to be told is stored in the same transaction as the change itself, so none is lost with a crash; it is removed
when it was delivered. A receiver that fails is tried again, later each time, for a day. The body names things and never
quotes anybody: who may read them asks for them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from typing import Literal, Protocol, get_args
from urllib.parse import urlsplit

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid, NotFound
from suggest.online.task import Task
from suggest.store.ports import Cas, CasWrite, Versioned

HOOKS = "hook/"
OUTBOX = "delivery/"
EventName = Literal[
    "review.waiting",
    "review.claimed",
    "review.answered",
    "review.expired",
    "report.summary",
    "alert.precision",
    "alert.drift",
    "alert.rollback",
]
EVENTS: tuple[EventName, ...] = get_args(EventName)
TRIES_FOR = timedelta(hours=24)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
SLOW_S = 2.0  # a receiver that takes longer gets one message a round, so that the others need not wait for its queue
MOST_HOOKS = 20
KEPT = 500  # deliveries that the log shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    id: str
    url: str
    events: tuple[str, ...] = ()  # empty: all
    surface: str | None = None  # None: every surface
    created_at: datetime

    def hears(self, event: str, surface: str) -> bool:
        return self.surface in (None, surface) and (not self.events or event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one hook, and how that went."""

    id: str
    hook: str
    event: str
    at: datetime
    attempts: int = 0
    state: str = "waiting"  # waiting, delivered, given-up
    said: str = ""  # what the receiver answered last, or why it was not reached
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    is_taken: bool
    said: str


class Sends(Protocol):
    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        """Post once, without following redirects. Never raises."""
        ...


class Webhooks:
    def __init__(self, cas: Cas, *, clock: Clock, send: Sends, check_url: Callable[[str], str | None]) -> None:
        """`check_url(url)` says what is wrong with an address; None: nothing."""
        self._cas = cas
        self._clock = clock
        self._send = send
        self._check_url = check_url
        self._hooks: dict[str, tuple[Hook, str]] = {}  # with its secret
        self._past: deque[Delivery] = deque(maxlen=KEPT)
        self._has_news = True  # something waits for a hook that is not paused
        self._paused: dict[str, datetime] = {}  # hook -> when to look at it again
        self._count = count()  # so that what happens in one moment is told in its order
        self._lock = RLock()

    def restore(self) -> None:
        for key, stored in self._cas.keys(HOOKS).items():
            self._hooks[key.removeprefix(HOOKS)] = _hook(key.removeprefix(HOOKS), stored.value)
        self._cas.watch(OUTBOX, self._heard)

    # -- hooks --------------------------------------------------------------------------------------------------------

    def create(self, url: str, *, events: Sequence[str] = (), surface: str | None = None) -> tuple[Hook, str]:
        """A new hook and its secret, which is shown this once."""
        wrong = self._check_url(url)
        if wrong:
            raise _wrong("/url", wrong)
        unknown = [each for each in events if each not in EVENTS]
        if unknown:
            raise _wrong("/events", f"{unknown[0]!r} is no event; there are {', '.join(EVENTS)}")
        with self._lock:
            if len(self._hooks) >= MOST_HOOKS:
                raise Conflict(f"There are {MOST_HOOKS} webhooks; remove one first.")
            hook = Hook(
                id=secrets.token_hex(6),
                url=url,
                events=tuple(events),
                surface=surface,
                created_at=self._clock.now(),
            )
            secret = f"whsec_{secrets.token_urlsafe(24)}"
            self._cas.update(HOOKS + hook.id, _json(hook, secret), expected=0)
            self._hooks[hook.id] = (hook, secret)
        return hook, secret

    def hooks(self) -> list[Hook]:
        return [hook for hook, _ in self._hooks.values()]

    def remove(self, id: str) -> None:
        """Nothing is told it any more; what waits for it is dropped."""
        with self._lock:
            found = self._cas.get(HOOKS + id)
            if found is None:
                raise NotFound(f"There is no webhook {id!r}; list them to see which there are.")
            self._cas.update(HOOKS + id, None, expected=found.revision)
            self._hooks.pop(id, None)
            self._paused.pop(id, None)
            self._has_news = True

    def deliveries(self, id: str) -> list[Delivery]:
        """What was told a hook lately and what waits to be, newest first."""
        if id not in self._hooks:
            raise NotFound(f"There is no webhook {id!r}; list them to see which there are.")
        outbox = self._cas.keys(OUTBOX).items()
        waiting = [_delivery(key, held.value) for key, held in outbox if key.endswith(f"-{id}")][-KEPT:]
        past = [each for each in self._past if each.hook == id]
        return sorted([*waiting, *past], key=lambda each: (each.at, each.id), reverse=True)[:KEPT]

    # -- what is to be told -------------------------------------------------------------------------------------------

    def writes_for(self, task: Task) -> list[CasWrite]:
        """What to store beside a change of an escalation, so that those who wish to hear of it will."""
        if not self._hooks or not task.is_awaited:
            return []
        return self.writes_of(f"review.{task.state}", task.review.surface, _data(task))

    def is_heard(self, event: str, surface: str) -> bool:
        """Whether any hook wishes to hear of this."""
        return any(hook.hears(event, surface) for hook, _ in list(self._hooks.values()))

    def writes_of(self, event: str, surface: str, data: Mapping[str, object]) -> list[CasWrite]:
        """What to store beside what happened on a surface, a row for each hook that hears it."""
        hearing = [hook for hook, _ in list(self._hooks.values()) if hook.hears(event, surface)]
        self._has_news |= any(hook.id not in self._paused for hook in hearing)  # and again once it is durable
        at = self._clock.now()
        told = {"event": event, "at": rfc3339(at), "data": data}
        return [
            CasWrite(f"{OUTBOX}{at.timestamp():017.6f}-{next(self._count):09d}-{hook.id}", {"hook": hook.id, **told}, 0)
            for hook in hearing
        ]

    def deliver(self) -> int:
        """Send what is due; returns how many were tried. Called by one thread at a time."""
        now, n = self._clock.now(), 0
        if not self._has_news and all(until > now for until in self._paused.values()):
            return 0  # a dead receiver may have very many waiting: they are not read every second
        self._has_news, self._paused, paused = False, {}, {}  # before it is read: what comes meanwhile is news
        stuck: set[str] = set()  # a hook that failed keeps the order: what comes after waits; one that is slow, too
        for key, held in self._cas.keys(OUTBOX).items() if self._hooks else ():
            if key.rpartition("-")[2] in stuck:  # told by the name alone: a dead receiver may have very many waiting
                continue
            delivery, stored, revision = _delivery(key, held.value), held.value, held.revision
            if delivery.next_at is not None and delivery.next_at > now:
                stuck.add(delivery.hook)
                paused[delivery.hook] = delivery.next_at
                continue
            n += 1
            began = self._clock.now()
            is_done = self._try(delivery, stored, revision)
            if not is_done or (self._clock.now() - began).total_seconds() > SLOW_S:
                stuck.add(delivery.hook)
                paused[delivery.hook] = self._clock.now()  # when it is next to be tried is read then
        self._paused = paused
        return n

    def _heard(self, key: str, stored: Versioned | None) -> None:
        if stored is not None and key.rpartition("-")[2] not in self._paused:
            self._has_news = True

    def _try(self, delivery: Delivery, stored: Mapping[str, object], revision: int) -> bool:
        known = self._hooks.get(delivery.hook)
        key = OUTBOX + delivery.id
        if known is None:  # removed meanwhile
            self._cas.update(key, None, expected=revision)
            return True
        hook, secret = known
        body = json.dumps(
            {"id": delivery.id, "event": stored["event"], "at": stored["at"], "data": stored["data"]},
            separators=(",", ":"),
        ).encode()
        sent = self._send(hook.url, body, signed_headers(secret, body, id=delivery.id, at=self._clock.now()))
        tried = delivery.attempts + 1
        is_over = sent.is_taken or self._clock.now() - delivery.at >= TRIES_FOR
        state = "delivered" if sent.is_taken else "given-up" if is_over else "waiting"
        if is_over:
            self._cas.update(key, None, expected=revision)
            self._past.append(
                Delivery(
                    id=delivery.id,
                    hook=hook.id,
                    event=delivery.event,
                    at=delivery.at,
                    attempts=tried,
                    state=state,
                    said=sent.said,
                )
            )
            return True
        pause_s = min(FIRST_PAUSE_S * 2.0 ** (tried - 1), LONGEST_PAUSE_S)
        later = {
            **stored,
            "attempts": tried,
            "said": sent.said,
            "next_at": rfc3339(self._clock.now() + timedelta(seconds=pause_s)),
        }
        self._cas.update(key, later, expected=revision)
        return False


def _delivery(key: str, value: Mapping[str, object]) -> Delivery:
    next_at = value.get("next_at")
    return Delivery(
        id=key.removeprefix(OUTBOX),
        hook=str(value["hook"]),
        event=str(value["event"]),
        at=parse_rfc3339(str(value["at"])),
        attempts=int(str(value.get("attempts", 0))),
        said=str(value.get("said", "")),
        next_at=None if next_at is None else parse_rfc3339(str(next_at)),
    )


def signed_headers(secret: str, body: bytes, *, id: str, at: datetime) -> dict[str, str]:
    """`Suggest-Signature: t=…,v1=…`: HMAC-SHA256 over the time, a dot and the body, so that neither can be replaced."""
    moment = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "suggest-webhook",
        "Suggest-Delivery": id,
        "Suggest-Signature": f"t={moment},v1={signature(secret, moment, body)}",
    }


def signature(secret: str, moment: str, body: bytes) -> str:
    """What a receiver computes to check a message.

    >>> signature("whsec_x", "1772442000", b"{}")[:12]
    '22e53265ab97'
    """
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def has_sound_form(url: str, *, may_be_plain: bool) -> str | None:
    """What is wrong with the form of an address; None: nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:
        return "is no address"
    if any(not character.isprintable() or character.isspace() for character in url) or len(url) > 2000:
        return "is no address"
    if parts.scheme != "https" and not (may_be_plain and parts.scheme == "http"):
        return "must begin with https://"
    if not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
        return "must be https://host/path, without a user in it"
    if not (parts.path + parts.query).isascii():
        return "must spell its path as a browser sends it, e.g. %C3%A9 for é"
    return None


def _data(task: Task) -> dict[str, object]:
    answer = None if task.given is None else task.given.answer
    kind = None if answer is None else "item" if answer.item else "none" if answer.none else "text"
    return {
        "review": task.review.id,
        "impression": task.review.impression,
        "surface": task.review.surface,
        "state": str(task.state),
        "answer": None if answer is None else {"kind": kind, "item": answer.item},
    }


def _wrong(pointer: str, detail: str) -> Invalid:
    fault = FieldError(pointer=pointer, detail=detail)
    return Invalid(f"The webhook was not made: {pointer} {detail}.", errors=(fault,))


def _json(hook: Hook, secret: str) -> dict[str, object]:
    return {
        "url": hook.url,
        "events": list(hook.events),
        "surface": hook.surface,
        "created_at": rfc3339(hook.created_at),
        "secret": secret,
    }


def _hook(id: str, stored: Mapping[str, object]) -> tuple[Hook, str]:
    events = stored.get("events") or []
    assert isinstance(events, list)
    hook = Hook(
        id=id,
        url=str(stored["url"]),
        events=tuple(map(str, events)),
        surface=None if stored.get("surface") is None else str(stored["surface"]),
        created_at=parse_rfc3339(str(stored["created_at"])),
    )
    return hook, str(stored["secret"])
