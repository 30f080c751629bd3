"""The worker's console: one page, and a few forms that answer with the next request.

Every form works twice. A script asks for the piece of the page that changes and puts it in place; a browser without
scripts is sent back to the page, which shows the same. What concerns the worker (a lost lease, a text that is too long)
is part of that piece and no HTTP error: nothing failed but the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from components.console.answer import found_list
from components.console.cases import near_cases
from components.console.page import console_page
from components.console.task import task_panel
from components.console.views import (
    CaseView,
    DeskView,
    FoundView,
    OptionView,
    ProposedView,
    RecentView,
    TaskView,
    TurnView,
)
from components.notice import NoticeView
from suggest.domain.ids import new_id
from suggest.domain.policy import Mode
from suggest.domain.review import ReviewReason
from suggest.online.links import Role, Session
from suggest.online.messages import Answer, CandidateView, QueueCounts, RawVerdict, ReviewView
from suggest.web.handlers.desk import Desk, Desks, Note, Said, Sight
from suggest.web.handlers.entrance import admitted, fields, is_partial
from suggest.web.handlers.guidelines import guideline_view
from suggest.web.handlers.queue_news import queue_json, queue_view
from suggest.web.parts import Parts, parts_of
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_in

MOST_FOUND = 8
LATER = ((10, "in 10 minutes"), (60, "in an hour"), (240, "in 4 hours"), (960, "in 16 hours"))
_LONGEST_SEARCH = 200
_MOST_FIELDS = 12
_PAGE = 1_000
_OURS = frozenset({"agent", "assistant", "shop", "support", "staff", "us"})
_SAID: dict[Said, tuple[str, str]] = {
    "lost": ("That request has passed to someone else", "Your answer was not sent. Here is what comes next."),
    "answered": ("That request has been answered already", "Your answer was not sent. Here is what comes next."),
    "over": ("Nobody waits for that request any more", "Your answer was not sent. Here is what comes next."),
    "erased": ("That request has been erased", "Your answer was not sent. Here is what comes next."),
    "given-back": ("That request waits for a colleague", "Your answer was not sent. Here is what comes next."),
    "kept": ("That request is yours again", ""),
    "not-postponed": ("It was not put off", ""),
    "undone": ("Taken back", "The answer no longer counts and teaches nothing; the request waits again."),
    "not-undone": ("This cannot be taken back any more", ""),
    "invalid": ("That answer was not taken", ""),
    "not-saved": ("Your answer could not be stored", "Nothing was lost here: send it again in a moment."),
}


@admitted(Role.WORKER, keys=False)
async def console(request: Request, session: Session) -> Response:
    """GET /console: the page, with the review this worker holds."""
    desk = _desk(request, session)
    parts = parts_of(request)
    sight = await run_in(parts.lanes.log, desk.look)
    view = await run_in(parts.lanes.read, _view, parts, request, session, sight)
    words = request.query_params.get("find", "").strip()[:_LONGEST_SEARCH]
    if words and sight.review is not None:
        view = replace(view, found=await run_in(parts.lanes.read, _found, parts, sight.review, words))
    return HTMLResponse(str(console_page(view)))


@admitted(Role.WORKER, keys=False)
async def answer(request: Request, session: Session) -> Response:
    form = await fields(request)
    text = form.get("text")
    raw = RawVerdict(
        eid=form.get("eid", "")[:128],
        lease=form.get("lease", ""),
        item=form.get("item"),
        text=None if text is None else text.replace("\r\n", "\n").strip(),
        none=form.get("none") == "1",
        note=form.get("note", "").replace("\r\n", "\n").strip() or None,
        paragraph=form.get("paragraph") or None,
        add_candidate=form.get("add_candidate") == "1" and text is not None,
    )
    desk = _desk(request, session)
    return await _after(request, session, desk, lambda: desk.answer(form.get("review", ""), raw))


@admitted(Role.WORKER, keys=False)
async def skip(request: Request, session: Session) -> Response:
    form = await fields(request)
    desk = _desk(request, session)
    return await _after(request, session, desk, lambda: desk.skip(form.get("review", ""), form.get("lease", "")))


@admitted(Role.WORKER, keys=False)
async def postpone(request: Request, session: Session) -> Response:
    """POST /console/postpone: off the desk until later, for everybody."""
    form = await fields(request)
    minutes = form.get("minutes", "")
    wanted = int(minutes) if minutes in {str(each) for each, _ in LATER} else LATER[0][0]
    desk = _desk(request, session)
    return await _after(
        request, session, desk, lambda: desk.postpone(form.get("review", ""), form.get("lease", ""), wanted)
    )


@admitted(Role.WORKER, keys=False)
async def undo(request: Request, session: Session) -> Response:
    form = await fields(request)
    desk = _desk(request, session)
    return await _after(request, session, desk, lambda: desk.undo(form.get("eid", "")))


@admitted(Role.WORKER, keys=False)
async def next_task(request: Request, session: Session) -> Response:
    """POST /console/next: what waits now. Without anything new it answers 204, so that an idle page stays as it is."""
    form = await fields(request)
    desk = _desk(request, session)
    lost = form.get("lost", "")
    again = form.get("again") == "1"

    def step() -> None:
        if lost:
            desk.lose(lost, form.get("draft", ""))

    return await _after(request, session, desk, step, again=again, only_news=not lost and not again)


@admitted(Role.WORKER, keys=False)
async def pulse(request: Request, session: Session) -> Response:
    """POST /console/pulse: how long the queue is; a page that is looked at is somebody on duty and holds its review."""
    form = await fields(request)
    parts = parts_of(request)
    desk = _desk(request, session)

    def step() -> tuple[QueueCounts, bool | None]:
        if form.get("visible") == "1":
            parts.online.mark_present(session.worker)
        review, lease = form.get("review", ""), form.get("lease", "")
        is_held = desk.beat(review, lease) if review and lease else None
        return parts.online.queue_counts(), is_held

    counts, is_held = await run_in(parts.lanes.log, step)
    return JSONResponse({**queue_json(counts), "held": is_held}, headers={"Cache-Control": "no-store"})


@admitted(Role.WORKER, keys=False)
async def find(request: Request, session: Session) -> Response:
    """GET /console/find: other candidates of the surface by their words."""
    parts = parts_of(request)
    sight = await run_in(parts.lanes.log, _desk(request, session).look)
    words = request.query_params.get("find", "").strip()[:_LONGEST_SEARCH]
    view = await run_in(parts.lanes.read, _view, parts, request, session, sight)
    if words and sight.review is not None:
        view = replace(view, found=await run_in(parts.lanes.read, _found, parts, sight.review, words))
    return HTMLResponse(str(found_list(view) or ""))


@admitted(Role.WORKER, keys=False)
async def near(request: Request, session: Session) -> Response:
    """GET /console/near: what was answered to requests like the one on the desk; of that one only."""
    parts = parts_of(request)
    review = request.query_params.get("review", "")[:200]
    sight = await run_in(parts.lanes.log, _desk(request, session).look)
    if sight.review is None or sight.review.id != review:
        return HTMLResponse("")
    cases = await run_in(parts.lanes.read, parts.online.past_cases, review)
    shown = [CaseView(text=case.text, answer=case.answer or "") for case in cases]
    return HTMLResponse(str(near_cases(shown)) if shown else "")


def _desk(request: Request, session: Session) -> Desk:
    state = request.app.state
    if not hasattr(state, "desks"):
        application = parts_of(request).application
        state.desks = Desks(application.online, clock=application.clock)
    desks = state.desks
    assert isinstance(desks, Desks)
    return desks.of(session.worker)


async def _after(
    request: Request,
    session: Session,
    desk: Desk,
    step: Callable[[], None],
    *,
    again: bool = False,
    only_news: bool = False,
) -> Response:
    """Take a step and show the desk after it, in one trip."""
    parts = parts_of(request)
    partial = is_partial(request)

    def act() -> str | None:  # markup is made here too: a few ms that the event loop need not stand still for
        step()
        if not partial and not again:
            return None  # the page that follows looks by itself
        sight = desk.look(again=again)
        if only_news and sight.review is None and sight.note is None:
            return None
        return str(task_panel(_view(parts, request, session, sight)))

    panel = await run_in(parts.lanes.log, act)
    if not partial:
        return RedirectResponse("/console", status_code=303)
    return Response(status_code=204) if panel is None else HTMLResponse(panel)


def _view(parts: Parts, request: Request, session: Session, sight: Sight) -> DeskView:
    return DeskView(
        csrf=csrf_token(request),
        task=None if sight.review is None else _task(parts, sight.review),
        queue=queue_view(parts.online.queue_counts()),
        notice=None if sight.note is None else _notice(sight.note),
        draft="" if sight.note is None else sight.note.draft,
        done=f"Answered: {sight.done}" if sight.done else "",
        n_answered=sight.n_answered,
        can_undo=sight.can_undo,
        recent=tuple(RecentView(eid=each.eid, words=each.words) for each in sight.recent),
        is_aside=sight.is_aside,
        is_for_others=sight.review is None and parts.online.queue_counts().waiting > 0,
        is_first_run=sight.review is None and not parts.online.list_surfaces(),
        name=session.name,
        is_worker=session.is_worker,
        are_keys_on=request.query_params.get("keys") != "off",
    )


def _task(parts: Parts, review: ReviewView) -> TaskView:
    policy = parts.online.get_policy(review.surface)
    clock = parts.application.clock
    asks_all = policy.policy.mode in {Mode.REVIEW_ALL, Mode.SHADOW}
    return TaskView(
        id=review.id,
        lease=review.lease,
        eid=f"console:{new_id(clock)}",
        surface=parts.online.get_surface(review.surface).title or review.surface,
        reason=review.reason.value,
        p_any=review.p_any,
        threshold=None if asks_all else policy.threshold,
        asks_all=asks_all and review.reason is ReviewReason.ESCALATED,
        waited_s=max(0.0, (clock.now() - review.at).total_seconds()),
        text=review.context.text,
        turns=tuple(
            TurnView(who=turn.role, text=turn.text, is_ours=turn.role.lower() in _OURS) for turn in review.context.turns
        ),
        fields=tuple((str(name), str(value)) for name, value in review.context.fields.items())[:_MOST_FIELDS],
        options=tuple(OptionView(id=item.id, text=item.text, p_select=item.p_select) for item in review.items),
        needs=_needs(review),
        proposed=None if review.proposed is None else _proposed(review.proposed),
        later=LATER,
        guideline=guideline_view(parts.online.guideline(review.surface)),
    )


def _proposed(answer: Answer) -> ProposedView:
    if answer.item is not None:
        return ProposedView(field="item", value=answer.item, words=answer.item_text or answer.item)
    if answer.text is not None:
        return ProposedView(field="text", value=answer.text, words=answer.text)
    return ProposedView(field="none", value="1", words="None of these")


def _needs(review: ReviewView) -> tuple[str, ...]:
    if review.needs is None:
        return ()
    language = () if review.needs.language is None else (f"in {review.needs.language}",)
    return (*sorted(review.needs.skills), *language)


def _found(parts: Parts, review: ReviewView, words: str) -> FoundView:
    """Candidates that hold all of the words, those that start with them first."""
    wanted = words.lower().split()
    offered = {item.id for item in review.items}
    held = [
        each.candidate
        for each in _all_candidates(parts, review.surface)
        if not each.retired
        and each.candidate.id not in offered
        and all(word in f"{each.candidate.text} {each.candidate.id}".lower() for word in wanted)
    ]
    held.sort(key=lambda candidate: (not candidate.text.lower().startswith(wanted[0]), len(candidate.text)))
    return FoundView(
        words=words, options=tuple(OptionView(id=each.id, text=each.text, p_select=0.0) for each in held[:MOST_FOUND])
    )


def _all_candidates(parts: Parts, surface: str) -> Iterator[CandidateView]:
    after: str | None = None
    while page := parts.online.list_candidates(surface, limit=_PAGE, after=after):
        yield from page
        after = page[-1].candidate.id


def _notice(note: Note) -> NoticeView:
    title, text = _SAID[note.said]
    is_good = note.said in {"undone", "kept"}
    detail = "" if is_good or note.said == "lost" else note.detail
    return NoticeView(
        title=title,
        text=text or (detail[:1].upper() + detail[1:]),
        tone="accent" if is_good else "warn",
        urgent=not is_good,
    )
