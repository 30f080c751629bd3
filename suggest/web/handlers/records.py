"""Numbers and the log itself: metrics, exports, and the erasure of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from suggest.domain.clock import parse_rfc3339
from suggest.web.body import parse
from suggest.web.call import call_of, path_id, query_text, wrong_query
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json, plain
from suggest.web.schemas.base import moment
from suggest.web.schemas.surfaces import AnnotationIn
from suggest.web.threads import run_in

_FORMATS: Mapping[str, Literal["parquet", "csv"]] = {"parquet": "parquet", "csv": "csv"}
_MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}
_CHUNK_BYTES = 256 * 1024


async def metrics(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    since, until = (_moment(request, name) for name in ("from", "to"))
    return Json(plain(await run_in(parts.lanes.read, parts.online.metrics, surface, since, until)))


async def annotate(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    given = await parse(request, AnnotationIn, limit=call_of(request).limit)
    parts = parts_of(request)
    made = await run_in(parts.lanes.log, parts.online.annotate, surface, given.text, moment(given.at))
    return Json(plain(made), 201)


async def export(request: Request) -> Response:
    table = path_id(request, "table")
    form = _FORMATS.get(query_text(request, "format") or "parquet")
    if form is None:
        raise wrong_query("format", "must be parquet or csv")
    parts = parts_of(request)
    path = await run_in(parts.lanes.read, parts.online.export, table, form)
    size = path.stat().st_size
    return StreamingResponse(
        _chunks(parts, path),
        media_type=_MEDIA_TYPES[form],
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{table}.{form}"',
            "Cache-Control": "no-store",
        },
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


async def delete_user(request: Request) -> Response:
    parts = parts_of(request)
    erased = await run_in(parts.lanes.wait, parts.online.delete_user, path_id(request, "user"))
    return Json({"erased": erased})


async def _chunks(parts: Parts, path: Path) -> AsyncIterator[bytes]:
    file: BinaryIO = await run_in(parts.lanes.read, path.open, "rb")
    try:
        while chunk := await run_in(parts.lanes.read, file.read, _CHUNK_BYTES):
            yield chunk
    finally:
        file.close()
        path.unlink(missing_ok=True)  # also when the caller hangs up halfway


def _moment(request: Request, name: str) -> datetime | None:
    text = query_text(request, name, longest=64)
    if text is None:
        return None
    try:
        return parse_rfc3339(text.replace(" ", "+"))  # an unescaped + arrives as a space
    except ValueError as wrong:
        raise wrong_query(name, f"is not an RFC 3339 time: {wrong}") from None
