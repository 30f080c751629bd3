"""The guideline of each surface, its versions, what people dispute in it, and who is asked again when it changes.

The present version is one value changed by compare-and-set; each earlier one is written once and stays. What answers
point to stands in the log, with the version they were given under."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid, NotFound
from suggest.domain.guideline import Guideline
from suggest.domain.review import Pick, Review, ReviewReason
from suggest.domain.text import check_text
from suggest.online.board import Board
from suggest.online.guideline_text import blocks_of
from suggest.online.history import Reads
from suggest.online.messages import Answer
from suggest.online.served import Shelf
from suggest.online.surfaces import Place
from suggest.online.task import Task
from suggest.store.ports import Cas, CasWrite, EventLog, Record, Versioned
from suggest.store.records import review_record

PREFIX = "guideline/"
OLDER = "guideline-version/"
LONGEST = 32_768  # characters
MOST_DISPUTES = 100
MOST_ASKED = 1_000  # answers that are asked for again at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """An answer that points to a paragraph; with a note, somebody disputes it."""

    impression: str
    review: str
    paragraph: str
    version: int
    note: str
    worker: str
    at: datetime
    answer: Answer
    stands: bool  # False: a voice of a panel that has not settled


class Guidelines:
    def __init__(
        self,
        cas: Cas,
        *,
        log: EventLog,
        reads: Reads,
        board: Board,
        shelf: Shelf,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._cas = cas
        self._log = log
        self._reads = reads
        self._board = board
        self._shelf = shelf
        self._clock = clock
        self._new_id = new_id
        self._present: dict[str, Guideline] = {}
        self._before: dict[str, Guideline] = {}  # the version before: who read it a moment ago may still point to it

    def restore(self) -> None:
        """Read what is in force, and follow what other processes do to it."""
        for key, stored in self._cas.keys(PREFIX).items():
            self._took(key, stored)
        self._cas.watch(PREFIX, self._took)

    def of(self, surface: str) -> Guideline:
        """The version in force."""
        return self._present.get(surface) or Guideline(surface=surface)

    def version(self, surface: str, version: int) -> Guideline:
        """An earlier version, or the present one. Raises NotFound."""
        if version == self.of(surface).version:
            return self.of(surface)
        stored = self._cas.get(f"{OLDER}{version}/{surface}")
        if stored is None:
            raise NotFound(f"The guideline of {surface!r} has no version {version}.")
        return _from_json(surface, stored.value)

    def put(self, surface: str, text: str, *, by: str) -> Guideline:
        """Make a new version; the same text again makes none. Raises Invalid, or Conflict where somebody was faster."""
        text = text.replace("\r\n", "\n").strip()
        _check(text)
        stored = self._cas.get(PREFIX + surface)
        present = Guideline(surface=surface) if stored is None else _from_json(surface, stored.value)
        if text == present.text:
            return present
        value = {"version": present.version + 1, "text": text, "at": rfc3339(self._clock.now()), "by": by}
        writes = [CasWrite(PREFIX + surface, value, 0 if stored is None else stored.revision)]
        if stored is not None:
            writes.append(CasWrite(f"{OLDER}{present.version}/{surface}", stored.value, 0))
        try:
            revisions = self._log.append([], writes=writes).revisions
        except Conflict:
            raise Conflict(
                f"The guideline of {surface!r} was changed meanwhile; read it and send yours again."
            ) from None
        self._took(PREFIX + surface, Versioned(value, revisions[0]))
        return self.of(surface)

    def check_paragraph(self, surface: str, paragraph: str | None) -> None:
        """Raises Invalid where nobody can mean this paragraph."""
        if paragraph is None or any(paragraph in each.paragraphs for each in self._known(surface)):
            return
        fault = FieldError(pointer="/paragraph", detail="is no paragraph of the guideline; GET …/guideline lists them")
        raise Invalid(f"The answer was not taken: {paragraph!r} {fault.detail}.", errors=(fault,))

    def pointers(self, surface: str) -> list[Pointer]:
        """The answers and voices of panels that point to a paragraph, one of each slate, newest first."""
        rows = self._reads.select("pointing_verdicts", surface=surface, limit=MOST_ASKED)
        return [_pointer(row) for row in rows]

    def disputes(self, surface: str) -> list[Pointer]:
        """What people wrote about paragraphs that are in force, newest first."""
        here = self.of(surface).paragraphs
        return [each for each in self.pointers(surface) if each.note and each.paragraph in here][:MOST_DISPUTES]

    def outdated(self, surface: str) -> list[Pointer]:
        """Standing answers that point to a paragraph that is not in force any more."""
        here = self.of(surface).paragraphs
        return [each for each in self.pointers(surface) if each.stands and each.paragraph not in here]

    def ask_again(self, place: Place) -> int:
        """Put the slates of outdated answers into the queue, each answer to be confirmed or corrected; how many."""
        with place.lock:  # asked twice at once, the second finds nothing left to ask
            return self._ask_again(place)

    def _ask_again(self, place: Place) -> int:
        records: list[Record] = []
        writes: list[CasWrite] = []
        tasks: list[Task] = []
        for each in self.outdated(place.name):
            served = self._shelf.get(each.impression)
            if served is None:
                continue
            review = Review(
                id=self._new_id(),
                surface=place.name,
                impression=each.impression,
                reason=ReviewReason.LEARNING,
                at=self._clock.now(),
                priority=0.0,
                pick=Pick.GUIDELINE,
            )
            tasks.append(Task(review=review, p_any=served.slate.p_any, doubted=_worded(each.answer, place)))
            records.append(review_record(review))
            writes += self._board.writes_of(tasks[-1], 0)  # one: nobody waits, so nobody is told
        if tasks:
            revisions = self._log.append(records, writes=writes).revisions
            for task, revision in zip(tasks, revisions, strict=True):
                self._board.took(task, revision)
        return len(tasks)

    def _known(self, surface: str) -> Sequence[Guideline]:
        before = self._before.get(surface)
        return (self.of(surface),) if before is None else (self.of(surface), before)

    def _took(self, key: str, stored: Versioned | None) -> None:
        surface = key.removeprefix(PREFIX)
        present = self._present.get(surface)
        if stored is None:
            self._present.pop(surface, None)
            return
        if present is None or present.version < int(str(stored.value["version"])):
            self._present[surface] = _from_json(surface, stored.value)
            if present is not None:
                self._before[surface] = present


def _check(text: str) -> None:
    try:
        if text:
            check_text(text, name="text")
        if len(text) > LONGEST:
            raise ValueError(f"text must have at most {LONGEST} characters")
    except ValueError as wrong:
        detail = str(wrong).removeprefix("text ")
        raise Invalid(
            f"The guideline was not changed: text {detail}.", errors=(FieldError(pointer="/text", detail=detail),)
        ) from None


def _from_json(surface: str, stored: Mapping[str, object]) -> Guideline:
    text = str(stored["text"])
    return Guideline(
        surface=surface,
        version=int(str(stored["version"])),
        text=text,
        at=parse_rfc3339(str(stored["at"])),
        by=str(stored["by"]),
        blocks=blocks_of(text),
    )


def _pointer(row: Mapping[str, object]) -> Pointer:
    item, words = row["item"], row["text"]
    return Pointer(
        impression=str(row["impression"]),
        review=str(row["review"]),
        paragraph=str(row["paragraph"]),
        version=int(str(row["guideline"] or 0)),
        note=str(row["note"] or ""),
        worker=str(row["worker"]),
        at=cast("datetime", row["at"]),
        answer=Answer(
            item=None if item is None else str(item),
            text=None if words is None else str(words),
            none=item is None and words is None,
        ),
        stands=bool(row["stands"]),
    )


def _worded(answer: Answer, place: Place) -> Answer | None:
    """The answer with the words of its option; None where that is retired, so that there is nothing to confirm."""
    if answer.item is None:
        return answer
    known = place.catalogue.get(answer.item)
    if known is None or known.retired:
        return None
    return Answer(item=answer.item, item_text=known.candidate.text)
