"""The accounts of the people who work here: for owners, and for servers with a secret key."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from suggest.domain.worker import Worker
from suggest.web.body import parse
from suggest.web.call import call_of, path_id
from suggest.web.parts import Parts, parts_of
from suggest.web.present import Json, plain, time_text
from suggest.web.schemas.people import WorkerIn
from suggest.web.threads import run_in


async def create_worker(request: Request) -> Response:
    wanted = await parse(request, WorkerIn, limit=call_of(request).limit)
    parts = parts_of(request)
    changes = wanted.model_dump(exclude_unset=True)
    return Json(worker_json(parts, await run_in(parts.lanes.log, parts.online.workers.create, changes)), 201)


async def list_workers(request: Request) -> Response:
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.online.workers.list)
    return Json({"workers": [worker_json(parts, worker) for worker in found]})


async def get_worker(request: Request) -> Response:
    parts = parts_of(request)
    found = await run_in(parts.lanes.read, parts.online.workers.get, path_id(request, "worker"))
    quality = await run_in(parts.lanes.read, parts.online.worker_quality, found.id)
    return Json({**worker_json(parts, found), "quality": plain(quality)})


async def put_worker(request: Request) -> Response:
    worker = path_id(request, "worker")
    wanted = await parse(request, WorkerIn, limit=call_of(request).limit)
    parts = parts_of(request)
    changes = wanted.model_dump(exclude_unset=True)
    return Json(worker_json(parts, await run_in(parts.lanes.log, parts.online.workers.change, worker, changes)))


async def close_worker(request: Request) -> Response:
    parts = parts_of(request)
    closed = await run_in(parts.lanes.log, parts.online.workers.leave, path_id(request, "worker"))
    return Json(worker_json(parts, closed))


def worker_json(parts: Parts, worker: Worker) -> dict[str, object]:
    return {
        "id": worker.id,
        "name": worker.name,
        "role": str(worker.role),
        "skills": sorted(worker.skills),
        "languages": sorted(worker.languages),
        "login": worker.login,
        "created_at": time_text(worker.created_at),
        "left_at": time_text(worker.left_at),
        "on_duty": parts.online.is_on_duty(worker.id),
    }
