"""Serve the application: one process, one address, a clean stop.

granian runs inside this process (its embedded server), so there is no parent and no worker: `kill -9` leaves nobody
behind who holds the database, and a restart waits for nothing. Measured before it was chosen: half-sent headers are
dropped after their timeout, oversized ones answered 431, a stop lets running requests finish. What it lacks is done
here and in `body`: a taken port is refused (it would share it silently, by SO_REUSEPORT), bodies are read with a
timeout, event streams end when the server stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from suggest.domain.errors import StorageUnavailable
from suggest.web.address import EXIT_FOLDER_UNUSABLE as EXIT_FOLDER_UNUSABLE
from suggest.web.address import EXIT_PORT_TAKEN as EXIT_PORT_TAKEN
from suggest.web.address import address_of as address_of
from suggest.web.address import free_port as free_port
from suggest.web.doorway import Doorway

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from suggest.config.application import Application
    from suggest.config.settings import Settings
    from suggest.retrieve.encoder import Encoder
    from suggest.web.limits import Limits

T = TypeVar("T")
SERVER_FILE = "server.json"
DRAIN_S = 10
SWITCH_S = 0.0005  # a suggestion goes through four threads; each would wait 5 ms for whoever computes in Python
HEADER_TIMEOUT_MS = 5_000
LARGEST_HEADERS = 64 * 1024
MOST_CONNECTIONS = 4_096

log = logging.getLogger("suggest.web")


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    limits: Limits | None = None,
    frame_ancestors: Sequence[str] = (),
    on_ready: Callable[[str, Application], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then close the data folder. Returns the exit code.

    Connections are taken at once; the data folder is opened meanwhile. `on_ready(address, application)` is called once
    it is open; the encoder may still be loading. Raises EncoderUnavailable where there is none.
    """
    try:
        port = free_port(host, port)
    except OSError as taken:
        return _give_up(EXIT_PORT_TAKEN, f"Cannot listen on {host}:{port}: {taken.strerror}. Use another --port.")
    opened: list[Application] = []  # by another thread
    encoders: list[Encoder] = []  # likewise

    sys.setswitchinterval(SWITCH_S)
    gc.disable()  # nothing of what a start makes is garbage, and looking for it takes a tenth of the time

    def open_up() -> Starlette:
        # First of all: the weights are read, without Python, while Python imports the rest of the house.
        from suggest.retrieve.loading import open_encoder

        encoder = open_encoder(settings.encoder, cache_dir=settings.encoder_cache, threads=settings.threads)
        encoders.append(encoder)
        from suggest.config.application import open_application

        # The log is read by DuckDB's threads; meanwhile this process can import what will answer requests.
        threading.Thread(target=import_module, args=("suggest.web.app",), name="import", daemon=True).start()
        application = open_application(settings, encoder=encoder, catching_up=False)
        opened.append(application)
        from suggest.web.app import create_app

        return create_app(application, limits=limits, frame_ancestors=frame_ancestors)

    def warm(application: Application) -> None:
        application.warm()
        application.catch_up()
        from suggest.web.pages import import_pages

        import_pages()
        gc.freeze()
        gc.enable()

    async def announce() -> None:
        await _reachable(host, port)
        _leave_address(Path(settings.data_dir) / SERVER_FILE, address_of(host, port))
        if on_ready is not None:
            on_ready(address_of(host, port), opened[0])

    is_drained, code = False, 0
    try:
        is_drained = asyncio.run(
            _run(Doorway(frame_ancestors=frame_ancestors), host, port, open_up, announce, lambda: warm(opened[0]))
        )
    except StorageUnavailable as unusable:
        is_drained, code = True, _give_up(EXIT_FOLDER_UNUSABLE, f"The data folder cannot be used: {unusable.detail}")
    finally:
        gc.enable()
        for application in opened:
            (Path(settings.data_dir) / SERVER_FILE).unlink(missing_ok=True)
            application.close()  # writes the last checkpoint
    if not is_drained or not all(getattr(encoder, "is_loaded", True) for encoder in encoders):
        # A request that would not end still holds a thread, and the interpreter would wait for it; or weights are being
        # read by native code, which aborts the process when the interpreter ends under it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


async def _run(
    doorway: Doorway,
    host: str,
    port: int,
    open_up: Callable[[], Starlette],
    announce: Callable[[], Awaitable[None]],
    warm: Callable[[], None],
) -> bool:
    """Serve until told to stop. Returns whether everything that had begun could finish; raises what ended the start."""
    server = Server(
        doorway,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=LARGEST_HEADERS),
        websockets=False,
        backlog=1024,
        backpressure=MOST_CONNECTIONS,
        log_level=LogLevels.error,
    )
    server.workers_kill_timeout = DRAIN_S
    loop = asyncio.get_running_loop()

    def stop() -> None:
        doorway.stop()
        server.stop()  # type: ignore[no-untyped-call]  # granian

    opening = on_a_thread(open_up)

    async def start() -> None:
        doorway.open(await asyncio.shield(opening))
        await announce()
        await on_a_thread(warm)

    started = asyncio.create_task(start())
    started.add_done_callback(lambda task: None if task.cancelled() or task.exception() is None else stop())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    is_drained = True
    try:
        await server.serve()
    except TimeoutError:
        log.warning("some requests did not finish within %d s and were cut off", DRAIN_S)
        is_drained = False
    doorway.close()
    if started.done() and not started.cancelled():
        started.result()  # raises what ended the start, and the server with it
    started.cancel()
    _, still_opening = await asyncio.wait([opening], timeout=DRAIN_S)  # what is half open cannot be closed
    return is_drained and not still_opening


def on_a_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """`call()` on a thread of its own that nothing waits for at the end, whatever it is doing then."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # what `call` returned

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as failed:
            error = failed
        with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="start", daemon=True).start()
    return future


async def _reachable(host: str, port: int) -> None:
    """Return once connections are taken."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(reachable, port)
            writer.close()
            return
        await asyncio.sleep(0.01)


def _leave_address(server_file: Path, address: str) -> None:
    """Leave the address where the command line looks for it."""
    fresh = server_file.with_suffix(".json.new")
    fresh.write_text(json.dumps({"address": address, "pid": os.getpid()}) + "\n")
    fresh.replace(server_file)


def _give_up(code: int, why: str) -> int:
    sys.stderr.write(f"suggest: {why}\n")
    return code
