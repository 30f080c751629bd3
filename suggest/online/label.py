"""Label: known right answers, from history or from a caller. They teach the next request and weigh more than a click.

The same answer for the same context counts once, however often it is sent: its id is made of both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from suggest.domain.clock import Clock, parse_rfc3339
from suggest.domain.context import Context, Turn
from suggest.domain.errors import FieldError, UnknownSurface
from suggest.domain.label import Label
from suggest.domain.text import check_id
from suggest.online.embedding import Embedded
from suggest.online.messages import ABSENT, RawLabel, Recorded, Rejected
from suggest.online.served import vector_bytes
from suggest.online.signing import Signing
from suggest.online.surfaces import Place
from suggest.store.ports import EventLog, Record
from suggest.store.records import label_record

_COMMIT_ROWS = 500  # of one transaction
_MOST_TAUGHT_ONE_BY_ONE = 200  # of a batch; more go into the memory at once and into the next bundle
_MOST_TURNS = 100


class Labeller:
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

    def add(self, labels: Sequence[RawLabel]) -> Recorded:
        """Take a batch. Raises UnknownSurface for the whole of it; a bad row is refused alone."""
        places = {name: self._place(name) for name in dict.fromkeys(_surface(label) for label in labels)}
        now = self._clock.now()
        sound: list[Label] = []
        rejected: list[Rejected] = []
        for index, raw in enumerate(labels):
            try:
                sound.append(_judge(raw, places[_surface(raw)], now))
            except Refused as refused:
                rejected.append(Rejected(eid=None, type=refused.slug, detail=refused.detail, index=index))
        n_fresh = 0
        for start in range(0, len(sound), _COMMIT_ROWS):
            n_fresh += self._take(sound[start : start + _COMMIT_ROWS], places)
        return Recorded(accepted=n_fresh, duplicates=len(sound) - n_fresh, rejected=tuple(rejected))

    def _take(self, labels: Sequence[Label], places: Mapping[str, Place]) -> int:
        records: list[Record] = []
        embedded: list[tuple[Place, list[Label], Embedded]] = []
        for name, place in places.items():
            of_place = [label for label in labels if label.surface == name]
            if of_place:
                embedder = place.embedder
                rows = embedder.of_contexts([label.context for label in of_place])
                embedded.append((place, of_place, Embedded(encoder=embedder.fingerprint, rows=rows)))
                records += [
                    label_record(
                        label,
                        user_key=None if label.context.user is None else self._signing.user_key(label.context.user),
                        encoder=embedder.fingerprint,
                        embedding=vector_bytes(row),
                        redact=place.surface.redact,
                    )
                    for label, row in zip(of_place, rows, strict=True)
                ]
        fresh = np.array(self._log.append(records).fresh, np.bool_)
        start = 0
        for place, of_place, vectors in embedded:
            news = np.flatnonzero(fresh[start : start + len(of_place)])
            start += len(of_place)
            if len(news):
                _learn(place, [of_place[i] for i in news], vectors.only(news))
        return int(fresh.sum())


class Refused(Exception):
    """This one label cannot be taken."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


def context_from_json(sent: object) -> Context:
    """A context as it is sent. Raises ValueError naming what is wrong."""
    if isinstance(sent, Context):
        return sent
    if not isinstance(sent, Mapping) or not isinstance(sent.get("text"), str):
        raise ValueError("context must be an object with a text")
    turns = () if sent.get("turns") is None else sent["turns"]
    fields = {} if sent.get("fields") is None else sent["fields"]
    if not isinstance(turns, Sequence) or isinstance(turns, str) or len(turns) > _MOST_TURNS:
        raise ValueError(f"context turns must be a list of at most {_MOST_TURNS}")
    if not isinstance(fields, Mapping):
        raise ValueError("context fields must be an object")
    return Context(
        text=sent["text"],
        turns=tuple(_turn(turn) for turn in turns),
        user=_optional_id(sent.get("user"), "user"),
        session=_optional_id(sent.get("session"), "session"),
        fields=dict(fields),
    )


def _judge(raw: RawLabel, place: Place, now: datetime) -> Label:
    if raw.item is ABSENT:
        raise Refused("invalid-label", "item is missing; null means that none of the candidates is right.")
    try:
        context = context_from_json(raw.context)
        at = None if raw.at is None else parse_rfc3339(str(raw.at))
    except (ValueError, OverflowError) as wrong:
        raise Refused("invalid-label", f"{wrong}.") from None
    if raw.item is not None and not isinstance(raw.item, str):
        raise Refused("invalid-label", "item must be the id of a candidate, or null.")
    known = None if raw.item is None else place.catalogue.get(raw.item)
    if raw.item is not None and (known is None or known.retired):
        raise Refused("unknown-item", f"Surface {place.name!r} has no candidate {raw.item[:200]!r}.")
    return Label(
        id=label_id(place.name, context.key, raw.item),
        surface=place.name,
        context=context,
        item=raw.item,
        received_at=now,
        at=at,
    )


def label_id(surface: str, key: str, item: str | None) -> str:
    """Equal for equal (surface, context, item), so that the log tells a repeat by it."""
    said = "\x1f".join((surface, key, "none" if item is None else f"item\x1f{item}"))
    return f"label:{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _learn(place: Place, labels: Sequence[Label], vectors: Embedded) -> None:
    for serving in place.learners():
        rows = vectors.of(serving.embedder, [label.context for label in labels])
        news = [i for i, label in enumerate(labels) if serving.is_new(label.id)]
        if len(labels) <= _MOST_TAUGHT_ONE_BY_ONE:
            for i in news:
                serving.suggester.learn_label(labels[i].context.key, rows[i], labels[i].item)
            continue
        keys, items = [labels[i].context.key for i in news], [labels[i].item for i in news]
        serving.suggester.memory.add_many(keys, rows[news], items, [1.0] * len(news))


def _surface(raw: RawLabel) -> str:
    if isinstance(raw.surface, str):
        return raw.surface
    fault = FieldError(pointer="/labels/surface", detail="must be the name of a surface")
    raise UnknownSurface("Every label names its surface.", errors=(fault,))


def _turn(sent: object) -> Turn:
    if not isinstance(sent, Mapping) or not isinstance(sent.get("text"), str):
        raise ValueError("each of the context turns must be an object with role and text")
    if "\x00" in sent["text"] or any("\ud800" <= character <= "\udfff" for character in sent["text"]):
        raise ValueError("the texts of context turns must not contain NUL or lone surrogates")
    role = _optional_id(sent.get("role"), "role")
    return Turn(role=role or "", text=sent["text"])


def _optional_id(sent: object, name: str) -> str | None:
    if sent is None:
        return None
    if not isinstance(sent, str):
        raise ValueError(f"context {name} must be a text")
    check_id(sent, name=f"context {name}", longest=200)
    return sent
