"""Where synchronous work runs: one bounded pool of threads for each kind of waiting, so that none starves another.

A suggestion waits for the encoder and a report for the process that draws it; the log has many threads because all who
wait for one commit are answered by it together."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SUGGEST_THREADS = 64
LOG_THREADS = 128
READ_THREADS = 16
REPORT_THREADS = 8  # they wait for one process, and must keep nobody from /readyz
WAIT_THREADS = 32
GIVES_WAY = 10  # how much nicer than the rest of the process


class Lanes:
    """The pools of one application. Threads start when first needed."""

    def __init__(self) -> None:
        self.suggest = ThreadPoolExecutor(SUGGEST_THREADS, "suggest")
        self.log = ThreadPoolExecutor(LOG_THREADS, "log")  # appends: answered by the next group commit
        self.read = ThreadPoolExecutor(READ_THREADS, "read")  # queries, exports, pages
        self.report = ThreadPoolExecutor(REPORT_THREADS, "report")
        self.wait = ThreadPoolExecutor(WAIT_THREADS, "wait")  # those who wait for a training run

    def close(self) -> None:
        for lane in (self.suggest, self.log, self.read, self.report, self.wait):
            lane.shutdown(wait=False, cancel_futures=True)


async def run_in(lane: ThreadPoolExecutor, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """`call(...)` on a thread of this lane."""
    return await asyncio.get_running_loop().run_in_executor(lane, partial(call, *args, **kwargs))


def run_aside(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """`call(...)` on a thread of its own that gives way to every other (on Linux, where a thread has a priority);
    waits for it. For work that hardly needs Python: who gives way may be put to sleep while holding its lock."""
    made: Future[T] = Future()

    def work() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY)
        try:
            made.set_result(call(*args, **kwargs))
        except BaseException as failed:  # handed to whoever waits
            made.set_exception(failed)

    threading.Thread(target=work, name="aside", daemon=True).start()
    return made.result()
