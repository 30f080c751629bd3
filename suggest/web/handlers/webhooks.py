"""Webhooks: make, list, remove, and see how each delivery went."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.online.webhooks import Hook
from suggest.web.body import parse
from suggest.web.call import call_of, path_id
from suggest.web.parts import parts_of
from suggest.web.present import Json, plain
from suggest.web.schemas.webhooks import WebhookIn
from suggest.web.threads import run_in


async def create_webhook(request: Request) -> Response:
    wanted = await parse(request, WebhookIn, limit=call_of(request).limit)
    parts = parts_of(request)
    if wanted.surface is not None:
        await run_in(parts.lanes.read, parts.online.get_surface, wanted.surface)
    hook, secret = await run_in(
        parts.lanes.log, parts.online.webhooks.create, wanted.url, events=wanted.events, surface=wanted.surface
    )
    return Json({**_hook_json(hook), "secret": secret}, 201)


async def list_webhooks(request: Request) -> Response:
    return Json({"webhooks": [_hook_json(hook) for hook in parts_of(request).online.webhooks.hooks()]})


async def remove_webhook(request: Request) -> Response:
    parts = parts_of(request)
    await run_in(parts.lanes.log, parts.online.webhooks.remove, path_id(request, "webhook"))
    return Response(status_code=204)


async def list_deliveries(request: Request) -> Response:
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.online.webhooks.deliveries, path_id(request, "webhook"))
    return Json({"deliveries": plain(found)})


def _hook_json(hook: Hook) -> dict[str, object]:
    shown = plain(hook)
    assert isinstance(shown, dict)
    return shown
