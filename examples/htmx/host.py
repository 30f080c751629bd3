"""A host that renders its pages on the server, with htmx: suggestions come as HTML through a route of its own.

The browser speaks with this server alone: the secret key stays here, nothing of ours runs in the page, and without any
script the buttons still work as a form. Run it with `SUGGEST_KEY=sk_… uvicorn host:app`."""

from __future__ import annotations

import os
from html import escape
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

SERVICE = os.environ.get("SUGGEST_SERVER", "http://localhost:8080")
SECRET = os.environ.get("SUGGEST_KEY", "sk_…")
HTMX = os.environ.get("HOST_HTMX", "/htmx.min.js")
MESSAGE = "Where is my parcel?"


def reply_field(text: str = "", *, swap: str = "") -> str:
    return f'<textarea id="reply" name="reply" aria-label="Reply" {swap}>{escape(text)}</textarea>'


async def ask_service(path: str, body: dict[str, object], request: Request) -> httpx.Response:
    """Pass a request on, with the person's privacy signal, without their address or anything else."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    if "sec-gpc" in request.headers:
        headers["Sec-GPC"] = request.headers["sec-gpc"]
    async with httpx.AsyncClient(base_url=SERVICE, timeout=4) as service:
        return await service.post(path, json=body, headers=headers)


async def page(request: Request) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><title>Reply</title><script src="{HTMX}"></script><main>'
        f'<p id="last-message">{escape(MESSAGE)}</p>'
        '<div hx-get="/suggestions" hx-trigger="load" hx-swap="outerHTML"></div>'
        f"{reply_field()}</main></html>"
    )


async def suggestions(request: Request) -> Response:
    wanted = {"surface": "replies", "context": {"text": MESSAGE}, "action": "/suggestions/chosen"}
    try:
        answer = (await ask_service("/v1/fragments/suggest", wanted, request)).raise_for_status()
    except httpx.HTTPError:
        return HTMLResponse("")  # without suggestions the page is as it was
    return HTMLResponse(answer.text)


async def chosen(request: Request) -> Response:
    form = await request.form()
    event = {"eid": str(uuid4()), "impression": form.get("impression"), "token": form.get("token"), "type": "dismiss"}
    text = ""
    if "item" in form:
        event |= {"type": "select", "item": form["item"]}
        text = str(form[f"text:{form['item']}"])
    await ask_service("/v1/feedback", {"events": [event]}, request)
    if "item" not in form:
        return HTMLResponse("")
    return HTMLResponse('<div class="suggest-done"></div>' + reply_field(text, swap='hx-swap-oob="true"'))


app = Starlette(
    routes=[
        Route("/", page),
        Route("/suggestions", suggestions),
        Route("/suggestions/chosen", chosen, methods=["POST"]),
    ]
)
