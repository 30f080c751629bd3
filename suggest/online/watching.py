"""The watch over what is promised, fed by what becomes known: verdicts of people, and what those who asked did.

Nothing is stored of its own: what is known of a surface is in the log, and the watch is a fold over it. After a
restart, or when the promise itself is changed, it is folded again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from suggest.domain.event import Outcome
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision, Slate
from suggest.online.history import Reads
from suggest.online.promises import MOST_KNOWN, Known, is_judged, is_sure, known_of
from suggest.online.propose import review_reason
from suggest.online.served import Served
from suggest.online.surfaces import Place

READ = 3 * MOST_KNOWN  # rows of the log: most selections do not count
Settle = Callable[[Place], None]


class Watches:
    def __init__(self, reads: Reads, *, place: Callable[[str], Place], settle: Settle) -> None:
        """`settle(place)` puts the line where the watch wants it, and says so."""
        self._reads = reads
        self._place = place
        self._settle = settle

    def restore(self, place: Place) -> None:
        """Fold what the log knows, in the order it became known."""
        promises, policy = place.promises, place.policy
        for row in reversed(self._reads.select("judged_slates", surface=place.name, limit=READ)):
            is_verdict, told = bool(row["is_verdict"]), cast("int", row["act"]) > 0
            promises.recall(_known(row), is_verdict=is_verdict, told=told, audit_rate=policy.audit_rate)
        promises.begin(policy)

    def answered(self, served: Served, item: str | None, *, reason: ReviewReason) -> None:
        """A worker has said what was right of a slate; None: nothing."""
        slate = served.slate
        if is_judged(slate) and reason is not ReviewReason.LEARNING:
            told = served.outcome is not Outcome.PENDING
            known = known_of(slate, item, audited=reason is ReviewReason.AUDIT)
            self._learn(slate, known, is_verdict=True, told=told)

    def decided(self, slate: Slate, item: str | None) -> None:
        """The person who saw a slate selected `item`, or (None) took nothing of it. Of an audited slate the verdict
        will speak."""
        place = self._place(slate.surface)
        if not is_judged(slate) or slate.decision is not Decision.SHOW:
            return
        if review_reason(slate, place.policy) is ReviewReason.AUDIT:
            with place.lock:
                place.promises.acted(slate.id)
        else:
            self._learn(slate, known_of(slate, item, audited=False), is_verdict=False, told=True)

    def withdrawn(self, slate: Slate) -> None:
        """A verdict was taken back."""
        place = self._place(slate.surface)
        with place.lock:
            if place.promises.forget(frozenset({slate.id}), place.policy):
                self._settle(place)

    def _learn(self, slate: Slate, known: Known, *, is_verdict: bool, told: bool) -> None:
        place = self._place(slate.surface)
        with place.lock:
            place.promises.forget(frozenset({slate.id}), place.policy)  # what was said of it before
            rate = place.policy.audit_rate
            if place.promises.learn(known, is_verdict=is_verdict, told=told, audit_rate=rate):
                self._settle(place)


def _known(row: Mapping[str, object]) -> Known:
    return Known(
        impression=str(row["impression"]),
        p_any=float(cast("float", row["p_any"])),
        p_top1=float(cast("float", row["p_top1"])),
        right=bool(row["is_right"]),
        first=bool(row["is_first"]),
        decision=Decision(str(row["decision"])),
        audited=bool(row["is_audit"]),
        bundle=str(row["bundle"]),
        is_sure=is_sure(str(row["mode"]), float(cast("float", row["threshold"]))),
    )
