"""The server as an operator starts it, in a process group of its own, to be killed whole at any moment."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from suggest.web.server import free_port

SECRET = "sk_fault_injection"
HEADERS = {"Authorization": f"Bearer {SECRET}"}
_START = "from suggest.cli import main; main()"
_PATIENCE_S = 120.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """How long a start took until /readyz said 200."""

    wall_s: float
    cpu_s: float  # of the server's threads together: what a busy machine does not lengthen


class Server:
    """`suggest serve` on a folder, waited for until it is ready."""

    def __init__(self, folder: Path, *, encoder: str = "hashing", environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self.port}"
        env = {**os.environ, "SUGGEST_ENCODER": encoder, "SUGGEST_SECRET_KEY": SECRET, **(environment or {})}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed server does not compile itself at each start
        self._log = (folder.parent / f"{folder.name}.log").open("ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, "serve", "--data", str(folder), "--port", str(self.port)],
            env=env,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait_until_ready(began + _PATIENCE_S)
        self.started = Started(wall_s=time.perf_counter() - began, cpu_s=self._cpu_s())

    def kill(self) -> None:
        """SIGKILL to the whole process group: nothing gets to say goodbye."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _wait_until_ready(self, until: float) -> None:
        while not self._is_ready():
            if self.process.poll() is not None or time.perf_counter() > until:
                said = Path(self._log.name).read_text(errors="replace")[-3000:]
                self.kill()
                raise AssertionError(f"the server did not become ready: {said}")
            time.sleep(0.01)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
