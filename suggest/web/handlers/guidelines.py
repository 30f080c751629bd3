"""The guideline of a surface: read it, change it, ask again what a change has touched."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from components.admin.views import GuidelineAbout
from components.guideline import BlockView, GuidelineView, SpanView
from suggest.domain.clock import rfc3339
from suggest.domain.guideline import Guideline
from suggest.online.guidelines import Pointer
from suggest.web.body import parse_bytes, read_body, refuse_media_type
from suggest.web.call import call_of, caller_of, path_id, query_text, wrong_query
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json
from suggest.web.schemas.guidelines import GuidelineIn
from suggest.web.threads import run_in


async def get_guideline(request: Request) -> Response:
    surface, version = path_id(request, "surface", longest=100), query_text(request, "version")
    if version is not None and not (version.isdecimal() and len(version) <= 9):
        raise wrong_query("version", "must be the number of a version")
    parts = parts_of(request)
    caller_of(request).check_surface(surface)

    def read() -> dict[str, object]:
        found = parts.online.guideline(surface, None if version is None else int(version))
        return _json(parts, found)

    return Json(await run_in(parts.lanes.read, read))


async def put_guideline(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=call_of(request).limit)
    given = parse_bytes(body, GuidelineIn)
    parts = parts_of(request)
    by = caller_of(request).id

    def write() -> dict[str, object]:
        return _json(parts, parts.online.put_guideline(surface, given.text, by=by))

    async def answer() -> Response:
        return Json(await run_in(parts.lanes.log, write))

    return await parts.replays.once(request, caller=by, body=body, answer=answer)


async def ask_again(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    body = await read_body(request, limit=call_of(request).limit)  # nothing is asked of it; it tells repeats apart
    parts = parts_of(request)

    async def answer() -> Response:
        return Json({"asked": await run_in(parts.lanes.log, parts.online.ask_again, surface)})

    return await parts.replays.once(request, caller=caller_of(request).id, body=body, answer=answer)


def guideline_view(guideline: Guideline) -> GuidelineView:
    return GuidelineView(
        version=guideline.version,
        blocks=tuple(
            BlockView(
                id=block.id,
                kind=block.kind,
                level=block.level,
                number=block.number,
                spans=tuple(
                    SpanView(text=span.text, strong=span.strong, emphasis=span.emphasis, code=span.code, link=span.link)
                    for span in block.spans
                ),
            )
            for block in guideline.blocks
        ),
    )


def guideline_about(parts: Parts, surface: str) -> GuidelineAbout:
    """What the administration shows of it."""
    found = parts.online.guideline(surface)
    paragraphs = found.paragraphs
    return GuidelineAbout(
        text=found.text,
        shown=guideline_view(found),
        n_outdated=len(parts.online.outdated_answers(surface)),
        disputes=tuple((paragraphs[each.paragraph], each.note) for each in parts.online.disputes(surface)),
    )


def _json(parts: Parts, found: Guideline) -> dict[str, object]:
    return {
        "surface": found.surface,
        "version": found.version,
        "text": found.text,
        "at": None if found.at is None else rfc3339(found.at),
        "by": found.by,
        "paragraphs": [{"id": id, "text": text} for id, text in found.paragraphs.items()],
        "disputes": [_dispute(each) for each in parts.online.disputes(found.surface)],
        "outdated": len(parts.online.outdated_answers(found.surface)),
    }


def _dispute(each: Pointer) -> dict[str, object]:
    return {
        "review": each.review,
        "impression": each.impression,
        "paragraph": each.paragraph,
        "version": each.version,
        "note": each.note,
        "worker": each.worker,
        "at": rfc3339(each.at),
    }
