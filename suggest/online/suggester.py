"""One surface's living model: what it serves with and what it has learned since the last bundle.

Pure compute on in-memory state; storage is others' business. Requests read while one writer at a time learns: the parts
are copy-on-write or locked, and a bundle is swapped by one assignment, so every request sees one whole model."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import Floats, probabilities
from suggest.calibrate.none_effects import with_effect
from suggest.calibrate.prior_shift import estimate_shares, shifted
from suggest.domain import weight as weights
from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.domain.candidate import Candidate
from suggest.domain.placeholders import OPENS, filled
from suggest.online.engagement import Engagement
from suggest.online.model import Model
from suggest.online.people import People
from suggest.online.ranking import Ranking, best_first, explained, nothing, with_companions
from suggest.policy.trigger import Trigger
from suggest.rank.evidence import Evidence
from suggest.rank.features import FEATURE_VERSION, NEIGHBOURS
from suggest.rank.habits import Asker
from suggest.rank.head import Head
from suggest.rank.meaning import Meanings
from suggest.rank.pool import BY_CHOICE, BY_LINEAR, BY_NAME, RANK_ALL, union
from suggest.rank.traits import NO_TRAITS, Traits, traits_of
from suggest.rank.trials import Trials
from suggest.retrieve.candidates import CandidateIndex
from suggest.retrieve.lexical import LexicalIndex, overlap
from suggest.retrieve.memory import Memory

Vector = NDArray[np.float32]
SHIFT_WINDOW, SHIFT_FROM, SHIFT_EVERY = 2_000, 200, 50  # requests
REJUDGED = 500  # recent requests that a new bundle judges anew: about half a second
USUAL_LEFT = 0.5  # share of a weight that a contradiction leaves, of an option that was sure
MOST_ALIKE = 20  # options that are more of the same
NONE_VOTE = ("none_vote",)
ANSWERED_NEAR = 0.85  # cosine
CONTRADICTED_FROM = 0.85  # cosine; .6 lost 1.7 points of top-1 where all contexts of a surface are alike (BANKING77)


class Suggester:
    def __init__(self, surface: str, *, dim: int, trigger: Trigger | None = None) -> None:
        self.surface = surface
        self.candidates = CandidateIndex(dim)
        self.memory = Memory(dim)
        self.lexical = LexicalIndex()
        self.traits: dict[str, Traits] = {}  # of candidates that have fields or tags
        self._trigger = trigger
        self._model = Model.prior()
        self._head = Head(dim=dim)
        self._meanings = Meanings()
        self._trials = Trials(dim=dim)
        self.engagement = Engagement()  # what people do with what is shown: p_accept
        self.people = People()  # what each takes, and how often each asks for what is not there
        self._requests: deque[tuple[Floats, Vector | None]] = deque(maxlen=SHIFT_WINDOW)
        self._since_shift = 0
        self._shares: Floats | None = None
        self._lock = RLock()
        self.rival: Suggester | None = None  # in a canary: what is learned here teaches its instant head, too

    @property
    def bundle(self) -> str:
        return self._model.bundle

    @property
    def shares(self) -> Floats:
        """The shares of answerable, near and far requests (3,) that probabilities are corrected to."""
        return self._shares if self._shares is not None else self._model.choice.usual_shares

    @property
    def none_share(self) -> float:
        """The share of unanswerable requests that probabilities are corrected to."""
        return float(1.0 - self.shares[0])

    # -- ranking ------------------------------------------------------------------------------------------------------

    def rank(
        self,
        embedding: Vector | None,
        text: str,
        *,
        supplied: Sequence[tuple[Candidate, Vector | None]] | None = None,
        exclude: frozenset[str] = frozenset(),
        context: Traits = NO_TRAITS,
        asker: Asker | None = None,
        explain: bool = False,
        fields: Mapping[str, object] | None = None,
        like: str | None = None,
    ) -> Ranking:
        """Rank `supplied`, or what retrieval finds on this surface. Without an embedding: by words, marked degraded.

        With `fields`, options whose placeholders they do not fill are left out. `like`: only what is near that one."""
        model = self._model
        if supplied is not None and fields is not None:
            supplied = [(c, vector) for c, vector in supplied if filled(c.text, fields) is not None]
        if embedding is None:
            return self._rank_by_words(text, model, supplied=supplied, exclude=exclude, fields=fields)
        ids: Sequence[str]
        texts: Sequence[str]
        if supplied is not None:
            ids, texts, rows = _supplied(supplied, exclude, dim=len(embedding))
        else:
            ids, texts, rows = self._pool(embedding, model, exclude, fields=fields, like=like)
        if not ids:
            return nothing(model, degraded=False)
        words = self.lexical.scores(text, ids) if supplied is None else overlap(text, texts)
        evidence = self._evidence(
            embedding,
            ids,
            rows,
            words,
            context=context,
            options=self._options(supplied, ids),
            habits=None if asker is None else self.people.habits(asker, ids),
        )
        columns = model.ranker.columns(evidence)
        z = columns.named(model.choice.option_names)
        residual = self._head.residuals(embedding, ids)
        utilities = model.choice.utilities(z) + residual
        none_logits = model.choice.none_logits(columns.pool_named(model.choice.set_names))
        p_raw, nones = probabilities(utilities, none_logits)
        logits = with_companions(utilities, p_raw, ids, model.choice.together)
        none, none_vote = float(np.logaddexp(*none_logits)), float(columns.pool_named(NONE_VOTE)[0])
        tried = self._trials.gains(embedding, ids, logits, none=none, none_vote=none_vote)
        logits = logits + tried
        order = best_first(logits, ids)
        in_order = order.tolist()
        kinds = np.array([p_raw.sum(), *nones])
        some = float(shifted(kinds, fitted=model.choice.shares, now=self.shares)[0])
        if asker is not None:
            some = with_effect(some, self.people.none_shift(asker))
        p = p_raw * (some / max(float(kinds[0]), 1e-12))
        return Ranking(
            ids=tuple([ids[i] for i in in_order]),
            texts=tuple([texts[i] for i in in_order]),
            logits=logits[order],
            p_select=p[order],
            p_none=1.0 - some,
            kinds_raw=kinds,
            features=columns.option[order].astype(np.float16).tobytes(),
            feature_version=FEATURE_VERSION,
            bundle=model.bundle,
            degraded=False,
            explanations=explained(model, z, residual, tried, order) if explain else (),
            together=model.choice.together,
            nearest=evidence.nearest,
        )

    def _pool(
        self,
        embedding: Vector,
        model: Model,
        exclude: frozenset[str],
        *,
        fields: Mapping[str, object] | None,
        like: str | None,
    ) -> tuple[Sequence[str], Sequence[str], Vector]:
        """All of a small catalog; of a large one, by name, by near past contexts, by the linear model, by choice."""
        index = self.candidates.snapshot()  # one for all its questions: a candidate may be retired meanwhile
        if like is not None:
            near = index.nearest(index.rows([like])[0], MOST_ALIKE + 1) if like in index else []
            ids = [i for i, _ in near if i != like and i not in exclude]
        elif len(index) <= RANK_ALL and not exclude and (fields is None or not index.is_said(OPENS)):
            return index.whole()
        elif len(index) <= RANK_ALL:
            ids = [i for i in index.ids() if i not in exclude]
        else:
            found = union(
                (i for i, _ in index.nearest(embedding, BY_NAME)),
                self.memory.neighbours(embedding, NEIGHBOURS).items,
                _favourites(model, embedding, BY_LINEAR),
                self._most_chosen(BY_CHOICE),
            )
            ids = [i for i in found if i in index and i not in exclude]
        if fields is not None:
            ids = [i for i in ids if filled(index.text(i), fields) is not None]
        return ids, [index.text(i) for i in ids], index.rows(ids)

    def _most_chosen(self, n: int) -> list[str]:
        ids = self.candidates.ids()
        _, weight = self.memory.centroids(ids)
        return [ids[i] for i in np.argsort(-weight, kind="stable")[:n] if weight[i] > 0]

    def describe(self, candidates: Iterable[Candidate]) -> None:
        """Know candidates by their fields and tags."""
        for candidate in candidates:
            traits = traits_of(candidate.fields, candidate.tags)
            if traits:
                self.traits[candidate.id] = traits
            else:
                self.traits.pop(candidate.id, None)

    def _options(
        self, supplied: Sequence[tuple[Candidate, Vector | None]] | None, ids: Sequence[str]
    ) -> Sequence[Traits]:
        if self._model.ranker.fields is None:
            return ()
        if supplied is None:
            return [self.traits.get(i, NO_TRAITS) for i in ids]
        own = {c.id: c for c, _ in supplied}
        return [traits_of(own[i].fields) for i in ids]

    def _evidence(
        self,
        embedding: Vector,
        ids: Sequence[str],
        rows: Vector,
        words: Vector,
        *,
        context: Traits = NO_TRAITS,
        options: Sequence[Traits] = (),
        habits: Vector | None = None,
    ) -> Evidence:
        centroids, weight = self.memory.centroids(ids)
        near = self.memory.neighbours(embedding, NEIGHBOURS)
        return Evidence(
            ids=tuple(ids),
            embedding=embedding,
            name_cosine=rows @ embedding,
            centroid_cosine=centroids @ embedding,
            memory_weight=np.asarray(weight, np.float32),
            lexical=words,
            neighbour_items=near.items,
            neighbour_cosines=near.cosines,
            neighbour_weights=near.weights,
            context=context,
            options=options,
            habits=habits,
        )

    def _rank_by_words(
        self,
        text: str,
        model: Model,
        *,
        supplied: Sequence[tuple[Candidate, Vector | None]] | None,
        exclude: frozenset[str],
        fields: Mapping[str, object] | None,
    ) -> Ranking:
        """No embedding in time: word overlap alone, with little confidence claimed.

        The surface's own candidates are in the word index already: reading their texts again took longer than the
        encoder that was too late (104 replies: 13 ms of processor time against 0.2)."""
        if supplied is not None:
            pairs = [(c.id, c.text) for c, _ in supplied if c.id not in exclude]
        else:
            index = self.candidates.snapshot()
            pairs = [(i, index.text(i)) for i in index.ids() if i not in exclude]
            if fields is not None:
                pairs = [(i, text) for i, text in pairs if filled(text, fields) is not None]
        if not pairs:
            return nothing(model, degraded=True)
        ids, texts = [i for i, _ in pairs], [t for _, t in pairs]
        words = overlap(text, texts) if supplied is not None else self.lexical.scores(text, ids)
        utilities = 6.0 * np.asarray(words, np.float64)
        p, nones = probabilities(utilities, np.array([4.0, 2.0]))
        none = float(nones.sum())
        order = best_first(utilities, ids)[:RANK_ALL]
        return Ranking(
            ids=tuple(ids[i] for i in order),
            texts=tuple(texts[i] for i in order),
            logits=utilities[order],
            p_select=p[order],
            p_none=none,
            kinds_raw=np.array([1.0 - none, *nones]),
            features=b"",
            feature_version=0,
            bundle=model.bundle,
            degraded=True,
        )

    def needs_answer(
        self, embedding: Vector | None, text: str, *, ranking: Ranking | None = None, shipped: bool = False
    ) -> float:
        """P(the context asks for an answer); 1 where nothing can judge it.

        What has been answered before is worth answering again: a near past context overrules the trigger. `ranking` of
        the same context knows it already. `shipped`: as a surface says that has learned nothing of its own people."""
        if embedding is None or self._trigger is None:
            return 1.0
        nearest = None if ranking is None else ranking.nearest
        if nearest is None:
            near = self.memory.neighbours(embedding, 1)
            nearest = (near.items[0], float(near.cosines[0])) if len(near.items) else (None, 0.0)
        item, cosine = nearest
        if cosine > ANSWERED_NEAR and item is not None:
            return 1.0
        own = None if shipped else self._model.trigger
        return (own or self._trigger).needs_answer(embedding)

    @property
    def doubts(self) -> Mapping[str, str | None]:
        """Known answers that the serving bundle hardly believes, by context key, the gravest first."""
        return self._model.doubts

    def use_trigger(self, trigger: Trigger | None) -> None:
        self._trigger = trigger

    def spreads(self, embedding: Vector, ids: Sequence[str]) -> Floats:
        """How unsure each option's logit is at this context, in logits, (n,).

        The instant head's standard deviation, over sqrt(1 + weight of the option's past contexts): a new head knows
        nothing of what its bundle and the memory know."""
        _, weight = self.memory.centroids(ids)
        variance = np.array([self._head.variance(embedding, i) for i in ids])
        return np.asarray(np.sqrt(variance / (1.0 + weight)), np.float64)

    # -- calibration to recent traffic --------------------------------------------------------------------------------

    def observe_request(self, ranking: Ranking, embedding: Vector | None = None) -> None:
        """Count a served request; from the 200th on the share of unanswerable ones is re-estimated every 50.

        With its embedding the request still counts after the next bundle is installed: it is judged anew."""
        with self._lock:
            self._requests.append((ranking.kinds_raw, embedding))
            self._since_shift += 1
            if len(self._requests) >= SHIFT_FROM and self._since_shift >= SHIFT_EVERY:
                self._reestimate()

    def _reestimate(self) -> None:
        self._since_shift = 0
        recent = np.array([kinds for kinds, _ in self._requests], np.float64)
        choice = self._model.choice
        self._shares = estimate_shares(recent, fitted=choice.shares, usual=choice.usual_shares, doubt=choice.doubt)

    def evidence(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Held-out (p_any, right) pairs of the serving bundle: what a threshold can be certified from."""
        return self._model.evidence

    def evidence_top1(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Held-out (p of the top option, it was right) pairs: what acting without a person is certified from."""
        return self._model.evidence_top1

    def evidence_of(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The best option and the language of each of those; empty where the bundle does not say."""
        return self._model.evidence_of

    # -- learning at once ---------------------------------------------------------------------------------------------

    def learn_select(
        self,
        key: str,
        embedding: Vector,
        item: str,
        *,
        passed_over: Sequence[str],
        weight: float = 1.0,
        served: Mapping[str, float] | None = None,
    ) -> None:
        """A person took `item` after looking past `passed_over`; nothing is said of what stood below.

        `served`: what p_select was when it was shown; without it, ranking again finds what it is now."""
        weight, outcomes = min(weight, 1.0), {item: True} | dict.fromkeys(passed_over, False)
        with self._lock:
            self._acted(embedding, outcomes, chosen=item, served=served, weight=weight)
            self.memory.add(key, embedding, item, weight=weights.CLICK * weight)

    def learn_dismiss(
        self,
        key: str,
        embedding: Vector,
        *,
        passed_over: Sequence[str],
        weight: float = 1.0,
        served: Mapping[str, float] | None = None,
    ) -> None:
        """A person looked at `passed_over` and wanted none of them. `served`: as in learn_select."""
        weight, outcomes = min(weight, 1.0), dict.fromkeys(passed_over, False)
        with self._lock:
            self._acted(embedding, outcomes, chosen=None, served=served, weight=weight)
            self.memory.add(key, embedding, None, weight=weights.DISMISSAL * weight)

    def learn_refusal(
        self, embedding: Vector, item: str, *, weight: float = 1.0, served: Mapping[str, float] | None = None
    ) -> None:
        """A person did not want this one; of the others, and of what the memory holds, it says nothing."""
        with self._lock:
            self._teach(embedding, {item: False}, served=served, weight=weights.REFUSAL * min(weight, 1.0))

    def learn_label(
        self,
        key: str,
        embedding: Vector,
        item: str | None,
        *,
        replace: bool = False,
        served: Mapping[str, float] | None = None,
    ) -> None:
        """A known answer; None: no candidate that exists now is right. `replace`: earlier answers are forgotten.

        `served`: as in learn_select, where the label is of a slate; where it holds the answer nothing is ranked."""
        with self._lock:
            if item is None:
                top = tuple(served)[:3] if served else self.rank(embedding, "").ids[:3]
                self._teach(embedding, dict.fromkeys(top, False), served=served or None)
            else:
                self._teach(embedding, {item: True}, served=served)
            if replace:
                self.memory.replace(key, embedding, [item], weight=1.0)
            else:
                self.memory.add(key, embedding, item, weight=1.0)

    def _acted(
        self,
        embedding: Vector,
        outcomes: Mapping[str, bool],
        *,
        chosen: str | None,
        served: Mapping[str, float] | None,
        weight: float,
    ) -> None:
        """All that one act on a slate teaches besides what its own context remembers."""
        self._teach(embedding, outcomes, served=served, weight=weight)
        passed_over = [item for item, is_right in outcomes.items() if not is_right]
        self._contradict(embedding, passed_over, served, weight=weight)
        if chosen is not None and served is not None:
            self._meanings.taken(chosen, served.get(chosen, 0.0), weight=weight)

    def _teach(
        self,
        embedding: Vector,
        outcomes: Mapping[str, bool],
        *,
        served: Mapping[str, float] | None = None,
        weight: float = 1.0,
    ) -> None:
        """One step of the head per known option, from the probability it was served with, or has now."""
        if self.rival is not None:
            self.rival._teach(embedding, outcomes, weight=weight)
        known = [i for i in outcomes if i in self.candidates]
        if not known:
            return
        if served is None or not all(i in served for i in known):
            ranking = self.rank(embedding, "")
            served = dict(zip(ranking.ids, ranking.p_select.tolist(), strict=True))
        self._trials.saw(embedding, {item: outcomes[item] for item in known}, weight=weight)
        learned = self._head.residuals(embedding, known)
        p = [min(max(served.get(item, 1e-3), 1e-4), 1 - 1e-4) for item in known]
        self._head.update_many(
            embedding,
            known,
            accepted=[outcomes[item] for item in known],
            offsets=[math.log(each / (1 - each)) - own for each, own in zip(p, learned.tolist(), strict=True)],
            weight=weight,
        )

    def _contradict(
        self, embedding: Vector, passed_over: Sequence[str], served: Mapping[str, float] | None, *, weight: float
    ) -> None:
        """What was passed over counts less in contexts like this one: half of what it did where it was sure.

        Where it was not, that was foretold: what three in ten take, seven pass over. A sure option is passed over now
        and then, whatever it means, so that it says nothing of what lies further away. Where an option that was sure is
        passed over again and again, none of its past counts (`rank.meaning`)."""
        told: list[tuple[str, float, float]] = []
        for other in passed_over:
            p = served.get(other, 0.0) if served is not None else 0.0
            has_changed = self._meanings.passed_over(other, p, weight=weight)
            if has_changed or self._meanings.is_doubted(other):
                self._trials.doubt(other)
            if has_changed:
                self.memory.retract(other)
            else:
                told.append((other, CONTRADICTED_FROM, USUAL_LEFT ** (weight * p)))
        if told:
            self.memory.contradict_many(embedding, told)

    def forget(self, item: str) -> None:
        """A retired candidate keeps no vote."""
        with self._lock:
            self.candidates.retire(item)
            self.lexical.retire(item)
            self.traits.pop(item, None)
            self.people.forget(item)
            self.memory.forget(item=item)
            self._head.forget(item)
            self._meanings.forget(item)
            self._trials.forget(item)

    # -- bundles and restarts -----------------------------------------------------------------------------------------

    def install(self, bundle_id: str, files: Mapping[str, bytes]) -> None:
        """Swap the model between two requests. The head starts anew: what it learned is in the bundle's data."""
        self.install_model(Model.from_files(bundle_id, files) if bundle_id != PRIOR_BUNDLE else Model.prior())

    def install_model(self, model: Model) -> None:
        with self._lock:
            self._head = Head(dim=self._head.dim)
            self._meanings = Meanings()  # its surprise was at the probabilities of another bundle
            self._trials = Trials(dim=self._head.dim)
            self._model = model
            self.memory.weigh(model.worth)
            self.rival = None
            self._shares = None
            self._judge([e for _, e in self._requests if e is not None])

    def inherit(self, before: Suggester) -> None:
        """Take over what holds whatever the encoder: what is known of the people who ask."""
        self.engagement = before.engagement
        self.people = before.people

    def meet(self, people: People) -> None:
        """Know of the people who ask what these say, and nothing else."""
        self.people = people
        if self.rival is not None:
            self.rival.people = people

    def restore_requests(self, embeddings: Sequence[Vector], *, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """The contexts of recent requests before a restart, oldest first: the serving bundle judges them anew.

        Requests may be served meanwhile; they came later. Nothing is counted once stopped or under another bundle."""
        model = self._model
        judged: list[tuple[Floats, Vector | None]] = []
        for embedding in embeddings[-REJUDGED:]:
            if is_stopped() or self._model is not model:
                return
            judged.append((self.rank(embedding, "").kinds_raw, embedding))
        with self._lock:
            room = SHIFT_WINDOW - len(self._requests)
            if self._model is not model or room <= 0:
                return
            self._requests.extendleft(reversed(judged[-room:]))
            if len(self._requests) >= SHIFT_FROM:
                self._reestimate()

    def _judge(self, embeddings: Sequence[Vector]) -> None:
        """Let the serving bundle say what it makes of the latest of these contexts; estimate the shares from that."""
        self._requests.clear()  # what is there was said by another bundle
        self._requests.extend((self.rank(e, "").kinds_raw, e) for e in embeddings[-REJUDGED:])
        if len(self._requests) >= SHIFT_FROM:
            self._reestimate()

    def beside(self, model: Model) -> Suggester:
        """Another model over the same candidates and memory, with an instant head of its own: for a canary.

        The memory stays weighed as the champion has it."""
        other = Suggester(self.surface, dim=self._head.dim)
        other.candidates, other.memory, other.lexical = self.candidates, self.memory, self.lexical
        other.traits, other.people = self.traits, self.people
        other._model = model
        return other

    def replay(
        self,
        key: str,
        embedding: Vector,
        outcomes: Mapping[str, bool],
        *,
        chosen: str | None,
        served: Mapping[str, float],
        weight: float,
    ) -> None:
        """Teach again what an act on a slate of this bundle taught when it came, over a memory that holds it already.

        In the order of the acts: what one contradicted, a later one may have said again."""
        weight = min(weight, 1.0)
        with self._lock:
            self._acted(embedding, outcomes, chosen=chosen, served=served, weight=weight)
            self.memory.renew(key, chosen, weight=weight * (weights.DISMISSAL if chosen is None else weights.CLICK))

    def replay_head(
        self,
        embedding: Vector,
        outcomes: Mapping[str, bool],
        *,
        weight: float = 1.0,
        served: Mapping[str, float] | None = None,
    ) -> None:
        """Teach the head an outcome from the log (newer than the bundle's data) without touching the memory. `served`:
        as in learn_select, of a slate that this bundle ranked."""
        with self._lock:
            self._teach(embedding, outcomes, served=served, weight=weight)


def _supplied(
    supplied: Sequence[tuple[Candidate, Vector | None]], exclude: frozenset[str], *, dim: int
) -> tuple[list[str], list[str], Vector]:
    kept = [(c, e) for c, e in supplied if c.id not in exclude]
    rows = np.array([e if e is not None else np.zeros(dim, np.float32) for _, e in kept], np.float32).reshape(-1, dim)
    return [c.id for c, _ in kept], [c.text for c, _ in kept], rows


def _favourites(model: Model, embedding: Vector, n: int) -> list[str]:
    linear = model.ranker.linear
    if linear is None:
        return []
    scores = linear.scores(embedding[None, :])[0]
    return [linear.classes[i] for i in np.argsort(-scores)[:n]]


__all__ = ["Model", "Ranking", "Suggester"]
