"""Make proposed slates durable: slate, review and the review's place in the queue in one transaction, then answer.

Only after that does anybody hear of the slate: a token never exists without its impression in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from suggest.domain.context import Context
from suggest.domain.review import Review, ReviewReason
from suggest.domain.slate import Slate
from suggest.online.board import Board
from suggest.online.messages import Proposed
from suggest.online.outcomes import Outcomes, is_shown
from suggest.online.panels import panel_of
from suggest.online.propose import Drafted, asks_for_answer
from suggest.online.routing import Routing
from suggest.online.served import NO_POOL, Shelf, is_told_by_text, vector_of
from suggest.online.signing import Signing
from suggest.online.surfaces import Place
from suggest.online.task import Task
from suggest.online.tokens import sign_slate
from suggest.store.ports import CasWrite, EventLog, Record
from suggest.store.records import review_record, slate_record
from suggest.store.redaction import redacted

WITHHELD = "<withheld>"  # in the place of a text that was not logged
ESCALATION_LASTS = timedelta(hours=24)  # nobody waits longer; the token of the impression ends then, too


def unlogged(slate: Slate, *, is_reviewed: bool) -> Slate:
    """What is stored where consent is withheld: that a slate was served and what it showed, not who asked for what.

    Where it goes to people, that is what the person asked for: they read it, without mail addresses and numbers."""
    context = redacted(slate.context) if is_reviewed else Context(text=WITHHELD)
    items = slate.items
    if slate.supplied and not is_reviewed:  # the caller's own words, perhaps about this very person
        items = tuple(replace(item, text=WITHHELD) for item in items)
    return replace(
        slate,
        context=replace(context, user=None, session=None),
        items=items,
        embedding=None,
        encoder=None,
        pool=NO_POOL,
    )


class Committer:
    def __init__(
        self,
        *,
        log: EventLog,
        shelf: Shelf,
        board: Board,
        outcomes: Outcomes,
        place: Callable[[str], Place],
        signing: Signing,
        routing: Routing,
        new_id: Callable[[], str],
    ) -> None:
        self._routing = routing
        self._log = log
        self._shelf = shelf
        self._board = board
        self._outcomes = outcomes
        self._place = place
        self._signing = signing
        self._new_id = new_id

    def __call__(self, drafts: Sequence[Drafted]) -> list[Proposed]:
        records: list[Record] = []
        writes: list[CasWrite] = []
        beside: list[CasWrite] = []
        tasks: list[Task | None] = []
        for draft in drafts:
            slate = draft.slate
            redact = self._place(slate.surface).surface.redact
            stored = slate if slate.learnable else unlogged(slate, is_reviewed=draft.review is not None)
            records.append(slate_record(stored, user_key=self._user_key(stored), redact=redact))
            task = None if draft.review is None else self._task(slate, draft.review)
            if task is not None and task.is_awaited:
                task = self._board.told(task, n_before=sum(each is not None and each.is_awaited for each in tasks))
            tasks.append(task)
            if task is not None:
                records.append(review_record(task.review))
                own, *others = self._board.writes_of(task, 0)
                writes.append(own)
                beside += others
        revisions = iter(self._log.append(records, writes=[*writes, *beside]).revisions)
        return [self._announce(draft, task, revisions) for draft, task in zip(drafts, tasks, strict=True)]

    def _announce(self, draft: Drafted, task: Task | None, revisions: Iterator[int]) -> Proposed:
        slate = draft.slate
        place = self._place(slate.surface)
        if not slate.learnable:
            kept = unlogged(slate, is_reviewed=task is not None)
            self._shelf.put(kept, key=kept.context.key, user_key=None)
        else:
            kept = replace(slate, context=redacted(slate.context)) if place.surface.redact else slate
            self._shelf.put(kept, key=slate.context.key, user_key=self._user_key(slate))
        if task is not None:
            self._board.took(task, next(revisions))
        if asks_for_answer(slate) and slate.learnable:
            serving = place.serving
            if slate.embedding is None or slate.encoder == serving.embedder.fingerprint:  # else swapped meanwhile
                vector = vector_of(slate.embedding) if slate.embedding is not None and is_told_by_text(slate) else None
                serving.suggester.observe_request(draft.ranking, vector)
            place.recent_p_any.append(slate.p_any)
        self._outcomes.served(slate)
        if is_shown(slate) and slate.learnable:
            place.suggester.engagement.served(slate.id, draft.asked)
        is_asked = task is not None and task.is_awaited
        return Proposed(
            slate=slate,
            token=sign_slate(slate, signing=self._signing, is_vouched=draft.is_vouched),
            escalation=self._board.view(task) if is_asked and task is not None else None,
            explain=draft.explain,
        )

    def _task(self, slate: Slate, reason: ReviewReason) -> Task:
        is_awaited = reason is ReviewReason.ESCALATED
        session = slate.context.session
        place = self._place(slate.surface)
        policy = place.policy

        def tags_of(item: str) -> tuple[str, ...]:
            known = place.catalogue.get(item)
            return () if known is None else known.candidate.tags

        return Task(
            review=Review(
                id=self._new_id(),
                surface=slate.surface,
                impression=slate.id,
                reason=reason,
                at=slate.at,
                priority=policy.cost_of_error * (1.0 - slate.p_any) if is_awaited else 0.0,
                deadline=slate.at + ESCALATION_LASTS if is_awaited else None,
            ),
            p_any=slate.p_any,
            session=None if session is None or not is_awaited else self._signing.user_key(session),
            due=slate.at + timedelta(seconds=policy.answer_within_s) if is_awaited else None,
            panel=panel_of(policy, reason),
            needs=self._routing.needs(slate, policy, tags_of=tags_of),
        )

    def _user_key(self, slate: Slate) -> str | None:
        return None if slate.context.user is None else self._signing.user_key(slate.context.user)
