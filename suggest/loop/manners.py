"""How a child process of the loop behaves: it gives way to the server, and is gone when the server is."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

NICE = 10
PARENT = "SUGGEST_PARENT_PID"  # set by the server for its children
_PR_SET_PDEATHSIG = 1


def behave() -> None:
    """Lower our priority; on Linux let the kernel end us when the server dies, however it dies."""
    os.nice(NICE)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = os.environ.get(PARENT)
    if parent is not None and os.getppid() != int(parent):
        raise SystemExit("the server that started this process is gone")


def tell_progress(done: float, step: str) -> None:
    """One line for the parent, who reads our standard output: how far we are, in [0, 1], and what is being done."""
    print(json.dumps({"progress": round(done, 3), "step": step}), flush=True)  # noqa: T201
