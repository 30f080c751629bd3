"""The addresses of people's pages, as one list: the landing page, the console, the reports, the administration.

What draws them is imported after the start, or by the first who asks: a request for suggestions needs none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

Page = Callable[[Request], Awaitable[Response]]
_HANDLERS = "suggest.web.handlers"
_FILES = ("admin", "arriving", "console", "landing", "playground", "queue_news", "reports", "surface_admin")


class _Pages:
    """A file of handlers whose names are looked up when they are called."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Page:
        async def page(request: Request) -> Response:
            handler: Page = getattr(import_module(f"{_HANDLERS}.{self._file}"), name)
            return await handler(request)

        return page


admin, arriving, console, landing, playground, queue_news, reports, surface_admin = (_Pages(file) for file in _FILES)


def import_pages() -> None:
    """Import what draws them now, so that nobody waits for it."""
    for file in _FILES:
        import_module(f"{_HANDLERS}.{file}")


def people_routes() -> list[BaseRoute]:
    a_surface = "/admin/surfaces/{surface}"
    return [
        Route("/", landing.landing),
        Route("/console", console.console),
        Route("/console/answer", console.answer, methods=["POST"]),
        Route("/console/skip", console.skip, methods=["POST"]),
        Route("/console/postpone", console.postpone, methods=["POST"]),
        Route("/console/undo", console.undo, methods=["POST"]),
        Route("/console/next", console.next_task, methods=["POST"]),
        Route("/console/pulse", console.pulse, methods=["POST"]),
        Route("/console/events", queue_news.stream),
        Route("/console/find", console.find),
        Route("/console/near", console.near),
        Route("/reports", reports.index),
        Route("/reports/{surface}", reports.page),
        Route("/docs/figures", reports.definitions),
        Route("/reports/{surface}/{figure}.{form}", reports.rows),
        Route("/reports/{surface}/impressions", reports.impressions),
        Route("/reports/{surface}/second-look", reports.second_look, methods=["POST"]),
        Route("/reports/{surface}/annotations", reports.annotate, methods=["POST"]),
        Route("/reports/{surface}/{page}", reports.page),
        Route("/admin", admin.overview),
        Route("/admin/events", arriving.arrivals),
        Route("/admin/events/stream", arriving.stream),
        Route("/admin/playground", playground.playground),
        Route("/admin/playground", playground.try_out, methods=["POST"]),
        Route("/admin/surfaces", admin.create_surface, methods=["POST"]),
        Route("/admin/keys", admin.create_key, methods=["POST"]),
        Route("/admin/keys/{key}/revoke", admin.revoke_key, methods=["POST"]),
        Route("/admin/links", admin.create_link, methods=["POST"]),
        Route("/admin/workers", admin.create_worker, methods=["POST"]),
        Route("/admin/workers/{worker}", admin.change_worker, methods=["POST"]),
        Route("/admin/workers/{worker}/close", admin.close_worker, methods=["POST"]),
        Route(a_surface, surface_admin.surface),
        Route(a_surface + "/preview", surface_admin.preview_policy, methods=["POST"]),
        Route(a_surface + "/policy", surface_admin.put_policy, methods=["POST"]),
        Route(a_surface + "/guideline", surface_admin.put_guideline, methods=["POST"]),
        Route(a_surface + "/guideline/ask-again", surface_admin.ask_again, methods=["POST"]),
        Route(a_surface + "/train", surface_admin.train, methods=["POST"]),
        Route(a_surface + "/jobs/{job}", surface_admin.job),
        Route(a_surface + "/promote", surface_admin.promote, methods=["POST"]),
        Route(a_surface + "/rollback", surface_admin.rollback, methods=["POST"]),
        Route(a_surface + "/report-schedule", surface_admin.put_schedule, methods=["POST"]),
        Route(a_surface + "/try", surface_admin.try_out, methods=["POST"]),
    ]
