"""Swap: serve a surface with a bundle of another encoder, without a pause and without losing what is learned meanwhile.

The whole of it (candidates, memory, head, recent requests) is made anew from the log beside the model that serves. Then
whatever is learned is taught to both, what came while it was made is added, and one assignment puts it in place. A
request holds one of the two from its beginning to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import cast

from suggest.domain.bundle import EncoderRef
from suggest.online.history import (
    VERDICT_LABEL,
    Told,
    labels_since,
    relearn_context,
    teach_again,
    told_since,
    withdrawn_labels,
)
from suggest.online.restore import Restorer
from suggest.online.surfaces import Place, Serving
from suggest.store.embedded import EmbeddedStore

log = logging.getLogger(__name__)

MOST_NEWS = 20_000  # outcomes that may come while it is made ready
ATTEMPTS = 5  # an erasure meanwhile makes void what was read before it


class Swapper:
    def __init__(
        self,
        store: EmbeddedStore,
        *,
        restorer: Restorer,
        open_serving: Callable[[str, EncoderRef | None], Serving],
    ) -> None:
        self._store = store
        self._restorer = restorer
        self._open_serving = open_serving
        self.opening: set[str] = set()  # fingerprints of encoders that will serve in a moment

    def swap(self, place: Place, bundle: str, files: Mapping[str, bytes], encoder: EncoderRef, data_until: int) -> None:
        """Raises EncoderUnavailable where the encoder can be had nowhere; then nothing has changed."""
        self.opening.add(encoder.fingerprint)
        try:
            self._swap(place, bundle, files, encoder, data_until)
        finally:
            self.opening.discard(encoder.fingerprint)

    def _swap(
        self, place: Place, bundle: str, files: Mapping[str, bytes], encoder: EncoderRef, data_until: int
    ) -> None:
        for _ in range(ATTEMPTS):
            n_erasures, upto = place.n_erasures, self._restorer.last_sequence()
            withdrawn = withdrawn_labels(self._store, place.name)
            made = self._open_serving(place.name, encoder)
            made.suggester.install(bundle, files)
            self._restorer.fill(made, place, also_unseen=True)
            for told in told_since(self._store, made, data_until, upto=upto):
                teach_again(made.suggester, told)
            made.suggester.restore_requests(self._restorer.requests(made))
            made.embedder.warm()
            self._news(made, upto)  # encoded before anybody waits for it
            with place.lock:
                if place.n_erasures == n_erasures:
                    self._take_over(place, made, upto, withdrawn)
                    return
            log.info("something was erased while %s was made ready; making it ready again", place.name)
        raise RuntimeError(f"surface {place.name} could not be made ready between two erasures")

    def _take_over(self, place: Place, made: Serving, upto: int, withdrawn: frozenset[str]) -> None:
        made.taught = set()
        place.incoming = made  # from here on all that is learned is taught to it, too
        try:
            self._same_candidates(place, made, upto)
            for told in self._news(made, upto):
                if made.is_new(told.name):
                    _teach(made, told)
            self._unlearn(place, made, withdrawn)
            made.suggester.inherit(place.suggester)
            place.rival = None
            place.serving = made
        finally:
            place.incoming = None

    def _news(self, made: Serving, upto: int) -> list[Told]:
        """What came while it was made: outcomes, and labels of every kind."""
        told = told_since(self._store, made, upto, limit=MOST_NEWS, also_unseen=True)
        slates = [each for each in told if not each.is_label]
        return [*slates, *labels_since(self._store, made, upto)]

    def _same_candidates(self, place: Place, made: Serving, upto: int) -> None:
        """What was added, changed, retired or reset since; the place's lock keeps it so."""
        mine = made.suggester
        for row in self._store.select("last_retired", surface=place.name):
            if cast("int", row["sequence"]) > upto:
                mine.forget(str(row["id"]))
        active = {id: view.candidate.text for id, view in place.catalogue.items() if not view.retired}
        for id in mine.candidates.ids():
            if id not in active:
                mine.forget(id)
        mine.describe(view.candidate for view in place.catalogue.values() if not view.retired)
        missing = [id for id, text in active.items() if id not in mine.candidates or mine.candidates.text(id) != text]
        if missing:
            texts = [active[id] for id in missing]
            mine.candidates.upsert(missing, texts, made.embedder.of_texts(texts))
            mine.lexical.upsert(missing, texts)

    def _unlearn(self, place: Place, made: Serving, withdrawn: frozenset[str]) -> None:
        """Answers that were taken back since."""
        news = withdrawn_labels(self._store, place.name) - withdrawn
        for row in self._store.select("labels_by_id", ids=sorted(news)) if news else ():
            relearn_context(self._store, made, str(row["context_key"]))


def _teach(serving: Serving, told: Told) -> None:
    suggester = serving.suggester
    if told.is_label:
        if told.chosen is None or told.chosen in suggester.candidates:
            is_verdict = told.name.startswith(VERDICT_LABEL)
            suggester.learn_label(told.key, told.embedding, told.chosen, replace=is_verdict)
        return
    if told.is_refusal:
        suggester.replay_head(told.embedding, told.outcomes, weight=told.weight)
        return
    passed_over = [item for item in told.outcomes if item != told.chosen]
    if told.chosen is None:
        suggester.learn_dismiss(told.key, told.embedding, passed_over=passed_over, weight=told.weight)
    elif told.chosen in suggester.candidates:
        suggester.learn_select(told.key, told.embedding, told.chosen, passed_over=passed_over, weight=told.weight)
