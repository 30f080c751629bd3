"""A shell a test, with nothing in its data folder; and a server where a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.shell import Server, Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("SUGGEST_DATA_DIR", "SUGGEST_SECRET_KEY", "SUGGEST_SERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(folder=tmp_path, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def server(shell: Shell) -> Iterator[Server]:
    running = Server(shell)
    yield running
    running.stop()
