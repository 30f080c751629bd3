"""The application as an httpx transport: the same calls as over the network, where no server runs.

A command knows one way to talk; whether somebody listens on a port or the data folder is open in this very process is
decided here and nowhere else."""

from __future__ import annotations

import asyncio
import threading

import httpx


class InProcess(httpx.BaseTransport):
    """Answers requests with an ASGI application on an event loop of its own."""

    def __init__(self, app: object) -> None:
        self._transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # any ASGI application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="in-process", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)
