"""Words for the tests of the store: a slate, an event, a verdict, each with only what matters said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from suggest.domain.context import Context, Turn
from suggest.domain.event import Event, EventType
from suggest.domain.label import Label
from suggest.domain.review import Review, ReviewReason, Verdict
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.store.ports import Record, Table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_embedding(seed: int = 0, dim: int = 384) -> bytes:
    return np.random.default_rng(seed).normal(size=dim).astype(np.float16).tobytes()


def a_slate(id: str = "i1", **changes: Any) -> Slate:
    values: dict[str, Any] = {
        "id": id,
        "surface": "replies",
        "at": NOON,
        "context": Context(
            text="Where is my order?", turns=(Turn(role="agent", text="Hello!"),), fields={"plan": "gold", "age": 3}
        ),
        "items": tuple(
            SlateItem(id=f"c{n}", text=f"Reply {n}", position=n, p_select=0.5 / (n + 1), propensity=1.0)
            for n in range(3)
        ),
        "decision": Decision.SHOW,
        "reason": None,
        "p_any": 0.9,
        "p_none_raw": 0.2,
        "p_accept": 0.6,
        "threshold": 0.5,
        "k": 3,
        "mode": "assist",
        "bundle": "prior",
        "policy_revision": 1,
        "supplied": False,
        "embedding": an_embedding(),
        "encoder": "e1",
        "pool": Pool(
            ids=("c0", "c1", "c2", "c3"),
            logits=(2.0, 1.0, 0.5, -1.0),
            p_select=(0.5, 0.25, 0.125, 0.0),
            features=b"\x00\x01\xff" * 8,
            feature_version=1,
        ),
    }
    return Slate(**(values | changes))


def an_event(eid: str, type: str = "view", *, impression: str = "i1", **changes: Any) -> Event:
    values: dict[str, Any] = {"surface": "replies", "received_at": NOON}
    return Event(eid=eid, impression=impression, type=EventType(type), **(values | changes))


def a_label(id: str = "l1", **changes: Any) -> Label:
    values: dict[str, Any] = {
        "surface": "replies",
        "context": Context(text="Can I pay by invoice?"),
        "item": "c1",
        "received_at": NOON,
    }
    return Label(id=id, **(values | changes))


def a_review(id: str = "r1", **changes: Any) -> Review:
    values: dict[str, Any] = {
        "surface": "replies",
        "impression": "i1",
        "reason": ReviewReason.ESCALATED,
        "at": NOON,
        "priority": 0.4,
    }
    return Review(id=id, **(values | changes))


def a_verdict(eid: str = "v1", **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "review": "r1",
        "surface": "replies",
        "impression": "i1",
        "worker": "ann",
        "at": NOON,
        "handling_ms": 4200,
    }
    answer = {} if changes.keys() & {"text", "none", "undoes"} else {"item": "c2"}
    return Verdict(eid=eid, **(values | answer | changes))


def a_row(eid: str, **values: Any) -> Record:
    """The least an events row needs."""
    least = {"eid": eid, "impression": "i1", "surface": "replies", "type": "view", "received_at": NOON}
    return Record(Table.EVENTS, eid, least | values)
