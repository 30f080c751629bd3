"""`make test` runs its parts apart, so a test must say to which it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DRIVEN = [path for path in sorted(TESTS.rglob("test_*.py")) if "from playwright" in path.read_text(encoding="utf-8")]


def test_there_are_tests_that_drive_a_browser() -> None:
    assert len(DRIVEN) > 10


@pytest.mark.parametrize("path", DRIVEN, ids=lambda path: path.stem)
def test_what_drives_a_browser_says_so(path: Path) -> None:
    """Playwright leaves an event loop running in its thread: beside it, whatever calls `asyncio.run` fails."""
    assert "pytest.mark.browser" in path.read_text(encoding="utf-8")
