"""Surfaces, their candidates and their policies: what an owner sets up."""

from __future__ import annotations

import dataclasses
from functools import partial

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.surface import Surface
from suggest.online.messages import Upserted
from suggest.web.body import is_ndjson, parse_bytes, read_body, read_lines, refusal, refuse_media_type
from suggest.web.call import call_of, caller_of, path_id, query_text, query_whole
from suggest.web.handlers.reporting_back import row_of_line
from suggest.web.parts import parts_of
from suggest.web.present import Json, candidate_json, plain, policy_json, preview_json
from suggest.web.problem import Refused
from suggest.web.schemas.surfaces import CandidateIn, CandidatesIn, MoveIn, PolicyIn, SurfaceIn
from suggest.web.threads import run_in

ROWS_AT_ONCE = 500  # of an NDJSON stream: one pass of the encoder each


async def put_surface(request: Request) -> Response:
    name = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=call_of(request).limit)
    changes = parse_bytes(body.strip() or b"{}", SurfaceIn).model_dump(exclude_unset=True)
    parts = parts_of(request)

    async def answer() -> Response:
        surface, created = await run_in(parts.lanes.log, parts.online.put_surface, name, changes)
        return Json(surface_json(surface), 201 if created else 200)

    return await parts.replays.once(request, caller=caller_of(request).id, body=body, answer=answer)


async def get_surface(request: Request) -> Response:
    parts = parts_of(request)
    name = path_id(request, "surface", longest=100)
    return Json(surface_json(await run_in(parts.lanes.read, parts.online.get_surface, name)))


async def list_surfaces(request: Request) -> Response:
    parts = parts_of(request)
    surfaces = await run_in(parts.lanes.read, parts.online.list_surfaces)
    return Json({"surfaces": [surface_json(surface) for surface in surfaces]})


async def put_candidates(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=True)
    if is_ndjson(request):
        return await _candidate_stream(request, surface)
    body = await read_body(request, limit=call_of(request).limit)
    sent = parse_bytes(body, CandidatesIn).candidates
    parts = parts_of(request)

    async def answer() -> Response:
        upserted = await _upsert(request, surface, sent)
        return Json({"accepted": upserted.accepted, "embedded": upserted.embedded})

    return await parts.replays.once(request, caller=caller_of(request).id, body=body, answer=answer)


async def move_candidates(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=call_of(request).limit)
    given = parse_bytes(body, MoveIn)
    parts = parts_of(request)
    lane = parts.lanes.log if given.apply else parts.lanes.read
    move = partial(parts.online.move_candidates, surface, given.from_, given.to, apply=given.apply)

    async def answer() -> Response:
        return Json(plain(await run_in(lane, move)))

    return await parts.replays.once(request, caller=caller_of(request).id, body=body, answer=answer)


async def _candidate_stream(request: Request, surface: str) -> Response:
    """A line is a candidate. Batches before a wrong line are kept: sending all of it again changes nothing."""
    parts = parts_of(request)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    accepted = embedded = 0
    rows: list[CandidateIn] = []
    async for number, line in read_lines(request, limit=call_of(request).stream_limit):
        row_of_line(line, number)  # refuses what is no JSON, by the number of its line
        try:
            rows.append(CandidateIn.model_validate_json(line, strict=True))
        except ValidationError as wrong:
            raise refusal(wrong, under=f"/{number - 1}") from None
        if len(rows) == ROWS_AT_ONCE:
            upserted = await _upsert(request, surface, rows)
            accepted, embedded, rows = accepted + upserted.accepted, embedded + upserted.embedded, []
    if rows:
        upserted = await _upsert(request, surface, rows)
        accepted, embedded = accepted + upserted.accepted, embedded + upserted.embedded
    elif not accepted:
        raise Refused("invalid-request", "The stream holds no candidate.")
    return Json({"accepted": accepted, "embedded": embedded})


async def _upsert(request: Request, surface: str, sent: list[CandidateIn]) -> Upserted:
    parts = parts_of(request)
    reset_ids = frozenset(candidate.id for candidate in sent if candidate.reset)
    candidates = [candidate.value() for candidate in sent]
    return await run_in(parts.lanes.log, parts.online.upsert_candidates, surface, candidates, reset_ids=reset_ids)


async def list_candidates(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    limit = query_whole(request, "limit", default=100, lowest=1, highest=1000)
    after = query_text(request, "after")
    page = await run_in(parts.lanes.read, parts.online.list_candidates, surface, limit, after)
    following = page[-1].candidate.id if len(page) == limit else None
    return Json({"candidates": [candidate_json(view) for view in page], "next": following})


async def retire_candidate(request: Request) -> Response:
    parts = parts_of(request)
    surface, candidate = path_id(request, "surface", longest=100), path_id(request, "candidate")
    await run_in(parts.lanes.log, parts.online.retire_candidate, surface, candidate)
    return Response(status_code=204)


async def get_policy(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    return Json(policy_json(await run_in(parts.lanes.read, parts.online.get_policy, surface)))


async def put_policy(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=call_of(request).limit)
    changes = parse_bytes(body, PolicyIn).model_dump(exclude_unset=True)
    parts = parts_of(request)
    by = caller_of(request).id

    async def answer() -> Response:
        return Json(policy_json(await run_in(parts.lanes.log, parts.online.put_policy, surface, changes, by)))

    return await parts.replays.once(request, caller=by, body=body, answer=answer)


async def preview_policy(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=call_of(request).limit)
    changes = parse_bytes(body.strip() or b"{}", PolicyIn).model_dump(exclude_unset=True)
    return Json(preview_json(await run_in(parts.lanes.read, parts.online.preview_policy, surface, changes)))


async def list_automatic(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    limit = query_whole(request, "limit", default=100, lowest=1, highest=1000)
    decisions = await run_in(parts.lanes.read, parts.online.automatic_decisions, surface, limit)
    return Json({"decisions": plain(decisions)})


def surface_json(surface: Surface) -> dict[str, object]:
    return dataclasses.asdict(surface)
