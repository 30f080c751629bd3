"""What a worker's answer teaches: the records that keep it, and the lesson for the model, to be learned once durable.

An item is a label. None of these is a label that none was right. A text of the worker's own is such a none-label too,
unless they asked for it to become a candidate: then it is the right answer from now on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from suggest.domain.candidate import Candidate
from suggest.domain.errors import FieldError, Invalid
from suggest.domain.label import Label, LabelSource
from suggest.domain.placeholders import filled
from suggest.domain.review import Verdict
from suggest.online.candidates import Catalogue, Staged, apply
from suggest.online.guidelines import Guidelines
from suggest.online.history import VERDICT_LABEL, Reads, relearn_context
from suggest.online.messages import Answer, RawVerdict
from suggest.online.served import Served, vector_bytes
from suggest.online.surfaces import Place, Serving
from suggest.online.task import Task
from suggest.online.watching import Watches
from suggest.retrieve.vectors import Vector
from suggest.store.ports import Record
from suggest.store.records import label_record, verdict_record
from suggest.store.redaction import redacted_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Records to make durable, and then what to learn."""

    records: tuple[Record, ...]
    learn: Callable[[], None]
    answer: Answer


class Teacher:
    def __init__(
        self,
        *,
        reads: Reads,
        place: Callable[[str], Place],
        catalogue: Catalogue,
        on_outcome: Callable[[str], None],
        watches: Watches,
        guidelines: Guidelines,
    ) -> None:
        """`on_outcome(surface)` hears of each answer: it is as good a reason to retrain as a selection."""
        self._reads = reads
        self._place = place
        self._catalogue = catalogue
        self._on_outcome = on_outcome
        self._watches = watches
        self._guidelines = guidelines

    def verdict(self, task: Task, served: Served, raw: RawVerdict, *, now: datetime) -> Lesson:
        """The lesson of an answer. Raises Invalid where its item is neither in the slate nor on the surface."""
        place = self._place(task.review.surface)
        self._guidelines.check_paragraph(place.name, raw.paragraph)
        answer = Answer(item=raw.item, item_text=_item_text(place, served, raw.item), text=raw.text, none=raw.none)
        if not served.slate.learnable:
            return self._of_unlogged(task, served, raw, answer, now=now)
        encoder, vector = _embedded(place.serving, served)
        staged, item = Staged(), raw.item
        if raw.text is not None and raw.add_candidate:
            candidate = Candidate(id=_id_of_answer(raw.text), text=raw.text)
            staged, item = self._catalogue.stage(place, [candidate]), candidate.id
        records = (
            verdict_record(_kept(self._verdict(task, raw, now), redact=place.surface.redact)),
            self._label(task, served, item, (encoder, vector), eid=raw.eid, now=now),
            *staged.records,
        )

        def learn() -> None:
            with place.lock:
                apply(place, staged)
            for serving in place.learners():
                if serving.is_new(f"{VERDICT_LABEL}{raw.eid}"):
                    own = vector if serving.embedder.fingerprint == encoder else _embedded(serving, served)[1]
                    p_select = None if own is not vector else {each.id: each.p_select for each in served.slate.items}
                    serving.suggester.learn_label(served.key, own, item, replace=True, served=p_select)
            self._on_outcome(place.name)
            self._watches.answered(served, item, reason=task.review.reason)

        return Lesson(records=records, learn=learn, answer=answer)

    def voice(self, task: Task, served: Served, raw: RawVerdict, *, now: datetime) -> tuple[Answer, Record]:
        """One voice of a panel: what it says, and its record, which is no answer by itself.

        Raises Invalid where its item is neither in the slate nor on the surface."""
        place = self._place(task.review.surface)
        self._guidelines.check_paragraph(place.name, raw.paragraph)
        answer = Answer(item=raw.item, item_text=_item_text(place, served, raw.item), text=raw.text, none=raw.none)
        kept = _kept(self._verdict(task, raw, now), redact=place.surface.redact)
        return answer, verdict_record(replace(kept, undoes=raw.eid))

    def silence(self, task: Task, eid: str, *, worker: str, now: datetime) -> Record:
        """The record that takes a voice back."""
        return verdict_record(_undoing(task, eid, worker=worker, now=now))

    def _of_unlogged(self, task: Task, served: Served, raw: RawVerdict, answer: Answer, *, now: datetime) -> Lesson:
        """Consent was withheld: the person gets their answer, and nothing else comes of it."""
        verdict = verdict_record(_kept(self._verdict(task, raw, now), redact=True))
        return Lesson(records=(verdict,), learn=lambda: None, answer=answer)

    def withdrawal(self, task: Task, served: Served, *, worker: str, now: datetime) -> Lesson:
        """Taking the standing answer back: a verdict that undoes it, and its label has no vote any more."""
        assert task.given is not None
        place = self._place(task.review.surface)
        undoing = _undoing(task, task.given.eid, worker=worker, now=now)

        def learn() -> None:
            for serving in place.learners():
                relearn_context(self._reads, serving, served.key)
            self._watches.withdrawn(served.slate)

        return Lesson(records=(verdict_record(undoing),), learn=learn, answer=Answer())

    def _label(
        self, task: Task, served: Served, item: str | None, embedded: tuple[str, Vector], *, eid: str, now: datetime
    ) -> Record:
        place = self._place(task.review.surface)
        label = Label(
            id=f"{VERDICT_LABEL}{eid}",
            surface=place.name,
            context=served.slate.context,
            item=item,
            received_at=now,
            source=LabelSource.VERDICT,
            at=served.slate.at,
            impression=task.review.impression,
            guideline=self._version(place.name),
        )
        record = label_record(
            label,
            user_key=served.user_key,
            encoder=embedded[0],
            embedding=vector_bytes(embedded[1]),
            redact=place.surface.redact,
        )
        return replace(record, values={**record.values, "context_key": served.key})

    def _verdict(self, task: Task, raw: RawVerdict, now: datetime) -> Verdict:
        return replace(_verdict(task, raw, now), guideline=self._version(task.review.surface))

    def _version(self, surface: str) -> int | None:
        return self._guidelines.of(surface).version or None


def _embedded(serving: Serving, served: Served) -> tuple[str, Vector]:
    """Whose vector, and the vector: as it was served, or encoded now: it was degraded, or another encoder served it."""
    own = serving.embedder.fingerprint
    if served.vector is not None and served.slate.encoder == own:
        return own, served.vector
    row: Vector = serving.embedder.of_contexts([served.slate.context])[0]
    serving.embedder.keep(served.key, row)
    return own, row


def _item_text(place: Place, served: Served, item: str | None) -> str | None:
    if item is None:
        return None
    fields = served.slate.context.fields
    for option in served.slate.items:
        if option.id == item:
            return filled(option.text, fields) or option.text
    known = place.catalogue.get(item)
    if known is None or known.retired:
        fault = FieldError(pointer="/item", detail="is neither in this slate nor a candidate of its surface")
        raise Invalid(f"The answer was not taken: {item!r} {fault.detail}.", errors=(fault,))
    text = filled(known.candidate.text, fields)
    if text is None:
        fault = FieldError(pointer="/item", detail="has placeholders that the fields of this request do not fill")
        raise Invalid(f"The answer was not taken: {item!r} {fault.detail}; answer in words.", errors=(fault,))
    return text


def _verdict(task: Task, raw: RawVerdict, now: datetime) -> Verdict:
    taken = None if task.claimed_at is None else max(now - task.claimed_at, now - now)
    return Verdict(
        eid=raw.eid,
        review=task.review.id,
        surface=task.review.surface,
        impression=task.review.impression,
        worker=task.worker or "",
        at=now,
        item=raw.item,
        text=raw.text,
        none=raw.none,
        note=raw.note,
        paragraph=raw.paragraph,
        add_candidate=raw.add_candidate,
        handling_ms=None if taken is None else round(taken.total_seconds() * 1000),
    )


def _undoing(task: Task, eid: str, *, worker: str, now: datetime) -> Verdict:
    return Verdict(
        eid=f"undo:{eid}",
        review=task.review.id,
        surface=task.review.surface,
        impression=task.review.impression,
        worker=worker,
        at=now,
        undoes=eid,
    )


def _kept(verdict: Verdict, *, redact: bool) -> Verdict:
    """As it is stored: where the surface redacts, without anybody's numbers and addresses."""
    if not redact:
        return verdict
    text, note = verdict.text, verdict.note
    return replace(verdict, text=text and redacted_text(text), note=note and redacted_text(note))


def _id_of_answer(text: str) -> str:
    """The same words become the same candidate, however many workers write them."""
    return f"answer-{blake2b(text.strip().encode(), digest_size=6).hexdigest()}"
