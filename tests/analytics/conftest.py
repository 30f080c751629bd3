"""What the tests of the reports share: the reader of pages, and one busy month written once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "components"))

from logbook import START, Logbook, busy_month

from analytics.report import ReportView, report
from analytics.snapshot import Analytics

NOW = START + timedelta(days=26)


@dataclass(frozen=True)
class Month:
    book: Logbook
    analytics: Analytics
    view: ReportView
    now: datetime


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Twenty-six days of one surface, and its report over all of them."""
    book = busy_month(tmp_path_factory.mktemp("month"))
    with book.opened(at=NOW) as opened:
        yield Month(book=book, analytics=opened, view=report(opened, "support", now=NOW), now=NOW)
    book.store.close()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Logbook]:
    made = Logbook(tmp_path)
    yield made
    made.store.close()
