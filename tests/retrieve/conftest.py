"""The real encoder, exported once and kept between test runs, and the one that understands nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from suggest.retrieve.encoder import Encoder, load_encoder
from suggest.retrieve.hashing import HashingEncoder


@pytest.fixture(scope="session")
def encoder_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache: pytest.Cache | None = getattr(request.config, "cache", None)  # none under -p no:cacheprovider
    return Path(cache.mkdir("encoder")) if cache is not None else tmp_path_factory.mktemp("encoder")


@pytest.fixture(scope="session")
def default_encoder(encoder_cache: Path) -> Encoder:
    return load_encoder(cache_dir=encoder_cache)


@pytest.fixture
def hashing() -> HashingEncoder:
    return HashingEncoder()
