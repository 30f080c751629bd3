"""Past logs: what another system showed, in which order, and what people chose, as slates and events of their own time.

An imported slate is stored like one of ours, so that the position of a choice counts, with three honest differences:
its bundle is `imported`, its probabilities are 0 because none were given then, and its propensities are 1 unless the
log says otherwise. Each row is named by its caller, so that a second import adds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from suggest.domain import weight as weights
from suggest.domain.bundle import IMPORTED_BUNDLE
from suggest.domain.clock import Clock, parse_rfc3339
from suggest.domain.event import Event, EventType, Outcome
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.domain.text import check_id, check_text, normalise
from suggest.online.embedding import Embedded
from suggest.online.label import context_from_json
from suggest.online.messages import ABSENT, RawPastSlate, Recorded, Rejected
from suggest.online.propose import MOST_OPTIONS
from suggest.online.served import vector_bytes
from suggest.online.signing import Signing
from suggest.online.suggester import Suggester
from suggest.online.surfaces import Place, lesson_of
from suggest.store.ports import EventLog, Record
from suggest.store.records import event_record, slate_record

IMPORTED = "imported"  # the reason and the mode of such a slate
_OUTCOMES = {Outcome.SELECTED: EventType.SELECT, Outcome.DISMISSED: EventType.DISMISS, Outcome.IGNORED: EventType.VIEW}
_COMMIT_SLATES = 200  # of one transaction
_MOST_TAUGHT_ONE_BY_ONE = 50  # of a transaction; more go into the memory at once and into the next bundle
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSlate:
    """A row that was understood: the slate, and the one event that says what became of it."""

    slate: Slate
    event: Event


class PastLog:
    def __init__(
        self,
        *,
        log: EventLog,
        place: Callable[[str], Place],
        signing: Signing,
        clock: Clock,
    ) -> None:
        self._log = log
        self._place = place
        self._signing = signing
        self._clock = clock

    def add(self, surface: str, rows: Sequence[RawPastSlate]) -> Recorded:
        """Take a batch. Raises UnknownSurface; a bad row is refused alone. Returns when all is durable and learned."""
        place = self._place(surface)
        now = self._clock.now()
        by_text = _by_text(place)
        sound: list[PastSlate] = []
        rejected: list[Rejected] = []
        for index, raw in enumerate(rows):
            try:
                sound.append(_judge(raw, place, by_text, now))
            except Refused as refused:
                name = raw.id if isinstance(raw.id, str) else None
                rejected.append(Rejected(eid=name, type=refused.slug, detail=refused.detail, index=index))
        n_fresh = 0
        for start in range(0, len(sound), _COMMIT_SLATES):
            n_fresh += self._take(sound[start : start + _COMMIT_SLATES], place)
        return Recorded(accepted=n_fresh, duplicates=len(sound) - n_fresh, rejected=tuple(rejected))

    def _take(self, rows: Sequence[PastSlate], place: Place) -> int:
        embedder = place.embedder
        embeddings = embedder.of_contexts([row.slate.context for row in rows])
        records: list[Record] = []
        for row, vector in zip(rows, embeddings, strict=True):
            user = row.slate.context.user
            record = slate_record(
                row.slate,
                user_key=None if user is None else self._signing.user_key(user),
                redact=place.surface.redact,
            )
            vectors = {"embedding": vector_bytes(vector), "encoder": embedder.fingerprint}
            records += [Record(record.table, record.id, {**record.values, **vectors}), event_record(row.event)]
        fresh = np.array(self._log.append(records).fresh, np.bool_)[::2]  # a slate, then its event
        _learn(place, rows, Embedded(encoder=embedder.fingerprint, rows=embeddings), fresh)
        return int(fresh.sum())


class Refused(Exception):
    """This one row cannot be taken."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


def past_slate_id(surface: str, name: str) -> str:
    """Equal for equal (surface, name), so that the log tells a repeat by it."""
    return f"past:{hashlib.sha256(f'{surface}{chr(31)}{name}'.encode()).hexdigest()[:32]}"


def _judge(raw: RawPastSlate, place: Place, by_text: Mapping[str, str], now: datetime) -> PastSlate:
    try:
        if not isinstance(raw.id, str):
            raise ValueError("id must be a text that names this row")
        check_id(raw.id, name="id", longest=128)
        context = context_from_json(raw.context)
        at = _past(raw.at, now)
        options = _options(raw.shown, place, by_text)
        kind = _kind(raw)
    except (ValueError, OverflowError) as wrong:
        raise Refused("invalid-slate", f"{wrong}.") from None
    chosen = _chosen(raw, options) if kind is EventType.SELECT else None
    id = past_slate_id(place.name, raw.id)
    slate = Slate(
        id=id,
        surface=place.name,
        at=at,
        context=context,
        items=options,
        decision=Decision.SHOW,
        reason=IMPORTED,
        p_any=0.0,
        p_none_raw=0.0,
        p_accept=0.0,
        threshold=0.0,
        k=len(options),
        mode=IMPORTED,
        bundle=IMPORTED_BUNDLE,
        policy_revision=0,
        supplied=any(not _is_active(place, option.id) for option in options),
    )
    event = Event(
        eid=f"{id}:{kind}",
        impression=id,
        surface=place.name,
        type=kind,
        received_at=now,
        at=at,
        item=None if chosen is None else chosen.id,
        position=None if chosen is None else chosen.position,
        trusted=True,
    )
    return PastSlate(slate=slate, event=event)


def _past(sent: object, now: datetime) -> datetime:
    if sent is None:
        return now
    try:
        at = parse_rfc3339(str(sent))
    except ValueError:
        raise ValueError("at must be an RFC 3339 time with an offset, e.g. 2026-01-02T03:04:05Z") from None
    if at > now + _CLOCKS_DIFFER:
        raise ValueError(f"at lies in the future: {str(sent)[:40]}")
    return min(at, now)


def _kind(raw: RawPastSlate) -> EventType:
    """What became of it. Nothing chosen and nothing said is silence: missing, never a no."""
    has_choice = raw.chosen is not ABSENT and raw.chosen is not None
    if raw.outcome is None:
        return EventType.SELECT if has_choice else EventType.VIEW
    known = {str(outcome): kind for outcome, kind in _OUTCOMES.items()}
    kind = known.get(str(raw.outcome))
    if kind is None:
        raise ValueError(f"outcome must be one of {', '.join(known)}, got {str(raw.outcome)[:40]!r}")
    if (kind is EventType.SELECT) != has_choice:
        raise ValueError(f"outcome {raw.outcome} does not fit: {'something' if has_choice else 'nothing'} was chosen")
    return kind


def _options(sent: object, place: Place, by_text: Mapping[str, str]) -> tuple[SlateItem, ...]:
    if not isinstance(sent, Sequence) or isinstance(sent, str | bytes) or not 1 <= len(sent) <= MOST_OPTIONS:
        raise ValueError(f"shown must be a list of 1 to {MOST_OPTIONS} options, top first")
    options = tuple(_option(each, position, place, by_text) for position, each in enumerate(sent))
    if len({option.id for option in options}) != len(options):
        raise ValueError("shown must not name an option twice")
    return options


def _option(sent: object, position: int, place: Place, by_text: Mapping[str, str]) -> SlateItem:
    if not isinstance(sent, Mapping):
        raise ValueError("each option of shown must be an object with an id or a text")
    id, text, propensity = sent.get("id"), sent.get("text"), sent.get("propensity", 1.0)
    if not isinstance(id, str | None) or not isinstance(text, str | None) or (id is None and text is None):
        raise ValueError("each option of shown must have an id or a text")
    if text is not None:
        check_text(text, name="option text")
    if id is None:
        assert text is not None
        id = by_text.get(normalise(text)) or id_of_text(text)
    check_id(id, name="option id", longest=200)
    known = place.catalogue.get(id)
    if text is None and known is None:
        raise Refused("unknown-item", f"Surface {place.name!r} has no candidate {id[:200]!r}, and no text was given.")
    if isinstance(propensity, bool) or not isinstance(propensity, int | float) or not 0 < propensity <= 1:
        raise ValueError("propensity must be a number in (0, 1]")
    if text is None:
        assert known is not None
        text = known.candidate.text
    return SlateItem(id=id, text=text, position=position, p_select=0.0, propensity=float(propensity))


def id_of_text(text: str) -> str:
    """The id of an option that came without one: equal words, equal id."""
    return f"text-{hashlib.sha256(normalise(text).encode()).hexdigest()[:16]}"


def _chosen(raw: RawPastSlate, options: Sequence[SlateItem]) -> SlateItem:
    """The option that was taken, named by its id or by its words."""
    for option in options:
        if option.id == raw.chosen:
            return option
    said = normalise(raw.chosen) if isinstance(raw.chosen, str) else None
    for option in options:
        if normalise(option.text) == said:
            return option
    raise Refused("item-not-shown", f"What was chosen, {str(raw.chosen)[:80]!r}, is not among what was shown.")


def _is_active(place: Place, id: str) -> bool:
    known = place.catalogue.get(id)
    return known is not None and not known.retired


def _by_text(place: Place) -> Mapping[str, str]:
    """The ids of the active candidates by their words."""
    return {normalise(view.candidate.text): id for id, view in list(place.catalogue.items())[::-1] if not view.retired}


def _learn(place: Place, rows: Sequence[PastSlate], vectors: Embedded, fresh: NDArray[np.bool_]) -> None:
    news = np.flatnonzero(fresh)
    if not len(news):
        return
    told = [rows[i] for i in news.tolist()]
    for serving in place.learners():
        of_news = vectors.only(news).of(serving.embedder, [row.slate.context for row in told])
        untold = [
            i
            for i, row in enumerate(told)
            if serving.is_new(lesson_of(row.slate.id, is_select=row.event.item is not None))
        ]
        if len(told) <= _MOST_TAUGHT_ONE_BY_ONE:
            for i in untold:
                _teach(serving.suggester, told[i], of_news[i])
            continue
        taken = [i for i in untold if told[i].event.item is not None]
        serving.suggester.memory.add_many(
            [told[i].slate.context.key for i in taken],
            of_news[taken],
            [told[i].event.item for i in taken],
            [weights.CLICK] * len(taken),
        )


def _teach(suggester: Suggester, row: PastSlate, vector: NDArray[np.float32]) -> None:
    shown = [option.id for option in row.slate.items]
    key, item = row.slate.context.key, row.event.item
    if item is not None:
        suggester.learn_select(key, vector, item, passed_over=shown[: row.event.position])
    elif row.event.type is EventType.DISMISS:
        suggester.learn_dismiss(key, vector, passed_over=shown)
