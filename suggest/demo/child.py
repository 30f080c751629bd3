"""The parent's end of the service: started, listened to, stopped, and never left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_S = 20.0  # what a clean stop may take: running requests drain for 10 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the service takes connections, and the key that may do everything there."""

    address: str
    secret_key: str

    def __repr__(self) -> str:
        return f"Listening(address={self.address!r})"


class ServiceProcess:
    """A service in a child process. Callbacks come from a thread of its own."""

    def __init__(
        self,
        *,
        data_dir: Path,
        host: str,
        port: int,
        frame_ancestors: Sequence[str],
        on_loading: Callable[[bool], None],
        on_listening: Callable[[Listening], None],
        on_end: Callable[[int], None],
    ) -> None:
        """`on_loading(is_first)`: whether the encoder must be exported; `on_end(code)` unless it was told to stop."""
        self._on_loading = on_loading
        self._on_listening = on_listening
        self._on_end = on_end
        self._is_stopping = False
        command = [sys.executable, "-m", "suggest.demo.service", "--data", str(data_dir), "--host", host]
        command += ["--port", str(port), "--frame-ancestors", *frame_ancestors]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # our process group
        self._reader = threading.Thread(target=self._read, name="service", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> int:
        """End it, waiting until the log is closed. Harmless a second time."""
        self._is_stopping = True
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reader.join(timeout=STOP_S)
        return self._process.returncode

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                message = parse_line(line)
                if message.get("event") == "loading":
                    self._on_loading(bool(message["is_first"]))
                elif message.get("event") == "listening":
                    self._on_listening(
                        Listening(address=str(message["address"]), secret_key=str(message["secret_key"]))
                    )
        code = self._process.wait()
        if not self._is_stopping:
            self._on_end(code)


def parse_line(line: bytes) -> Mapping[str, object]:
    """A line the service said about itself; empty for anything else that reached its standard output.

    >>> parse_line(b'{"event": "loading", "is_first": false}')["event"]
    'loading'
    >>> parse_line(b"a library says hello")
    {}
    """
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
