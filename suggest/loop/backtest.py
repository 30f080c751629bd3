"""Past tickets cut in two: what would have been known, and what would have been asked.

With times, the cut is a moment: what came before it teaches, what came after it is asked. Without, each answer's
tickets are dealt at random, identical messages together, so that no ticket is judged by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from suggest.domain.context import Context
from suggest.loop.folds import fold_of

MOST_HISTORY = 20_000  # tickets that teach; of more the newest, or a sample
MOST_WEIGHED = 3_000_000  # these times the answers to choose from: minutes on one core, and twice as many twice as long
MOST_JUDGED = 3_000
MOST_CANDIDATES = 500  # answers that are offered; a model of 14,500 that were typed freely was not fitted in an hour
FEWEST_TICKETS = 50
_WHOLE = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A message, and the answer it got."""

    context: Context
    answer: str | None  # id of a candidate; None: nothing of what there is answers it
    at: float | None = None  # seconds since the epoch
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Rows of the tickets, each oldest first; where nothing has a time, in an order that is as good as random."""

    way: Literal["time", "answer"]
    history: tuple[int, ...]
    judged: tuple[int, ...]
    left_out: int = 0  # tickets beyond what is looked at

    @property
    def is_by_time(self) -> bool:
        return self.way == "time"


class TooLittle(ValueError):
    """These tickets can teach nothing; the message says why, `next_step` what would help."""

    def __init__(self, why: str, next_step: str) -> None:
        super().__init__(why)
        self.next_step = next_step


def check_enough(tickets: Sequence[Ticket]) -> None:
    """Raise TooLittle where there are too few tickets, or their answers hardly ever come back."""
    if len(tickets) < FEWEST_TICKETS:
        raise TooLittle(
            f"{len(tickets)} {'ticket' if len(tickets) == 1 else 'tickets'} can be read, {FEWEST_TICKETS} are needed.",
            "Export more of them; hundreds say more.",
        )
    given = Counter(ticket.answer for ticket in tickets if ticket.answer is not None)
    again = sum(n for n in given.values() if n > 1)
    if len(given) < 2 or again < len(tickets) / 4:
        several = f"nearly all different ({len(given):,} in {len(tickets):,} tickets)"
        raise TooLittle(
            f"The answers are {'all the same' if len(given) < 2 else several}: there is nothing to choose from.",
            "Take a column whose values come back: a category, a macro, a template.",
        )


def offered(given: Iterable[str | None]) -> frozenset[str]:
    """The answers that are candidates: all of them, or of more than MOST_CANDIDATES the commonest that came back.

    Nobody chooses from a longer list of what was mostly written once; a ticket with another answer is one that no
    candidate answers.

    >>> sorted(offered(["refund", None, "late", "late"]))
    ['late', 'refund']
    """
    counted = Counter(answer for answer in given if answer is not None)
    if len(counted) <= MOST_CANDIDATES:
        return frozenset(counted)
    return frozenset(answer for answer, n in counted.most_common(MOST_CANDIDATES) if n > 1)


def split_by_time(tickets: Sequence[Ticket], *, judged_share: float) -> Split:
    """The latest `judged_share` of the tickets is asked. Raises ValueError where a ticket has no time."""
    if any(ticket.at is None for ticket in tickets):
        raise ValueError("every ticket needs a time to be split by it")
    order = sorted(range(len(tickets)), key=lambda row: (tickets[row].at or 0.0, row))
    cut = len(order) - round(len(order) * judged_share)
    n_offered = len(offered(tickets[row].answer for row in order[:cut]))
    return _capped("time", order[:cut], order[cut:], n_offered=n_offered, keep_newest=True)


def split_by_answer(tickets: Sequence[Ticket], *, judged_share: float, seed: int = 0) -> Split:
    """About `judged_share` of each answer's distinct messages is asked, at least one of them always teaches.

    Equal messages stay on one side, whatever their answers: the first one decides. Tickets whose answer is not
    `offered` are dealt together with those that have none."""
    salt, kept = f"backtest-{seed}", offered(ticket.answer for ticket in tickets)
    side: dict[str, bool] = {}
    by_answer: dict[str, list[str]] = {}
    for ticket in tickets:
        if (key := ticket.context.key) not in side:
            side[key] = False
            by_answer.setdefault(ticket.answer if ticket.answer in kept else "", []).append(key)
    for answer, keys in by_answer.items():
        keys.sort(key=lambda key: fold_of(key, salt, _WHOLE))
        luck = fold_of(answer, salt, _WHOLE) / _WHOLE  # a share of one ticket is one ticket that often
        for key in keys[: min(int(len(keys) * judged_share + luck), len(keys) - 1)]:
            side[key] = True
    order = sorted(range(len(tickets)), key=lambda row: fold_of(f"{tickets[row].context.key}\x1f{row}", salt, _WHOLE))
    history = [row for row in order if not side[tickets[row].context.key]]
    judged = [row for row in order if side[tickets[row].context.key]]
    return _capped("answer", history, judged, n_offered=len(kept), keep_newest=False)


def answers_of(tickets: Sequence[Ticket]) -> dict[str, frozenset[str]]:
    """What is right for each context: the union of the answers it got."""
    right: dict[str, set[str]] = {}
    for ticket in tickets:
        found = right.setdefault(ticket.context.key, set())
        if ticket.answer is not None:
            found.add(ticket.answer)
    return {key: frozenset(answers) for key, answers in right.items()}


def curve_of(n: int, *, steps: Sequence[int] = (0, 30, 100, 300, 1_000, 3_000, 10_000)) -> tuple[int, ...]:
    """How many tickets of history the learning curve stops at: the steps below, and all of them.

    >>> curve_of(450), curve_of(1_050)
    ((0, 30, 100, 300, 450), (0, 30, 100, 300, 1050))
    """
    return (*(step for step in steps if step < 0.7 * n), n)


def _capped(
    way: Literal["time", "answer"],
    history: Sequence[int],
    judged: Sequence[int],
    *,
    n_offered: int,
    keep_newest: bool,
) -> Split:
    """Of too much history the end; of too many to judge every so many'th where time orders them, else the first."""
    if len(judged) > MOST_JUDGED:
        every = len(judged) / MOST_JUDGED
        asked = [judged[int(n * every)] for n in range(MOST_JUDGED)] if keep_newest else judged[:MOST_JUDGED]
    else:
        asked = list(judged)
    taught = history[-min(MOST_HISTORY, MOST_WEIGHED // max(1, n_offered)) :]
    left_out = len(history) + len(judged) - len(taught) - len(asked)
    return Split(way=way, history=tuple(taught), judged=tuple(asked), left_out=left_out)
