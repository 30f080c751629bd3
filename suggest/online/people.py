"""What is known of the people who ask: what they take, and how often they ask for what is not there.

It lives beside the model, whatever bundle or encoder serves: a retrain changes nothing here. After a start, and after
an erasure, it is made anew from the latest of what was decided, which gives the same numbers (a test compares them)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol, cast

from suggest.calibrate.none_effects import NoneEffects
from suggest.domain import weight as weights
from suggest.rank.habits import Act, Asker, Floats, Habits

MOST_DECIDED = 3_000  # slates of the log that are told again: a tenth of a second


GONE = ""  # stands for an option whose past counts no more: no id is empty
Decided = tuple[Act, float | None]  # what became of a slate, and its p_any; None: of one option of it


class Reads(Protocol):
    def select(self, query: str, /, **params: object) -> list[dict[str, object]]: ...


class People:
    """One surface's. Safe from many threads; who reads never waits for one that learns."""

    def __init__(self) -> None:
        self._habits = Habits()
        self._effects = NoneEffects()
        self._meanwhile: list[Decided] | None = None  # what came while the past is still to be told
        self._lock = Lock()

    def await_past(self) -> None:
        """What was before will be told by `tell_past`; until then everybody is a stranger."""
        self._meanwhile = []

    def tell_past(self, past: Iterable[Decided]) -> None:
        """First what was, then all that came meanwhile, as if it had been told in that order."""
        known = People.of(past)
        with self._lock:
            for act, p_any in self._meanwhile or ():
                known.learn(act, p_any=p_any)
            self._habits, self._effects, self._meanwhile = known._habits, known._effects, None

    @classmethod
    def of(cls, decided: Iterable[Decided]) -> People:
        people = cls()
        for act, p_any in decided:
            people.learn(act, p_any=p_any)
        return people

    def learn(self, act: Act, *, p_any: float | None) -> None:
        """What became of one slate; `p_any` as it was served, None where nothing is said of the slate as a whole."""
        with self._lock:
            if self._meanwhile is not None:
                self._meanwhile.append((act, p_any))
            self._habits.learn(act)
            who = [person for person in act.asker.persons if person is not None]
            if who and p_any is not None:
                self._effects.learn(who, p_none=1.0 - p_any, nothing=act.taken is None)

    def habits(self, asker: Asker, ids: Sequence[str]) -> Floats | None:
        """The columns of `rank.habits` for these options; None where nothing was ever decided."""
        return self._habits.columns(asker, ids) if self._habits else None

    def none_shift(self, asker: Asker) -> float:
        """What the logit of "nothing is right" gains for this person."""
        return self._effects.shift(person for person in asker.persons if person is not None)

    def forget(self, item: str) -> None:
        with self._lock:
            self._habits.forget(item)


def act_of(asker: Asker, shown: Sequence[str], taken: str | None, *, is_known: bool, order: float = 0.0) -> Act:
    """What a decided slate says: options above the one taken were passed over; all of them where none was."""
    passed = shown[: shown.index(taken)] if taken in shown else () if taken is not None else shown
    return Act(
        asker=asker,
        taken=taken,
        passed=tuple(passed),
        weight=1.0 if is_known else weights.ANONYMOUS_SHARE,
        order=order,
    )


def refusal_of(asker: Asker, item: str, *, is_known: bool, order: float = 0.0) -> Act:
    """What the refusal of one option says: it alone was passed over."""
    act = act_of(asker, [item], None, is_known=is_known, order=order)
    return replace(act, weight=act.weight * weights.REFUSAL)


def read_decided(reads: Reads, surface: str, *, upto: int = 2**62) -> list[Decided]:
    """The latest of what people decided, up to a sequence of the log and oldest first.

    Of an option that was retired or reset, what was said before is left out."""
    born, decided = born_again(reads, surface), []
    for row in reversed(reads.select("latest_decided", surface=surface, upto=upto, limit=MOST_DECIDED)):
        sequence = cast("int", row["sequence"])
        asker, is_known, item = asker_of(row), bool(row["is_known"]), cast("str | None", row["item"])
        if row["act"] == 0 and item is not None:
            act = refusal_of(asker, item, is_known=is_known)
        else:
            shown = cast("list[str]", row["shown"] or [])
            act = act_of(asker, shown, item if row["act"] == 3 else None, is_known=is_known)
        if born:
            was_reset = act.taken is not None and sequence < born.get(act.taken, 0)
            passed = tuple(i for i in act.passed if sequence >= born.get(i, 0))
            act = replace(act, passed=passed, taken=GONE if was_reset else act.taken)
        decided.append((act, cast("float | None", row["p_any"])))
    return decided


def born_again(reads: Reads, surface: str) -> dict[str, int]:
    """When each candidate that was retired or reset was so for the last time: what was said before is no vote."""
    return {str(row["id"]): cast("int", row["sequence"]) for row in reads.select("last_retired", surface=surface)}


def asker_of(row: Mapping[str, object]) -> Asker:
    at = cast("datetime", row["at"])
    return Asker(
        user=cast("str | None", row["user_key"]),
        session=cast("str | None", row["session"]),
        at=at.replace(tzinfo=at.tzinfo or UTC).timestamp(),
    )
