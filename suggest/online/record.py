"""Record: what people did with a slate, judged event by event, made durable, learned from at once.

Each event stands for itself: a malformed one is refused and named, the others are taken. An event that was sent before
counts once. Nothing is learned before it is durable, and each slate teaches once, whatever is reported of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from suggest.domain.clock import Clock, parse_rfc3339
from suggest.domain.errors import TokenExpired, TokenInvalid
from suggest.domain.event import TERMINAL, Event, EventType, Outcome
from suggest.domain.text import LONGEST_TEXT_BYTES, check_id
from suggest.online.caps import MOST_EVENTS_OF_ONE_IMPRESSION, Caps
from suggest.online.messages import RawEvent, Recorded, Rejected
from suggest.online.outcomes import Outcomes, outranks
from suggest.online.people import act_of, refusal_of
from suggest.online.served import Served, Shelf
from suggest.online.signing import Signing
from suggest.online.surfaces import Place, Serving, lesson_of, refusal_lesson
from suggest.online.tokens import ImpressionToken, verify_token
from suggest.online.watching import Watches
from suggest.rank.habits import Asker
from suggest.store.ports import EventLog
from suggest.store.records import event_record
from suggest.store.redaction import redacted_text

MOST_EVENTS = 1_000
_LONGEST_WAIT_MS = 7 * 86_400_000
_LONGEST_NAME = 100


class Refused(Exception):
    """This one event cannot be taken."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


class Recorder:
    def __init__(
        self,
        *,
        log: EventLog,
        shelf: Shelf,
        place: Callable[[str], Place],
        outcomes: Outcomes,
        watches: Watches,
        caps: Caps,
        signing: Signing,
        clock: Clock,
    ) -> None:
        self._log = log
        self._shelf = shelf
        self._place = place
        self._outcomes = outcomes
        self._watches = watches
        self._caps = caps
        self._signing = signing
        self._clock = clock

    def record(self, events: Sequence[RawEvent], *, trusted: bool, address: str | None = None) -> Recorded:
        """Take a batch; returns when what was accepted is durable and learned."""
        now = self._clock.now()
        taken: list[Event] = []
        rejected: list[Rejected] = []
        for index, raw in enumerate(events):
            try:
                taken.append(self._judge(raw, trusted=trusted, address=address, now=now))
            except Refused as refused:
                eid = raw.eid if isinstance(raw.eid, str) else None
                rejected.append(Rejected(eid=eid, type=refused.slug, detail=refused.detail, index=index))
        fresh = self._log.append([event_record(event) for event in taken]).fresh if taken else ()
        news = [event for event, is_fresh in zip(taken, fresh, strict=True) if is_fresh]
        self._take(news, now)
        return Recorded(accepted=len(news), duplicates=len(taken) - len(news), rejected=tuple(rejected))

    # -- one event ----------------------------------------------------------------------------------------------------

    def _judge(self, raw: RawEvent, *, trusted: bool, address: str | None, now: datetime) -> Event:
        eid = _id(raw.eid, "eid", longest=128)
        kind = _kind(raw.type)
        impression = _id(raw.impression, "impression", longest=200)
        if kind is EventType.REWARD:
            surface = self._surface_of_reward(impression, trusted=trusted)
            token = None
        else:
            token = self._token(raw.token, impression)
            surface = token.surface
        item, position = _option(raw, kind, token)
        text = _text(raw.text, "text", LONGEST_TEXT_BYTES)
        if token is not None and not token.learnable:
            text = None  # consent was withheld
        elif text is not None and self._place(surface).surface.redact:
            text = redacted_text(text)
        if not trusted and not self._caps.has_room(impression):
            raise Refused("too-many-events", f"This impression was reported on {MOST_EVENTS_OF_ONE_IMPRESSION} times.")
        try:
            event = Event(
                eid=eid,
                impression=impression,
                surface=surface,
                type=kind,
                received_at=now,
                at=_time(raw.at),
                item=item,
                position=position,
                visible_ms=_milliseconds(raw.visible_ms),
                text=text,
                edited=_flag(raw.edited, "edited"),
                edit_ratio=_number(raw.edit_ratio, "edit_ratio", 0.0, 1.0),
                name=_text(raw.name, "name", _LONGEST_NAME),
                value=_number(raw.value, "value", -math.inf, math.inf),
                trusted=trusted,
            )
        except ValueError as wrong:
            raise Refused("invalid-event", f"{wrong}.") from None
        if not (event.is_terminal or event.is_refusal):
            return event
        # also: what was learned from this slate before must be known before the new event can be seen in the log
        served = self._shelf.get(impression)
        if trusted or served is None or token is None:
            return event
        return replace(event, weight=self._weight(event, served, token, address, now))

    def _token(self, sent: object, impression: str) -> ImpressionToken:
        if not isinstance(sent, str):
            raise Refused("token-invalid", "An event carries the token of its impression.")
        try:
            token = verify_token(sent, signing=self._signing, clock=self._clock)
        except (TokenInvalid, TokenExpired) as refused:
            raise Refused(refused.slug, refused.detail) from None
        if token.impression != impression:
            raise Refused("token-invalid", "The token belongs to another impression.")
        return token

    def _surface_of_reward(self, impression: str, *, trusted: bool) -> str:
        if not trusted:
            raise Refused("forbidden", "A reward needs a secret key: browsers do not pay themselves.")
        served = self._shelf.get(impression)
        if served is None:
            raise Refused("unknown-impression", "There is no such impression.")
        return served.slate.surface

    # -- learning -----------------------------------------------------------------------------------------------------

    def _take(self, events: Sequence[Event], now: datetime) -> None:
        """Learn from events that are durable: of each impression the highest of select > dismiss > override."""
        highest: dict[str, Event] = {}
        for event in events:
            if event.type is EventType.VIEW:
                self._outcomes.viewed(event.surface, event.impression)
            if event.is_refusal:
                self._refuse(event)
            elif event.is_terminal:
                best = highest.setdefault(event.impression, event)
                if outranks(TERMINAL[event.type], TERMINAL[best.type]):
                    highest[event.impression] = event
        n_learned: dict[str, int] = {}
        for event in highest.values():
            if self._conclude(event, now):
                n_learned[event.surface] = n_learned.get(event.surface, 0) + 1
        for surface, n in n_learned.items():
            self._outcomes.learned(surface, n)

    def _conclude(self, event: Event, now: datetime) -> bool:
        """A terminal event: learn it unless the impression has taught as much before. True for the first of one."""
        served = self._shelf.get(event.impression)
        if served is None:  # erased since it was served
            return False
        outcome = TERMINAL[event.type]
        with served.lock:
            before = served.outcome
            if not outranks(outcome, before):
                return False
            served.outcome = outcome
        self._outcomes.decided(event.surface, event.impression, outcome)
        self._watches.decided(served.slate, event.item if event.type is EventType.SELECT else None)
        if served.slate.learnable:
            if before is Outcome.PENDING:
                self._get_to_know(event, served)
            self._learn(event, served)
        return before is Outcome.PENDING

    def _refuse(self, event: Event) -> None:
        """One option of a slate that is still open was dismissed by name: learn that, weakly, and nothing else."""
        served = self._shelf.get(event.impression)
        if served is None or event.item is None:
            return
        with served.lock:
            if not _says_something(event, served):
                return
            served.refused.add(event.item)
        if not served.slate.learnable or event.weight <= 0:
            return
        self._place(event.surface).suggester.people.learn(
            refusal_of(_asker(served), event.item, is_known=event.trusted or served.user_key is not None), p_any=None
        )
        for serving in self._place(event.surface).learners():
            if serving.is_new(refusal_lesson(event.impression, event.item)):
                _teach(serving, event, served)

    def _get_to_know(self, event: Event, served: Served) -> None:
        """Once per slate, whatever encoder serves: what this person took, or that nothing was right for them."""
        slate = served.slate
        taken = event.item if event.type is EventType.SELECT else None
        is_known = event.trusted or served.user_key is not None
        act = act_of(_asker(served), [item.id for item in slate.items], taken, is_known=is_known)
        self._place(event.surface).suggester.people.learn(act, p_any=slate.p_any)

    def _learn(self, event: Event, served: Served) -> None:
        place = self._place(event.surface)
        is_there = event.item in place.suggester.candidates or served.slate.supplied
        if event.type is EventType.SELECT and not is_there:
            return  # retired since: history, without a vote
        for serving in place.learners():
            if event.weight > 0 and serving.is_new(
                lesson_of(event.impression, is_select=event.type is EventType.SELECT)
            ):
                _teach(serving, event, served)

    def _weight(
        self, event: Event, served: Served, token: ImpressionToken, address: str | None, now: datetime
    ) -> float:
        if not _says_something(event, served):
            return 0.0  # a repeat: it says nothing new, and must not use up what this voice may say
        return self._caps.weight(
            surface=event.surface,
            subject=served.subject if token.is_vouched else address or served.subject,
            item=f"{event.item}\0refused" if event.is_refusal else event.item or "",  # no id holds a NUL
            key=served.key,
            now=now,
            is_vouched=token.is_vouched,
        )


def _teach(serving: Serving, event: Event, served: Served) -> None:
    vector = served.vector if served.slate.encoder == serving.embedder.fingerprint else None
    if vector is None:  # it was degraded, or served with another encoder: encode it now
        vector, _ = serving.embedder.of_request(served.slate.context, ())
        if vector is not None:
            serving.embedder.keep(served.key, vector)
    if vector is None:  # the encoder is busy; the next retrain learns it
        return
    p_select = {item.id: item.p_select for item in served.slate.items}
    if event.is_refusal and event.item is not None:
        serving.suggester.learn_refusal(vector, event.item, weight=event.weight, served=p_select)
        return
    shown = [item.id for item in served.slate.items if item.id == event.item or item.id not in served.refused]
    if event.type is not EventType.SELECT:
        serving.suggester.learn_dismiss(served.key, vector, passed_over=shown, weight=event.weight, served=p_select)
        return
    assert event.item is not None
    passed_over = shown[: shown.index(event.item)]
    serving.suggester.learn_select(
        served.key, vector, event.item, passed_over=passed_over, weight=event.weight, served=p_select
    )


def _says_something(event: Event, served: Served) -> bool:
    """Whether this was not known of the slate before."""
    if event.is_refusal:
        return served.outcome is Outcome.PENDING and event.item not in served.refused
    return outranks(TERMINAL[event.type], served.outcome)


def _asker(served: Served) -> Asker:
    slate = served.slate
    return Asker(user=served.user_key, session=slate.context.session, at=slate.at.timestamp())


def _kind(sent: object) -> EventType:
    try:
        return EventType(str(sent))
    except ValueError:
        known = ", ".join(EventType)
        raise Refused("unknown-event-type", f"There is no event type {str(sent)[:40]!r}; there are {known}.") from None


def _option(raw: RawEvent, kind: EventType, token: ImpressionToken | None) -> tuple[str | None, int | None]:
    """The option an event names, which must be one that this impression really showed, where it really stood."""
    item = None if raw.item is None else _id(raw.item, "item", longest=200)
    position = _whole(raw.position, "position", 0, 10_000)
    if kind is EventType.SELECT and item is None:
        raise Refused("invalid-event", "A select names the item that was selected.")
    if token is None:
        return item, position
    if item is not None and item not in token.items:
        raise Refused("item-not-shown", f"The impression did not show {item!r}.")
    if position is not None and position >= len(token.items):
        raise Refused("position-not-shown", f"The impression had {len(token.items)} options; positions start at 0.")
    if item is not None and position is not None and token.items[position] != item:
        raise Refused("position-not-shown", f"{item!r} stood at position {token.items.index(item)}, not {position}.")
    if item is not None and position is None:
        position = token.items.index(item)
    return item, position


def _id(sent: object, name: str, *, longest: int) -> str:
    if not isinstance(sent, str):
        raise Refused("invalid-event", f"{name} must be a text.")
    try:
        check_id(sent, name=name, longest=longest)
    except ValueError as wrong:
        raise Refused("invalid-event", f"{wrong}.") from None
    return sent


def _time(sent: object) -> datetime | None:
    if sent is None:
        return None
    try:
        return parse_rfc3339(str(sent))
    except (ValueError, OverflowError):
        raise Refused(
            "invalid-event", "at must be an RFC 3339 time with an offset, e.g. 2026-01-02T03:04:05Z."
        ) from None


def _milliseconds(sent: object) -> int | None:
    """Browsers measure fractions of milliseconds."""
    measured = _number(sent, "visible_ms", 0.0, float(_LONGEST_WAIT_MS))
    return None if measured is None else round(measured)


def _whole(sent: object, name: str, lowest: int, highest: int) -> int | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int) or not lowest <= sent <= highest:
        raise Refused("invalid-event", f"{name} must be a whole number from {lowest} to {highest}.")
    return sent


def _number(sent: object, name: str, lowest: float, highest: float) -> float | None:
    if sent is None:
        return None
    is_number = isinstance(sent, int | float) and not isinstance(sent, bool)
    try:
        number = float(sent) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:
        number = math.nan
    if not math.isfinite(number) or not lowest <= number <= highest:
        between = "" if math.isinf(lowest) else f" from {lowest:g} to {highest:g}"
        raise Refused("invalid-event", f"{name} must be a finite number{between}.")
    return number


def _flag(sent: object, name: str) -> bool | None:
    if sent is None or isinstance(sent, bool):
        return sent
    raise Refused("invalid-event", f"{name} must be true or false.")


def _text(sent: object, name: str, longest_bytes: int) -> str | None:
    if sent is None:
        return None
    if not isinstance(sent, str) or "\x00" in sent or any("\ud800" <= character <= "\udfff" for character in sent):
        raise Refused("invalid-event", f"{name} must be a text without NUL or lone surrogates.")
    if len(sent.encode()) > longest_bytes:
        raise Refused("invalid-event", f"{name} must be at most {longest_bytes} bytes in UTF-8.")
    return sent
