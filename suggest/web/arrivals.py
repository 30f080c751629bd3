"""What arrived lately, and why some of it was refused: for the developer who wonders what became of a request.

In memory, bounded, gone with the process. No text of anybody, no user, session, token, address or key is kept: only the
names of keys and surfaces, the end of an impression's id, and what is said to the caller anyway. What was refused has a
ring of its own, so that a busy day does not push out the one refusal that somebody looks for.

Touched from the event loop only, so no locks."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from suggest.web.problem import KINDS

MOST_OF_A_KIND = 300
LONGEST_DETAIL = 300
_MENDS = {
    "invalid-event": "`detail` names the field; docs/reference/events.md lists what an event holds.",
    "unknown-event-type": "Send one of the types that `detail` lists.",
    "item-not-shown": "Report an `item` of the very slate whose token you send; ids of another slate are forged ones.",
    "position-not-shown": "Leave `position` out, or send where the option stood in the answer; the top is 0.",
    "too-many-events": "Report each act once, with an `eid` that a repeat keeps; look for a loop in the page.",
    "unknown-impression": "Send the `impression` of an answer of this server; erased ones are gone.",
    "invalid-label": "`detail` names the field; a label is `{surface, context, item}`.",
    "unknown-item": "Add the candidate first, or send the id of one that is in use.",
    "invalid-slate": "`detail` names the field of the past slate.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request, or one refused row of a batch."""

    number: int = 0  # counts up from 1 while the process lives
    at: datetime
    call: str  # path after /v1/
    key: str = ""  # kind and name, never the key; empty: none that is known
    surface: str = ""  # empty: not known
    origin: str = ""  # of the page that asked; empty: no page, or the browser did not say
    impression: str = ""
    said: str  # what was done, or why it was refused
    slug: str = ""  # of the refusal; empty: it was taken

    @property
    def is_refused(self) -> bool:
        return bool(self.slug)

    @property
    def mend(self) -> str:
        return mend_of(self.slug) if self.slug else ""


def mend_of(slug: str) -> str:
    """What to do about a refusal, in a sentence."""
    if slug in _MENDS:
        return _MENDS[slug]
    kind = KINDS.get(slug)
    return "" if kind is None else kind.advice


class Arrivals:
    """The last MOST_OF_A_KIND that were taken and as many that were refused."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)  # a number means something in one process only
        self._n = 0
        self._taken: deque[Arrival] = deque(maxlen=MOST_OF_A_KIND)
        self._refused: deque[Arrival] = deque(maxlen=MOST_OF_A_KIND)
        self._listeners: list[Callable[[], None]] = []

    def add(self, arrival: Arrival) -> None:
        self._n += 1
        kept = replace(arrival, number=self._n, said=arrival.said[:LONGEST_DETAIL])
        (self._refused if kept.is_refused else self._taken).append(kept)
        for wake in self._listeners:
            wake()

    @property
    def mark(self) -> str:
        """Where we are; `after` of it gives what comes later."""
        return f"{self.epoch}-{self._n}"

    def after(self, mark: str = "", *, only_refused: bool = False) -> tuple[Arrival, ...]:
        """What came after `mark`, the newest first; everything kept where the mark is of another process."""
        epoch, _, number = mark.partition("-")
        known = int(number) if epoch == self.epoch and number.isascii() and number.isdigit() else 0
        rings = (self._refused,) if only_refused else (self._refused, self._taken)
        fresh = [arrival for ring in rings for arrival in ring if arrival.number > known]
        return tuple(sorted(fresh, key=attrgetter("number"), reverse=True))

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` at every arrival, until what is returned is called."""
        self._listeners.append(wake)
        return lambda: self._listeners.remove(wake)
