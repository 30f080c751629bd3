"""Filling an empty folder: once, whole, and never over somebody else's surface."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.waiting import Service
from suggest.demo.progress import Phase, Progress
from suggest.demo.seed import HISTORY_PER_REPLY, LEARNED_LIVE, MARK_FILE, POLICY, SURFACE, history, pack_digest, seed
from suggest.starter import load_candidates


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("seeded"))
    assert seed(running.client, folder=running.folder, progress=a_progress())
    yield running
    running.stop()


def a_progress() -> Progress:
    return Progress(monotonic_s=lambda: 0.0)


def test_an_empty_folder_gets_every_reply_and_the_history(seeded: Service) -> None:
    found = seeded.client.get(f"/v1/surfaces/{SURFACE}/candidates", params={"limit": 1000}).json()["candidates"]
    assert {row["id"] for row in found} == {row["id"] for row in load_candidates()}
    assert seeded.n_rows("labels") == len({(label["context"]["text"], label["item"]) for label in history()})  # type: ignore[index]


def test_its_policy_spares_the_visitor_riddles(seeded: Service) -> None:
    policy = seeded.client.get(f"/v1/surfaces/{SURFACE}/policy").json()
    assert {name: policy[name] for name in POLICY} == POLICY


def test_progress_counts_to_the_end(folder: Path, seeded: Service) -> None:
    progress = a_progress()
    (seeded.folder / MARK_FILE).unlink()
    (folder / MARK_FILE).write_text(json.dumps({"pack": "an older one", "is_whole": True}))
    assert seed(seeded.client, folder=folder, progress=progress)
    assert progress.stage.phase is Phase.PACK
    assert progress.stage.done == progress.stage.total == len(load_candidates()) + len(list(history()))
    (seeded.folder / MARK_FILE).write_text((folder / MARK_FILE).read_text())


def test_a_second_start_loads_nothing(seeded: Service) -> None:
    n_before = seeded.n_rows("labels")
    assert not seed(seeded.client, folder=seeded.folder, progress=a_progress())
    assert seeded.n_rows("labels") == n_before


def test_a_load_that_was_cut_short_is_made_good_and_counts_nothing_twice(seeded: Service) -> None:
    n_before = seeded.n_rows("labels")
    (seeded.folder / MARK_FILE).write_text(json.dumps({"pack": pack_digest(), "is_whole": False}))
    assert seed(seeded.client, folder=seeded.folder, progress=a_progress())
    assert seeded.n_rows("labels") == n_before
    assert json.loads((seeded.folder / MARK_FILE).read_text())["is_whole"] is True


def test_a_surface_of_somebody_else_is_left_alone(seeded: Service, folder: Path) -> None:
    assert not seed(seeded.client, folder=folder, progress=a_progress())
    assert not (folder / MARK_FILE).exists()


def test_a_damaged_mark_counts_as_none(seeded: Service, folder: Path) -> None:
    (folder / MARK_FILE).write_text("{")
    assert not seed(seeded.client, folder=folder, progress=a_progress())


def test_the_history_keeps_back_what_shall_be_learned_before_ones_eyes() -> None:
    counts = Counter(label["item"] for label in history())
    assert not LEARNED_LIVE & counts.keys()
    del counts[None]
    assert max(counts.values()) == HISTORY_PER_REPLY
    assert len(counts) == len(load_candidates()) - len(LEARNED_LIVE)


def test_the_history_knows_of_questions_without_a_reply() -> None:
    assert sum(label["item"] is None for label in history()) >= 60
