"""Learning picks: requests that nobody waits for, put to people because their answers teach most.

As many a day as the owner wants, spread over its hours, behind whoever waits and behind the random audits. Which ones
is the business of `policy.picks`; here it is decided from what, and when. One in ten is drawn blindly, always: what a
model chooses by its own doubts cannot also say what choosing brought. Some go to known answers that the serving bundle
hardly believes, to be confirmed or corrected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from suggest.domain.review import Pick, Review, ReviewReason
from suggest.online.board import Board
from suggest.online.history import Reads
from suggest.online.messages import Answer
from suggest.online.served import vector_of
from suggest.online.surfaces import Place
from suggest.online.task import Task
from suggest.policy.arrange import impression_rng
from suggest.policy.picks import CONTROL_SHARE, arms, pick, weights
from suggest.store.ports import CasWrite, EventLog, Record
from suggest.store.records import review_record

EVERY = timedelta(hours=1)  # small batches: what was answered meanwhile is near no more
SAMPLE = 1_000  # of the requests that could be asked, judged anew by the model that serves: about a second
LOOKED_AT = 10_000  # the latest requests
DOUBT_SHARE = 0.2  # of the picks, while there are doubts: a wrong answer costs more than a missing one, and is rarer
_RNG_SEED = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A request that nobody has answered."""

    impression: str
    p_any: float
    embedding: bytes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    impression: str
    p_any: float
    pick: Pick
    doubted: Answer | None = None


class Picker:
    def __init__(self, *, log: EventLog, reads: Reads, board: Board, new_id: Callable[[], str]) -> None:
        self._log = log
        self._reads = reads
        self._board = board
        self._new_id = new_id
        self._next_at: dict[str, datetime] = {}

    def tick(self, place: Place, now: datetime) -> int:
        """Put what is due of the day's picks into the queue, once an hour; how many.

        No more than a day's picks ever wait: where nobody comes to answer, nothing piles up."""
        if place.policy.learning_per_day == 0 or now < self._next_at.get(place.name, now):
            return 0
        self._next_at[place.name] = now + EVERY
        n = self._n_due(place, now)
        picked = self._chosen(place, n)
        self._enqueue(place, picked, now)
        return len(picked)

    def _n_due(self, place: Place, now: datetime) -> int:
        per_day = place.policy.learning_per_day
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        made = self._reads.select("picks_since", surface=place.name, since=midnight)[0]["n"]
        assert isinstance(made, int)
        waiting = self._board.counts(place.name).by_reason[ReviewReason.LEARNING]
        return max(0, min(math.ceil(per_day * (now.hour + 1) / 24) - made, per_day - waiting))

    def _chosen(self, place: Place, n: int) -> list[Chosen]:
        """At most n requests, each with how it was chosen; in an order that says nothing of that."""
        if n == 0:
            return []
        rng = impression_rng(self._new_id(), _RNG_SEED)
        blind = arms(n, CONTROL_SHARE, rng)
        doubted = self._doubted(place, int((arms(n, DOUBT_SHARE, rng) & ~blind).sum()))
        chosen = [*doubted, *self._unanswered(place, n - len(doubted), int(blind.sum()), rng)]
        return [chosen[i] for i in rng.permutation(len(chosen))]

    def _unanswered(self, place: Place, n: int, blind: int, rng: np.random.Generator) -> list[Chosen]:
        """n requests that nobody answered, of which so many are drawn blindly."""
        pool = self._open(place)
        if not pool:
            return []
        suggester = place.suggester
        rows = np.array([vector_of(each.embedding) for each in pool])
        rankings = [suggester.rank(row, each.text) for row, each in zip(rows, pool, strict=True)]
        margins = [_margin(ranking.p_select) for ranking in rankings]
        # from all that could be asked: a sample of that, whatever the model would have chosen
        drawn = rng.choice(len(pool), min(blind, len(pool)), replace=False)
        others = np.setdiff1d(np.arange(len(pool)), drawn)
        covered = np.array(
            [-1.0 if ranking.nearest is None else ranking.nearest[1] for ranking in rankings], np.float32
        )
        places = others[pick(rows[others], weights(margins)[others], covered[others], n - blind)]
        kinds = dict.fromkeys(places.tolist(), Pick.INFORMATIVE) | dict.fromkeys(drawn.tolist(), Pick.CONTROL)
        return [Chosen(impression=pool[i].impression, p_any=pool[i].p_any, pick=kinds[i]) for i in kinds]

    def _doubted(self, place: Place, n: int) -> list[Chosen]:
        """The n gravest doubts of the serving bundle that nobody was asked about yet, each with the answer to confirm.

        What was answered with an option that is retired by now has no vote, so it is not asked about."""
        doubts = {
            key: item
            for key, item in place.suggester.doubts.items()
            if item is None or item in place.suggester.candidates
        }
        if n == 0 or not doubts:
            return []
        rows = self._reads.select("doubted_contexts", surface=place.name, keys=list(doubts))
        slate_of = {str(row["context_key"]): row for row in rows}
        asked = [(slate_of[key], item) for key, item in doubts.items() if key in slate_of][:n]
        return [
            Chosen(
                impression=str(row["id"]),
                p_any=float(str(row["p_any"])),
                pick=Pick.DOUBTED,
                doubted=_answer(place, item),
            )
            for row, item in asked
        ]

    def _open(self, place: Place) -> list[Open]:
        """A sample of the latest requests that could be asked, one a context."""
        rows = self._reads.select(
            "open_contexts",
            surface=place.name,
            encoder=place.embedder.fingerprint,
            looked_at=LOOKED_AT,
            salt=self._new_id(),
            limit=SAMPLE,
        )
        return [
            Open(
                impression=str(row["id"]),
                p_any=float(str(row["p_any"])),
                embedding=bytes(row["embedding"]),  # type: ignore[call-overload]  # a blob
                text=str(row["text"]),
            )
            for row in rows
        ]

    def _enqueue(self, place: Place, picked: Sequence[Chosen], now: datetime) -> None:
        """All of them or none. They wait in the order they came, so that the blind ones are answered as often."""
        records: list[Record] = []
        writes: list[CasWrite] = []
        tasks: list[Task] = []
        for each in picked:
            review = Review(
                id=self._new_id(),
                surface=place.name,
                impression=each.impression,
                reason=ReviewReason.LEARNING,
                at=now,
                priority=0.0,
                pick=each.pick,
                control_share=CONTROL_SHARE,
            )
            tasks.append(Task(review=review, p_any=each.p_any, doubted=each.doubted))
            records.append(review_record(review))
            writes += self._board.writes_of(tasks[-1], 0)  # one: nobody waits, so nobody is told
        if tasks:
            revisions = self._log.append(records, writes=writes).revisions
            for task, revision in zip(tasks, revisions, strict=True):
                self._board.took(task, revision)


def _answer(place: Place, item: str | None) -> Answer:
    if item is None:
        return Answer(none=True)
    known = place.catalogue.get(item)
    return Answer(item=item, item_text=None if known is None else known.candidate.text)


def _margin(p: np.ndarray) -> float:
    """P(best) − P(second) of probabilities, best first; with one option, its own; with none, no doubt at all."""
    if len(p) == 0:
        return 1.0
    return float(p[0] - p[1]) if len(p) > 1 else float(p[0])
