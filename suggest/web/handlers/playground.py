"""The playground: a request as a page would make it, tried without a trace, and the lines that make it in earnest."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from components.admin.playground import LAYOUTS, answer_panel, playground_page
from components.admin.views import PlaygroundView, TriedView
from suggest.domain.context import Context
from suggest.domain.errors import FieldError, Invalid, NotFound
from suggest.online.links import Role, Session
from suggest.online.messages import Proposal
from suggest.web.handlers import surface_views
from suggest.web.handlers.admin import refusal
from suggest.web.handlers.entrance import admitted, fields, is_partial
from suggest.web.parts import Parts, parts_of
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_in

MOST = 50


@admitted(Role.OWNER)
async def playground(request: Request, session: Session) -> Response:
    view = await _view(request, surface=request.query_params.get("surface", "")[:100])
    return HTMLResponse(str(playground_page(view)))


@admitted(Role.OWNER)
async def try_out(request: Request, session: Session) -> Response:
    """What would be suggested: a piece of the page, or the page with it. Nothing is stored."""
    form = await fields(request)
    parts = parts_of(request)
    layout = form.get("layout", "")
    view = replace(
        await _view(request, surface=form.get("surface", "")),
        text=form.get("text", "").replace("\r\n", "\n").strip(),
        fields=form.get("fields", "").strip(),
        k=form.get("k", "").strip(),
        layout=layout if layout in LAYOUTS else LAYOUTS[0],
    )
    status = 200
    try:
        view = await run_in(parts.lanes.suggest, _answered, parts, view, str(request.base_url).rstrip("/"))
    except (Invalid, NotFound) as wrong:
        view, status = replace(view, notice=refusal("Nothing was suggested", wrong)), 422
    if is_partial(request):
        return HTMLResponse(str(answer_panel(view)))
    return HTMLResponse(str(playground_page(view)), status_code=status)


async def _view(request: Request, *, surface: str) -> PlaygroundView:
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.online.list_surfaces)
    surfaces = tuple((each.name, each.title) for each in found)
    return PlaygroundView(
        csrf=csrf_token(request), surfaces=surfaces, surface=surface or (found[0].name if found else "")
    )


def _answered(parts: Parts, view: PlaygroundView, base: str) -> PlaygroundView:
    parts.online.get_surface(view.surface)
    k, known = _how_many(view.k), _fields(view.fields)
    try:
        context = Context(text=view.text, fields=known)
    except ValueError as wrong:
        raise Invalid(str(wrong)) from None
    asked = Proposal(surface=view.surface, context=context, k=k, explain=True, learn=False)
    drafted = parts.online.rehearse(asked)
    tried: TriedView = surface_views.tried(drafted.slate, drafted.explain or {})
    return replace(
        view,
        tried=tried,
        snippet=surface_views.snippet(base, view.surface, layout=view.layout, k=k),
        call=_call(base, view.surface, view.text, known, k),
    )


def _call(base: str, surface: str, text: str, known: dict[str, object], k: int | None) -> str:
    """The request from a terminal."""
    body: dict[str, object] = {"surface": surface, "context": {"text": text, **({"fields": known} if known else {})}}
    if k is not None:
        body["k"] = k
    sent = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f"curl {base}/v1/suggest -H 'Authorization: Bearer sk_…' -d {sent}"


def _how_many(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST):
        raise _wrong("k", f"must be a whole number from 1 to {MOST}")
    return int(text)


def _fields(text: str) -> dict[str, object]:
    """Raises Invalid where it is not a JSON object of plain values."""
    if not text:
        return {}
    try:
        known = json.loads(text)
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, dict):
        raise _wrong("fields", 'must be a JSON object such as {"plan": "gold"}')
    return known


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(f"{name} {detail}.", errors=(FieldError(pointer=f"/{name}", detail=detail),))
