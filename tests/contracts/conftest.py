"""One real server for every story that is told to one: its own process, its own file, real bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from faults.serving import SECRET, Server

from contracts.story import Running, Shop


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = Path(tmp_path_factory.mktemp("story")) / "data"
    with Server(folder) as server, httpx.Client(base_url=server.address, timeout=60) as http:
        yield Running(server=server, folder=folder, shop=Shop(http, SECRET))
