"""Small logs for the reports, written through the real store: seeded people who act on calibrated suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import analytics
from suggest.domain.bundle import BundleRecord
from suggest.domain.candidate import Candidate
from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.event import Event, EventType
from suggest.domain.label import Label, LabelSource
from suggest.domain.review import Pick, Review, ReviewReason, Verdict
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.loop.gate import GateReport
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite, Record
from suggest.store.records import (
    bundle_record,
    candidate_record,
    event_record,
    label_record,
    review_record,
    slate_record,
    verdict_record,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REPLIES = ("parcel-late", "refund", "change-address", "invoice", "broken", "opening-hours", "voucher", "size-guide")


class Logbook:
    """Collects rows, then writes them in one go. Every value is built by the domain and stored by its own record."""

    def __init__(self, folder: Path, *, start: datetime = START) -> None:
        self.clock = ManualClock(start)
        self.store = EmbeddedStore(folder / "store", clock=self.clock, wait_s=60)  # a month in one go, on any machine
        self.records: list[Record] = []
        self.writes: list[CasWrite] = []
        self.slates: list[Slate] = []
        self.written: list[Record] = []
        self._folder = folder
        self._counted = 0

    def id(self, kind: str) -> str:
        self._counted += 1
        return f"{kind}-{self._counted:06d}"

    def surface(self, name: str, **settings: object) -> None:
        self.writes.append(CasWrite(f"surface/{name}", {"name": name, **settings}, 0))

    def candidates(self, surface: str, ids: tuple[str, ...] = REPLIES) -> None:
        self.records += [
            candidate_record(
                Candidate(id=id, text=f"About {id}"), surface=surface, revision=1, retired=False, at=self.clock.now()
            )
            for id in ids
        ]

    def slate(
        self,
        surface: str,
        *,
        p: tuple[float, ...] = (0.6, 0.2, 0.05),
        items: tuple[str, ...] = REPLIES[:3],
        at: datetime | None = None,
        text: str | None = None,
        decision: Decision = Decision.SHOW,
        reason: str | None = None,
        bundle: str = "prior",
        p_accept: float = 0.4,
        fields: Mapping[str, object] | None = None,
        embedding: bytes | None = None,
    ) -> Slate:
        id = self.id("slate")
        made = Slate(
            id=id,
            surface=surface,
            at=at or self.clock.now(),
            context=Context(text=text or f"question {id}", fields=dict(fields or {})),
            items=tuple(
                SlateItem(id=item, text=f"About {item}", position=n, p_select=p[n], propensity=1.0)
                for n, item in enumerate(items)
            ),
            decision=decision,
            reason=reason,
            p_any=min(1.0, sum(p)),
            p_none_raw=max(0.0, 1 - sum(p)),
            p_accept=p_accept,
            threshold=0.5,
            k=3,
            mode="assist",
            bundle=bundle,
            policy_revision=1,
            supplied=False,
            embedding=embedding,
            encoder=None if embedding is None else "e",
        )
        self.records.append(slate_record(made))
        self.slates.append(made)
        return made

    def event(
        self, slate: Slate, type: EventType, *, after_s: float = 4, item: str | None = None, **more: object
    ) -> str:
        eid = self.id("event")
        position = next((each.position for each in slate.items if each.id == item), None)
        self.records.append(
            event_record(
                Event(
                    eid=eid,
                    impression=slate.id,
                    surface=slate.surface,
                    type=type,
                    received_at=slate.at + timedelta(seconds=after_s),
                    item=item,
                    position=position,
                    **more,  # type: ignore[arg-type]
                )
            )
        )
        return eid

    def label(self, surface: str, text: str, item: str | None, *, source: LabelSource = LabelSource.LABEL) -> None:
        self.records.append(
            label_record(
                Label(
                    id=self.id("label"),
                    surface=surface,
                    context=Context(text=text),
                    item=item,
                    source=source,
                    received_at=self.clock.now(),
                )
            )
        )

    def review(self, slate: Slate, reason: ReviewReason = ReviewReason.ESCALATED, *, pick: Pick | None = None) -> str:
        id = self.id("review")
        self.records.append(
            review_record(
                Review(
                    id=id,
                    surface=slate.surface,
                    impression=slate.id,
                    reason=reason,
                    at=slate.at,
                    priority=1 - slate.p_any,
                    pick=pick,
                )
            )
        )
        return id

    def verdict(
        self, slate: Slate, review: str, item: str | None, *, undoes: str | None = None, seconds: float = 20
    ) -> str:
        eid = self.id("verdict")
        self.records.append(
            verdict_record(
                Verdict(
                    eid=eid,
                    review=review,
                    surface=slate.surface,
                    impression=slate.id,
                    worker="ann",
                    at=slate.at + timedelta(seconds=60 + seconds),
                    item=None if undoes else item,
                    none=item is None and undoes is None,
                    undoes=undoes,
                    handling_ms=int(seconds * 1000),
                )
            )
        )
        return eid

    def bundle(self, surface: str, id: str, *, state: str, at: datetime, **more: object) -> None:
        self.records.append(
            bundle_record(BundleRecord(id=id, surface=surface, at=at, state=state, blob="0" * 64, **more))  # type: ignore[arg-type]
        )

    def close(self) -> Path:
        """Write what was collected and let go of it; the data folder, for a server to stand on."""
        self._write()
        self.store.close()
        return self.store.data_dir

    @contextmanager
    def opened(self, *, at: datetime | None = None) -> Iterator[analytics.Analytics]:
        """Write what was collected, take a snapshot as of `at`, open it."""
        if at is not None:
            self.clock.advance(seconds=(at - self.clock.now()).total_seconds())
        self._write()
        with analytics.open(self.store.snapshot(self._folder / "snapshots")) as opened:
            yield opened

    def _write(self) -> None:
        self.store.append(self.records, writes=self.writes)
        self.written += self.records
        self.records, self.writes = [], []


def write_busy_month(book: Logbook, surface: str = "support", *, seed: int = 7, n: int = 1600, days: int = 26) -> None:
    """People who look from the top and pick what is right; true probabilities; audits, verdicts, three retrains."""
    rng = np.random.default_rng(seed)
    times = sorted(_moments(rng, n, days))
    for number, offset in enumerate(times):
        at = START + timedelta(hours=offset)
        bundle, skill = (
            ("prior", 1.6) if number < n // 4 else ("b-0311", 3.0) if number < n * 2 // 3 else ("b-0319", 3.6)
        )
        if rng.random() < 0.07:
            book.slate(
                surface, at=at, decision=Decision.ABSTAIN, reason="needs-no-answer", bundle=bundle, p=(0.3, 0.1, 0.05)
            )
            continue
        _ask(book, surface, rng, at=at, bundle=bundle, skill=skill)
    _bundles(book, surface)


def _moments(rng: np.random.Generator, n: int, days: int) -> list[float]:
    """Hours since the start: more in the daytime and on weekdays."""
    hours: list[float] = []
    while len(hours) < n:
        day, hour = int(rng.integers(days)), float(rng.normal(5, 3.2))
        if 0 <= hour < 16 and (day % 7 < 5 or rng.random() < 0.35):
            hours.append(day * 24 + hour)
    return hours


def _ask(book: Logbook, surface: str, rng: np.random.Generator, *, at: datetime, bundle: str, skill: float) -> None:
    logits = rng.normal(0, skill, len(REPLIES))
    none = rng.normal(-0.6, 2.0)
    weights = np.exp(np.append(logits, none))
    p = weights / weights.sum()
    right = int(rng.choice(len(p), p=p))
    order = np.argsort(-logits)[:3]
    top = tuple(float(p[i]) for i in order)
    items = tuple(REPLIES[i] for i in order)
    answer = REPLIES[right] if right < len(REPLIES) else None
    p_any = sum(top)
    shown = p_any >= 0.5
    slate = book.slate(
        surface,
        at=at,
        p=top,
        items=items,
        bundle=bundle,
        decision=Decision.SHOW if shown else Decision.ESCALATE,
        reason=None if shown else "below-threshold",
        p_accept=0.62 * p_any,
        text=f"message {int(rng.integers(900))}" if rng.random() < 0.2 else None,
    )
    if shown:
        _react(book, slate, answer, rng)
        if rng.random() < 0.06:
            audit = book.review(slate, ReviewReason.AUDIT)
            if rng.random() < 0.85:
                book.verdict(slate, audit, answer, seconds=float(rng.gamma(3, 6)))
    else:
        review = book.review(slate)
        if rng.random() < 0.93:
            book.verdict(slate, review, answer, seconds=float(rng.gamma(3, 9)))


def _react(book: Logbook, slate: Slate, answer: str | None, rng: np.random.Generator) -> None:
    if rng.random() < 0.09:
        return
    book.event(slate, EventType.VIEW, after_s=1.2)
    if rng.random() > 0.8:
        return
    items = [item.id for item in slate.items]
    if answer in items:
        book.event(slate, EventType.SELECT, item=answer, after_s=3.5)
    else:
        book.event(slate, EventType.DISMISS if rng.random() < 0.6 else EventType.OVERRIDE, after_s=5)


def _bundles(book: Logbook, surface: str) -> None:
    for id, state, day, parent, gain in (
        ("b-0311", "promoted", 9, "prior", 0.062),
        ("b-0315", "kept", 13, "b-0311", -0.031),
        ("b-0319", "promoted", 17, "b-0311", 0.024),
    ):
        book.bundle(
            surface,
            id,
            state=state,
            at=START + timedelta(days=day),
            parent=parent,
            encoder="all-MiniLM-L6-v2/53aa5117",
            manifest={
                "surface": surface,
                "feature_version": 1,
                "seed": 0,
                "data": {"labels": 1040 + 40 * day, "selections": 300 + 21 * day, "dismissals": 60 + 4 * day},
                "shares": [0.31, 0.27, 0.42],
            },
            gate=_gate(gain, n_pairs=240 + 11 * day).to_json(),
        )


def _gate(gain: float, *, n_pairs: int) -> GateReport:
    better = gain > 0
    return GateReport(
        passed=better,
        why=f"{'not worse in any respect' if better else 'likelihood is credibly worse'}, NLL {-gain:+.3f}",
        n_pairs=n_pairs,
        champion={"nll": 0.61, "top1": 0.79, "top3": 0.93, "ece_p_any": 0.019},
        challenger={"nll": 0.61 - gain, "top1": 0.79 + gain, "top3": 0.93 + gain / 2, "ece_p_any": 0.015},
        differences={
            "nll": {"low": -gain - 0.012, "mid": -gain, "high": -gain + 0.012},
            "ndcg": {"low": gain - 0.01, "mid": gain, "high": gain + 0.01},
        },
        ladder=(
            {"rung": "names", "top1": 0.68, "top3": 0.86},
            {"rung": "neighbours", "top1": 0.77, "top3": 0.92},
            {"rung": "all", "top1": round(0.79 + gain, 4), "top3": round(0.93 + gain / 2, 4)},
        ),
        notes=("12 labels without a time were split at random.",),
    )


def busy_month(folder: Path) -> Logbook:
    """A log in `folder` that holds one surface, its candidates and a busy month of it."""
    book = Logbook(folder)
    book.surface("support", title="Support replies")
    book.candidates("support")
    write_busy_month(book)
    return book
