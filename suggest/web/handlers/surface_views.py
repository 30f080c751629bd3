"""From what the services say of a surface to what its page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from htpy import Element

from components.admin.views import (
    FrontierPlace,
    JobView,
    ModelRow,
    PreviewView,
    ReportingView,
    SurfaceView,
    TriedOption,
    TriedView,
)
from components.notice import NoticeView, notice
from suggest.domain.clock import parse_rfc3339
from suggest.domain.errors import NotFound
from suggest.domain.slate import Slate
from suggest.loop.jobs import FINAL
from suggest.policy.frontier import FrontierPoint
from suggest.policy.solve import Expected
from suggest.web.embed import Embed
from suggest.web.handlers.guidelines import guideline_about
from suggest.web.handlers.policy_views import group_row, history, policy_view
from suggest.web.parts import Parts
from suggest.web.present import plain


def address_of(name: str) -> str:
    return f"/admin/surfaces/{quote(name, safe='')}"


def notice_panel(view: NoticeView) -> Element:
    return notice(view)


def surface(
    parts: Parts,
    name: str,
    *,
    csrf: str,
    base: str,
    embed: Embed,
    job_id: str,
    changes: Mapping[str, object] | None,
    tried_out: TriedView | None,
    notice: NoticeView | None,
) -> SurfaceView:
    """The whole page of a surface. Raises UnknownSurface."""
    about, policy = parts.online.get_surface(name), parts.online.get_policy(name)
    champion, models = _models(parts, name)
    return SurfaceView(
        csrf=csrf,
        name=name,
        address=address_of(name),
        report=f"/reports/{quote(name, safe='')}",
        title=about.title,
        simulated=about.simulated,
        n_candidates=len(parts.online.suggester(name).candidates),
        policy=policy_view(policy, changes),
        preview=preview(parts, name, changes or {}),
        history=history(parts, name),
        champion=champion,
        models=models,
        snippet=snippet(base, name),
        pinned=pinned(base, embed),
        job=job(parts, job_id) if job_id else None,
        tried=tried_out,
        notice=notice,
        reporting=_reporting(parts, name),
        guideline=guideline_about(parts, name),
    )


def _reporting(parts: Parts, name: str) -> ReportingView:
    schedules, hooks = parts.online.schedules, parts.online.webhooks.hooks()
    times = schedules.get(name).times
    return ReportingView(
        every=str(times.every),
        hour=times.hour,
        weekday=times.weekday,
        zone=times.zone,
        next_at=schedules.next_at(name),
        hearers=tuple(
            (urlsplit(hook.url).hostname or "", hook.events) for hook in hooks if hook.surface in (None, name)
        ),
    )


def preview(parts: Parts, name: str, changes: Mapping[str, object]) -> PreviewView:
    """What a changed policy would do, beside what the present one does."""
    wished = parts.online.preview_policy(name, changes)
    today = parts.online.preview_policy(name, {})
    line, expected = wished.in_force, wished.expected
    is_changed = line.threshold != today.in_force.threshold
    return PreviewView(
        threshold=line.threshold,
        why=line.why,
        certified=line.certified,
        n_needed=line.n_needed,
        expected=_place(wished.line),
        served=_at(line.threshold, expected),
        mode=str(changes.get("mode", parts.online.get_policy(name).policy.mode)),
        wait_s=expected.wait_s,
        people_needed=expected.people_needed,
        frontier=tuple(map(_place, wished.frontier)),
        now=_place(today.line) if is_changed else None,
        is_changed=is_changed,
        groups=tuple(map(group_row, wished.groups)),
        acts_from=None if wished.auto is None else wished.auto.threshold,
        acts_why="" if wished.auto is None else wished.auto.why,
        is_blind=wished.n_traffic == 0,
    )


def job(parts: Parts, id: str) -> JobView | None:
    """A training run; None where it is not known (any more)."""
    try:
        found = parts.loop.job(id)
    except NotFound:
        return None
    return JobView(
        id=found.id,
        state=found.state,
        progress=found.progress,
        step=found.step,
        detail=found.detail or "",
        is_final=found.state in FINAL,
    )


def tried(slate: Slate, explain: Mapping[str, object]) -> TriedView:
    return TriedView(
        text=slate.context.text,
        decision=str(slate.decision),
        reason=slate.reason or "",
        p_any=slate.p_any,
        threshold=slate.threshold,
        options=tuple(
            TriedOption(id=item.id, text=item.text, p_select=item.p_select, why=_why(explain.get(item.id)))
            for item in slate.items
        ),
    )


def _why(told: object) -> tuple[tuple[str, float], ...]:
    """What set an option apart from the others, strongest first; nothing that rounds to nothing."""
    if not isinstance(told, Mapping):
        return ()
    weights = [(str(name), float(value)) for name, value in told.items() if name not in {"logit", "why"}]
    return tuple(sorted((each for each in weights if abs(each[1]) >= 0.005), key=lambda each: -abs(each[1])))


def _place(point: FrontierPoint) -> FrontierPlace:
    return _at(point.threshold, point)


def _at(threshold: float, found: FrontierPoint | Expected) -> FrontierPlace:
    return FrontierPlace(
        threshold=threshold,
        precision=found.precision.mid,
        low=found.precision.low,
        high=found.precision.high,
        n=found.precision.n,
        review_share=found.review_share,
        cost=found.cost,
        wait_s=found.wait_s,
    )


def _models(parts: Parts, name: str) -> tuple[str, tuple[ModelRow, ...]]:
    found = parts.loop.models(name)
    champion = str(found.get("champion") or "prior")
    rows = found.get("models")
    models = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, Sequence) else []
    return champion, tuple(_model(row, champion) for row in models)


def _model(row: Mapping[str, object], champion: str) -> ModelRow:
    gate, at = _mapping(row.get("gate")), row.get("at")
    return ModelRow(
        id=str(row["id"]),
        at=at if isinstance(at, datetime) else None if at is None else parse_rfc3339(str(at)),
        state=str(row.get("state", "")),
        parent=None if row.get("parent") is None else str(row["parent"]),
        encoder=str(row.get("encoder") or "")[:24],
        is_champion=row["id"] == champion,
        may_promote=gate.get("verdict") == "promote",
        metrics=_mapping(row.get("metrics")),
        gate=gate,
    )


def _mapping(value: object) -> Mapping[str, object]:
    shown = plain(value)
    return shown if isinstance(shown, dict) else {}


def snippet(base: str, name: str, key: str = "pk_…", *, layout: str = "chips", k: int | None = None) -> str:
    """Two lines to paste: they follow our releases. A typeahead takes its context from the field itself."""
    quoted = name.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    more = "" if layout == "chips" else f' layout="{layout}"'
    more += "" if k is None else f' count="{k}"'
    source = "" if layout == "typeahead" else ' context-from="#last-message"'
    return (
        f'<script type="module" src="{base}/embed/v1/suggest-box.js"></script>\n'
        f'<suggest-box site-key="{key}" surface="{quoted}"{more}\n'
        f'             for="reply"{source}></suggest-box>'
    )


def pinned(base: str, embed: Embed) -> str:
    """The script element for hosts that let no byte in that they have not seen."""
    path, integrity = embed.snippet()
    return f'<script type="module" src="{base}{path}"\n        integrity="{integrity}" crossorigin></script>'
