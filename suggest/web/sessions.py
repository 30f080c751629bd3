"""People's pages: signing in with a one-time link, the cookie that follows, and the guard against other sites.

A page is asked for with a cookie the browser sends by itself, so everything but reading needs proof that our own page
asked: the browser's word (Sec-Fetch-Site, else Origin) and a token that only our page could have read."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlencode

from htpy import Node, a, button, div, form, h1, input, p
from htpy import code as code_
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from components.page import PRODUCT_NAV, NavLink, PageView, nav_for, page
from suggest.domain.errors import Unauthorized
from suggest.online.links import SESSION_LIFETIME, Role, Session
from suggest.web.auth import own_origin
from suggest.web.parts import parts_of
from suggest.web.problem import Refused
from suggest.web.single_sign_on import login_of
from suggest.web.threads import run_in

PageHandler = Callable[[Request, Session], Awaitable[Response]]
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_INNER_PAGE = re.compile(r"/(console|reports|admin|demo)([/?][A-Za-z0-9._~/%?&=+-]*)?(#[a-z-]{1,40})?")


def html(
    *content: Node, title: str, here: str = "", status: int = 200, nav: tuple[NavLink, ...] = PRODUCT_NAV
) -> HTMLResponse:
    """A page in the shell every page of ours stands in."""
    return HTMLResponse(str(page(PageView(title=title, here=here, nav=nav), *content)), status_code=status)


def nav_of(request: Request) -> tuple[NavLink, ...]:
    """What whoever asks may open."""
    session = session_of(request)
    return nav_for(is_worker=session is not None and session.is_worker)


def words_page(*content: Node, title: str, status: int = 200, nav: tuple[NavLink, ...] = PRODUCT_NAV) -> HTMLResponse:
    """A page that has a heading and a few sentences, and nothing else."""
    shell = PageView(title=title, width="narrow", nav=nav)
    return HTMLResponse(str(page(shell, div(".card.stack")[h1[title], content])), status_code=status)


def signed_in(role: Role) -> Callable[[PageHandler], Callable[[Request], Awaitable[Response]]]:
    """Guard a page: a session of at least this role, and for anything but reading, proof that our own page asked.

    `@signed_in(Role.WORKER) async def console(request, session) -> Response`
    """

    def guard(handler: PageHandler) -> Callable[[Request], Awaitable[Response]]:
        @wraps(handler)
        async def guarded(request: Request) -> Response:
            session = session_of(request)
            if session is None:
                return _stranger_page(request) or _sign_in_page()
            if session.role.rank < role.rank:
                raise Refused("forbidden", f"This page is for the role {role}; you are signed in as {session.role}.")
            if request.method not in _SAFE_METHODS:
                await check_own_page(request)
            return await handler(request, session)

        return guarded

    return guard


def session_of(request: Request) -> Session | None:
    """Who is signed in, by the proxy in front or by a cookie of ours; None where nobody is."""
    login = login_of(request)
    if login is not None:
        return parts_of(request).online.session_of_login(login)
    text = request.cookies.get(_cookie_name(request))
    return None if not text else parts_of(request).online.check_session(text)


def csrf_token(request: Request) -> str:
    """What our page sends back with every change, as the field `csrf` or the header `X-CSRF-Token`."""
    if login_of(request) is not None:
        session = session_of(request)
        return "" if session is None else parts_of(request).online.page_token(session)
    text = request.cookies.get(_cookie_name(request), "")
    return hashlib.sha256(b"csrf\x00" + text.encode("utf-8", "replace")).hexdigest()[:43]


async def check_own_page(request: Request) -> None:
    """Raise Refused unless a page of ours made this request."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if (site is not None and site != "same-origin") or (origin is not None and origin.lower() != own_origin(request)):
        raise Refused("cross-site-request", "Changes are only taken from our own pages.")
    if site is None and origin is None:
        raise Refused("cross-site-request", "The browser did not say which page asks; changes need an Origin.")
    sent = request.headers.get(CSRF_HEADER)
    if sent is None and "form" in request.headers.get("content-type", ""):
        field = (await request.form(max_files=4, max_fields=200)).get(CSRF_FIELD)
        sent = field if isinstance(field, str) else None
    if sent is None or not hmac.compare_digest(sent.encode("utf-8", "replace"), csrf_token(request).encode()):
        raise Refused("cross-site-request", "The page is out of date; reload it and try again.")


async def enter(request: Request) -> Response:
    """GET /console/enter?code=…: spend the code and sign in. Whoever is signed in as somebody else is asked before:
    a link that another person slipped them would else make them work in that person's name. The answer is a POST.

    Answers with a page that goes on by itself, not with a redirect: after a click in a mail or another site's page, a
    SameSite=Strict cookie is withheld from a redirect, but not from a step that our own page takes. For the same reason
    such a click takes that step once before it is looked at: until then nobody would seem to be signed in.
    """
    if request.method == "HEAD":
        return Response(status_code=204)  # a link scanner must not spend the code
    is_agreed = request.method == "POST"
    if is_agreed:
        await check_own_page(request)
    given = await request.form(max_files=0, max_fields=10) if is_agreed else request.query_params
    code, onward = str(given.get("code", ""))[:200], str(given.get("next", "/console"))
    if not _INNER_PAGE.fullmatch(onward):
        onward = "/console"
    session = session_of(request)
    if session is None and request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return _onward(f"/console/enter?{urlencode({'code': code, 'next': onward})}")
    parts = parts_of(request)
    try:
        if session is not None and not is_agreed and login_of(request) is None:
            other = await run_in(parts.lanes.read, parts.online.session_of_link, code)
            if not session.is_of_same_person(other):
                return _asks_before(request, session, other, code=code, onward=onward)
        _, text = await run_in(parts.lanes.log, parts.online.redeem_link, code)
    except Unauthorized as refused:
        if session is None:
            return _sign_in_page(refused.detail)
        return _onward(onward)  # the same link twice in one browser: already in
    if session is not None and is_agreed:
        await run_in(parts.lanes.log, parts.online.end_session, session)
    response = _onward(onward)
    _set_cookie(request, response, text, int(SESSION_LIFETIME.total_seconds()))
    return response


def _asks_before(request: Request, session: Session, other: Session, *, code: str, onward: str) -> Response:
    return words_page(
        p(dir="auto")[f"You are signed in as {session.name} ({session.role})."],
        p(dir="auto")[f"This link signs you in as {other.name} ({other.role}), and signs {session.name} out."],
        form(".cluster", method="post", action="/console/enter")[
            input(type="hidden", name=CSRF_FIELD, value=csrf_token(request)),
            input(type="hidden", name="code", value=code),
            input(type="hidden", name="next", value=onward),
            a(".button", href=onward)[f"Stay {session.name}"],
            button(".button.button-primary", type="submit")[f"Become {other.name}"],
        ],
        title="Somebody else's link?",
        nav=nav_of(request),
    )


async def leave(request: Request) -> Response:
    """POST /console/leave: end the session, so that a copy of its cookie opens nothing either."""
    session = session_of(request)
    if session is not None:
        await check_own_page(request)
        if login_of(request) is None:  # else it is the proxy's, and so is its end
            parts = parts_of(request)
            await run_in(parts.lanes.log, parts.online.end_session, session)
    response = words_page(p["Open a new sign-in link to come back."], title="Signed out")
    _set_cookie(request, response, "", 0)
    return response


def _onward(path: str) -> Response:
    response = words_page(p[a(href=path)["Go on"]], title="Signed in")
    response.headers["Refresh"] = f"0; url={path}"
    return response


def _sign_in_page(why: str = "") -> Response:
    return words_page(
        p[why or "This page needs a sign-in link."],
        p(".soft")[
            "Ask whoever runs this server for one; ",
            code_["suggest workers link"],
            " makes it, and so does Admin, People. A link works once.",
        ],
        title="Sign in",
        status=401,
    )


def _stranger_page(request: Request) -> Response | None:
    """For somebody whom the proxy knows and we do not."""
    login = login_of(request)
    if login is None:
        return None
    return words_page(
        p(dir="auto")[f"You are signed in as {login}, and no account has this login."],
        p["Ask an owner to give your account this login, under Admin, People."],
        title="No account here",
        status=403,
    )


def _set_cookie(request: Request, response: Response, text: str, max_age_s: int) -> None:
    response.set_cookie(
        _cookie_name(request),
        text,
        max_age=max_age_s,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )


def _cookie_name(request: Request) -> str:
    return "__Host-suggest" if _is_secure(request) else "suggest_session"


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
