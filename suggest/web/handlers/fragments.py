"""POST /v1/fragments/suggest and GET /frame: the same slates for hosts that run no script of ours in their pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from components.fragment import FragmentOption, FragmentView, fragment
from components.frame import FrameView, frame_page
from suggest.domain.slate import Decision
from suggest.online.keys import KeyKind
from suggest.web import heard
from suggest.web.body import parse
from suggest.web.call import ROUTE_SCOPE_KEY, call_of, caller_of, query_text, wrong_query
from suggest.web.handlers.suggesting import has_privacy_signal, proposal_of
from suggest.web.headers import page_policy
from suggest.web.parts import parts_of
from suggest.web.problem import Refused
from suggest.web.schemas.fragments import FragmentIn
from suggest.web.threads import run_in


async def suggest(request: Request) -> Response:
    asked = await parse(request, FragmentIn, limit=call_of(request).limit)
    caller = caller_of(request)
    caller.check_surface(asked.surface)
    parts = parts_of(request)
    proposal = proposal_of(asked, parts, caller, may_learn=not has_privacy_signal(request))
    proposed = await run_in(parts.lanes.suggest, parts.online.suggest, proposal)
    heard.proposed(request, proposed)
    slate, waits = proposed.slate, proposed.escalation
    is_shown = slate.decision in {Decision.SHOW, Decision.AUTO}
    view = FragmentView(
        state=str(slate.decision),
        impression=slate.id,
        token=proposed.token,
        options=[FragmentOption(id=item.id, text=item.text) for item in slate.items] if is_shown else (),
        action=asked.action,
        label=asked.label,
        dismiss=asked.dismiss,
        message=(waits.message or "") if waits else "",
    )
    return HTMLResponse(str(fragment(view)), headers={"Cache-Control": "no-store"})


async def frame(request: Request) -> Response:
    """The widget as a page of ours. Only pages of `origin` may show it, and only if the key is for them."""
    request.scope[ROUTE_SCOPE_KEY] = "/frame"
    text, origin = query_text(request, "key") or "", query_text(request, "origin", longest=300)
    surface = query_text(request, "surface", longest=100)
    key = parts_of(request).online.check_key(text)
    if key is None or key.kind is not KeyKind.PUBLISHABLE:
        raise Refused("unauthorized", "A frame needs ?key= with a publishable key (pk_…) that is known here.")
    if surface is None:
        raise wrong_query("surface", "is missing: name the surface to suggest from")
    if origin is None or not key.names(origin):
        raise Refused("origin-not-allowed", "Add &origin= with the origin of your page; the key must be for that one.")
    view = FrameView(
        key=text,
        surface=surface,
        host=origin.lower(),
        layout=query_text(request, "layout", longest=40) or "",
        count=query_text(request, "count", longest=3) or "",
        label=query_text(request, "label") or "",
        lang=query_text(request, "lang", longest=20) or "en",
    )
    headers = {
        "Content-Security-Policy": page_policy([view.host]),
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",  # a page that is isolated itself holds no other frame
    }
    return HTMLResponse("<!doctype html>" + str(frame_page(view)).removeprefix("<!doctype html>"), headers=headers)
