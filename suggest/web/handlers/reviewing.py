"""Escalations for the person who waits, reviews for the worker who answers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.online.keys import KeyKind
from suggest.online.messages import RawVerdict
from suggest.web.body import parse
from suggest.web.call import call_of, caller_of, path_id, query_flag, query_text, wrong_query
from suggest.web.parts import parts_of
from suggest.web.present import Json, escalation_json, escalation_url, queue_json, review_json, verdict_json
from suggest.web.problem import Refused
from suggest.web.schemas.base import moment
from suggest.web.schemas.reviewing import ClaimIn, LeaseIn, PostponeIn, ReleaseIn, UndoIn, VerdictIn
from suggest.web.sse import escalation_stream
from suggest.web.threads import run_in

SHORTEST_SESSION = 16  # characters; a publishable key may only ask for sessions nobody can guess


async def get_escalation(request: Request) -> Response:
    if "text/event-stream" in request.headers.get("accept", ""):
        return await _follow(request)
    return await _look(request)


async def follow_escalation(request: Request) -> Response:
    """The stream, unless the caller says that only JSON will do."""
    accepted = request.headers.get("accept", "*/*")
    if "application/json" in accepted and "text/event-stream" not in accepted:
        return await _look(request)
    return await _follow(request)


async def _look(request: Request) -> Response:
    parts = parts_of(request)
    escalation = path_id(request, "escalation")
    await _check_token(request, escalation)
    return Json(escalation_json(await run_in(parts.lanes.read, parts.online.escalation, escalation)))


async def _follow(request: Request) -> Response:
    escalation = path_id(request, "escalation")
    await _check_token(request, escalation)
    return await escalation_stream(parts_of(request), escalation)


async def _check_token(request: Request, escalation: str) -> None:
    """Without a staff key one must hold the token of just this impression; a staff key of one surface stays on it."""
    caller = caller_of(request)
    parts = parts_of(request)
    if caller.is_staff:
        if caller.key is not None and caller.key.surface is not None:
            caller.check_surface((await run_in(parts.lanes.read, parts.online.escalation, escalation)).surface)
        return
    await run_in(parts.lanes.read, parts.online.check_escalation, escalation, caller.token or "")


async def open_escalations(request: Request) -> Response:
    """What a session still waits for, so that a page finds it again after a reload."""
    surface, session = query_text(request, "surface", longest=100), query_text(request, "session")
    if surface is None or session is None:
        raise wrong_query("surface" if surface is None else "session", "is needed")
    caller = caller_of(request)
    caller.check_surface(surface)
    if caller.is_publishable and len(session) < SHORTEST_SESSION:
        raise Refused("forbidden", f"A session shorter than {SHORTEST_SESSION} characters could be guessed.")
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.online.open_escalations, session, surface)
    return Json(
        {"escalations": [{**escalation_json(view), "url": escalation_url(view.id, token)} for view, token in found]}
    )


async def claim(request: Request) -> Response:
    wanted = await parse(request, ClaimIn, limit=call_of(request).limit, may_be_empty=True)
    parts = parts_of(request)
    caller = caller_of(request)
    if wanted.surface is not None:
        caller.check_surface(wanted.surface)
    surface = wanted.surface or (caller.key.surface if caller.key is not None else None)
    account = wanted.worker or _account(request)
    if account is not None:
        _check_may_speak_for(account, request)
        await run_in(parts.lanes.read, parts.online.check_worker, account)
    worker = account or _worker(request)
    held = await run_in(parts.lanes.log, parts.online.claim, worker, surface, wanted.lease_s)
    return Response(status_code=204) if held is None else Json(review_json(held))


async def verdict(request: Request) -> Response:
    review = path_id(request, "review")
    wants_next = query_flag(request, "next")
    given = await parse(request, VerdictIn, limit=call_of(request).limit)
    parts = parts_of(request)
    raw = RawVerdict(
        eid=given.eid,
        lease=given.lease,
        item=given.item,
        text=given.text,
        none=given.none,
        note=given.note,
        paragraph=given.paragraph,
        add_candidate=given.add_candidate,
    )
    return Json(verdict_json(await run_in(parts.lanes.log, parts.online.verdict, review, raw, next=wants_next)))


async def heartbeat(request: Request) -> Response:
    review = path_id(request, "review")
    wanted = await parse(request, LeaseIn, limit=call_of(request).limit)
    parts = parts_of(request)
    held = await run_in(parts.lanes.log, parts.online.heartbeat, review, wanted.lease, wanted.lease_s)
    return Json(review_json(held))


async def release(request: Request) -> Response:
    review = path_id(request, "review")
    wanted = await parse(request, ReleaseIn, limit=call_of(request).limit)
    parts = parts_of(request)
    await run_in(parts.lanes.log, parts.online.release, review, wanted.lease)
    return Response(status_code=204)


async def postpone(request: Request) -> Response:
    review = path_id(request, "review")
    wanted = await parse(request, PostponeIn, limit=call_of(request).limit)
    until = moment(wanted.until)
    assert until is not None
    parts = parts_of(request)
    await run_in(parts.lanes.log, parts.online.postpone, review, wanted.lease, until)
    return Response(status_code=204)


async def undo(request: Request) -> Response:
    review = path_id(request, "review")
    wanted = await parse(request, UndoIn, limit=call_of(request).limit)
    parts = parts_of(request)
    # an answer has no lease left that only its giver knows, so the key itself must be for this surface
    caller_of(request).check_surface(await run_in(parts.lanes.read, parts.online.surface_of_review, review))
    result = await run_in(parts.lanes.log, parts.online.undo, review, wanted.eid, _worker(request))
    return Json(verdict_json(result))


async def queue(request: Request) -> Response:
    parts, caller = parts_of(request), caller_of(request)
    surface = query_text(request, "surface", longest=100) or (caller.key.surface if caller.key is not None else None)
    if surface is not None:
        caller.check_surface(surface)
        await run_in(parts.lanes.read, parts.online.get_surface, surface)
    return Json(queue_json(await run_in(parts.lanes.read, parts.online.queue_counts, surface)))


def _worker(request: Request) -> str:
    """Who holds what is claimed with this key: its account, or a key that is not a person, but all a caller shows."""
    return _account(request) or f"key:{caller_of(request).id}"


def _account(request: Request) -> str | None:
    key = caller_of(request).key
    return None if key is None else key.worker


def _check_may_speak_for(account: str, request: Request) -> None:
    """A worker key in two names would be two people: both of a sign-off, and both in the figures of who was right."""
    key = caller_of(request).key
    if key is not None and key.kind is KeyKind.WORKER and key.worker != account:
        raise Refused(
            "forbidden",
            "A worker key claims for itself, or for the account it was made for. Make a key of this account "
            "(`worker` of POST /v1/keys), or use a secret key.",
        )
