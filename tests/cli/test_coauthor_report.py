"""A real log of people and suggestions (CoAuthor), imported and reported on, against figures counted here by hand."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import analytics
from analytics.lens import Lens
from analytics.report import ReportView, report
from cli.shell import Shell
from suggest.domain.clock import SystemClock
from suggest.store.embedded import EmbeddedStore

FILE = (
    Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    / "coauthor"
    / "coauthor_lists.jsonl.gz"
)
EVERY = 30  # 13,593 lists take too long for a test
MAPS = (
    "slate=list_id",
    "shown=suggestions",
    "text=context",
    "chosen_position=selected_pos",
    "outcome=outcome",
    "at=shown_at_ms",
    "fields.genre=genre",
    "fields.writer=worker",
)

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"CoAuthor is not at {FILE}; set SUGGEST_DATA")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[dict[str, Any]], Any]]:
    """Some lists of the log, and a reader of the imported ones."""
    folder = tmp_path_factory.mktemp("coauthor")
    with gzip.open(FILE, "rt") as lines:
        read = (json.loads(line) for line in lines)
        lists = [each for each in islice(read, 0, None, EVERY) if is_taken(each)]
    shell = Shell(folder=folder, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_CACHE": str(folder / "cache")})
    file = shell.file("lists.jsonl", "".join(json.dumps(each) + "\n" for each in lists))
    maps = [word for each in MAPS for word in ("--map", each)]
    words = ("import", str(file), "--surface", "writing", "--kind", "log", "--create", "--json", *maps)
    said = shell.on_data(*words)
    assert said.code == 0, said.out + said.err
    assert said.json["accepted"] == len(lists) > 400
    store = EmbeddedStore.open(folder / "data", clock=SystemClock())
    try:
        opened = analytics.open(store.snapshot(folder / "snapshots"))
    finally:
        store.close()
    yield lists, opened
    opened.close()


def is_taken(each: dict[str, Any]) -> bool:
    """A list that offers a text twice, or has no context, is refused."""
    texts = [" ".join(option["text"].split()).casefold() for option in each["suggestions"]]
    return bool(each["context"].strip()) and len(set(texts)) == len(texts)


def rows(view: ReportView, figure: str) -> list[dict[str, Any]]:
    found = next(each for each in view.figures if each.figure.id == figure)
    return [dict(zip(found.rows.columns, row, strict=True)) for row in found.rows.values]


def measured(told: Any, page: str, *, lens: Lens | None = None) -> ReportView:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return report(told[1], "writing", now=now, page=page, lens=lens or Lens())


def test_outcomes_are_those_of_the_log(told: Any) -> None:
    lists, _ = told
    by = Counter(each["outcome"] for each in lists)
    totals: Counter[str] = Counter()
    for row in rows(measured(told, "funnel"), "outcomes-over-time"):
        totals.update({name: row[name] for name in ("selected", "dismissed", "ignored", "overridden", "unseen")})
    assert totals["selected"] == by["select"]
    assert totals["dismissed"] == by["dismiss"] + by["rerequest"]
    assert totals["ignored"] + totals["unseen"] == by["open_at_end"]


def test_the_position_curve_is_the_one_counted_by_hand(told: Any) -> None:
    """Looked at: down to what was taken; everything where nothing was."""
    lists, _ = told
    looked, taken = Counter(), Counter()
    for each in lists:
        n = len(each["suggestions"])
        last = each["selected_pos"] if each["outcome"] == "select" else n - 1
        looked.update(range(last + 1))
        if each["outcome"] == "select":
            taken[each["selected_pos"]] += 1
    for row in rows(measured(told, "positions"), "outcomes-by-position"):
        assert (row["examined"], row["selected"]) == (looked[row["position"]], taken[row["position"]])
        assert row["selected_share"] == pytest.approx(taken[row["position"]] / looked[row["position"]])


def test_acceptance_by_genre_and_by_writer_is_the_one_counted_by_hand(told: Any) -> None:
    lists, _ = told
    assert dict(measured(told, "funnel").fields).keys() >= {"genre"}
    by_genre = {row["genre"]: row for row in rows(measured(told, "funnel"), "funnel-by-group")}
    for genre in {each["genre"] for each in lists}:
        here = [each["outcome"] for each in lists if each["genre"] == genre]
        assert (by_genre[genre]["requested"], by_genre[genre]["selected"]) == (len(here), here.count("select"))
    writer, n = Counter(each["worker"] for each in lists if each["worker"]).most_common(1)[0]
    mine = measured(told, "funnel", lens=Lens(field="writer", value=writer))
    assert mine.n_requests == n
    taken = sum(row["selected"] for row in rows(mine, "funnel-by-bundle"))
    assert taken == sum(each["outcome"] == "select" and each["worker"] == writer for each in lists)


def test_acceptance_over_time_is_the_one_counted_by_hand(told: Any) -> None:
    lists, _ = told
    view = measured(told, "overview")
    counted: Counter[datetime] = Counter()
    for each in lists:
        at = datetime.fromtimestamp(each["shown_at_ms"] / 1000, UTC)
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        start = day - timedelta(days=day.weekday()) if view.period.step == "week" else day
        counted[start] += each["outcome"] == "select"
    shown = {row[f"{view.period.step}_from"]: row["selected"] for row in rows(view, "outcomes-over-time")}
    assert {at: n for at, n in shown.items() if n} == {at: n for at, n in counted.items() if n}
