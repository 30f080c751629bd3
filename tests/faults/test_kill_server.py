"""kill -9 through the front door: a busy `suggest serve`, killed at random moments, keeps every promise it made.

The folder begins with 100,000 events. The time until ready is printed, never asserted here: the machine is shared.
`bench/faults.py` has the figures of a hundred rounds."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

import pytest

from faults.history import History, settle
from faults.lives import kill_again_and_again
from faults.seeding import N_EVENTS, seed

ROUNDS = 20


@pytest.mark.faults
def test_nothing_acknowledged_over_http_is_lost_or_counted_twice_by_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    n_seeded = seed(folder)
    assert n_seeded >= N_EVENTS
    lives = kill_again_and_again(folder, rounds=ROUNDS, rng_seed=int.from_bytes(os.urandom(4)))
    wall, cpu = [start.wall_s for start in lives.starts], [start.cpu_s for start in lives.starts]
    account = lives.account
    print(
        f"\n{ROUNDS} kills under load: {account.acknowledged} events acknowledged, {lives.history.n_repeated} sent "
        f"again on purpose, {len(lives.history.impressions)} slates, {len(lives.history.labels)} labels; lost "
        f"{len(account.lost)}, counted twice {len(account.doubled) + account.counted_twice}\n"
        f"ready after {' '.join(f'{s:.2f}' for s in wall)} s: median {median(wall):.2f} s, max {max(wall):.2f} s "
        f"(processor time: median {median(cpu):.2f} s, max {max(cpu):.2f} s)"
    )
    assert account.faults == {}
    assert account.acknowledged > 2 * ROUNDS
    assert lives.rows["events"] >= n_seeded + account.acknowledged
    assert lives.history.n_repeated > 0
    assert lives.history.labels


def an_account(events: list[str], **more: object) -> dict[str, object]:
    history = History(sent={"told-1", "told-2"}, acknowledged={"told-1"}, n_counted_new=1)
    history.impressions.add("i")
    history.labels.add(("t", "a"))
    log = {"slates": ["i"], "labels": [("t", "a")]} | more
    return settle(history, events=events, is_ours="told-", **log).faults  # type: ignore[arg-type]


@pytest.mark.parametrize("events", [["told-1"], ["told-1", "told-2"], ["seeded", "told-1"]])
def test_the_checker_allows_what_was_never_answered_to_be_there_or_not(events: list[str]) -> None:
    assert an_account(events) == {}


@pytest.mark.parametrize(
    ("events", "more", "fault"),
    [
        (["told-2"], {}, "lost"),
        (["told-1", "told-1"], {}, "doubled"),
        (["told-1", "told-2", "told-2"], {}, "doubled"),
        (["told-1", "told-3"], {}, "invented"),
        ([], {}, "counted_twice"),
        (["told-1"], {"slates": []}, "slates_lost"),
        (["told-1"], {"slates": ["i", "i"]}, "slates_doubled"),
        (["told-1"], {"labels": []}, "labels_lost"),
        (["told-1"], {"labels": [("t", "a"), ("t", "a")]}, "labels_doubled"),
    ],
)
def test_the_checker_finds(events: list[str], more: dict[str, object], fault: str) -> None:
    assert fault in an_account(events, **more)


def test_the_checker_notices_an_answer_that_does_not_add_up() -> None:
    history = History()
    history.answered(["a", "b"], {"accepted": 1, "duplicates": 0, "rejected": []}, is_repeat=False)
    history.answered(["a"], {"accepted": 1, "duplicates": 0, "rejected": []}, is_repeat=True)
    assert len(history.complaints) == 2
