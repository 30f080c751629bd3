"""The options of a surface: added, changed, retired, listed; usable in the very next request.

Every version is a row of the log with its embedding, so a restart encodes nothing. Retiring takes away a candidate's
vote for good: one that comes back, or is reset, starts anew and only what was learned after that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from suggest.domain.candidate import Candidate
from suggest.domain.clock import Clock
from suggest.domain.errors import FieldError, Invalid, NotFound
from suggest.online.messages import CandidateView, Upserted
from suggest.online.served import vector_bytes
from suggest.online.surfaces import Place
from suggest.retrieve.vectors import Vector
from suggest.store.ports import EventLog, Record
from suggest.store.records import candidate_record

_COMMIT_ROWS = 1_000  # of one transaction


@dataclass(slots=True, kw_only=True)
class Staged:
    """Changes of a catalogue that are prepared and not yet durable."""

    records: list[Record] = field(default_factory=list)
    views: list[CandidateView] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)  # these start anew
    serve: list[tuple[Candidate, Vector]] = field(default_factory=list)  # new to the index, or at a new place in it
    encoder: str = ""  # fingerprint of whose vectors these are
    n_embedded: int = 0


class Catalogue:
    def __init__(self, log: EventLog, *, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def upsert(
        self, place: Place, candidates: Sequence[Candidate], *, reset_ids: frozenset[str] = frozenset()
    ) -> Upserted:
        """Add or change candidates; `reset_ids` also forget what was learned about them."""
        latest = list({candidate.id: candidate for candidate in candidates}.values())  # the last of an id wins
        n_embedded = 0
        with place.lock:
            for start in range(0, len(latest), _COMMIT_ROWS):
                staged = self.stage(place, latest[start : start + _COMMIT_ROWS], reset_ids=reset_ids)
                if staged.records:
                    self._log.append(staged.records)
                apply(place, staged)
                n_embedded += staged.n_embedded
        return Upserted(accepted=len(candidates), embedded=n_embedded)

    def stage(
        self, place: Place, candidates: Sequence[Candidate], *, reset_ids: frozenset[str] = frozenset()
    ) -> Staged:
        """Prepare: find what is new, embed it, write the rows down. The caller holds `place.lock` until `apply`."""
        fresh = [c for c in candidates if _needs_row(place.catalogue.get(c.id), c) or c.id in reset_ids]
        reworded = [c for c in fresh if _needs_embedding(place.catalogue.get(c.id), c)]
        serving = place.serving
        embedded = serving.embedder.of_texts([c.text for c in reworded])
        vectors = dict(zip((c.id for c in reworded), embedded, strict=True))
        staged = Staged(encoder=serving.embedder.fingerprint, n_embedded=len(reworded))
        at = self._clock.now()
        for candidate in fresh:
            before = place.catalogue.get(candidate.id)
            revision = 0 if before is None else before.revision
            if candidate.id in reset_ids and before is not None and not before.retired:
                revision += 1
                self._stage_row(staged, place, before.candidate, None, revision=revision, retired=True, at=at)
                staged.forgotten.append(candidate.id)
            vector = vectors.get(candidate.id)
            is_moved = vector is not None or candidate.id in reset_ids
            if vector is None:
                vector = serving.suggester.candidates.rows([candidate.id])[0]
            if is_moved:
                staged.serve.append((candidate, vector))
            self._stage_row(staged, place, candidate, vector, revision=revision + 1, retired=False, at=at)
        return staged

    def retire(self, place: Place, candidate_id: str) -> None:
        """Out of all new slates from now on. Its history is kept, without a vote. Retiring again changes nothing."""
        with place.lock:
            before = place.catalogue.get(candidate_id)
            if before is None:
                raise NotFound(f"Surface {place.name!r} has no candidate {candidate_id!r}.")
            if before.retired:
                return
            staged = Staged()
            revision = before.revision + 1
            self._stage_row(
                staged, place, before.candidate, None, revision=revision, retired=True, at=self._clock.now()
            )
            self._log.append(staged.records)
            staged.forgotten.append(candidate_id)
            apply(place, staged)

    def list(self, place: Place, *, limit: int = 100, after: str | None = None) -> list[CandidateView]:
        """Active candidates in order of id, from the one behind `after` on."""
        if not 1 <= limit <= 1_000:
            fault = FieldError(pointer="/limit", detail="must be from 1 to 1000")
            raise Invalid("limit must be from 1 to 1000.", errors=(fault,))
        ids = sorted(
            c for c, view in list(place.catalogue.items()) if not view.retired and (after is None or c > after)
        )
        return [place.catalogue[each] for each in ids[:limit]]

    def _stage_row(
        self,
        staged: Staged,
        place: Place,
        candidate: Candidate,
        vector: Vector | None,
        *,
        revision: int,
        retired: bool,
        at: datetime,
    ) -> None:
        view = CandidateView(candidate=candidate, revision=revision, retired=retired, at=at)
        staged.views.append(view)
        staged.records.append(
            candidate_record(
                candidate,
                surface=place.name,
                revision=revision,
                retired=retired,
                at=at,
                encoder=None if vector is None else staged.encoder,
                embedding=None if vector is None else vector_bytes(vector),
            )
        )


def apply(place: Place, staged: Staged) -> None:
    """Serve what was staged, now that it is durable. The caller holds the place's lock."""
    last = {view.candidate.id: view for view in staged.views}
    place.catalogue.update(last)
    for serving in place.learners():
        for candidate_id in staged.forgotten:
            serving.suggester.forget(candidate_id)
        serving.suggester.describe(view.candidate for view in last.values() if not view.retired)
        if staged.serve:
            ids, texts = [c.id for c, _ in staged.serve], [c.text for c, _ in staged.serve]
            is_own = serving.embedder.fingerprint == staged.encoder
            rows = np.stack([vector for _, vector in staged.serve]) if is_own else serving.embedder.of_texts(texts)
            serving.suggester.candidates.upsert(ids, texts, rows)
            serving.suggester.lexical.upsert(ids, texts)


def _needs_row(before: CandidateView | None, candidate: Candidate) -> bool:
    return before is None or before.retired or before.candidate != candidate


def _needs_embedding(before: CandidateView | None, candidate: Candidate) -> bool:
    return before is None or before.retired or before.candidate.text != candidate.text
