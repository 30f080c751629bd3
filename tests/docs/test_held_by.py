"""A table that names the test behind each promise names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/how-to/browsers.md").read_text()


def test_every_named_test_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+/)?(test_\w+\.py)::(test_\w+)`", TABLE)
    assert len(named) > 20
    for folder, file, test in named:
        source = (ROOT / (folder or "tests/browser/") / file).read_text()
        assert f"def {test}(" in source, f"{file}::{test}"
