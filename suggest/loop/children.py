"""Child processes of the loop: gentle on the machine, in the server's process group, gone when it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from suggest.loop.manners import PARENT

REHEARSAL_S = 60.0  # a sound bundle takes three seconds of a core; a gentle child of a busy machine gets few
ENCODER_S = 45.0  # more where it brings an encoder: ONNX Runtime is read, and where there is no export it is made


class ChildFailed(RuntimeError):
    """The child ended without a result."""


def run_trial(
    folder: Path,
    *,
    threads: int,
    report: Callable[[float, str], None],
    longest_s: float,
    module: str = "suggest.loop.trial",
) -> None:
    """Run one trial, or another module that speaks like it, to its end.

    Raises ChildFailed with the last words of the child."""
    errors = folder / "errors.txt"
    with errors.open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(threads),
            text=True,
        )
        overdue = Timer(longest_s, child.kill)
        overdue.daemon = True
        overdue.start()
        started = time.monotonic()
        try:
            assert child.stdout is not None
            for line in child.stdout:
                told = json.loads(line)
                report(float(told["progress"]), str(told["step"]))
            code = child.wait()
        except BaseException:
            child.kill()
            child.wait()
            raise
        finally:
            overdue.cancel()
    if code == -signal.SIGKILL and time.monotonic() - started >= longest_s:
        raise ChildFailed(f"the training process was ended after {longest_s:.0f} s")
    if code != 0:
        words = errors.read_text(errors="replace").strip().splitlines()
        raise ChildFailed(words[-1] if words else f"the training process ended with code {code}")


def rehearse(bundle: Path, encoder: Path | None = None) -> bool:
    """Whether the bundle loads and scores its golden rows in a process of its own.

    `encoder`: the folder of its tuned encoder, where it has one; it must give its golden vectors."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "suggest.loop.rehearsal", str(bundle), *([] if encoder is None else [str(encoder)])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(1),
            timeout=REHEARSAL_S if encoder is None else REHEARSAL_S + ENCODER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _environment(threads: int) -> dict[str, str]:
    """OpenMP that spins beside a busy server made a 2 s training take 57 s; PASSIVE lets it yield."""
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE", PARENT: str(os.getpid())}
