"""For whoever keeps the server alive: does it run, may it take traffic, what is it doing."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.clock import parse_rfc3339
from suggest.web.meters import Labels, family
from suggest.web.openapi import openapi_document
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json
from suggest.web.threads import run_in

_CHAMPION_PREFIX = "champion/"


async def healthz(request: Request) -> Response:
    """The event loop turns. Nothing below is asked, so a full disk does not get the process killed."""
    return Json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """200 when the log takes a write, every champion is loaded and the encoder is warm; else 503 and why not."""
    parts = parts_of(request)
    if parts.is_stopping:
        return Json({"ready": False, "reasons": ["the server is stopping"]}, 503)
    ready = await run_in(parts.lanes.read, parts.online.ready)
    headers = {} if ready.ok else {"Retry-After": "1"}
    return Json({"ready": ready.ok, "reasons": list(ready.reasons)}, 200 if ready.ok else 503, headers)


async def metrics(request: Request) -> Response:
    parts = parts_of(request)
    gauges = await run_in(parts.lanes.read, _gauges, parts)
    text = "\n".join([*parts.meters.lines(), *gauges, *parts.gauges.lines()]) + "\n"
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _gauges(parts: Parts) -> list[str]:
    return [
        line for name, help_text, samples in _present_state(parts) for line in family(name, "gauge", help_text, samples)
    ]


def _present_state(parts: Parts) -> Iterable[tuple[str, str, dict[Labels, float]]]:
    health = parts.application.store.health()
    yield "suggest_log_writable", "1 where the log takes writes.", {(): float(health.writable)}
    yield "suggest_log_queue_depth", "Submissions waiting for a commit.", {(): float(health.queue_depth)}
    yield "suggest_log_commit_p99_seconds", "p99 of recent commits.", {(): health.commit_p99_ms / 1000}
    yield "suggest_disk_free_bytes", "Free space where the data lies.", {(): float(health.free_bytes)}
    counts = parts.online.queue_counts(None)
    yield (
        "suggest_reviews",
        "Reviews by state.",
        {(("state", "waiting"),): float(counts.waiting), (("state", "claimed"),): float(counts.claimed)},
    )
    yield (
        "suggest_reviews_waiting",
        "Waiting reviews by reason.",
        {(("reason", str(reason)),): float(n) for reason, n in counts.by_reason.items()},
    )
    yield "suggest_workers_on_duty", "Workers heard of lately.", {(): float(counts.workers)}
    yield "suggest_ready", "1 where /readyz is 200.", {(): float(parts.online.ready().ok)}
    yield (
        "suggest_encoder_queue_depth",
        "Texts waiting for the encoder.",
        {(): float(parts.application.encoders.n_waiting)},
    )
    yield "suggest_bundle_age_seconds", "Since each surface's bundle was promoted.", dict(_bundle_ages(parts))
    yield (
        "suggest_calibration_alarms",
        "Champions called back by the alarm on live calibration since the start, by surface.",
        {(("surface", surface),): float(n) for surface, n in parts.loop.live.alarms.items()},
    )
    yield (
        "suggest_canaries",
        "Canaries that run, by surface.",
        {(("surface", canary.surface),): 1.0 for canary in parts.loop.live.canaries.all()},
    )
    drawing = [each.memory_bytes() for each in parts.snapshots.processes]
    yield (
        "suggest_reports_process_bytes",
        "Resident memory of the processes that draw reports; none runs before the first report.",
        {(): float(sum(each or 0 for each in drawing))} if drawing else {},
    )
    yield (
        "suggest_reports_processes_started",
        "Processes started to draw reports since the start.",
        {(): float(parts.snapshots.n_started)},
    )
    yield "suggest_requests_in_flight", "Requests being answered.", {(): float(parts.in_flight)}
    yield "suggest_streams_open", "Event streams open.", {(): float(parts.streams)}


def _bundle_ages(parts: Parts) -> Iterable[tuple[Labels, float]]:
    now = parts.application.clock.now()
    for key, stored in parts.application.store.keys(_CHAMPION_PREFIX).items():
        promoted_at = stored.value.get("at")
        if isinstance(promoted_at, str):
            age_s = (now - parse_rfc3339(promoted_at)).total_seconds()
            yield (("surface", key.removeprefix(_CHAMPION_PREFIX)),), age_s


async def openapi(request: Request) -> Response:
    """Made when somebody first asks: the schemas of all bodies take a tenth of a second that no start should."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = await run_in(parts_of(request).lanes.read, openapi_document, state.calls)
    return Json(state.openapi)
