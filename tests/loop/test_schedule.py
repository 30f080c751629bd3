"""When a surface retrains by itself, and what its runs look like from outside. No clock is asked; time is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from suggest.domain.errors import NotFound
from suggest.domain.policy import Policy
from suggest.loop.jobs import FINAL, MOST_REMEMBERED, Job, Jobs
from suggest.loop.schedule import NIGHT_HOUR, Schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TONIGHT = datetime(2026, 3, 3, NIGHT_HOUR, 1, tzinfo=UTC)
EVERY = Policy(retrain_every=10)


def test_enough_new_outcomes_are_a_reason() -> None:
    schedule = Schedule()
    schedule.note("desk", 9)
    assert schedule.due("desk", EVERY, NOON) is None
    schedule.note("desk", 1)
    assert schedule.due("desk", EVERY, NOON) == "outcomes"
    assert schedule.due("another desk", EVERY, NOON) is None


def test_a_run_that_begins_has_seen_all_that_was_noted() -> None:
    schedule = Schedule()
    schedule.note("desk", 25)
    schedule.started("desk")
    assert schedule.due("desk", EVERY, NOON) is None
    schedule.note("desk", 10)
    assert schedule.due("desk", EVERY, NOON) == "outcomes"


def test_zero_means_only_on_demand_and_at_night() -> None:
    schedule = Schedule()
    schedule.note("desk", 10_000)
    only_on_demand = Policy(retrain_every=0, retrain_nightly=False)
    assert schedule.due("desk", only_on_demand, NOON) is None
    assert schedule.due("desk", only_on_demand, TONIGHT) is None


def test_once_a_night_if_there_is_anything_new() -> None:
    schedule = Schedule()
    schedule.note("desk", 1)
    assert schedule.due("desk", EVERY, NOON) is None
    assert schedule.due("desk", EVERY, TONIGHT) == "nightly"
    schedule.started("desk")
    schedule.note("desk", 1)
    assert schedule.due("desk", EVERY, TONIGHT + timedelta(hours=2)) is None, "one night, one run"
    assert schedule.due("desk", EVERY, TONIGHT + timedelta(days=1)) == "nightly"


def test_a_night_without_news_is_slept_through() -> None:
    schedule = Schedule()
    assert schedule.due("desk", EVERY, NOON) is None
    assert schedule.due("desk", EVERY, TONIGHT) is None


def test_a_server_started_during_the_day_waits_for_the_night_to_come() -> None:
    schedule = Schedule()
    schedule.note("desk", 1)
    assert schedule.due("desk", EVERY, NOON) is None
    assert schedule.due("desk", EVERY, NOON.replace(hour=23)) is None
    assert schedule.due("desk", EVERY, TONIGHT.replace(hour=NIGHT_HOUR - 1, minute=59)) is None
    assert schedule.due("desk", EVERY, TONIGHT) == "nightly"


def test_a_server_started_before_the_hour_keeps_it() -> None:
    schedule = Schedule()
    schedule.note("desk", 1)
    assert schedule.due("desk", EVERY, TONIGHT.replace(hour=1)) is None
    assert schedule.due("desk", EVERY, TONIGHT) == "nightly"


def a_job(id: str = "j1", state: str = "queued", surface: str = "desk") -> Job:
    return Job(id=id, surface=surface, state=state, reason="on-demand", asked_at=NOON)


def test_whoever_waits_hears_of_the_end() -> None:
    jobs = Jobs()
    jobs.put(a_job())
    heard: list[str] = []
    waiting = Thread(target=lambda: heard.append(jobs.wait("j1", 30).state))
    waiting.start()
    jobs.change("j1", state="running", progress=0.5)
    jobs.change("j1", state="kept", progress=1.0)
    waiting.join(30)
    assert heard == ["kept"]


def test_who_does_not_wait_long_enough_gets_it_as_it_stands() -> None:
    jobs = Jobs()
    jobs.put(a_job(state="running"))
    assert jobs.wait("j1", 0.0).state == "running"


def test_a_surface_is_pending_until_its_last_run_has_ended() -> None:
    jobs = Jobs()
    jobs.put(a_job("j1", "kept"))
    assert not jobs.pending("desk")
    jobs.put(a_job("j2"))
    assert jobs.pending("desk")
    assert not jobs.pending("elsewhere")
    jobs.change("j2", state="failed")
    assert not jobs.pending("desk")


def test_the_oldest_ended_jobs_are_forgotten_and_those_under_way_are_not() -> None:
    jobs = Jobs()
    jobs.put(a_job("still running", "running"))
    for n in range(MOST_REMEMBERED + 5):
        jobs.put(a_job(f"j{n}", "kept"))
    assert jobs.get("still running").state == "running"
    assert jobs.get(f"j{MOST_REMEMBERED + 4}").state in FINAL
    with pytest.raises(NotFound, match="restart"):
        jobs.get("j0")
