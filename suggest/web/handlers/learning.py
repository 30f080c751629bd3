"""Training runs, the bundles they make, promotion, rollback, and what another bundle would have earned."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.loop.jobs import FINAL
from suggest.web.body import parse
from suggest.web.call import call_of, caller_of, path_id, query_flag
from suggest.web.parts import parts_of
from suggest.web.present import Json, plain
from suggest.web.schemas.learning import EvaluateIn, TrainIn
from suggest.web.threads import run_in

LOOK_AGAIN_S = 2.0  # how long one look at a running job holds a thread


async def train(request: Request) -> Response:
    surface = path_id(request, "surface", longest=100)
    wait = query_flag(request, "wait")
    wanted = await parse(request, TrainIn, limit=call_of(request).limit, may_be_empty=True)
    parts = parts_of(request)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    job = await run_in(parts.lanes.log, parts.loop.train, surface, encoder=wanted.encoder)
    while wait and job.state not in FINAL and not parts.is_stopping:
        job = await run_in(parts.lanes.wait, parts.loop.wait, job.id, LOOK_AGAIN_S)
    return Json(plain(job), 200 if job.state in FINAL else 202)


async def get_job(request: Request) -> Response:
    job = path_id(request, "job")
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.loop.job, job)
    caller_of(request).check_surface(found.surface)
    return Json(plain(found))


async def list_models(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    return Json(plain(await run_in(parts.lanes.read, parts.loop.models, surface)))


async def promote_model(request: Request) -> Response:
    parts = parts_of(request)
    surface, bundle = path_id(request, "surface", longest=100), path_id(request, "model")
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    return Json(plain(await run_in(parts.lanes.log, parts.loop.promote, surface, bundle)))


async def rollback_model(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    return Json(plain(await run_in(parts.lanes.log, parts.loop.rollback, surface)))


async def evaluate(request: Request) -> Response:
    parts = parts_of(request)
    surface = path_id(request, "surface", longest=100)
    wanted = await parse(request, EvaluateIn, limit=call_of(request).limit)
    await run_in(parts.lanes.read, parts.online.get_surface, surface)
    exploration = None if wanted.policy is None else wanted.policy.exploration
    valued = await run_in(
        parts.lanes.wait, parts.loop.evaluator.evaluate, surface, bundle=wanted.bundle, exploration=exploration
    )
    return Json(plain(valued))
