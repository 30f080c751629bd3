"""One surface in the administration: look at its line before moving it, train, promote, go back, try it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from components.admin.models import job_panel
from components.admin.playground import tried_panel
from components.admin.policy import preview_panel
from components.admin.surface import surface_page
from components.admin.views import TriedView
from components.notice import NoticeView
from suggest.domain.context import Context
from suggest.domain.errors import Conflict, FieldError, Invalid, NotFound, SuggestError
from suggest.domain.policy import TargetKind
from suggest.online.links import Role, Session
from suggest.online.messages import Proposal
from suggest.web.call import path_id
from suggest.web.handlers import surface_views
from suggest.web.handlers.admin import refusal
from suggest.web.handlers.entrance import admitted, fields, is_partial
from suggest.web.handlers.webhooks import address_of
from suggest.web.parts import Parts, parts_of
from suggest.web.sessions import csrf_token
from suggest.web.threads import run_in

_SAVED = {
    "policy": NoticeView(title="Saved", text="The new policy is in force from the next request on.", tone="good"),
    "guideline": NoticeView(title="Saved", text="Workers see the new guideline with the next request.", tone="good"),
    "asked-again": NoticeView(
        title="Asked again", text="Those answers wait to be confirmed or corrected.", tone="good"
    ),
    "promoted": NoticeView(title="Promoted", text="That model serves from the next request on.", tone="good"),
    "schedule": NoticeView(title="Saved", text="The figures go out at the new times.", tone="good"),
    "rolled-back": NoticeView(title="Rolled back", text="The model of before serves from now on.", tone="good"),
}
_PERCENT = {"precision", "review_share", "p_any"}


@admitted(Role.REVIEWER)
async def surface(request: Request, session: Session) -> Response:
    notice = _SAVED.get(request.query_params.get("done", ""))
    return await _page(request, notice=notice, is_owner=session.role is Role.OWNER)


@admitted(Role.OWNER)
async def preview_policy(request: Request, session: Session) -> Response:
    """What the form would come to, before anything changes: a piece of the page, or the page with it."""
    name, parts = _name(request), parts_of(request)
    form = await fields(request)
    try:
        changes = changes_of(form)
        view = await run_in(parts.lanes.read, surface_views.preview, parts, name, changes)
    except Invalid as wrong:
        notice = refusal("This cannot be", wrong)
        if is_partial(request):
            return HTMLResponse(str(surface_views.notice_panel(notice)))
        return await _page(request, notice=notice, status=422)
    if is_partial(request):
        return HTMLResponse(str(preview_panel(view)))
    return await _page(request, changes=changes)


@admitted(Role.REVIEWER)
async def put_policy(request: Request, session: Session) -> Response:
    """A reviewer may only make it more careful; the rest is an owner's."""
    name, parts = _name(request), parts_of(request)
    form = await fields(request)
    is_owner = session.role is Role.OWNER
    try:
        await run_in(
            parts.lanes.log, parts.online.put_policy, name, changes_of(form), session.name, may_loosen=is_owner
        )
    except (Invalid, Conflict) as wrong:
        fault = wrong if isinstance(wrong, Invalid) else Invalid(wrong.detail)
        return await _page(request, notice=refusal("The policy was not changed", fault), status=422, is_owner=is_owner)
    return _back(name, "policy")


@admitted(Role.OWNER)
async def put_guideline(request: Request, session: Session) -> Response:
    name, parts = _name(request), parts_of(request)
    form = await fields(request)
    try:
        await run_in(
            parts.lanes.log, partial(parts.online.put_guideline, name, form.get("text", ""), by=session.worker)
        )
    except (Invalid, Conflict) as wrong:
        return await _page(request, notice=_not_done("The guideline was not changed", wrong), status=422)
    return _back(name, "guideline", "guideline")


@admitted(Role.OWNER)
async def ask_again(request: Request, session: Session) -> Response:
    await fields(request)
    name, parts = _name(request), parts_of(request)
    await run_in(parts.lanes.log, parts.online.ask_again, name)
    return _back(name, "asked-again", "guideline")


@admitted(Role.OWNER)
async def train(request: Request, session: Session) -> Response:
    await fields(request)
    name, parts = _name(request), parts_of(request)
    await run_in(parts.lanes.read, parts.online.get_surface, name)
    job = await run_in(parts.lanes.log, parts.loop.train, name)
    return RedirectResponse(f"{surface_views.address_of(name)}?job={quote(job.id, safe='')}#models", status_code=303)


@admitted(Role.OWNER)
async def job(request: Request, session: Session) -> Response:
    """The panel of a training run; when it has ended, the page is asked for again, with the new model in it."""
    name, parts = _name(request), parts_of(request)
    found = await run_in(parts.lanes.read, surface_views.job, parts, path_id(request, "job"))
    if found is None:
        raise NotFound("This run is not known any more; the models below say what came of it.")
    address = surface_views.address_of(name)
    if not is_partial(request):
        return RedirectResponse(f"{address}?job={quote(found.id, safe='')}#models", status_code=303)
    headers = {"HX-Refresh": "true"} if found.is_final else {}
    return HTMLResponse(str(job_panel(address, found)), headers=headers)


@admitted(Role.OWNER)
async def promote(request: Request, session: Session) -> Response:
    form = await fields(request)
    name, parts = _name(request), parts_of(request)
    try:
        await run_in(parts.lanes.log, parts.loop.promote, name, form.get("bundle", ""))
    except (Invalid, NotFound, Conflict) as refused:
        return await _page(request, notice=_not_done("It was not promoted", refused), status=409)
    return _back(name, "promoted", "models")


@admitted(Role.OWNER)
async def rollback(request: Request, session: Session) -> Response:
    await fields(request)
    name, parts = _name(request), parts_of(request)
    try:
        await run_in(parts.lanes.log, parts.loop.rollback, name)
    except (Invalid, NotFound, Conflict) as refused:
        return await _page(request, notice=_not_done("It was not rolled back", refused), status=409)
    return _back(name, "rolled-back", "models")


@admitted(Role.OWNER)
async def put_schedule(request: Request, session: Session) -> Response:
    """When the figures of the overview go out to webhooks."""
    form = await fields(request)
    name, parts = _name(request), parts_of(request)
    await run_in(parts.lanes.read, parts.online.get_surface, name)
    try:
        changes: dict[str, object] = {each: form.get(each, "").strip() for each in ("every", "weekday", "time_zone")}
        changes["hour"] = int(_number(form, "hour"))
        await run_in(parts.lanes.log, parts.online.schedules.put, name, changes, address=address_of(request))
    except (Invalid, Conflict) as wrong:
        fault = wrong if isinstance(wrong, Invalid) else Invalid(wrong.detail)
        return await _page(request, notice=refusal("The schedule was not changed", fault), status=422)
    return _back(name, "schedule", "reporting")


@admitted(Role.OWNER)
async def try_out(request: Request, session: Session) -> Response:
    """What would be suggested. Nothing is stored."""
    name, parts = _name(request), parts_of(request)
    form = await fields(request)
    try:
        tried = await run_in(parts.lanes.suggest, _tried, parts, name, form.get("text", ""))
    except Invalid as wrong:
        notice = refusal("Nothing was suggested", wrong)
        if is_partial(request):
            return HTMLResponse(str(surface_views.notice_panel(notice)))
        return await _page(request, notice=notice, status=422)
    if is_partial(request):
        return HTMLResponse(str(tried_panel(tried)))
    return await _page(request, tried=tried)


def changes_of(form: Mapping[str, str]) -> dict[str, object]:
    """The policy a form wishes for, as `put_policy` takes it. Raises Invalid where a number is none.

    >>> changes_of({"kind": "precision", "value_precision": "95"})["target"]
    {'kind': 'precision', 'value': 0.95}
    """
    changes: dict[str, object] = {}
    if "kind" in form or "mode" not in form:
        kind = form.get("kind", "")
        value = _number(form, f"value_{kind}") if kind in {str(each) for each in TargetKind} else 0.0
        changes["target"] = {"kind": kind, "value": round(value / 100, 6) if kind in _PERCENT else value}
    if "mode" in form:
        changes["mode"] = form["mode"]
    if "error_cost" in form:
        changes["error_cost"] = _number(form, "error_cost") if form["error_cost"] else None
    if "groups_by" in form:
        changes["groups_by"] = form["groups_by"]
    if "review_plan" in form:
        changes["review_plan"] = form["review_plan"].strip()
    if "duty_hours" in form:
        changes |= {"duty_hours": form["duty_hours"].strip(), "time_zone": form.get("time_zone", "").strip() or "UTC"}
        changes |= {name: int(_number(form, name)) for name in ("answer_within_s", "routing_wait_s")}
        changes["longest_queue"] = int(_number(form, "longest_queue")) if form.get("longest_queue") else None
        changes |= {name: int(_number(form, name)) for name in ("overlap", "most_overlap")}
        changes |= {"sign_off": 1 + (form.get("sign_off") == "1"), "second_opinion": form.get("second_opinion") == "1"}
        changes["fallback"] = form.get("fallback", "")
    if "audit_rate" in form:
        changes["audit_rate"] = round(_number(form, "audit_rate") / 100, 6)
        changes["exploration"] = _number(form, "exploration")
        changes |= {name: int(_number(form, name)) for name in ("retrain_every", "learning_per_day")}
        changes["out_of_hours"] = form.get("out_of_hours", "").replace("\r\n", "\n")
        changes |= {name: form.get(name) == "1" for name in ("escalation", "trigger", "retrain_nightly")}
    return changes


def _number(form: Mapping[str, str], name: str) -> float:
    try:
        value = float(form.get(name, ""))
    except ValueError:
        value = float("nan")
    if not -1e9 < value < 1e9:
        fault = FieldError(pointer=f"/{name.removeprefix('value_')}", detail="must be a number")
        raise Invalid(f"{name} must be a number.", errors=(fault,))
    return value


def _tried(parts: Parts, name: str, text: str) -> TriedView:
    try:
        context = Context(text=text.replace("\r\n", "\n").strip())
    except ValueError as wrong:
        raise Invalid(str(wrong)) from None
    drafted = parts.online.rehearse(Proposal(surface=name, context=context, explain=True, learn=False))
    return surface_views.tried(drafted.slate, drafted.explain or {})


def _not_done(title: str, refused: SuggestError) -> NoticeView:
    return NoticeView(title=title, text=refused.detail, tone="bad", urgent=True)


def _name(request: Request) -> str:
    return path_id(request, "surface", longest=100)


def _back(name: str, done: str, part: str = "policy") -> Response:
    return RedirectResponse(f"{surface_views.address_of(name)}?done={done}#{part}", status_code=303)


async def _page(
    request: Request,
    *,
    changes: Mapping[str, object] | None = None,
    tried: TriedView | None = None,
    notice: NoticeView | None = None,
    status: int = 200,
    is_owner: bool = True,
) -> Response:
    parts, name = parts_of(request), _name(request)
    view = await run_in(
        parts.lanes.read,
        surface_views.surface,
        parts,
        name,
        csrf=csrf_token(request),
        base=str(request.base_url).rstrip("/"),
        embed=request.app.state.embed,
        job_id=request.query_params.get("job", "")[:200],
        changes=changes,
        tried_out=tried,
        notice=notice,
    )
    return HTMLResponse(str(surface_page(replace(view, is_owner=is_owner))), status_code=status)
