"""A small shop to test in: five replies, a store on disk, the hashing encoder and a clock that moves when told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event

import numpy as np

from suggest.config import Application, Settings, open_application
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.online.messages import (
    EscalationView,
    Proposal,
    Proposed,
    RawEvent,
    RawLabel,
    RawVerdict,
    Recorded,
    ReviewView,
)
from suggest.online.service import OnlineService
from suggest.policy.trigger import Trigger, fit_trigger
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.vectors import Embeddings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REPLIES = {
    "track": "Where is my parcel? You can follow it with the tracking link.",
    "cancel": "Your order was cancelled and the money is on its way.",
    "address": "I have changed the delivery address for you.",
    "refund": "The refund reaches your account within five days.",
    "size": "You can exchange the shoes for another size free of charge.",
}
KNOWN = REPLIES["track"]  # a context whose answer is certain: the words of one reply
UNKNOWN = "Quarterly zymurgy hovercraft xylophone"  # a context that no reply has a word of
OTHER_UNKNOWN = "Basalt jukebox vortex phlogiston"


class World:
    """An application on `folder`, with the surface `shop` in it unless told otherwise."""

    def __init__(
        self,
        folder: Path,
        *,
        encoder: Encoder | None = None,
        trigger: Trigger | None = None,
        policy: Mapping[str, object] | None = None,
        surface: Mapping[str, object] | None = None,
        replies: Mapping[str, str] = REPLIES,
    ) -> None:
        self.folder = folder
        self.clock = ManualClock(START)
        self._encoder = encoder or HashingEncoder(128)
        self._trigger = trigger
        self._eids = count(1)
        self.app = self._open()
        self.online.put_surface("shop", surface or {})
        self.add(replies)
        # audits are random: only tests that are about them want any
        self.online.put_policy("shop", {"audit_rate": 0.0, **(policy or {})}, by="owner")

    @property
    def online(self) -> OnlineService:
        return self.app.online

    def _open(self) -> Application:
        return open_application(
            Settings(data_dir=self.folder),
            clock=self.clock,
            encoder=self._encoder,
            trigger=self._trigger,
            ticking=False,  # time passes when a test says so
        )

    def restart(self, encoder: Encoder | None = None) -> None:
        """Stop in an orderly way and start again on the same folder."""
        self.app.close()
        self._encoder = encoder or self._encoder
        self.app = self._open()

    def close(self) -> None:
        self.app.close()

    def add(self, replies: Mapping[str, str], surface: str = "shop") -> None:
        self.online.upsert_candidates(surface, [Candidate(id=id, text=text) for id, text in replies.items()])

    def ask(
        self,
        text: str = KNOWN,
        *,
        surface: str = "shop",
        k: int | None = None,
        candidates: Sequence[Candidate] | None = None,
        exclude: Sequence[str] = (),
        user: str | None = None,
        session: str | None = None,
        learn: bool = True,
        explain: bool = False,
    ) -> Proposed:
        return self.online.suggest(
            Proposal(
                surface=surface,
                context=Context(text=text, user=user, session=session),
                k=k,
                candidates=None if candidates is None else tuple(candidates),
                exclude=frozenset(exclude),
                learn=learn,
                explain=explain,
            )
        )

    def event(self, proposed: Proposed, type: str, **fields: object) -> RawEvent:
        """An event of this impression as a client sends it."""
        sent: dict[str, object] = {
            "eid": f"e{next(self._eids)}",
            "impression": proposed.slate.id,
            "token": proposed.token,
            "type": type,
            **fields,
        }
        return RawEvent.from_json(sent)

    def tell(self, *events: RawEvent, trusted: bool = True) -> Recorded:
        return self.online.record(events, trusted=trusted)

    def select(self, proposed: Proposed, item: str, *, trusted: bool = True) -> Recorded:
        return self.tell(self.event(proposed, "select", item=item), trusted=trusted)

    def label(self, text: str, item: str | None, surface: str = "shop") -> Recorded:
        return self.online.add_labels([RawLabel(surface=surface, context={"text": text}, item=item)])

    def escalated(self, text: str = UNKNOWN, **more: str) -> EscalationView:
        proposed = self.ask(text, **more)  # type: ignore[arg-type]  # user and session only
        assert proposed.escalation is not None, f"{text!r} was {proposed.slate.decision}"
        return proposed.escalation

    def claim(self, worker: str = "ann", *, lease_s: float = 120, surface: str | None = None) -> ReviewView:
        review = self.online.claim(worker, surface, lease_s)
        assert review is not None, "nothing waits"
        return review

    def top(self, text: str) -> str:
        return self.ask(text).slate.items[0].id


def answer(review: ReviewView, eid: str = "v1", **given: object) -> RawVerdict:
    """A verdict under the lease this review is held with; `item`, `text` or `none` as given."""
    return RawVerdict(eid=eid, lease=review.lease, **given)  # type: ignore[arg-type]


THANKS = "ok thanks bye"


def small_talk_trigger(dim: int = 128) -> Trigger:
    """A trigger fitted on a few words of thanks and the texts of this shop."""
    thanks = [THANKS, "thanks", "ok thanks", "thanks bye", "bye", "ok bye"]
    questions = [KNOWN, UNKNOWN, OTHER_UNKNOWN, *REPLIES.values()]
    rows = HashingEncoder(dim).encode([*thanks, *questions])
    needs = np.array([False] * len(thanks) + [True] * len(questions))
    return fit_trigger(rows, needs, encoder=f"hashing-{dim}", ridge=0.01)


class StuckEncoder:
    """An encoder that does not answer until it is let go: what an overload looks like from outside."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.may_go = Event()
        self.may_go.set()
        self.n_calls = 0

    @property
    def dim(self) -> int:
        return self._inner.dim

    @property
    def fingerprint(self) -> str:
        return self._inner.fingerprint

    def encode(self, texts: Sequence[str]) -> Embeddings:
        self.n_calls += 1
        self.may_go.wait(30)
        return self._inner.encode(texts)
