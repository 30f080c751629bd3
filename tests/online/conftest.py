"""One world a test, closed when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.online.world import World

OpenWorld = Callable[..., World]


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[OpenWorld]:
    """Open a world with settings of its own."""
    opened: list[World] = []

    def open_one(**settings: Any) -> World:
        opened.append(World(tmp_path / f"shop-{len(opened)}", **settings))
        return opened[-1]

    yield open_one
    for world in opened:
        world.close()


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world()
