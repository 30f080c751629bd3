"""Who may see people's pages, and how a page says no.

A session of the right role, or a server with a secret key: a header is no cookie, the browser never sends it by itself,
so no other site can make it ask and no token is needed. To a person a refusal is a page, elsewhere a problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps

from htpy import a, p
from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.errors import SuggestError
from suggest.online.keys import KeyKind
from suggest.online.links import Role, Session
from suggest.web.parts import parts_of
from suggest.web.problem import Refused, error_body, problem_body
from suggest.web.sessions import PageHandler, nav_of, signed_in, words_page

PageRoute = Callable[[Request], Awaitable[Response]]


def admitted(role: Role, *, keys: bool = True) -> Callable[[PageHandler], PageRoute]:
    """Guard a page: `signed_in(role)`, or with `keys` also `Authorization: Bearer sk_…`, which counts as the owner."""

    def guard(handler: PageHandler) -> PageRoute:
        by_session = signed_in(role)(handler)

        @wraps(handler)
        async def guarded(request: Request) -> Response:
            try:
                owner = _owner_by_key(request) if keys else None
                return await (by_session(request) if owner is None else handler(request, owner))
            except (Refused, SuggestError) as refused:
                if not _asks_for_page(request):
                    raise
                return _refusal(request, refused)

        return guarded

    return guard


def is_partial(request: Request) -> bool:
    """Whether a script of our page asks for a piece of it, to put in place."""
    return request.headers.get("hx-request") == "true"


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises Refused where the body is none."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        raise Refused("unsupported-media-type", "This address takes a form of our own page.")
    form = await request.form(max_files=0, max_fields=200)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _owner_by_key(request: Request) -> Session | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        return None
    key = parts_of(request).online.check_key(text.strip())
    if key is None:
        raise Refused("unauthorized", "This key is not known here, or was revoked.")
    if key.kind is not KeyKind.SECRET:
        raise Refused("forbidden", "Pages take a secret key (sk_…), or a session of a sign-in link.")
    return Session(id=key.id, role=Role.OWNER, name="secret key", expires_at=datetime.max.replace(tzinfo=UTC))


def _asks_for_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers


def _refusal(request: Request, refused: Refused | SuggestError) -> Response:
    if isinstance(refused, Refused):
        body = problem_body(refused.kind, refused.detail, errors=refused.errors)
    else:
        body = error_body(refused)
    status = body["status"]
    assert isinstance(status, int)
    title = str(body["title"])
    onward = p[a(href="/")["To the first page"]]
    said = words_page(p[str(body["detail"])], onward, title=title, status=status, nav=nav_of(request))
    if status == 503:
        said.headers["Retry-After"] = "1"
    return said
