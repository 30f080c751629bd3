"""Restore: fold what is in the log into memory at a start, without encoding anything again.

Candidates come with their embeddings, the memory is the votes that still stand. What takes longer than a start may is
only read here and done after it (`catch_up`). Only vectors of another encoder are made anew, from the stored texts."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from suggest.calibrate.sitting import Asked
from suggest.domain.bundle import PRIOR_BUNDLE, EncoderRef
from suggest.domain.clock import Clock
from suggest.domain.errors import SuggestError
from suggest.domain.event import EventType, outcome
from suggest.online.catch_up import Behind, CatchUp
from suggest.online.embedding import StoredText
from suggest.online.engagement import Engagement, Note, asked_of_row
from suggest.online.history import read_past, stored_context, told_since, votes
from suggest.online.messages import CandidateView
from suggest.online.model import encoder_of
from suggest.online.outcomes import Outcomes
from suggest.online.people import born_again, read_decided
from suggest.online.served import Served
from suggest.online.suggester import REJUDGED, SHIFT_WINDOW
from suggest.online.surfaces import Place, Serving
from suggest.retrieve.encoder import EncoderUnavailable
from suggest.retrieve.vectors import Vector
from suggest.store.embedded import EmbeddedStore
from suggest.store.records import StoredCandidate, candidate_of, slate_of

log = logging.getLogger(__name__)

CHAMPION = "champion/"
MOST_ENGAGEMENTS = 2_000  # shown slates that p_accept is taught again: a fifth of a second
LoadBundle = Callable[[str, str], Mapping[str, bytes]]


class Restorer:
    def __init__(
        self,
        store: EmbeddedStore,
        *,
        open_serving: Callable[[str, EncoderRef | None], Serving],
        clock: Clock,
        load_bundle: LoadBundle | None = None,
    ) -> None:
        """`open_serving(surface, encoder)` makes an empty model that reads the vectors of that encoder."""
        self._store = store
        self._open_serving = open_serving
        self._clock = clock
        self._load_bundle = load_bundle
        self._unservable: dict[str, str] = {}  # surface -> its champion, whose encoder can be had no more

    def restore(self, place: Place, outcomes: Outcomes, later: CatchUp) -> None:
        """Bring one surface, still empty, to where it was; what no request needs at once goes to `later`."""
        since, upto, moment = self._champion(place), self.last_sequence(), self._clock.now()
        serving, stored = place.serving, self._stored_candidates(place)
        place.catalogue.update({each.candidate.id: _view(each) for each in stored})
        self._fill(serving, place, stored, also_unseen=False, seal=False)
        engagement = place.suggester.engagement
        people = place.suggester.people
        engagement.await_past()
        people.await_past()

        def tell_past() -> None:
            engagement.tell_past(self._engagements(place.name, upto, moment))
            people.tell_past(read_decided(self._store, place.name, upto=upto))

        later.add(
            Behind(
                suggester=serving.suggester,
                bundle=serving.suggester.bundle,
                outcomes=lambda: told_since(self._store, serving, since, upto=upto),
                requests=self.requests(serving, place.recent_p_any),
                habits=tell_past,
            )
        )
        self._open_impressions(place, outcomes)

    def fill(self, serving: Serving, place: Place, *, also_unseen: bool = False) -> None:
        """Give an empty model its candidates and its memory, from the log."""
        self._fill(serving, place, self._stored_candidates(place), also_unseen=also_unseen, seal=True)

    def last_sequence(self) -> int:
        """Of all that is in the log by now."""
        queries = ("last_sequence", "latest_sequence")
        return max(cast("int", self._store.select(query)[0]["sequence"]) for query in queries)

    def read_served(self, impression: str) -> Served | None:
        """A slate from the log with what was learned from it; None where there is none, or its context was erased."""
        rows = self._store.select("slates_by_id", ids=[impression])
        if not rows or rows[0]["context"] is None:
            return None
        events = self._store.select("events_of_impressions", ids=[impression])
        refused = {str(each["item"]) for each in events if each["type"] == "dismiss" and each["item"] is not None}
        kinds = [EventType(str(each["type"])) for each in events if each["type"] != "dismiss" or each["item"] is None]
        return Served(
            slate=slate_of(rows[0]),
            key=str(rows[0]["context_key"]),
            user_key=cast("str | None", rows[0]["user_key"]),
            outcome=outcome(kinds, waited_s=0.0, reward_wait_s=1.0),
            refused=refused,
        )

    def serves_champion(self, place: Place) -> bool:
        """False only where the champion could serve and does not: one of an encoder that is gone cannot."""
        champion = self._champion_of(place)
        return place.suggester.bundle == champion or self._unservable.get(place.name) == champion

    # -- parts --------------------------------------------------------------------------------------------------------

    def _champion_of(self, place: Place) -> str:
        stored = self._store.get(CHAMPION + place.name)
        return PRIOR_BUNDLE if stored is None else str(stored.value["bundle"])

    def _champion(self, place: Place) -> int:
        """Install the champion; returns the last sequence of the log that it has seen."""
        bundle = self._champion_of(place)
        if bundle == PRIOR_BUNDLE or self._load_bundle is None:
            return 0
        try:
            files = self._load_bundle(place.name, bundle)
            serving = self._open_serving(place.name, encoder_of(files) or self._older(place.name, bundle))
            serving.suggester.install(bundle, files)
            place.serving = serving
        except EncoderUnavailable as error:
            log.warning("the bundle %s of %s cannot serve, the prior does: %s", bundle, place.name, error.detail)
            self._unservable[place.name] = bundle
            return 0
        except (SuggestError, ValueError, KeyError, OSError):
            log.exception("the bundle %s of %s cannot be loaded; the prior serves", bundle, place.name)
            return 0
        for row in self._store.select("bundles_of_surface", surface=place.name):
            if row["id"] == bundle:
                manifest = cast("Mapping[str, object]", row["manifest"] or {})
                return int(cast("int", manifest.get("data_until") or row["sequence"]))
        return 0

    def _older(self, surface: str, bundle: str) -> EncoderRef | None:
        """The encoder of a bundle of before bundles named theirs: the registry does."""
        for row in self._store.select("bundles_of_surface", surface=surface):
            if row["id"] == bundle and row["encoder"]:
                return EncoderRef(fingerprint=str(row["encoder"]), dim=0)
        return None

    def _stored_candidates(self, place: Place) -> list[StoredCandidate]:
        rows = self._store.select("latest_candidates", surface=place.name)
        return [candidate_of(row, surface=place.name) for row in rows]

    def _fill(
        self, serving: Serving, place: Place, stored: Sequence[StoredCandidate], *, also_unseen: bool, seal: bool
    ) -> None:
        active = [each for each in stored if not each.retired]
        if active:
            ids, texts = [each.candidate.id for each in active], [each.candidate.text for each in active]
            vectors = serving.embedder.of_stored_texts(
                [StoredText(text=e.candidate.text, encoder=e.encoder, embedding=e.embedding) for e in active]
            )
            serving.suggester.candidates.upsert(ids, texts, vectors)
            serving.suggester.lexical.upsert(ids, texts)
            serving.suggester.describe(each.candidate for each in active)
        past = read_past(self._store, place.name, serving.embedder, also_unseen=also_unseen)
        born = born_again(self._store, place.name)
        retired = frozenset(name for name, view in list(place.catalogue.items()) if view.retired)
        kept = votes(past, born=born, retired=retired)
        if kept.keys:
            rows = past.embeddings[kept.rows]
            serving.suggester.memory.add_many(kept.keys, rows, kept.items, kept.weights, seal=seal)

    def requests(self, serving: Serving, recent_p_any: deque[float] | None = None) -> list[Vector]:
        """The contexts of the latest requests, oldest first; what was said of them by this bundle speaks again now."""
        surface, embedder = serving.suggester.surface, serving.embedder
        rows = self._store.select("recent_requests", surface=surface, encoder=embedder.fingerprint, limit=SHIFT_WINDOW)
        if recent_p_any is not None:
            bundle = serving.suggester.bundle
            recent_p_any.extend(float(cast("float", row["p_any"])) for row in rows if row["bundle"] == bundle)
        judged = [stored_context(row) for row in rows[-REJUDGED:] if row["is_told_by_text"]]
        vectors, is_there = embedder.of_stored(judged)
        return list(vectors[is_there])

    def _engagements(self, surface: str, upto: int, moment: datetime) -> list[Note]:
        """What people did with what they were shown, in the order in which it came to be known."""
        told: list[tuple[float, int, Note]] = []
        asked = {"surface": surface, "moment": moment, "upto": upto, "limit": MOST_ENGAGEMENTS}
        for row in self._store.select("engagements", **asked):
            impression, seen = str(row["impression"]), asked_of_row(row)
            told.append((seen.at, cast("int", row["sequence"]), partial(_served, impression, seen)))
            if row["ended_at"] is not None:
                at = cast("datetime", row["ended_at"]).replace(tzinfo=UTC).timestamp()
                note = partial(_ended, impression, bool(row["taken"]), at)
                told.append((at, cast("int", row["ended_sequence"]), note))
        return [note for *_, note in sorted(told, key=lambda each: each[:2])]

    def _open_impressions(self, place: Place, outcomes: Outcomes) -> None:
        since = self._clock.now() - timedelta(seconds=place.policy.reward_wait_s)
        for row in self._store.select("open_impressions", surface=place.name, since=since):
            outcomes.reopen(
                place.name,
                str(row["impression"]),
                at=row["at"],  # type: ignore[arg-type]  # a timestamp column
                is_shown=bool(row["is_shown"]),
            )
            if row["viewed"]:
                outcomes.viewed(place.name, str(row["impression"]))


def _served(impression: str, asked: Asked, engagement: Engagement) -> None:
    engagement.served(impression, asked)


def _ended(impression: str, taken: bool, at: float, engagement: Engagement) -> None:
    engagement.ended(impression, taken=taken, at=at)


def _view(stored: StoredCandidate) -> CandidateView:
    return CandidateView(candidate=stored.candidate, revision=stored.revision, retired=stored.retired, at=stored.at)
