"""POST /v1/feedback, /v1/labels and …/log: what happened, what would have been right, what happened before us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.errors import FieldError
from suggest.online.messages import RawEvent, RawLabel, RawPastSlate, Recorded, Rejected
from suggest.web import heard
from suggest.web.auth import check_impression_rate
from suggest.web.body import is_ndjson, parse, read_lines, refusal, refuse_media_type
from suggest.web.call import call_of, caller_of, path_id
from suggest.web.limits import telling_address
from suggest.web.parts import parts_of
from suggest.web.present import Json, recorded_json
from suggest.web.problem import Refused
from suggest.web.schemas.past_log import PastLogIn
from suggest.web.schemas.reporting_back import FeedbackIn, LabelsIn
from suggest.web.schemas.suggesting import ContextIn
from suggest.web.threads import run_in

ROWS_AT_ONCE = 2_000  # of an NDJSON stream; each batch is durable before the next is read

_NOTHING = Recorded(accepted=0, duplicates=0)


async def feedback(request: Request) -> Response:
    sent = await parse(request, FeedbackIn, limit=call_of(request).limit)
    parts = parts_of(request)
    events = [RawEvent.from_json(_row(row)) for row in sent.events]
    named = [each.impression for each in events if isinstance(each.impression, str)]
    check_impression_rate(caller_of(request), named, parts.impression_limiter, parts.limits)
    address = telling_address(request.client.host if request.client else "")
    trusted = caller_of(request).is_trusted
    recorded = await run_in(parts.lanes.log, parts.online.record, events, trusted=trusted, address=address)
    _count(request, "events", recorded)
    heard.recorded(request, sent.events, recorded)
    return Json(recorded_json(recorded), 202)


async def labels(request: Request) -> Response:
    if is_ndjson(request):
        return await _label_stream(request)
    sent = await parse(request, LabelsIn, limit=call_of(request).limit)
    recorded = await _add_labels(request, sent.labels)
    return Json(recorded_json(recorded), 202)


async def past_log(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    sent = await parse(request, PastLogIn, limit=call_of(request).limit)
    parts = parts_of(request)
    unfit = {index: wrong for index, row in enumerate(sent.slates) if (wrong := _wrong_context(row)) is not None}
    fit = [index for index in range(len(sent.slates)) if index not in unfit]
    raw = [RawPastSlate.from_json(_row(sent.slates[index])) for index in fit]
    recorded = await run_in(parts.lanes.log, parts.online.import_log, surface, raw)
    rejected = [replace(each, index=fit[each.index]) for each in recorded.rejected]
    rejected += [Rejected(eid=None, type="invalid-slate", detail=wrong, index=index) for index, wrong in unfit.items()]
    total = replace(recorded, rejected=tuple(sorted(rejected, key=lambda each: each.index)))
    _count(request, "slates", total)
    heard.recorded(request, sent.slates, total, surface=surface)
    return Json(recorded_json(total), 202)


async def _label_stream(request: Request) -> Response:
    """A line is a label. What was read before a broken line is kept: a repeat counts once."""
    refuse_media_type(request, ndjson=True)
    total = _NOTHING
    rows: list[object] = []
    read = 0
    async for number, line in read_lines(request, limit=call_of(request).stream_limit):
        rows.append(row_of_line(line, number))
        if len(rows) == ROWS_AT_ONCE:
            total = _sum(total, await _add_labels(request, rows, before=read))
            read, rows = read + len(rows), []
    if rows:
        total = _sum(total, await _add_labels(request, rows, before=read))
    elif read == 0:
        raise Refused("invalid-request", "The stream holds no label.")
    return Json(recorded_json(total), 202)


async def _add_labels(request: Request, rows: list[object], *, before: int = 0) -> Recorded:
    """`before` is how many rows of the same request came earlier."""
    parts, caller = parts_of(request), caller_of(request)
    surfaces = {str(_row(row).get("surface")) for row in rows}
    for surface in surfaces:
        caller.check_surface(surface)
    unfit = {index: wrong for index, row in enumerate(rows) if (wrong := _wrong_context(row)) is not None}
    fit = [index for index in range(len(rows)) if index not in unfit]
    raw = [RawLabel.from_json(_row(rows[index])) for index in fit]
    recorded = await run_in(parts.lanes.log, parts.online.add_labels, raw) if raw else _NOTHING
    rejected = [replace(each, index=fit[each.index]) for each in recorded.rejected]
    rejected += [Rejected(eid=None, type="invalid-label", detail=wrong, index=index) for index, wrong in unfit.items()]
    shifted = sorted((replace(each, index=each.index + before) for each in rejected), key=lambda each: each.index)
    total = replace(recorded, rejected=tuple(shifted))
    _count(request, "labels", total)
    judged = replace(recorded, rejected=tuple(rejected))
    heard.recorded(request, rows, judged, surface=surfaces.pop() if len(surfaces) == 1 else "")
    return total


def row_of_line(line: bytes, number: int) -> object:
    """One line of NDJSON as a value. Raises Refused with the number of the line."""
    try:
        return from_json(line, allow_inf_nan=False)
    except ValueError as wrong:
        fault = FieldError(pointer=f"/{number - 1}", detail=str(wrong))
        raise Refused("malformed-json", f"Line {number} is not JSON: {wrong}", errors=(fault,)) from None


def _wrong_context(row: object) -> str | None:
    """What is wrong with the context of a row: it must be one that could have been asked about."""
    context = _row(row).get("context")
    if not isinstance(context, dict):
        return None  # the service says it better
    try:
        ContextIn.model_validate(context)
    except ValidationError as wrong:
        return refusal(wrong, under="/context").detail
    return None


def _row(row: object) -> Mapping[str, object]:
    """A row that is no object at all is judged like an empty one."""
    return row if isinstance(row, dict) else {}


def _sum(one: Recorded, other: Recorded) -> Recorded:
    return Recorded(
        accepted=one.accepted + other.accepted,
        duplicates=one.duplicates + other.duplicates,
        rejected=one.rejected + other.rejected,
    )


def _count(request: Request, kind: str, recorded: Recorded) -> None:
    parts_of(request).meters.recorded(
        kind, accepted=recorded.accepted, duplicates=recorded.duplicates, rejected=len(recorded.rejected)
    )
