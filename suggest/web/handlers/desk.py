"""What one worker has before them: the review they hold, what they answered last, what they put back.

A worker sits at one desk, however many tabs show it: a reload or a second tab finds the same review instead of claiming
another. It lives in memory only; after a restart the lease of what was held runs out and the queue offers it again."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Literal

from suggest.domain.clock import Clock
from suggest.domain.errors import (
    Conflict,
    Invalid,
    LeaseExpired,
    LeaseLost,
    NotFound,
    Overloaded,
    StorageUnavailable,
    SuggestError,
)
from suggest.domain.review import ReviewState
from suggest.online.messages import RawVerdict, ReviewView
from suggest.online.service import OnlineService

Said = Literal[
    "lost", "answered", "over", "erased", "given-back", "kept",
    "not-postponed", "undone", "not-undone", "invalid", "not-saved",
]  # fmt: skip
_GONE: dict[ReviewState, Said] = {  # why a review is not this desk's any more
    ReviewState.CLAIMED: "lost",
    ReviewState.ANSWERED: "answered",
    ReviewState.EXPIRED: "over",
    ReviewState.WAITING: "given-back",
}
ASIDE_FOR = timedelta(seconds=60)  # what was put back stays away this long, unless something else arrives
MOST_UNDONE = 10
MOST_DESKS = 2_000
MOST_HAD = 50  # reviews that once lay here, which may be answered late
MOST_PASSED = 8  # requests looked past to find the one that was taken back
_SHORT = 90
_ONE_OF_SEVERAL = "somebody else is asked, too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the worker must know about what they just did."""

    said: Said
    detail: str = ""
    draft: str = ""  # a text they wrote that was not taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    review: str
    eid: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The desk as it is now. Its note and its word about the last answer are told once."""

    review: ReviewView | None
    note: Note | None
    done: str
    can_undo: bool
    recent: tuple[Done, ...]  # newest first
    is_aside: bool
    n_answered: int


class Desk:
    def __init__(self, online: OnlineService, worker: str, *, clock: Clock) -> None:
        self._online = online
        self._worker = worker
        self._clock = clock
        self._held: ReviewView | None = None
        self._had: deque[str] = deque(maxlen=MOST_HAD)
        self._past: deque[Done] = deque(maxlen=MOST_UNDONE)
        self._aside_until: datetime | None = None
        self._note: Note | None = None
        self._done = ""
        self._n_answered = 0
        self._is_fresh = False  # what is held came with the last answer: nothing needs to be held on to yet
        self._lock = RLock()

    def look(self, *, again: bool = False) -> Sight:
        """The held review, or the next one; `again` takes back at once what was put aside."""
        with self._lock:
            if again:
                self._aside_until = None
            if self._held is not None and not self._is_fresh:
                self._hold_on()
            self._is_fresh = False
            if self._held is None:
                self._take()
            return self._sight()

    def answer(self, review: str, raw: RawVerdict) -> None:
        with self._lock:
            try:
                self._give(review, raw)
            except (LeaseExpired, LeaseLost, NotFound) as lost:
                self._let_go(review)
                self._note = Note(said=self._whereabouts(review), detail=lost.detail, draft=_written(raw))
            except Invalid as wrong:
                self._note = Note(said="invalid", detail=_first(wrong), draft=_written(raw))
            except (Overloaded, StorageUnavailable) as failed:
                self._note = Note(said="not-saved", detail=failed.detail, draft=_written(raw))

    def skip(self, review: str, lease: str) -> None:
        """Put a review back: something else comes first, where there is something else."""
        with self._lock:
            other = self._online.claim(self._worker) if self._is_held(review) else self._held
            if self._give_back(review, self._lease(review, lease)):
                self._aside_until = None if other is not None else self._clock.now() + ASIDE_FOR
            if self._is_held(review):
                self._held = other

    def postpone(self, review: str, lease: str, minutes: int) -> None:
        """Put a review off: it comes back by itself, to whoever is there then."""
        with self._lock:
            try:
                self._online.postpone(
                    review, self._lease(review, lease), self._clock.now() + timedelta(minutes=minutes)
                )
            except (Conflict, NotFound) as lost:
                self._note = Note(said=self._whereabouts(review), detail=lost.detail)
            except Invalid as late:
                self._note = Note(said="not-postponed", detail=_first(late))
                return
            self._let_go(review)

    def undo(self, eid: str = "") -> None:
        """Take the last answer back, or the one of this eid, and lay its review on the desk again."""
        with self._lock:
            last = next((each for each in reversed(self._past) if eid in ("", each.eid)), None)
            if last is None:
                self._note = Note(said="not-undone", detail="There is no such answer of this sitting to take back.")
                return
            self._past.remove(last)
            try:
                self._online.undo(last.review, last.eid, self._worker)
            except (Conflict, NotFound) as late:
                self._note = Note(said="not-undone", detail=late.detail)
                return
            self._n_answered -= 1
            self._note = Note(said="undone", detail=last.words)
            self._aside_until = None
            self._bring_back(last.review)

    def lose(self, review: str, draft: str) -> None:
        """The page has found out that the review is not this desk's any more."""
        with self._lock:
            if self._held is not None:
                self._hold_on()
            said: Said = "kept" if self._is_held(review) else self._whereabouts(review)
            if said != "kept" or draft.strip():
                self._note = Note(said=said, draft=draft)

    def beat(self, review: str, lease: str) -> bool:
        """Hold on while the page is visible. Whether the review is still held, or again: where its lease ran out (a
        computer that slept) and nobody else has taken it, it is this desk's as before."""
        with self._lock:
            try:
                self._online.heartbeat(review, self._lease(review, lease))
            except LeaseExpired:
                return self._take_again(review)
            except (Conflict, NotFound):
                return False
            return True

    # -- steps, under the lock ----------------------------------------------------------------------------------------

    def _give(self, review: str, raw: RawVerdict) -> None:
        takes_next = self._aside_until is None and self._is_held(review)
        raw = self._as_option(review, raw)
        raw = replace(raw, lease=self._lease(review, raw.lease))
        try:
            result = self._online.verdict(review, raw, next=takes_next)
        except (LeaseExpired, LeaseLost) as late:
            # Where nobody else holds it, it is taken again, whatever else waits: then the answer still counts.
            lay_here = type(late) is LeaseExpired or review in self._had
            if not lay_here or not self._take_again(review) or self._held is None:
                raise
            result = self._online.verdict(review, replace(raw, lease=self._held.lease), next=takes_next)
        self._let_go(review)
        if result.next is not None:
            self._held, self._is_fresh = result.next, True
        if not result.duplicate:
            self._n_answered += 1
            if result.state is ReviewState.ANSWERED:
                self._done = _words(result.answer.item_text or result.answer.text if result.answer else None)
            else:
                self._done = _ONE_OF_SEVERAL
            self._past.append(Done(review=review, eid=raw.eid, words=self._done))

    def _as_option(self, review: str, raw: RawVerdict) -> RawVerdict:
        """Whoever writes the very words of an option that lies there means that option, and not that none is right."""
        if self._held is None or self._held.id != review or raw.text is None:
            return raw
        same = next((each.id for each in self._held.items if each.text.strip() == raw.text), None)
        return raw if same is None else replace(raw, item=same, text=None, add_candidate=False)

    def _bring_back(self, review: str) -> None:
        """Claim this review, past others that go before it in the queue; what lay on the desk goes back for it."""
        passed = [] if self._held is None else [self._held]
        found = None
        for _ in range(MOST_PASSED):
            came = self._online.claim(self._worker)
            if came is None or came.id == review:
                found = came
                break
            passed.append(came)
        self._held = found or (passed.pop(0) if passed else None)
        for other in passed:
            self._give_back(other.id, other.lease)

    def _hold_on(self) -> None:
        assert self._held is not None
        try:
            self._held = self._online.heartbeat(self._held.id, self._held.lease)
        except LeaseExpired:
            self._take_again(self._held.id)
        except (Conflict, NotFound):
            self._held = None

    def _take_again(self, review: str) -> bool:
        """Lay a review whose lease ran out on the desk again; what lies there meanwhile goes back. False where it
        cannot be had any more."""
        try:
            again = self._online.reclaim(self._worker, review)
        except NotFound:
            again = None
        other = self._held
        if again is None:
            self._let_go(review)
            return False
        if other is not None and other.id != review:
            self._give_back(other.id, other.lease)
        self._held = again
        return True

    def _whereabouts(self, review: str) -> Said:
        try:
            return _GONE[self._online.review_state(review)]
        except NotFound:
            return "erased"

    def _take(self) -> None:
        now = self._clock.now()
        if self._aside_until is not None and now < self._aside_until and self._online.queue_counts().waiting <= 1:
            self._online.mark_present(self._worker)
            return
        self._held = self._online.claim(self._worker)
        if self._held is not None or (self._aside_until is not None and now >= self._aside_until):
            self._aside_until = None

    def _give_back(self, review: str, lease: str) -> bool:
        try:
            self._online.release(review, lease)
        except SuggestError:
            return False  # it is not ours any more, which is what was wanted
        return True

    def _let_go(self, review: str) -> None:
        if self._is_held(review):
            self._held = None

    def _lease(self, review: str, sent: str) -> str:
        """The lease in force: the review may have been taken again since the page was drawn that sends another."""
        return self._held.lease if self._held is not None and self._held.id == review else sent

    def _is_held(self, review: str) -> bool:
        return self._held is not None and self._held.id == review

    def _sight(self) -> Sight:
        if self._held is not None and self._held.id not in self._had:
            self._had.append(self._held.id)
        note, done = self._note, self._done
        self._note, self._done = None, ""
        return Sight(
            review=self._held,
            note=note,
            done=done,
            can_undo=bool(self._past),
            recent=tuple(reversed(self._past)),
            is_aside=self._held is None and self._aside_until is not None,
            n_answered=self._n_answered,
        )


class Desks:
    """The desks of everybody who is signed in; the longest unused go first when there are too many."""

    def __init__(self, online: OnlineService, *, clock: Clock) -> None:
        self._online = online
        self._clock = clock
        self._desks: OrderedDict[str, Desk] = OrderedDict()
        self._lock = RLock()

    def of(self, worker: str) -> Desk:
        with self._lock:
            desk = self._desks.pop(worker, None) or Desk(self._online, worker, clock=self._clock)
            self._desks[worker] = desk
            while len(self._desks) > MOST_DESKS:
                self._desks.popitem(last=False)
            return desk


def _words(text: str | None) -> str:
    if text is None:
        return "None of these"
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1].rstrip() + "…"


def _written(raw: RawVerdict) -> str:
    """All that was typed with an answer that was not taken."""
    return "\n\n".join(each for each in (raw.text, raw.note) if each)


def _first(wrong: Invalid) -> str:
    return wrong.errors[0].detail if wrong.errors else wrong.detail
