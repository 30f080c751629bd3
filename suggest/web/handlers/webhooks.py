"""Webhooks: make, list, remove, and see how each delivery went; and when the report of a surface is due."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.clock import rfc3339
from suggest.online.webhooks import Hook
from suggest.web.body import parse
from suggest.web.call import call_of, path_id
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json, plain
from suggest.web.schemas.webhooks import ScheduleIn, WebhookIn
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


async def get_schedule(request: Request) -> Response:
    parts, surface = parts_of(request), path_id(request, "surface", longest=100)
    return Json(await run_in(parts.lanes.read, _schedule_json, parts, surface))


async def put_schedule(request: Request) -> Response:
    wanted = await parse(request, ScheduleIn, limit=call_of(request).limit)
    parts, surface = parts_of(request), path_id(request, "surface", longest=100)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    changes = wanted.model_dump(exclude_none=True)
    await run_in(parts.lanes.log, parts.online.schedules.put, surface, changes, address=address_of(request))
    return Json(await run_in(parts.lanes.read, _schedule_json, parts, surface))


def address_of(request: Request) -> str:
    """This server as whoever asks has reached it."""
    return str(request.base_url).rstrip("/")


def _schedule_json(parts: Parts, surface: str) -> dict[str, object]:
    parts.online.get_surface(surface)
    times, next_at = parts.online.schedules.get(surface).times, parts.online.schedules.next_at(surface)
    return {
        "surface": surface,
        "every": str(times.every),
        "hour": times.hour,
        "weekday": times.weekday,
        "time_zone": times.zone,
        "next_at": None if next_at is None else rfc3339(next_at),
    }


def _hook_json(hook: Hook) -> dict[str, object]:
    shown = plain(hook)
    assert isinstance(shown, dict)
    return shown
