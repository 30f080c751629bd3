"""Slates that were served, handed to people afterwards: somebody looked at a figure and wants to know what was right.

They wait behind whoever waits for an answer, and behind the random sample. Whoever picks them picks for a reason, so
their verdicts teach, and never speak for the traffic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from suggest.domain.clock import Clock
from suggest.domain.review import Pick, Review, ReviewReason
from suggest.online.board import Board
from suggest.online.history import Reads
from suggest.online.served import Shelf
from suggest.online.task import Task
from suggest.store.ports import CasWrite, EventLog, Record
from suggest.store.records import review_record

MOST_AT_ONCE = 100


class SecondLook:
    def __init__(
        self, *, log: EventLog, reads: Reads, shelf: Shelf, board: Board, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._log = log
        self._reads = reads
        self._shelf = shelf
        self._board = board
        self._clock = clock
        self._new_id = new_id

    def hand_over(self, surface: str, impressions: Sequence[str]) -> int:
        """Put these slates of a surface into the queue, all or none; how many there were. What already was handed to
        people is not handed over twice."""
        records: list[Record] = []
        writes: list[CasWrite] = []
        tasks: list[Task] = []
        wanted = list(dict.fromkeys(impressions))[:MOST_AT_ONCE]
        asked = self._asked(wanted)
        for impression in wanted:
            served = self._shelf.get(impression)
            if served is None or served.slate.surface != surface or impression in asked:
                continue
            task = Task(
                review=Review(
                    id=self._new_id(),
                    surface=surface,
                    impression=impression,
                    reason=ReviewReason.LEARNING,
                    at=self._clock.now(),
                    priority=1.0 - served.slate.p_any,
                    pick=Pick.ASKED,
                ),
                p_any=served.slate.p_any,
            )
            tasks.append(task)
            records.append(review_record(task.review))
            writes += self._board.writes_of(task, 0)  # one: nobody waits, so nobody is told
        if tasks:
            revisions = self._log.append(records, writes=writes).revisions
            for task, revision in zip(tasks, revisions, strict=True):
                self._board.took(task, revision)
        return len(tasks)

    def _asked(self, impressions: Sequence[str]) -> frozenset[str]:
        """Those that people have or had on their desk."""
        rows = self._reads.select("reviews_of_impressions", ids=list(impressions))
        return frozenset(str(row["impression"]) for row in rows)
