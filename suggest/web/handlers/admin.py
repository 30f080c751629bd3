"""The first page of the administration: surfaces, keys, sign-in links. For owners, and servers with a secret key.

A change is a form; it answers by going back to the page, except where something is shown this once."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from components.admin.overview import overview_page
from components.admin.views import KeyRow, OverviewView, SecretView, SurfaceRow, WorkerRow
from components.notice import NoticeView
from suggest.domain.errors import Conflict, Invalid, SuggestError
from suggest.domain.policy import Target, TargetKind
from suggest.domain.worker import Worker
from suggest.online.keys import Key
from suggest.online.links import Role, Session
from suggest.web.call import path_id
from suggest.web.handlers.entrance import admitted, fields
from suggest.web.parts import Parts, parts_of
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_in


@admitted(Role.REVIEWER)
async def overview(request: Request, session: Session) -> Response:
    return await _page(request, is_owner=session.role is Role.OWNER)


@admitted(Role.OWNER)
async def create_surface(request: Request, session: Session) -> Response:
    form = await fields(request)
    parts = parts_of(request)
    name, title = form.get("name", "").strip(), form.get("title", "").strip()
    try:
        await run_in(parts.lanes.log, parts.online.put_surface, name, {"title": title} if title else {})
    except Invalid as wrong:
        return await _page(request, notice=refusal("The surface was not made", wrong), status=422)
    return RedirectResponse(f"/admin/surfaces/{quote(name, safe='')}", status_code=303)


@admitted(Role.OWNER)
async def create_key(request: Request, session: Session) -> Response:
    form = await fields(request)
    parts = parts_of(request)
    kind, surface = form.get("kind", ""), form.get("surface") or None
    origins = form.get("origins", "").replace(",", " ").split()
    try:
        if surface is not None:
            await run_in(parts.lanes.read, parts.online.get_surface, surface)
        key, text = await run_in(
            parts.lanes.log,
            parts.online.create_key,
            kind,
            name=form.get("name", "").strip()[:80],
            surface=surface,
            origins=origins,
        )
    except Invalid as wrong:
        return await _page(request, notice=refusal("The key was not made", wrong), status=422)
    shown = SecretView(
        title=f"The new key {key.name or key.id[:8]}",
        text=text,
        advice="Copy it now: it is not stored, and cannot be shown again.",
    )
    return await _page(request, secret=shown)


@admitted(Role.OWNER)
async def revoke_key(request: Request, session: Session) -> Response:
    await fields(request)
    parts = parts_of(request)
    await run_in(parts.lanes.log, parts.online.revoke_key, path_id(request, "key"))
    return RedirectResponse("/admin#keys", status_code=303)


@admitted(Role.OWNER)
async def create_link(request: Request, session: Session) -> Response:
    form = await fields(request)
    parts = parts_of(request)
    account = form.get("worker") or None
    name, role = form.get("name", "").strip(), form.get("role", str(Role.WORKER))
    try:
        code = await run_in(parts.lanes.log, parts.online.create_link, role, name, account=account)
    except (Invalid, Conflict) as wrong:
        return await _page(request, notice=refusal("The link was not made", wrong), status=422)
    if account is not None:
        name = (await run_in(parts.lanes.read, parts.online.workers.get, account)).name
    shown = SecretView(
        title=f"A sign-in link for {name or role}",
        text=f"{str(request.base_url).rstrip('/')}/console/enter?code={quote(code, safe='')}",
        advice="It works once, for a quarter of an hour. Whoever opens it is signed in.",
    )
    return await _page(request, secret=shown)


@admitted(Role.OWNER)
async def create_worker(request: Request, session: Session) -> Response:
    form = await fields(request)
    parts = parts_of(request)
    try:
        await run_in(parts.lanes.log, parts.online.workers.create, _account(form))
    except (Invalid, Conflict) as wrong:
        return await _page(request, notice=refusal("The account was not made", wrong), status=422)
    return RedirectResponse("/admin#people", status_code=303)


@admitted(Role.OWNER)
async def change_worker(request: Request, session: Session) -> Response:
    form = await fields(request)
    parts = parts_of(request)
    try:
        await run_in(parts.lanes.log, parts.online.workers.change, path_id(request, "worker"), _account(form))
    except (Invalid, Conflict) as wrong:
        return await _page(request, notice=refusal("The account was not changed", wrong), status=422)
    return RedirectResponse("/admin#people", status_code=303)


@admitted(Role.OWNER)
async def close_worker(request: Request, session: Session) -> Response:
    await fields(request)
    parts = parts_of(request)
    await run_in(parts.lanes.log, parts.online.workers.leave, path_id(request, "worker"))
    return RedirectResponse("/admin#people", status_code=303)


def _account(form: dict[str, str]) -> dict[str, object]:
    """The fields of an account's form: lists are words between commas."""
    changes: dict[str, object] = {name: form[name].strip() for name in ("name", "role") if name in form}
    for name in ("skills", "languages"):
        if name in form:
            changes[name] = [word for each in form[name].split(",") if (word := each.strip())]
    if "login" in form:
        changes["login"] = form["login"].strip() or None
    return changes


def refusal(title: str, wrong: SuggestError) -> NoticeView:
    """What was wrong with a form, in the words of the first fault."""
    why = f"{wrong.errors[0].pointer.strip('/')} {wrong.errors[0].detail}" if wrong.errors else wrong.detail
    return NoticeView(title=title, text=f"{why[:1].upper()}{why[1:].rstrip('.')}.", tone="bad", urgent=True)


def wish(target: Target) -> str:
    """A target as an owner would say it.

    >>> wish(Target(kind=TargetKind.PRECISION, value=0.95))
    '95% of what is shown is right'
    """
    share = f"{100 * target.value:g}%"
    return {
        TargetKind.PRECISION: f"{share} of what is shown is right",
        TargetKind.REVIEW_SHARE: f"{share} of requests to people",
        TargetKind.COST: f"an error costs {target.value:g} min",
        TargetKind.P_ANY: f"{share} sure",
    }[target.kind]


async def _page(
    request: Request,
    *,
    secret: SecretView | None = None,
    notice: NoticeView | None = None,
    status: int = 200,
    is_owner: bool = True,
) -> Response:
    parts = parts_of(request)
    view = await run_in(parts.lanes.read, _view, parts, csrf_token(request), secret, notice)
    if not is_owner:
        view = replace(view, is_owner=False, keys=(), people=())
    return HTMLResponse(str(overview_page(view)), status_code=status)


def _view(parts: Parts, csrf: str, secret: SecretView | None, notice: NoticeView | None) -> OverviewView:
    online = parts.online
    counts = online.queue_counts()
    return OverviewView(
        csrf=csrf,
        surfaces=tuple(_surface(parts, surface.name) for surface in online.list_surfaces()),
        keys=tuple(map(_key, online.list_keys())),
        waiting=counts.waiting,
        workers=counts.workers,
        expected_wait_s=counts.expected_wait_s,
        ready=online.ready().reasons,
        secret=secret,
        notice=notice,
        people=tuple(_person(parts, worker) for worker in online.workers.list()),
    )


def _person(parts: Parts, worker: Worker) -> WorkerRow:
    return WorkerRow(
        id=worker.id,
        name=worker.name,
        role=worker.role.value,
        skills=tuple(sorted(worker.skills)),
        languages=tuple(sorted(worker.languages)),
        login=worker.login,
        is_on_duty=parts.online.is_on_duty(worker.id),
        left_at=worker.left_at,
    )


def _surface(parts: Parts, name: str) -> SurfaceRow:
    surface, policy = parts.online.get_surface(name), parts.online.get_policy(name)
    return SurfaceRow(
        name=name,
        title=surface.title,
        mode=str(policy.policy.mode),
        target=wish(policy.policy.target),
        threshold=policy.threshold,
        certified=policy.certified,
        champion=parts.online.suggester(name).bundle,
        waiting=parts.online.queue_counts(name).waiting,
        simulated=surface.simulated,
    )


def _key(key: Key) -> KeyRow:
    return KeyRow(
        id=key.id,
        kind=key.kind.value,
        name=key.name,
        surface=key.surface,
        origins=key.origins,
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
