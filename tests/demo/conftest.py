"""A real service in a child process, as the demonstration starts it; only the encoder is the small one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.waiting import Service


@pytest.fixture(scope="session", autouse=True)
def _small_encoder() -> Iterator[None]:
    """Children inherit it. What is learned here is not about meaning; the browser tests use the real encoder."""
    before = os.environ.get("SUGGEST_ENCODER")
    os.environ["SUGGEST_ENCODER"] = "hashing"
    yield
    if before is None:
        del os.environ["SUGGEST_ENCODER"]
    else:
        os.environ["SUGGEST_ENCODER"] = before


@pytest.fixture(scope="session")
def service(_small_encoder: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"))
    yield running
    running.stop()


@pytest.fixture
def client(service: Service) -> httpx.Client:
    return service.client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
