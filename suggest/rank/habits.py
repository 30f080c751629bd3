"""Who takes what, how often and how lately: smoothed rates as columns, 0 where nothing is known.

    rate          log r_i / r        r_i = (taken + A r) / (examined + A)       of everybody, r the mean over options
    user_rate     log r_ui / r_i     r_ui = (taken by them + B r_i) / (examined by them + B)
    session_rate  the same of this sitting
    recency       1 / (1 + days since it was last shown to somebody who took it)

An option is examined where it stood at or above the selection, or in a slate that was dismissed. Only what was decided
before a request counts for it, when it is served as when it trains, so that no answer tells itself."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
HABIT_FEATURES = ("rate", "user_rate", "session_rate", "recency")
OPTION_PRIOR, PERSON_PRIOR = 10.0, 5.0  # examinations that the mean, and the option's own rate, count for
MOST_PERSONS, MOST_PER_PERSON = 20_000, 100  # users and sittings, and options of each, remembered; the oldest go first
MOST_ACTS = 10 * MOST_PER_PERSON  # the latest of a person before a moment of the log: each is gone through
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as far as we may know, and when."""

    user: str | None = None  # a keyed hash
    session: str | None = None
    at: float = 0.0  # seconds since the epoch

    @property
    def persons(self) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
        """The user and the sitting, as two kinds of person."""
        user = None if self.user is None else ("user", self.user)
        return user, None if self.session is None else ("session", self.session)


Person = tuple[str, str]  # kind, whose
Counts = tuple[float, float]  # taken, examined


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one slate taught: an option taken after looking past others, or all of them passed over."""

    asker: Asker
    taken: str | None
    passed: tuple[str, ...]
    weight: float = 1.0
    order: float = 0.0  # of the log


def habit_columns(
    options: NDArray[np.float64],  # (n, 3) taken, examined, when last taken (-inf: never)
    everything: Counts,
    user: NDArray[np.float64] | None,  # (n, 2) taken, examined; None: nobody we know
    session: NDArray[np.float64] | None,
    *,
    now: float,
) -> Floats:
    """(n, len(HABIT_FEATURES))."""
    columns = np.zeros((len(options), len(HABIT_FEATURES)), np.float32)
    mean = (everything[0] + 1.0) / (everything[1] + 3.0)
    own = (options[:, 0] + OPTION_PRIOR * mean) / (options[:, 1] + OPTION_PRIOR)
    columns[:, 0] = np.log(own / mean)
    for place, person in ((1, user), (2, session)):
        if person is not None:
            theirs = (person[:, 0] + PERSON_PRIOR * own) / (person[:, 1] + PERSON_PRIOR)
            columns[:, place] = np.where(person[:, 1] > 0, np.log(theirs / own), 0.0)
    columns[:, 3] = 1.0 / (1.0 + np.maximum(now - options[:, 2], 0.0) / _DAY_S)
    return columns


class Habits:
    """The living counts of one surface. One writer at a time; what is read is replaced, never changed.

    >>> ann = Asker(user="ann")
    >>> habits = Habits()
    >>> for _ in range(4):
    ...     habits.learn(Act(asker=ann, taken="a", passed=("b",)))
    >>> rows = habits.columns(ann, ["a", "b"])
    >>> bool(rows[0, 0] > 0 > rows[1, 0]), bool(rows[0, 1] > 0 > rows[1, 1]), float(rows[0, 3])
    (True, True, 1.0)
    """

    def __init__(self) -> None:
        self._place: dict[str, int] = {}  # option -> its row; row 0 is that of all who are unknown
        self._options = _unknown(16)
        self._persons: OrderedDict[Person, dict[str, Counts]] = OrderedDict()
        self._everything: Counts = (0.0, 0.0)

    def __bool__(self) -> bool:
        return bool(self._place)

    def learn(self, act: Act) -> None:
        looked = [*act.passed, *([] if act.taken is None else [act.taken])]
        for item in looked:
            row = self._row(item)
            taken, examined, last = row
            row[:2] = taken + act.weight * (item == act.taken), examined + act.weight
            if item == act.taken:
                row[2] = max(last, act.asker.at)
        self._everything = (
            self._everything[0] + act.weight * (act.taken is not None),
            self._everything[1] + act.weight * len(looked),
        )
        for person in act.asker.persons:
            if person is not None:
                self._remember(person, looked, act)

    def _row(self, item: str) -> NDArray[np.float64]:
        place = self._place.get(item)
        if place is None:
            place = len(self._place) + 1
            if place >= len(self._options):
                self._options = np.concatenate([self._options, _unknown(len(self._options))])
            self._place[item] = place
        row: NDArray[np.float64] = self._options[place]
        return row

    def _remember(self, person: Person, looked: Sequence[str], act: Act) -> None:
        known = dict(self._persons.pop(person, {}))
        _count(known, looked, act)
        self._persons[person] = known
        while len(self._persons) > MOST_PERSONS:
            self._persons.popitem(last=False)

    def columns(self, asker: Asker, ids: Sequence[str]) -> Floats:
        rows = self._options[np.fromiter((self._place.get(i, 0) for i in ids), np.intp, len(ids))]
        user, session = (None if p is None else _spread(self._persons.get(p), ids) for p in asker.persons)
        return habit_columns(rows, self._everything, user, session, now=asker.at)

    def forget(self, item: str) -> None:
        """Its row stays and says nothing, as do those who chose it."""
        if (place := self._place.get(item)) is not None:
            self._options[place] = _unknown(1)[0]
        for known in list(self._persons.values()):
            known.pop(item, None)


def _count(known: dict[str, Counts], looked: Sequence[str], act: Act) -> None:
    """One more act of a person; what they looked at longest ago is forgotten first."""
    for item in looked:
        taken, examined = known.pop(item, (0.0, 0.0))
        known[item] = (taken + act.weight * (item == act.taken), examined + act.weight)
    while len(known) > MOST_PER_PERSON:
        del known[next(iter(known))]


def _unknown(n: int) -> NDArray[np.float64]:
    rows = np.zeros((n, 3))
    rows[:, 2] = -np.inf
    return rows


def _spread(known: dict[str, Counts] | None, ids: Sequence[str]) -> NDArray[np.float64] | None:
    """A person's few counts laid out over the options, (n, 2)."""
    if not known:
        return None
    rows = np.zeros((len(ids), 2))
    place = {id: n for n, id in enumerate(ids)}
    for item, counts in list(known.items()):
        if item in place:
            rows[place[item]] = counts
    return rows


class PastHabits:
    """The same columns as they were at any moment of a log."""

    def __init__(self, acts: Iterable[Act]) -> None:
        told = sorted(acts, key=lambda act: act.order)
        self._orders = np.array([act.order for act in told], np.float64)
        self._place: dict[str, int] = {}
        rows: list[tuple[int, int, float, float, float]] = []  # option, act, taken, examined, when taken
        self._persons: dict[Person, list[tuple[int, Act]]] = {}
        totals = np.zeros((len(told) + 1, 2))
        for n, act in enumerate(told):
            looked = [*act.passed, *([] if act.taken is None else [act.taken])]
            for item in looked:
                is_taken = item == act.taken
                place = self._place.setdefault(item, len(self._place))
                rows.append((place, n, act.weight * is_taken, act.weight, act.asker.at if is_taken else -np.inf))
            totals[n + 1] = (act.weight * (act.taken is not None), act.weight * len(looked))
            for person in act.asker.persons:
                if person is not None:
                    self._persons.setdefault(person, []).append((n, act))
        self._totals = totals.cumsum(axis=0)
        self._size = len(told) + 1
        table = np.array(sorted(rows, key=lambda row: row[:2]), np.float64).reshape(-1, 5)
        self._keys = table[:, 0] * self._size + table[:, 1]
        self._starts = np.searchsorted(table[:, 0], np.arange(len(self._place)))
        self._sums = np.vstack([np.zeros(2), table[:, 2:4].cumsum(axis=0)])
        self._last = table[:, 4].copy()
        for start, end in pairwise([*self._starts.tolist(), len(table)]):
            np.maximum.accumulate(self._last[start:end], out=self._last[start:end])

    def __bool__(self) -> bool:
        return bool(self._place)

    def columns(self, asker: Asker, ids: Sequence[str], *, order: float) -> Floats:
        """What was known when what is at `order` in the log was not yet."""
        until = int(np.searchsorted(self._orders, order))
        places = np.array([self._place.get(i, -1) for i in ids], np.int64)
        options = np.zeros((len(ids), 3))
        options[:, 2] = -np.inf
        is_known = places >= 0
        if is_known.any():
            known = places[is_known]
            end = np.searchsorted(self._keys, known * self._size + until)
            start = self._starts[known]
            options[is_known, :2] = self._sums[end] - self._sums[start]
            options[is_known, 2] = np.where(end > start, self._last[np.maximum(end - 1, 0)], -np.inf)
        user, session = (None if p is None else self._person(p, ids, until) for p in asker.persons)
        return habit_columns(options, _counts(self._totals[until]), user, session, now=asker.at)

    def _person(self, person: Person, ids: Sequence[str], until: int) -> NDArray[np.float64] | None:
        counts: dict[str, Counts] = {}
        theirs = self._persons.get(person, [])
        end = bisect_left(theirs, until, key=lambda each: each[0])
        for _, act in theirs[max(end - MOST_ACTS, 0) : end]:
            _count(counts, [*act.passed, *([] if act.taken is None else [act.taken])], act)
        return _spread(counts, ids)


def _counts(row: NDArray[np.float64]) -> Counts:
    return float(row[0]), float(row[1])
