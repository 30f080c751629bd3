"""A service to test against, and patience with other threads and processes: they have clocks of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from suggest.demo.calls import connect, wait_until_ready
from suggest.demo.child import Listening, ServiceProcess
from suggest.web.address import address_of, free_port

PATIENCE_S = 30.0


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Return as soon as the condition holds; fail after half a minute."""
    until = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        pause.wait(0.02)


class Service:
    """The service in a child process, on a free port, with the secret key's client at hand."""

    def __init__(self, folder: Path, *, frame_ancestors: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.port = free_port("127.0.0.1", 0)
        self.address = address_of("127.0.0.1", self.port)
        self.loading: list[bool] = []
        self.listening: list[Listening] = []
        self.ended: list[int] = []
        self.process = ServiceProcess(
            data_dir=folder,
            host="127.0.0.1",
            port=self.port,
            frame_ancestors=frame_ancestors,
            on_loading=self.loading.append,
            on_listening=self.listening.append,
            on_end=self.ended.append,
        )
        wait_for(lambda: self.listening or self.ended, "the service")
        assert not self.ended, f"the service ended with {self.ended}"
        self.client: httpx.Client = connect(self.address, self.listening[0].secret_key)
        wait_until_ready(self.client, patience_s=PATIENCE_S)

    def stop(self) -> int:
        self.client.close()
        return self.process.stop()

    def n_rows(self, table: str) -> int:
        export = self.client.get(f"/v1/export/{table}", params={"format": "csv"})
        assert export.status_code == 200, export.text
        return len(export.text.splitlines()) - 1
