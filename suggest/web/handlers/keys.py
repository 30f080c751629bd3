"""Keys and one-time sign-in links, for owners and for the command line."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.web.body import parse
from suggest.web.call import call_of, path_id
from suggest.web.parts import parts_of
from suggest.web.present import Json, key_json
from suggest.web.schemas.people import LinkIn
from suggest.web.schemas.surfaces import KeyIn
from suggest.web.threads import run_in


async def create_key(request: Request) -> Response:
    wanted = await parse(request, KeyIn, limit=call_of(request).limit)
    parts = parts_of(request)
    if wanted.surface is not None:
        await run_in(parts.lanes.read, parts.online.get_surface, wanted.surface)
    key, text = await run_in(
        parts.lanes.log,
        parts.online.create_key,
        wanted.kind,
        name=wanted.name,
        surface=wanted.surface,
        origins=wanted.origins,
        worker=wanted.worker,
    )
    return Json({**key_json(key), "key": text}, 201)


async def list_keys(request: Request) -> Response:
    parts = parts_of(request)
    keys = await run_in(parts.lanes.read, parts.online.list_keys)
    return Json({"keys": [key_json(key) for key in keys]})


async def revoke_key(request: Request) -> Response:
    parts = parts_of(request)
    return Json(key_json(await run_in(parts.lanes.log, parts.online.revoke_key, path_id(request, "key"))))


async def create_link(request: Request) -> Response:
    wanted = await parse(request, LinkIn, limit=call_of(request).limit, may_be_empty=True)
    parts = parts_of(request)
    code = await run_in(parts.lanes.log, parts.online.create_link, wanted.role, wanted.name, account=wanted.worker)
    return Json({"path": f"/console/enter?code={code}", "code": code}, 201)
