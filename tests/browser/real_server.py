"""The whole server as a process of its own, with a small encoder, for tests of what people and pages meet."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

SECRET = "sk_browser_test_key"
START = """
import sys
from suggest.config.settings import Settings
from suggest.web.server import serve
sys.exit(serve(Settings.from_env(), "127.0.0.1", 0, on_ready=lambda address, application: print(address, flush=True)))
"""


class RealServer:
    """A server process on an empty folder, and an owner's hand in it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        env = {
            **os.environ,
            "SUGGEST_DATA_DIR": str(folder),
            "SUGGEST_ENCODER": "hashing",
            "SUGGEST_SECRET_KEY": SECRET,
            **settings,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", START], env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address, "the server did not start"
        self.api = httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {SECRET}"}, timeout=30)
        self._count = itertools.count()

    def stop(self) -> None:
        self.api.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)

    def fill(self, name: str, replies: Mapping[str, str]) -> None:
        """A surface with these candidates."""
        self.api.put(f"/v1/surfaces/{name}", json={"title": f"Surface {name}"}).raise_for_status()
        options = [{"id": id, "text": text} for id, text in replies.items()]
        self.api.post(f"/v1/surfaces/{name}/candidates", json={"candidates": options}).raise_for_status()

    def a_key(self, *origins: str, **more: object) -> str:
        """A publishable key."""
        wanted = {"kind": "pk", "origins": origins, **more}
        return str(self.api.post("/v1/keys", json=wanted).raise_for_status().json()["key"])

    def link(self, role: str = "worker", name: str = "Ann") -> str:
        made = self.api.post("/v1/links", json={"role": role, "name": name}).raise_for_status().json()
        return self.address + str(made["path"])
