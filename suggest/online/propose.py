"""Propose: from a context to a slate that is durable before it is returned.

Embed, rank, arrange, decide, append the slate and, where a person must see it, its review in the same transaction. When
the encoder is not in time the slate is ranked by words and says so; it is never refused for that."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from suggest.calibrate.choice import Floats
from suggest.calibrate.sitting import Asked
from suggest.domain.candidate import Candidate
from suggest.domain.clock import Clock
from suggest.domain.errors import FieldError, Invalid, SuggestError
from suggest.domain.policy import Fallback, Policy
from suggest.domain.review import ReviewReason
from suggest.domain.slate import Decision, Pool, Slate, SlateItem
from suggest.online.engagement import asked_of
from suggest.online.lines import group_of
from suggest.online.messages import Proposal, Proposed
from suggest.online.reasons import main_reason
from suggest.online.served import vector_bytes
from suggest.online.suggester import Ranking, Suggester
from suggest.online.surfaces import Place, Serving
from suggest.policy.arrange import Arrangement, arrange, impression_rng
from suggest.policy.decide import ASKED, DEGRADED, Verdict, decide
from suggest.policy.overflow import FALLBACKS, instead
from suggest.policy.trigger import WANTED_FROM
from suggest.rank.habits import Asker
from suggest.rank.traits import traits_of
from suggest.retrieve.vectors import Vector

MOST_OPTIONS = 50
MOST_SUPPLIED = 1_000
ANSWERED_BEFORE = 0.95  # cosine: the same words, or nearly
_RNG_SEED = 0
_UNIT = float(2**64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A slate that is decided and not yet durable."""

    slate: Slate
    ranking: Ranking
    asked: Asked  # the same for what people will do with it
    review: ReviewReason | None  # why people must see it; None: they need not
    is_vouched: bool = False
    explain: Mapping[str, object] | None = None


class Commits(Protocol):
    def __call__(self, drafts: Sequence[Drafted]) -> list[Proposed]:
        """Make slates durable, with their reviews, in one transaction."""
        ...


class Proposer:
    def __init__(
        self,
        *,
        place: Callable[[str], Place],
        commit: Commits,
        user_key: Callable[[str], str],
        clock: Clock,
        new_id: Callable[[], str],
        knows_language: Callable[[str], bool] | None = None,
        n_waiting: Callable[[str], int] = lambda surface: 0,
    ) -> None:
        """`n_waiting(surface)`: how many reviews wait there for somebody."""
        self._n_waiting = n_waiting
        self._place = place
        self._commit = commit
        self._user_key = user_key
        self._clock = clock
        self._new_id = new_id
        self._knows_language = knows_language

    def propose(self, proposal: Proposal) -> Proposed:
        place = self._place(proposal.surface)
        _check(proposal)
        serving = place.serving  # one for the whole request: another may serve the next
        vectors = serving.embedder.of_request(proposal.context, [c.text for c in proposal.candidates or ()])
        return self._commit([self._draft(proposal, place, serving, vectors)])[0]

    def rehearse(self, proposal: Proposal) -> Drafted:
        """What would be proposed: nothing is stored, nobody is asked, nothing is learned."""
        place = self._place(proposal.surface)
        _check(proposal)
        serving, options = place.serving, [candidate.text for candidate in proposal.candidates or ()]
        return self._draft(proposal, place, serving, serving.embedder.of_request(proposal.context, options))

    def propose_batch(self, proposals: Sequence[Proposal]) -> list[Proposed | SuggestError]:
        """One pass of each encoder, without a deadline, and one commit; each request fails for itself only."""
        answers: dict[int, Proposed | SuggestError] = {}
        sound: list[tuple[int, Proposal, Place, Serving]] = []
        for i, proposal in enumerate(proposals):
            try:
                place = self._place(proposal.surface)
                _check(proposal)
                sound.append((i, proposal, place, place.serving))
            except SuggestError as refused:
                answers[i] = refused
        vectors: dict[int, tuple[Vector | None, list[Vector] | None]] = {}
        for encoder, embedder in {s.embedder.fingerprint: s.embedder for *_, s in sound}.items():
            own = [(i, proposal) for i, proposal, _, s in sound if s.embedder.fingerprint == encoder]
            rows = embedder.of_batch([(p.context, [c.text for c in p.candidates or ()]) for _, p in own])
            vectors.update(zip((i for i, _ in own), rows, strict=True))
        drafts = [self._draft(p, place, serving, vectors[i]) for i, p, place, serving in sound]
        proposed = self._commit(drafts) if drafts else []
        answers.update({i: each for (i, *_), each in zip(sound, proposed, strict=True)})
        return [answers[i] for i in range(len(proposals))]

    def _or_instead(self, verdict: Verdict, place: Place, n_items: int) -> Verdict:
        """The verdict, or what replaces it where people cannot be asked."""
        if place.policy.fallback is Fallback.QUEUE:
            return verdict
        return instead(
            verdict,
            place.policy,
            threshold=place.line.threshold,
            is_open=place.policy.hours.is_open(self._clock.now()),
            n_waiting=self._n_waiting(place.name),
            n_items=n_items,
        )

    def _is_understood(self, proposal: Proposal, suggester: Suggester, vector: Vector | None) -> bool:
        """Whether the encoder knows the language; what people answered here before is understood in any."""
        if self._knows_language is None or self._knows_language(proposal.context.text):
            return True
        if vector is None:
            return False
        near = suggester.memory.neighbours(vector, 1)
        return bool(len(near.items)) and float(near.cosines[0]) >= ANSWERED_BEFORE and near.items[0] is not None

    def _draft(
        self,
        proposal: Proposal,
        place: Place,
        serving: Serving,
        vectors: tuple[Vector | None, list[Vector] | None],
    ) -> Drafted:
        vector, of_supplied = vectors
        policy, suggester = place.policy, serving.suggester
        now, user = self._clock.now(), proposal.context.user
        user_key = None if user is None else self._user_key(user)
        asker = Asker(user=user_key, session=proposal.context.session, at=now.timestamp())
        ranking = _rank(proposal, suggester, vector, of_supplied, asker)
        impression = self._new_id()
        arrangement = _arrange(ranking, proposal, place, suggester, impression, vector, asker)
        p_select = ranking.shown(arrangement.order)
        p_any = float(np.clip(p_select.sum(), 0.0, 1.0))
        needs = _needs(proposal, policy, suggester, vector, ranking, impression)
        is_known = self._is_understood(proposal, suggester, vector)
        is_supplied = proposal.candidates is not None
        group = group_of(place, ranking.ids, proposal.context.fields, supplied=is_supplied)
        threshold = place.threshold_of(group, now=now)
        verdict = self._or_instead(
            _decide(proposal, place, ranking, needs, threshold, p_any=p_any, p_select=p_select, is_known=is_known),
            place,
            len(p_select),
        )
        items = _items(ranking, arrangement, p_select)
        asked = asked_of(proposal.context, items, at=now, p_any=p_any, user_key=user_key)
        slate = Slate(
            id=impression,
            surface=place.name,
            at=now,
            context=proposal.context,
            items=items,
            decision=verdict.decision,
            reason=DEGRADED if ranking.degraded and verdict.reason is None else verdict.reason,
            p_any=p_any,
            p_none_raw=float(np.clip(ranking.p_none_raw, 0.0, 1.0)),
            p_accept=suggester.engagement.p(asked),
            threshold=threshold,
            k=_k(proposal, place),
            mode=str(policy.mode),
            bundle=ranking.bundle,
            policy_revision=place.policy_revision,
            supplied=is_supplied,
            learnable=proposal.learn,
            embedding=None if vector is None else vector_bytes(vector),
            encoder=None if vector is None else serving.embedder.fingerprint,
            pool=_pool(ranking, proposal.candidates or ()),
        )
        return Drafted(
            slate=slate,
            ranking=ranking,
            asked=asked,
            review=review_reason(slate, policy),
            is_vouched=proposal.is_vouched,
            explain=_explain(proposal, ranking, arrangement, suggester),
        )


def review_reason(slate: Slate, policy: Policy) -> ReviewReason | None:
    """Why people see this slate: they were asked, or it is one of the random sample that keeps us honest."""
    if slate.decision is Decision.ESCALATE:
        return ReviewReason.ESCALATED
    is_confident = slate.decision in {Decision.SHOW, Decision.AUTO} and slate.reason not in FALLBACKS
    if is_confident and slate.learnable and _chance(slate.id) < policy.audit_rate:
        return ReviewReason.AUDIT
    return None


def asks_for_answer(slate: Slate) -> bool:
    """Whether the slate counts in the share of unanswerable requests: small talk is no question at all."""
    return slate.reason not in {"needs-no-answer", DEGRADED, ASKED} and bool(slate.pool.ids)


def _check(proposal: Proposal) -> None:
    faults = []
    if proposal.k is not None and not 1 <= proposal.k <= MOST_OPTIONS:
        faults.append(FieldError(pointer="/k", detail=f"must be from 1 to {MOST_OPTIONS}"))
    if proposal.candidates is not None:
        ids = [candidate.id for candidate in proposal.candidates]
        if len(ids) > MOST_SUPPLIED:
            faults.append(FieldError(pointer="/candidates", detail=f"must have at most {MOST_SUPPLIED} options"))
        if len(set(ids)) != len(ids):
            faults.append(FieldError(pointer="/candidates", detail="must not name an id twice"))
    if faults:
        raise Invalid(f"Nothing was suggested: {faults[0].pointer} {faults[0].detail}.", errors=tuple(faults))


def _k(proposal: Proposal, place: Place) -> int:
    return place.surface.k if proposal.k is None else proposal.k


def _rank(
    proposal: Proposal,
    suggester: Suggester,
    vector: Vector | None,
    of_supplied: Sequence[Vector] | None,
    asker: Asker,
) -> Ranking:
    supplied: list[tuple[Candidate, Vector | None]] | None = None
    if proposal.candidates is not None:
        rows: Sequence[Vector | None] = of_supplied if of_supplied is not None else [None] * len(proposal.candidates)
        supplied = list(zip(proposal.candidates, rows, strict=True))
    return suggester.rank(
        vector,
        proposal.context.text,
        supplied=supplied,
        exclude=proposal.exclude,
        context=traits_of(proposal.context.fields),
        asker=asker,
        explain=proposal.explain,
        fields=proposal.context.fields,
        like=proposal.like,
    )


def _arrange(
    ranking: Ranking,
    proposal: Proposal,
    place: Place,
    suggester: Suggester,
    impression: str,
    vector: Vector | None,
    asker: Asker,
) -> Arrangement:
    k, tau = _k(proposal, place), place.policy.exploration
    clusters: Mapping[str, str] | None = None
    if proposal.candidates is None and ranking.ids:
        considered = ranking.ids if tau > 0 else ranking.ids[: 2 * k + 4]
        clusters = _clusters(suggester, considered)
    rival, is_narrowed = place.rival, proposal.candidates is not None or proposal.like is not None
    if rival is not None and rival.takes_part(ranking, supplied=is_narrowed, learn=proposal.learn):
        if clusters is not None:
            clusters = _clusters(suggester, ranking.ids)
        coins = impression_rng(impression, _RNG_SEED)
        return rival.arrange(ranking, vector, proposal.context, k, asker=asker, tau=tau, rng=coins, clusters=clusters)
    rng = impression_rng(impression, _RNG_SEED) if tau > 0 else None
    spreads = None
    if tau > 0 and vector is not None and place.policy.exploration_kind == "posterior":
        spreads = suggester.spreads(vector, ranking.ids)
    return arrange(ranking.ids, ranking.logits, k, tau=tau, rng=rng, clusters=clusters, spreads=spreads)


def _clusters(suggester: Suggester, ids: Sequence[str]) -> Mapping[str, str] | None:
    try:
        return suggester.candidates.clusters(ids=ids)
    except KeyError:  # one of them was retired a moment ago; this slate may hold twins, the next will not
        return None


def _needs(
    proposal: Proposal, policy: Policy, suggester: Suggester, vector: Vector | None, ranking: Ranking, impression: str
) -> float:
    """P(the context asks for an answer). Of what people taught to withhold, the audited share is judged by the shipped
    trigger alone: what is never shown could never be wanted again."""
    if not policy.trigger:
        return 1.0
    is_drawn = _chance(f"wanted:{impression}") < policy.audit_rate
    return suggester.needs_answer(vector, proposal.context.text, ranking=ranking, shipped=is_drawn)


def _decide(
    proposal: Proposal,
    place: Place,
    ranking: Ranking,
    needs: float,  # P(the context asks for an answer)
    threshold: float,
    *,
    p_any: float,
    p_select: Floats,
    is_known: bool,
) -> Verdict:
    policy = place.policy
    if proposal.ask and policy.escalation:
        return Verdict(decision=Decision.ESCALATE, reason=ASKED)
    return decide(
        p_any=p_any,
        threshold=threshold,
        mode=policy.mode,
        needs_answer=needs >= WANTED_FROM,
        escalation_on=policy.escalation and proposal.like is None,
        knows_language=is_known,
        n_items=len(p_select),
        degraded=ranking.degraded,
        certified_top1=place.alone.threshold is not None and not _is_narrowed(proposal, place),
        top1_threshold=math.inf if place.alone.threshold is None else place.alone.threshold,
        p_top1=float(np.clip(p_select[0], 0.0, 1.0)) if len(p_select) else 0.0,
    )


def _is_narrowed(proposal: Proposal, place: Place) -> bool:
    """Whether the slate is not of all options of the surface, so that the line for acting alone, which was certified
    on those, does not speak of it. Where a surface has no options of its own, it was certified on supplied ones."""
    is_foreign = proposal.candidates is not None and len(place.suggester.candidates) > 0
    return is_foreign or bool(proposal.exclude) or proposal.like is not None


def _items(ranking: Ranking, arrangement: Arrangement, p_select: Floats) -> tuple[SlateItem, ...]:
    return tuple(
        SlateItem(
            id=ranking.ids[row],
            text=ranking.texts[row],
            position=position,
            p_select=float(np.clip(p_select[position], 0.0, 1.0)),
            propensity=propensity,
            team=arrangement.teams[position] if arrangement.teams else None,
            contested=arrangement.contested[position] if arrangement.contested else False,
        )
        for position, (row, propensity) in enumerate(zip(arrangement.order, arrangement.propensities, strict=True))
    )


def _pool(ranking: Ranking, supplied: Sequence[Candidate]) -> Pool:
    return Pool(
        ids=ranking.ids,
        logits=tuple(ranking.logits.tolist()),
        p_select=tuple(ranking.p_select.tolist()),
        features=ranking.features,
        feature_version=ranking.feature_version,
        fields={c.id: c.fields for c in supplied if c.fields},
    )


def _explain(
    proposal: Proposal, ranking: Ranking, arrangement: Arrangement, suggester: Suggester
) -> Mapping[str, object] | None:
    if not proposal.explain:
        return None
    told = ranking.explanations
    ids = [ranking.ids[row] for row in arrangement.order]
    _, weights = suggester.memory.centroids(ids)
    explained: dict[str, object] = {}
    for row, weight in zip(arrangement.order, weights, strict=True):
        spoke = told[row] if row < len(told) else {}
        why = main_reason(spoke, was_chosen=bool(weight > 0))
        explained[ranking.ids[row]] = {"logit": round(float(ranking.logits[row]), 4), **spoke, "why": why}
    return explained


def _chance(impression: str) -> float:
    """A number in [0, 1) that is this impression's alone: unrelated to what it shows, the same in every replay."""
    digest = hashlib.blake2b(impression.encode(), digest_size=8, person=b"audit").digest()
    return int.from_bytes(digest, "big") / _UNIT
