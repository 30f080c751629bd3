"""The process that draws reports, seen from the server: started, asked, ended. What it does is in `analytics.child`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported by whoever first looks at a report
    from analytics.orders import Order

LONGEST_S = 900.0  # the first page of ten million requests on a busy machine; what takes longer hangs
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

    def __init__(self, module: str = "analytics.child") -> None:
        """It is there at once, and imports on; raises ProcessGone where there can be none."""
        try:
            self._child = subprocess.Popen(  # in the server's process group
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
            )
        except OSError as refused:
            raise ProcessGone(f"it could not be started: {refused.strerror}") from refused
        self._ending = Lock()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        return self._child.poll() is None

    def ask(self, order: Order, *, log: Path | None = None, kept: Path | None = None) -> Reply:
        """Draw it of the snapshot at `log`; waits. Raises ProcessGone."""
        from analytics.orders import plain_of
        from analytics.pipe import receive, send

        assert self._child.stdin is not None
        assert self._child.stdout is not None
        overdue = Timer(LONGEST_S, self._child.kill)
        overdue.daemon = True
        overdue.start()
        try:
            where = {"log": str(log or ""), "kept": None if kept is None else str(kept)}
            send(self._child.stdin, {**plain_of(order), **where})
            reply = receive(self._child.stdout)
        except (OSError, ValueError) as closed:  # by its end, or by ours
            raise ProcessGone("it ended") from closed
        finally:
            overdue.cancel()
        if reply is None:
            raise ProcessGone("it ended")
        return Reply(**reply[0], body=reply[1])

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
