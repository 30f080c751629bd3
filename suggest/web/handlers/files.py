"""What an owner takes away as a file: the report of a surface, a backup of everything."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.clock import parse_rfc3339
from suggest.domain.ids import new_id
from suggest.web.call import path_id, query_text, wrong_query
from suggest.web.parts import parts_of
from suggest.web.present import Json
from suggest.web.threads import run_in

_MEDIA_TYPES = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8"}


async def report(request: Request) -> Response:
    """The same report as the page, measured on a snapshot taken for it, as one file that needs nothing else."""
    surface = path_id(request, "surface", longest=100)
    form = query_text(request, "format") or "html"
    if form not in _MEDIA_TYPES:
        raise wrong_query("format", "must be html or md")
    since, until = (_moment(request, name) for name in ("from", "to"))
    parts = parts_of(request)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    now = parts.application.clock.now()
    if (since or datetime.min.replace(tzinfo=now.tzinfo)) >= (until or now):
        raise wrong_query("from", "must lie before to")
    from analytics.orders import FileOrder, Question

    order = FileOrder(question=Question(surface=surface, from_=since, to=until, now=now), form=form)
    body = await run_in(parts.lanes.report, parts.snapshots.draw_file, order)
    return Response(body, media_type=_MEDIA_TYPES[form], headers={"Cache-Control": "no-store"})


async def back_up(request: Request) -> Response:
    """Write an archive into the data folder; whoever may read that folder takes it from there.

    It holds the secrets, so it is never sent."""
    parts = parts_of(request)
    store = parts.application.store
    name = f"backup-{new_id(parts.application.clock)}.tar.gz"
    path = await run_in(parts.lanes.wait, store.backup, store.data_dir / "exports" / name)
    return Json({"file": f"exports/{name}", "bytes": path.stat().st_size}, 201)


def _moment(request: Request, name: str) -> datetime | None:
    text = query_text(request, name, longest=64)
    if text is None:
        return None
    try:
        return parse_rfc3339(text.replace(" ", "+"))  # an unescaped + arrives as a space
    except ValueError as wrong:
        raise wrong_query(name, f"is not an RFC 3339 time: {wrong}") from None
