"""Reviews: requests in the hands of people. Claim, heartbeat, release, verdict, undo.

Every step is a compare-and-set on one versioned task, so two workers can never both succeed, in this process or in
another. A verdict, the label it makes and the end of the task are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from suggest.domain.clock import Clock, rfc3339
from suggest.domain.errors import Conflict, FieldError, Invalid, LeaseLost, NotFound
from suggest.domain.review import ReviewState
from suggest.domain.text import check_id, check_text
from suggest.online.board import Board
from suggest.online.escalations import Escalations
from suggest.online.messages import Answer, EscalationView, RawVerdict, ReviewView, VerdictResult
from suggest.online.panels import CONSENSUS, Panels
from suggest.online.presence import Presence
from suggest.online.routing import Routing
from suggest.online.served import Served, Shelf
from suggest.online.task import Given, Task
from suggest.online.teach import Teacher
from suggest.store.ports import EventLog

LEASE_S = 120.0
LONGEST_LEASE_S = 86_400.0
LONGEST_POSTPONED = timedelta(days=7)
_LONGEST_WORKER = 200
Chosen = tuple[Task, int]  # a task to claim, and its revision


class Reviews:
    def __init__(
        self,
        *,
        log: EventLog,
        board: Board,
        shelf: Shelf,
        escalations: Escalations,
        presence: Presence,
        teacher: Teacher,
        routing: Routing,
        panels: Panels,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._log = log
        self._board = board
        self._shelf = shelf
        self._escalations = escalations
        self._presence = presence
        self._teacher = teacher
        self._routing = routing
        self._panels = panels
        self._clock = clock
        self._new_id = new_id
        self._choosing = Lock()  # one at a time: others would only race for the same head of the queue
        self._chosen: set[str] = set()  # by a claim that is not durable yet: offered to nobody else meanwhile

    # -- a worker's calls ---------------------------------------------------------------------------------------------

    def claim(self, worker: str, *, surface: str | None = None, lease_s: float = LEASE_S) -> ReviewView | None:
        """Hold the next review for `lease_s` seconds of server time; None where none waits."""
        _check_worker(worker)
        _check_lease_s(lease_s)
        self._appear(worker)
        while (found := self._choose(worker, surface)) is not None:
            try:  # beside others, so that many claims share one commit
                held = self._hold(*found, worker=worker, surface=surface, lease_s=lease_s)
            finally:
                self._unchoose(found)
            if held is not None:
                return held
        return None

    def reclaim(self, worker: str, review_id: str, *, lease_s: float = LEASE_S) -> ReviewView | None:
        """Hold this very review again, whatever else waits: for somebody whose lease ran out over their answer. None
        where another holds it, an answer stands or nobody waits any more."""
        _check_worker(worker)
        _check_lease_s(lease_s)
        task, revision = self._board.known(review_id)
        if task.state_at(self._clock.now()) is not ReviewState.WAITING or not self._routing.may_speak(worker, task):
            return None
        return self._hold(task, revision, worker=worker, surface=task.claimed_for, lease_s=lease_s)

    def state(self, review_id: str) -> ReviewState:
        """Where it stands now. Raises NotFound."""
        return self._board.known(review_id)[0].state_at(self._clock.now())

    def heartbeat(self, review_id: str, lease: str, lease_s: float = LEASE_S) -> ReviewView:
        """Hold on to a review for another `lease_s` seconds from now."""
        _check_lease_s(lease_s)
        task = self._change(review_id, lambda task: task.extended(lease=lease, now=self._clock.now(), lease_s=lease_s))
        self._appear(task.worker or "")
        return _review_view(task, self._served(task))

    def release(self, review_id: str, lease: str) -> None:
        """Give a review back unanswered; it is offered to the next who claims."""
        self._change(review_id, lambda task: task.released(lease=lease, now=self._clock.now()))

    def postpone(self, review_id: str, lease: str, until: datetime) -> None:
        """Put a review off until later, but not beyond the time when nobody waits any more."""
        task, _ = self._board.known(review_id)
        now = self._clock.now()
        latest = min(now + LONGEST_POSTPONED, task.review.deadline or now + LONGEST_POSTPONED)
        if not now < until < latest:
            raise _invalid("/until", f"must lie after now and before {rfc3339(latest)}")
        self._change(review_id, lambda task: task.postponed(lease=lease, now=now, until=until))

    def verdict(
        self, review_id: str, raw: RawVerdict, *, claim_next: bool = False, lease_s: float = LEASE_S
    ) -> VerdictResult:
        """Answer a held review. The same eid again gets the same result and does nothing more.

        With `claim_next` the same worker holds the next one, as they had asked for them, when this returns."""
        if not claim_next:
            return self._verdict(review_id, raw)
        _check_lease_s(lease_s)
        task, _ = self._board.known(review_id)
        is_held = task.worker and task.lease == raw.lease
        found = self._choose(task.worker or "", task.claimed_for) if is_held else None
        try:
            result = self._verdict(review_id, raw, ahead=found, lease_s=lease_s)
        finally:
            if found is not None:
                self._unchoose(found)
        task, _ = self._board.known(review_id)
        if result.next is not None or not task.worker:
            return result
        return replace(result, next=self.claim(task.worker, surface=task.claimed_for, lease_s=lease_s))

    def _verdict(
        self, review_id: str, raw: RawVerdict, *, ahead: Chosen | None = None, lease_s: float = LEASE_S
    ) -> VerdictResult:
        """`ahead`: what the same worker claims with the answer, in one commit, where nothing comes between."""
        _check_verdict(raw)
        for _ in range(3):
            task, revision = self._board.known(review_id)
            if task.given is not None and task.given.eid == raw.eid:
                return VerdictResult(id=review_id, state=task.state, answer=task.given.answer, duplicate=True)
            if any(voice.eid == raw.eid for voice in task.voices):
                stands = None if task.given is None else task.given.answer
                return VerdictResult(id=review_id, state=task.state, answer=stands, duplicate=True)
            if self._board.review_of_eid(raw.eid) is not None:
                raise LeaseLost(
                    f"The eid {raw.eid!r} belongs to an earlier answer; send each answer under one of its own."
                )
            try:
                return self._answer(task, revision, raw, ahead=ahead, lease_s=lease_s)
            except LeaseLost:
                raise
            except Conflict as lost:
                self._board.reread(review_id)
                if ahead is not None:
                    self._board.reread(ahead[0].review.id)
                    ahead = None
                if type(lost) is not Conflict:
                    raise
        raise LeaseLost(f"Review {review_id} is being changed by others at this moment; claim again.")

    def undo(self, review_id: str, eid: str, worker: str) -> VerdictResult:
        """Take an answer back: it stays in the log, its label is withdrawn, the review waits again."""
        _check_worker(worker)
        task, revision = self._board.known(review_id)
        if eid in task.undone:
            return VerdictResult(id=review_id, state=task.state, answer=None, duplicate=True)
        if task.panel is not None:
            return self._take_voice_back(task, revision, eid, worker)
        undone = task.undone_by(eid=eid)
        served = self._served(task)
        withdrawal = self._teacher.withdrawal(task, served, worker=worker, now=self._clock.now())
        appended = self._log.append(withdrawal.records, writes=self._board.writes_of(undone, revision))
        withdrawal.learn()
        self._board.took(undone, appended.revisions[0])
        self._appear(worker)
        return VerdictResult(id=review_id, state=undone.state, answer=None, duplicate=False)

    # -- the waiting person's calls -----------------------------------------------------------------------------------

    def escalation(self, review_id: str) -> EscalationView:
        task, _ = self._board.known(review_id)
        if not task.is_awaited:
            raise NotFound(f"There is no escalation {review_id!r}.")
        return self._board.view(task)

    def surface_of(self, review_id: str) -> str:
        return self._board.known(review_id)[0].review.surface

    def open_escalations(self, session: str, surface: str) -> list[Task]:
        """What a person's sitting on a surface still waits for, oldest first. `session` as it stands on the task."""
        now = self._clock.now()
        open_states = {ReviewState.WAITING, ReviewState.CLAIMED}
        tasks = self._board.of_session(session)
        return [task for task in tasks if task.review.surface == surface and task.state_at(now) in open_states]

    def mark_present(self, worker: str) -> None:
        """A worker's console is open."""
        self._appear(worker)

    # -- steps --------------------------------------------------------------------------------------------------------

    def _choose(self, worker: str, surface: str | None) -> Chosen | None:
        """The task that this worker should claim now; nobody else is offered it until it is unchosen."""
        suits = self._routing.suits(worker, now=self._clock.now())
        with self._choosing:
            found = self._board.next(surface, suits=lambda task: task.review.id not in self._chosen and suits(task))
            if found is not None:
                self._chosen.add(found[0].review.id)
            return found

    def _unchoose(self, found: Chosen) -> None:
        with self._choosing:
            self._chosen.discard(found[0].review.id)

    def _hold(
        self, task: Task, revision: int, *, worker: str, surface: str | None, lease_s: float
    ) -> ReviewView | None:
        """Make a claim durable; None where the task cannot be had any more."""
        served = self._shelf.get(task.review.impression)
        try:
            if served is None:  # erased since: nobody can answer it
                self._board.write(task.expired(), revision)
                return None
            now = self._clock.now()
            held = task.claimed(lease=self._new_id(), worker=worker, now=now, lease_s=lease_s, surface=surface)
            self._board.write(held, revision)
        except Conflict:
            self._board.reread(task.review.id)
            return None
        return _review_view(held, served)

    def _answer(
        self, task: Task, revision: int, raw: RawVerdict, *, ahead: Chosen | None, lease_s: float
    ) -> VerdictResult:
        now = self._clock.now()
        served = self._served(task)
        task.answered(lease=raw.lease, given=_given(raw, task, now, None), now=now)  # refuse before any work is done
        if task.panel is not None:
            return self._speak(task, revision, raw, served, now)
        lesson = self._teacher.verdict(task, served, raw, now=now)
        answered = task.answered(lease=raw.lease, given=_given(raw, task, now, lesson.answer), now=self._clock.now())
        writes = self._board.writes_of(answered, revision)
        place = len(writes)
        following = None if ahead is None else self._shelf.get(ahead[0].review.impression)
        held: Task | None = None
        if ahead is not None and following is not None:
            lease, worker = self._new_id(), task.worker or ""
            held = ahead[0].claimed(lease=lease, worker=worker, now=now, lease_s=lease_s, surface=task.claimed_for)
            writes += self._board.writes_of(held, ahead[1])
        appended = self._log.append(lesson.records, writes=writes)
        lesson.learn()
        if task.claimed_at is not None:
            self._escalations.handled_in(now - task.claimed_at)
        self._board.took(answered, appended.revisions[0])
        if held is not None:
            self._board.took(held, appended.revisions[place])
        self._appear(task.worker or "")
        return VerdictResult(
            id=task.review.id,
            state=answered.state,
            answer=lesson.answer,
            duplicate=False,
            next=None if held is None or following is None else _review_view(held, following),
        )

    def _speak(self, task: Task, revision: int, raw: RawVerdict, served: Served, now: datetime) -> VerdictResult:
        """One voice of a panel; where it was the last that was needed, the panel's answer stands."""
        answer, record = self._teacher.voice(task, served, raw, now=now)
        changed = task.voiced(lease=raw.lease, given=_given(raw, task, now, answer), now=now)
        standing = self._panels.settled(task, changed.voices, served)
        lesson = None
        if standing is not None:
            said = RawVerdict(
                eid=f"settled:{raw.eid}",
                lease=raw.lease,
                item=standing.answer.item,
                text=standing.answer.text,
                none=standing.answer.none,
                add_candidate=raw.add_candidate and raw.text == standing.answer.text,
                paragraph=raw.paragraph,
            )
            together = replace(task, worker=CONSENSUS, claimed_at=None)
            lesson = self._teacher.verdict(together, served, said, now=now)
            changed = changed.settled(_given(said, together, now, lesson.answer))
        records = (record,) if lesson is None else (record, *lesson.records)
        appended = self._log.append(records, writes=self._board.writes_of(changed, revision))
        if lesson is not None:
            lesson.learn()
        if task.claimed_at is not None:
            self._escalations.handled_in(now - task.claimed_at)
        self._board.took(changed, appended.revisions[0])
        self._appear(task.worker or "")
        stands = None if lesson is None else lesson.answer
        return VerdictResult(id=task.review.id, state=changed.state, answer=stands, duplicate=False)

    def _take_voice_back(self, task: Task, revision: int, eid: str, worker: str) -> VerdictResult:
        changed = task.without_voice(eid)
        now = self._clock.now()
        records = [self._teacher.silence(task, eid, worker=worker, now=now)]
        withdrawal = None
        if task.given is not None:
            withdrawal = self._teacher.withdrawal(task, self._served(task), worker=worker, now=now)
            records += withdrawal.records
        appended = self._log.append(records, writes=self._board.writes_of(changed, revision))
        if withdrawal is not None:
            withdrawal.learn()
        self._board.took(changed, appended.revisions[0])
        self._appear(worker)
        return VerdictResult(id=task.review.id, state=changed.state, answer=None, duplicate=False)

    def _change(self, review_id: str, step: Callable[[Task], Task]) -> Task:
        """Take a step that only its holder may take; try again where another version came between."""
        for _ in range(3):
            task, revision = self._board.known(review_id)
            changed = step(task)
            try:
                self._board.write(changed, revision)
            except Conflict:
                self._board.reread(review_id)
                continue
            return changed
        raise LeaseLost(f"Review {review_id} is being changed by others at this moment; claim again.")

    def _served(self, task: Task) -> Served:
        served = self._shelf.get(task.review.impression)
        if served is None:
            raise NotFound(f"The slate of review {task.review.id} was erased.")
        return served

    def _appear(self, worker: str) -> None:
        if worker and self._presence.mark(worker):
            self._escalations.tell_all()


def _given(raw: RawVerdict, task: Task, now: datetime, answer: Answer | None) -> Given:
    stands = answer or Answer(item=raw.item, text=raw.text, none=raw.none)
    return Given(eid=raw.eid, answer=stands, worker=task.worker or "", at=now)


def _review_view(task: Task, served: Served) -> ReviewView:
    assert task.lease is not None
    assert task.lease_until is not None
    return ReviewView(
        id=task.review.id,
        lease=task.lease,
        surface=task.review.surface,
        impression=task.review.impression,
        context=served.slate.context,
        items=served.slate.items,
        reason=task.review.reason,
        at=task.review.at,
        expires_at=task.lease_until,
        p_any=task.p_any,
        escalation=task.review.id if task.is_awaited else None,
        needs=task.needs,
        due=task.due,
        proposed=_proposed(task),
    )


def _proposed(task: Task) -> Answer | None:
    """What a colleague said and waits to be signed off; or the known answer that is doubted."""
    if task.voices and task.panel and task.panel.sign_off > 1:
        return task.voices[-1].answer
    return task.doubted


def _check_worker(worker: str) -> None:
    try:
        check_id(worker, name="worker", longest=_LONGEST_WORKER)
    except ValueError as wrong:
        raise _invalid("/worker", str(wrong)) from None


def _check_lease_s(lease_s: float) -> None:
    if not 1 <= lease_s <= LONGEST_LEASE_S:
        raise _invalid("/lease_s", f"must be from 1 to {LONGEST_LEASE_S:g} seconds")


def _check_verdict(raw: RawVerdict) -> None:
    if sum((raw.item is not None, raw.text is not None, raw.none)) != 1:
        raise _invalid("", "a verdict is exactly one of item, text and none")
    if raw.add_candidate and raw.text is None:
        raise _invalid("/add_candidate", "only a text can become a candidate")
    try:
        check_id(raw.eid, name="eid", longest=128)
    except ValueError as wrong:
        raise _invalid("/eid", str(wrong)) from None
    for pointer, text in (("/text", raw.text), ("/note", raw.note or None)):
        if text is not None:
            try:
                check_text(text, name=pointer[1:])
            except ValueError as wrong:
                raise _invalid(pointer, str(wrong)) from None


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(
        f"The request cannot be meant: {pointer} {detail}.", errors=(FieldError(pointer=pointer, detail=detail),)
    )
