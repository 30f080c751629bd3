"""The process that draws reports, seen from the server: started, asked, ended. What it does is in `analytics.child`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from suggest.web.hanging import Watch

if TYPE_CHECKING:  # imported by whoever first looks at a report
    from analytics.orders import Order

LOOK_EVERY_S = 1.0  # whether it hangs
ENDS_WITHIN_S = 5.0
_SECRETS = ("SUGGEST_SECRET_KEY",)


class ProcessGone(Exception):
    """It ended, or could not be started, before there was an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    said: str  # drawn, nothing (there is no such thing), unavailable (the snapshot) or failed (a fault of ours)
    detail: str
    is_prepared: bool  # what everything is counted from is derived
    deriving_s: float
    body: bytes


class ReportProcess:
    """One process. Ask it from one thread at a time; end it from any, also while it is asked."""

    def __init__(self, module: str = "analytics.child", *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """It is there at once, and imports on; raises ProcessGone where there can be none."""
        self._monotonic_s = monotonic_s
        try:
            self._child = subprocess.Popen(  # in the server's process group
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
            )
        except OSError as refused:
            raise ProcessGone(f"it could not be started: {refused.strerror}") from refused
        self._ending = Lock()
        self._hung = ""  # how, where it was ended for that

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        return self._child.poll() is None

    def ask(self, order: Order, *, log: Path | None = None, kept: Path | None = None) -> Reply:
        """Draw it of the snapshot at `log`; waits, and ends it where it hangs (see `hanging`). Raises ProcessGone."""
        from analytics.orders import plain_of
        from analytics.pipe import GOES_ON, receive, send

        assert self._child.stdin is not None
        assert self._child.stdout is not None
        watch, answered = Watch(self._monotonic_s(), self.cpu_s()), Event()
        Thread(target=self._end_if_it_hangs, args=(watch, answered), name="report watch", daemon=True).start()
        try:
            where = {"log": str(log or ""), "kept": None if kept is None else str(kept)}
            send(self._child.stdin, {**plain_of(order), **where})
            while (reply := receive(self._child.stdout)) is not None and reply[0]["said"] == GOES_ON:
                watch.goes_on(self._monotonic_s(), self.cpu_s())
        except (OSError, ValueError) as closed:  # by its end, or by ours
            raise ProcessGone(self._hung or "it ended") from closed
        finally:
            answered.set()
        if reply is None:
            raise ProcessGone(self._hung or "it ended")
        return Reply(**reply[0], body=reply[1])

    def _end_if_it_hangs(self, watch: Watch, answered: Event) -> None:
        while not answered.wait(LOOK_EVERY_S):
            if why := watch.why(self._monotonic_s(), self.cpu_s()):
                self._hung = f"{why}, and was ended"
                self._child.kill()
                return

    def cpu_s(self) -> float | None:
        """The processor time it has used; None where that cannot be told."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None

    def memory_bytes(self) -> int | None:
        """What it holds in memory of its own or shares; None where that cannot be told."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        """At once, whatever it draws. Harmless a second time."""
        with self._ending:
            self._child.kill()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(ENDS_WITHIN_S)
            for pipe in (self._child.stdin, self._child.stdout):
                with suppress(OSError):  # what was still to be written to it
                    assert pipe is not None
                    pipe.close()


def _environment() -> Mapping[str, str]:
    """Ours without what it need not know; numpy with one thread."""
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    return {**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
