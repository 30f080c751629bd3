"""Engagement: what people do with what they are shown, learned outcome by outcome; the living side of p_accept.

Silence that lasted, seen or not, means here that nothing was taken. That it is missing to p_any, which asks what was
right and not what was done, is decided elsewhere: nothing learned here moves an option or a decision."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import TypeVar, cast

from suggest.calibrate.accept import Acceptance, Moment
from suggest.calibrate.sitting import Asked, Sitting, moment, prior_weights
from suggest.domain.context import Context
from suggest.domain.slate import SlateItem
from suggest.store.records import Row, context_of, slate_items

Held = TypeVar("Held")

MOST_OPEN, MOST_SITTINGS = 20_000, 10_000
_MOST_FIELDS, _LONGEST_VALUE = 8, 40


Note = Callable[["Engagement"], None]  # something that became known


class Engagement:
    """One surface's. Safe from many threads; `p` never waits for one that learns."""

    def __init__(self) -> None:
        self._model = Acceptance(prior_weights())
        self._sittings: OrderedDict[str, Sitting] = OrderedDict()
        self._open: OrderedDict[str, tuple[Moment, str | None]] = OrderedDict()
        self._lock = Lock()
        self._meanwhile: list[Note] | None = None  # while what was before is still to be told: all that came since

    def await_past(self) -> None:
        """What was before will be told by `tell_past`; until then p is that of a stranger."""
        self._meanwhile = []

    def tell_past(self, past: Iterable[Note]) -> None:
        """First what was, then all that came meanwhile, as if it had been told in that order."""
        known = Engagement()
        for note in past:
            note(known)
        with self._lock:
            for note in self._meanwhile or ():
                note(known)
            self._model, self._sittings, self._open = known._model, known._sittings, known._open
            self._meanwhile = None

    def p(self, asked: Asked) -> float:
        """P(any of these is taken), should they be shown now; of nothing, nothing is taken."""
        return self._model.p(self._moment(asked)) if asked.options else 0.0

    def served(self, impression: str, asked: Asked) -> None:
        """These options are in front of somebody."""
        if not asked.options:
            return
        with self._lock:
            self._note(lambda later: later.served(impression, asked))
            self._open[impression] = (self._moment(asked), asked.sitting)
            if asked.sitting is not None:
                before = self._sittings.pop(asked.sitting, Sitting())
                begun = before if before.goes_on(asked) else Sitting()
                self._sittings[asked.sitting] = begun.shown(asked, impression)
            _keep_latest(self._open, MOST_OPEN)
            _keep_latest(self._sittings, MOST_SITTINGS)

    def ended(self, impression: str, *, taken: bool, at: float) -> None:
        """What became of them; what was never served here, or has ended before, teaches nothing."""
        with self._lock:
            self._note(lambda later: later.ended(impression, taken=taken, at=at))
            was = self._open.pop(impression, None)
            if was is None:
                return
            seen, name = was
            self._model.learn(seen, taken=taken)
            if name is not None and (sitting := self._sittings.get(name)) is not None:
                self._sittings[name] = sitting.decided(impression, taken, at)

    def forget(self, *, impressions: Iterable[str] = (), user: str | None = None) -> None:
        gone = frozenset(impressions)
        with self._lock:
            self._note(lambda later: later.forget(impressions=gone, user=user))
            for impression in gone:
                self._open.pop(impression, None)
            held = [name for name, each in self._sittings.items() if any(was in gone for was, _ in each.last)]
            for name in held:
                del self._sittings[name]
            of_user = [] if user is None else [("user", user), ("sitting", f"user {user}")]
            self._model.forget([*of_user, *(("sitting", name) for name in held)])

    def _note(self, note: Note) -> None:
        if self._meanwhile is not None:
            self._meanwhile.append(note)

    def _moment(self, asked: Asked) -> Moment:
        return moment(asked, self._sittings.get(asked.sitting) if asked.sitting is not None else None)


def asked_of(
    context: Context, options: Sequence[SlateItem], *, at: datetime, p_any: float, user_key: str | None
) -> Asked:
    """A slate as the engagement model sees it."""
    lengths = [len(option.text) for option in options]
    return Asked(
        at=at.replace(tzinfo=at.tzinfo or UTC).timestamp(),  # the log keeps UTC without saying so
        p_any=p_any,
        options=tuple(option.id for option in options),
        option_chars=sum(lengths) / max(len(lengths), 1),
        context=context.key,
        text=context.text,
        n_turns=len(context.turns),
        user=user_key,
        session=context.session,
        fields=field_names(context.fields),
    )


def asked_of_row(row: Row) -> Asked:
    """The same from a row of the log."""
    asked = asked_of(
        context_of(row["context"], session=cast("str | None", row["session"])),
        slate_items(row["shown"]),
        at=cast("datetime", row["at"]),
        p_any=cast("float", row["p_any"]),
        user_key=cast("str | None", row["user_key"]),
    )
    return replace(asked, context=str(row["context_key"]))  # as it came, also where the text is kept redacted


def field_names(fields: Mapping[str, object]) -> tuple[str, ...]:
    """The first few plain values of a context, each as "name=value"; numbers to two digits.

    >>> field_names({"plan": "pro", "age": 41.7, "tags": ["a"], "vip": True})
    ('plan=pro', 'age=42', 'vip=True')
    """
    named = []
    for name, value in fields.items():
        if isinstance(value, str | bool):
            named.append(f"{name}={value}")
        elif isinstance(value, int | float):
            named.append(f"{name}={value:.2g}")
    return tuple(each[:_LONGEST_VALUE] for each in named[:_MOST_FIELDS])


def _keep_latest(held: OrderedDict[str, Held], most: int) -> None:
    while len(held) > most:
        held.popitem(last=False)
