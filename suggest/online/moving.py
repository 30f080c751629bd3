"""Options that are renamed, merged or split: what people answered with the old ones goes on under the new ones.

First it is tried: each known answer is guessed from the others, with the old names and with the new ones. Only when
told to, labels are written anew and the old options retire. Nothing is changed in place: what was said stands in the
log, and what it counts as now is a later row of it. Selections stay with the option that was selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from suggest.domain.clock import Clock
from suggest.domain.errors import FieldError, Invalid
from suggest.domain.label import Label, LabelSource
from suggest.online.candidates import Catalogue
from suggest.online.history import Reads, Votes, read_past, votes, withdrawn_labels
from suggest.online.people import born_again
from suggest.online.surfaces import Place
from suggest.policy.left_out import guessed
from suggest.retrieve.vectors import Embeddings, Vector
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Record
from suggest.store.records import context_of, label_record

MOST = 20  # options on either side
MOST_JUDGED = 5_000  # answers that the trial looks at, what is touched first
_COMMIT_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of n known answers, how many are guessed right from all the others."""

    n: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move comes to, or came to."""

    labels: int  # contexts whose label changes
    to: Mapping[str, int] = field(default_factory=dict)  # how many go where
    touched: Agreement  # the known answers that name one of the options
    rest: Agreement  # those of all the others
    applied: bool


class Mover:
    def __init__(self, store: EmbeddedStore, *, catalogue: Catalogue, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id

    def move(self, place: Place, old: Sequence[str], new: Sequence[str], *, apply: bool) -> Moved:
        """Try it, and with `apply` do it: labels of `old` become labels of `new`, or of the nearest of them.

        What is in `old` and not in `new` retires. Raises Invalid where an option is not in use."""
        with place.lock:
            _check(place, old, new)
            past = read_past(self._store, place.name, place.embedder)
            retired = frozenset(name for name, view in place.catalogue.items() if view.retired)
            kept = votes(past, born=born_again(self._store, place.name), retired=retired)
            answers = _Answers.of(kept, past.embeddings)
            named = _assigned(place, answers, old, new)
            labelled = _labelled(self._store, place.name)
            changed = {
                key: target
                for key, item, target in zip(answers.keys, answers.items, named, strict=True)
                if item in old and item in labelled.get(key, {})
            }
            touched, rest = _agreement(place, answers, named, old, new)
            if apply:
                self._write(place, labelled, changed, old, dict(zip(answers.keys, answers.embeddings, strict=True)))
                for each in old:
                    if each not in new:
                        self._catalogue.retire(place, each)
            counts = Counter(changed.values())
            return Moved(
                labels=len(changed),
                to={each: counts[each] for each in new},
                touched=touched,
                rest=rest,
                applied=apply,
            )

    def _write(
        self,
        place: Place,
        labelled: Mapping[str, Mapping[str, Mapping[str, object]]],
        changed: Mapping[str, str],
        old: Sequence[str],
        vectors: Mapping[str, Vector],
    ) -> None:
        """Labels anew: the first of a context replaces what was said, the others join it; the memory learns them."""
        records: list[Record] = []
        lessons: list[tuple[str, list[str]]] = []
        for key, target in changed.items():
            rows = labelled[key]
            items = list(dict.fromkeys(target if item in old else item for item in rows))
            lessons.append((key, items))
            first = next(iter(rows.values()))
            records += [self._label(place, first, key, item, replaces=n == 0) for n, item in enumerate(items)]
        for start in range(0, len(records), _COMMIT_ROWS):
            self._store.append(records[start : start + _COMMIT_ROWS])
        for serving in place.learners():
            own = vectors if serving is place.serving else {
                key: serving.embedder.of_contexts([context_of(next(iter(labelled[key].values()))["context"])])[0]
                for key, _ in lessons
            }  # fmt: skip
            for key, items in lessons:
                serving.suggester.memory.forget(key=key)
                for item in items:
                    serving.suggester.memory.add(key, own[key], item, weight=1.0)

    def _label(self, place: Place, row: Mapping[str, object], key: str, item: str, *, replaces: bool) -> Record:
        embedding = row["embedding"]
        label = Label(
            id=f"moved:{self._new_id()}",
            surface=place.name,
            context=context_of(row["context"]),
            item=item,
            received_at=self._clock.now(),
            source=LabelSource.VERDICT if replaces else LabelSource.LABEL,
            at=row["at"],  # type: ignore[arg-type]  # a timestamp or null
            impression=None if row["impression"] is None else str(row["impression"]),
        )
        record = label_record(
            label,
            user_key=None if row["user_key"] is None else str(row["user_key"]),
            encoder=None if row["encoder"] is None else str(row["encoder"]),
            embedding=embedding if isinstance(embedding, bytes) else None,
        )
        return replace(record, values={**record.values, "context_key": key})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    keys: tuple[str, ...]
    items: tuple[str, ...]
    embeddings: Embeddings  # (n, d)

    @classmethod
    def of(cls, kept: Votes, embeddings: Embeddings) -> _Answers:
        some = [n for n, item in enumerate(kept.items) if item is not None]
        return cls(
            keys=tuple(kept.keys[n] for n in some),
            items=tuple(str(kept.items[n]) for n in some),
            embeddings=embeddings[[kept.rows[n] for n in some]],
        )


def _check(place: Place, old: Sequence[str], new: Sequence[str]) -> None:
    for pointer, ids in (("/from", old), ("/to", new)):
        missing = [each for each in ids if each not in place.suggester.candidates]
        if missing:
            detail = f"names {missing[0]!r}, which is no candidate in use; make it first"
            raise Invalid(
                f"Nothing was moved: {pointer} {detail}.", errors=(FieldError(pointer=pointer, detail=detail),)
            )
        if not 1 <= len(set(ids)) == len(ids) <= MOST:
            detail = f"must hold 1 to {MOST} different ids"
            raise Invalid(
                f"Nothing was moved: {pointer} {detail}.", errors=(FieldError(pointer=pointer, detail=detail),)
            )
    if set(old) == set(new):
        raise _refused("/to", "is the same as /from")


def _refused(pointer: str, detail: str) -> Invalid:
    fault = FieldError(pointer=pointer, detail=detail)
    return Invalid(f"Nothing was moved: {pointer} {detail}.", errors=(fault,))


def _assigned(place: Place, answers: _Answers, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """What each answer would be called. Of several new options it is the nearest, by its text or its known answers."""
    candidates = place.suggester.candidates.rows(list(new))
    cosines = answers.embeddings @ candidates.T
    for n, option in enumerate(new):
        own = [i for i, item in enumerate(answers.items) if item == option and option not in old]
        if own:
            near = (answers.embeddings @ answers.embeddings[own].T).max(axis=1)
            cosines[:, n] = np.maximum(cosines[:, n], near)
    nearest = cosines.argmax(axis=1).tolist()
    return [new[n] if item in old else item for item, n in zip(answers.items, nearest, strict=True)]


def _agreement(
    place: Place, answers: _Answers, named: Sequence[str], old: Sequence[str], new: Sequence[str]
) -> tuple[Agreement, Agreement]:
    """Of the touched answers and of the rest: right before and right after, each guessed from all the others."""
    is_touched = np.array([item in {*old, *new} for item in answers.items], np.bool_)
    looked_at = np.argsort(~is_touched, kind="stable")[:MOST_JUDGED]
    active = place.suggester.candidates.ids()
    empty = {each for each in new if each not in answers.items and each not in old}  # made for this: not there before
    right = [
        _right(place, answers, names, [each for each in active if each not in gone], looked_at.tolist())
        for names, gone in ((answers.items, empty), (named, set(old) - set(new)))
    ]
    touched = is_touched[looked_at]
    return tuple(  # type: ignore[return-value]  # two of them
        Agreement(n=int(some.sum()), before=int(right[0][some].sum()), after=int(right[1][some].sum()))
        for some in (touched, ~touched)
    )


def _right(
    place: Place, answers: _Answers, names: Sequence[str], options: Sequence[str], looked_at: Sequence[int]
) -> np.ndarray:
    known = [i for i in looked_at if names[i] in options]
    told = guessed(
        answers.embeddings[known],
        [answers.keys[i] for i in known],
        [names[i] for i in known],
        options,
        place.suggester.candidates.rows(list(options)),
    )
    right = {i for i, guess in zip(known, told, strict=True) if guess == names[i]}
    return np.array([i in right for i in looked_at], np.bool_)


def _labelled(reads: Reads, surface: str) -> dict[str, dict[str, Mapping[str, object]]]:
    """The standing labels of each context that some option is right for: item -> its row."""
    withdrawn = withdrawn_labels(reads, surface)
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    for row in reads.select("labels_of_surface", surface=surface, after=0):
        if row["id"] in withdrawn:
            continue
        key = str(row["context_key"])
        if row["source"] == "verdict":
            found.pop(key, None)
        if row["item"] is not None:
            found.setdefault(key, {})[str(row["item"])] = row
    return found
