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

Said = Literal["lost", "not-postponed", "undone", "not-undone", "invalid", "not-saved"]
ASIDE_FOR = timedelta(seconds=60)  # what was put back stays away this long, unless something else arrives
MOST_UNDONE = 10
MOST_DESKS = 2_000
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
            except (LeaseLost, NotFound) as lost:
                self._let_go(review)
                self._note = Note(said="lost", detail=lost.detail, draft=raw.text or "")
            except Invalid as wrong:
                self._note = Note(said="invalid", detail=_first(wrong), draft=raw.text or "")
            except (Overloaded, StorageUnavailable) as failed:
                self._note = Note(said="not-saved", detail=failed.detail, draft=raw.text or "")

    def skip(self, review: str, lease: str) -> None:
        """Put a review back: something else comes first, where there is something else."""
        with self._lock:
            other = self._online.claim(self._worker) if self._is_held(review) else self._held
            if self._give_back(review, lease):
                self._aside_until = None if other is not None else self._clock.now() + ASIDE_FOR
            if self._is_held(review):
                self._held = other

    def postpone(self, review: str, lease: str, minutes: int) -> None:
        """Put a review off: it comes back by itself, to whoever is there then."""
        with self._lock:
            try:
                self._online.postpone(review, lease, self._clock.now() + timedelta(minutes=minutes))
            except (Conflict, NotFound) as lost:
                self._note = Note(said="lost", detail=lost.detail)
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
        """The page has found out that the review passed to someone else."""
        with self._lock:
            if self._held is not None:
                self._hold_on()
            if not self._is_held(review):
                self._note = Note(said="lost", draft=draft)

    def beat(self, review: str, lease: str) -> bool:
        """Hold on while the page is visible. Whether the review is still held."""
        try:
            self._online.heartbeat(review, lease)
        except (Conflict, NotFound):
            return False
        return True

    # -- steps, under the lock ----------------------------------------------------------------------------------------

    def _give(self, review: str, raw: RawVerdict) -> None:
        takes_next = self._aside_until is None and self._is_held(review)
        raw = self._as_option(review, raw)
        try:
            result = self._online.verdict(review, raw, next=takes_next)
        except LeaseExpired as late:
            # Where nobody else has taken it since, it is offered again: then the answer still counts.
            self._let_go(review)
            self._take()
            if self._held is None or self._held.id != review:
                raise LeaseLost(late.detail) from None
            result = self._online.verdict(review, replace(raw, lease=self._held.lease))
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
        except (Conflict, NotFound):
            self._held = None

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

    def _is_held(self, review: str) -> bool:
        return self._held is not None and self._held.id == review

    def _sight(self) -> Sight:
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


def _first(wrong: Invalid) -> str:
    return wrong.errors[0].detail if wrong.errors else wrong.detail
