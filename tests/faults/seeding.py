"""A data folder with a past: a surface, its candidates, and a hundred thousand events of what people did with them.

Written through the store itself, in batches, so that a start meets what a year of traffic would have left: contexts
with their embeddings, slates with their pools, selections, dismissals, views and silence."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock, SystemClock
from suggest.domain.context import Context
from suggest.domain.event import Event, EventType
from suggest.domain.ids import new_id
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.online.served import vector_bytes
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite, Record
from suggest.store.records import candidate_record, event_record, slate_record

SURFACE = "replies"
N_EVENTS = 100_000
_BATCH = 500
_POOL = 20
_SLATES = 2_000  # that differ: the first week; the weeks after are like it
_SECONDS_APART = 300
_BEGAN = datetime.now(UTC) - timedelta(days=365)
_THINGS = ("parcel", "refund", "invoice", "voucher", "account", "size", "colour", "address", "password", "delivery")
_WISHES = ("where is", "I want to change", "how do I cancel", "tell me about", "what happened to", "please check")


def option(n: int) -> str:
    return f"reply-{n:02d}"


def saying(n: int) -> str:
    return f"{_WISHES[n % len(_WISHES)]} my {_THINGS[n // 7 % len(_THINGS)]} number {n}"


def seed(
    folder: Path, *, n_events: int = N_EVENTS, n_candidates: int = 77, encoder: Encoder | None = None, rng_seed: int = 0
) -> int:
    """Fill an empty folder with at least so many events; returns how many there are.

    Embeddings are those of `encoder` (default: hashing)."""
    rng = random.Random(rng_seed)
    encoder = encoder or HashingEncoder()
    texts = [f"The answer about your {_THINGS[n % len(_THINGS)]}, variant {n}." for n in range(n_candidates)]
    vectors = encoder.encode([saying(n) for n in range(_SLATES)])
    slates = [_slate(n, vectors, encoder.fingerprint, rng, texts) for n in range(_SLATES)]
    events = [event for slate in slates for event in _events(slate, rng)]
    with EmbeddedStore(folder, clock=SystemClock(), wait_s=60.0) as store:
        store.append(
            _candidates(texts, encoder), writes=[CasWrite(f"surface/{SURFACE}", {"title": "Replies", "k": 3}, 0)]
        )
        for start in range(0, _SLATES, _BATCH):
            store.append([slate_record(slate) for slate in slates[start : start + _BATCH]])
        for start in range(0, len(events), _BATCH):
            store.append([event_record(event) for event in events[start : start + _BATCH]])
        n_weeks = -(-n_events // len(events))
        store.writer.perform(lambda: _repeat(store, n_weeks))
    return n_weeks * len(events)


def _repeat(store: EmbeddedStore, n_weeks: int) -> None:
    """The first week again and again, later each time, every third context with words of its own."""
    for sql in (_LATER_SLATES, _LATER_EVENTS):
        store.database.connection.execute(sql, {"n_weeks": n_weeks, "week_s": _SLATES * _SECONDS_APART})


_LATER_SLATES = """
insert into slates by name
select slates.* replace (
         sequence + week * 1000000 as sequence, "at" + to_seconds(week * $week_s) as "at",
         left(id, 19) || printf('%04x', week) || right(id, 13) as id,
         case when sequence % 3 = 0 then context_key || '-' || week else context_key end as context_key)
  from slates, range(1, $n_weeks) weeks(week)
 order by sequence
"""
_LATER_EVENTS = """
insert into events by name
select events.* replace (
         sequence + week * 1000000 as sequence, received_at + to_seconds(week * $week_s) as received_at,
         left(impression, 19) || printf('%04x', week) || right(impression, 13) as impression,
         eid || '-' || week as eid)
  from events, range(1, $n_weeks) weeks(week)
 order by sequence
"""


def _candidates(texts: list[str], encoder: Encoder) -> list[Record]:
    return [
        candidate_record(
            Candidate(id=option(n), text=text),
            surface=SURFACE,
            revision=1,
            retired=False,
            at=_BEGAN,
            encoder=encoder.fingerprint,
            embedding=vector_bytes(row),
        )
        for n, (text, row) in enumerate(zip(texts, encoder.encode(texts), strict=True))
    ]


def _slate(n: int, vectors: Embeddings, fingerprint: str, rng: random.Random, texts: list[str]) -> Slate:
    at = _BEGAN + timedelta(seconds=_SECONDS_APART * n)
    right = n % len(texts)
    ids = [right, *(k for k in rng.sample(range(len(texts)), _POOL) if k != right)][:_POOL]
    scores = sorted((rng.gauss(0, 1) for _ in ids), reverse=True)
    return Slate(
        id=new_id(ManualClock(at), lambda bits: n % 2**bits),
        surface=SURFACE,
        at=at,
        context=Context(text=saying(n)),
        items=tuple(
            SlateItem(id=option(k), text=texts[k], position=p, p_select=0.6 / (p + 1.5), propensity=1.0)
            for p, k in enumerate(ids[:3])
        ),
        decision=Decision.SHOW,
        reason=None,
        p_any=0.8,
        p_none_raw=0.2,
        p_accept=0.6,
        threshold=0.5,
        k=3,
        mode="assist",
        bundle="prior",
        policy_revision=0,
        supplied=False,
        embedding=vector_bytes(vectors[n]),
        encoder=fingerprint,
        pool=Pool(
            ids=tuple(option(k) for k in ids),
            logits=tuple(scores),
            p_select=tuple(0.8 / len(ids) for _ in ids),
            features=np.zeros((len(ids), 16), np.float16).tobytes(),
            feature_version=1,
        ),
    )


def _events(slate: Slate, rng: random.Random) -> list[Event]:
    kinds = [EventType.VIEW]
    chance = rng.random()
    if chance < 0.55:
        kinds += [EventType.SELECT, EventType.COMMIT]
    elif chance < 0.7:
        kinds.append(EventType.DISMISS)
    elif chance < 0.75:
        kinds.append(EventType.OVERRIDE)
    else:
        kinds.append(EventType.LEAVE)
    return [
        Event(
            eid=f"seeded-{slate.id}-{kind}",
            impression=slate.id,
            surface=slate.surface,
            type=kind,
            received_at=slate.at + timedelta(seconds=5 + order),
            item=slate.items[0].id if kind is EventType.SELECT else None,
            position=0 if kind is EventType.SELECT else None,
            visible_ms=1500 if kind is EventType.VIEW else None,
            trusted=True,
        )
        for order, kind in enumerate(kinds)
    ]
