"""Listening to a stream of server-sent events, without a network in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from web.house import House


def listen(
    house: House,
    path: str,
    *,
    until: str | None,
    then: Callable[[], object] = lambda: None,
    headers: Mapping[str, str],
) -> str:
    """What is said until `until` was among it (None: until it ends by itself); `then` is done once it has begun."""

    async def run() -> str:
        said: list[bytes] = []
        enough = asyncio.Event()
        scope: dict[str, object] = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 1),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "server": ("testserver", 80),
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, object]) -> None:
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            said.append(body)
            if b"retry:" in body:
                then()
            if until is not None and until.encode() in body:
                enough.set()

        await asyncio.wait_for(house.app(scope, receive, send), 10)  # type: ignore[arg-type]
        return b"".join(said).decode()

    return asyncio.run(run())
