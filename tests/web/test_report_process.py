"""Reports are drawn by a process of their own: whatever becomes of it, the next page is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from httpx import Response

from analytics.pipe import send
from suggest.web.hanging import STILL_S, Watch
from suggest.web.report_process import ReportProcess
from suggest.web.snapshots import IDLE_S, Snapshots
from suggest.web.threads import REPORT_THREADS
from web.house import SECRET, House
from web.people import Person
from web.test_pages_reports import requests_said, select, snapshots

PATIENCE_S = 60.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def drawing(house: House) -> ReportProcess:
    (process,) = kept(house).processes
    return process


def kept(house: House) -> Snapshots:
    found = house.app.state.parts.snapshots
    assert isinstance(found, Snapshots)
    return found


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another process."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def kill(process: ReportProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not process.is_alive)


@contextmanager
def stopped(process: ReportProcess) -> Iterator[None]:
    """It is there and answers nothing."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)


@contextmanager
def asking(person: Person, path: str, **headers: str) -> Iterator[Future[Response]]:
    pool = ThreadPoolExecutor(1)
    yield pool.submit(person.browser.get, path, headers=headers)
    pool.shutdown(wait=False)


def wait_until_it_is_asked(house: House) -> None:
    until(lambda: kept(house)._lock.locked())


def test_nobody_who_reads_no_reports_has_the_process(own_house: House) -> None:
    own_house.a_slate()
    assert kept(own_house).processes == ()
    own_house.application.report()
    assert kept(own_house).processes == ()


def test_after_its_death_the_next_page_is_there_and_says_the_same(own_house: House) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    before = owner.look("/reports/replies/funnel")
    (taken,) = snapshots(own_house)
    first = drawing(own_house)
    kill(first)
    assert owner.look("/reports/replies/funnel") == before
    assert drawing(own_house).pid != first.pid
    assert snapshots(own_house) == [taken], "what was derived serves on"


def test_dying_while_it_draws_is_a_page_that_says_so_and_when_to_come_back(own_house: House) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    for path, accept in (
        ("/reports/replies/funnel", "text/html"),
        ("/reports/replies/impressions", "text/html"),
        ("/reports", "text/html"),
        ("/reports/replies/funnel.csv", "application/json"),
    ):
        process = drawing(own_house)
        with stopped(process), asking(owner, path, Accept=accept) as answer:
            wait_until_it_is_asked(own_house)
            kill(process)
            said = answer.result(PATIENCE_S)
        assert said.status_code == 503, path
        assert said.headers["retry-after"] == "1"
        assert said.headers["content-type"].startswith(accept if accept == "text/html" else "application/problem+json")
        assert "Ask again" in said.text
        if accept != "text/html":
            assert said.json()["type"] == "/problems/report-unavailable"
        assert requests_said(owner.look("/reports/replies")) == 1


@linux
def test_one_that_hangs_is_ended_and_whoever_waits_is_told(own_house: House) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    process = drawing(own_house)
    with stopped(process), asking(owner, "/reports/replies/funnel", Accept="text/html") as answer:
        wait_until_it_is_asked(own_house)
        until(lambda: any(thread.name == "report watch" for thread in threading.enumerate()))
        own_house.monotonic.now_s += STILL_S - 1
        assert process.is_alive
        own_house.monotonic.now_s += 2
        said = answer.result(PATIENCE_S)
    assert said.status_code == 503
    assert "did nothing for 60 s" in said.text
    assert not process.is_alive
    assert requests_said(owner.look("/reports/replies/funnel")) == 1


def test_deriving_gives_signs_of_life_and_drawing_none(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    signs: list[float | None] = []
    goes_on = Watch.goes_on

    def noting(self: Watch, now_s: float, cpu_s: float | None) -> None:
        signs.append(cpu_s)
        goes_on(self, now_s, cpu_s)

    monkeypatch.setattr(Watch, "goes_on", noting)
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    assert len(signs) > 15, "one a step"
    if sys.platform == "linux":
        assert signs == sorted(signs)  # type: ignore[type-var]
    signs.clear()
    owner.look("/reports/replies/funnel")
    assert len(signs) == 1, "the order itself"


def test_dying_while_it_derives_is_begun_anew(own_house: House) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    processes: list[ReportProcess] = []

    def start() -> ReportProcess:
        process = ReportProcess()
        processes.append(process)
        if len(processes) == 1:
            os.kill(process.pid, signal.SIGSTOP)
        return process

    own_house.app.state.parts.snapshots._start = start
    with asking(owner, "/reports/replies") as answer:
        until(lambda: bool(snapshots(own_house)))
        (half,) = snapshots(own_house)
        kill(processes[0])
        assert answer.result(PATIENCE_S).status_code == 503
    assert requests_said(owner.look("/reports/replies")) == 1
    assert snapshots(own_house) != [half]


def test_where_no_process_can_be_started_it_is_said_and_suggestions_go_on(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Person(own_house, "owner")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    said = owner.browser.get("/reports/replies")
    assert said.status_code == 503
    assert "could not be started" in said.text
    own_house.a_slate()
    own_house.application.report()


def test_nobody_waits_for_it_but_who_reads(own_house: House) -> None:
    """The log takes writes, and /readyz says so, while more people wait for a report than there are threads for."""
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    ready = own_house.client.get("/readyz").json()
    n = REPORT_THREADS + 8
    pool = ThreadPoolExecutor(n)
    with stopped(drawing(own_house)):
        waiting = [pool.submit(owner.browser.get, "/reports/replies/drift") for _ in range(n)]
        wait_until_it_is_asked(own_house)
        for number in range(20):
            own_house.a_slate("replies", f"meanwhile {number}")
        assert own_house.client.get("/readyz").json() == ready
        assert own_house.n_rows("slates") == 21
        assert not any(each.done() for each in waiting)
        os.kill(drawing(own_house).pid, signal.SIGCONT)
        assert {each.result(PATIENCE_S).status_code for each in waiting} == {200}
    pool.shutdown(wait=False)


def test_the_log_takes_writes_while_a_snapshot_is_carried_on(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    may_go_on, is_on_it = threading.Event(), threading.Event()
    carry_on = own_house.application.store.carry_on

    def slowly(folder: Path, before: Path | None) -> Path:
        with own_house.application.store.database.reading():  # as it reads while it copies
            is_on_it.set()
            assert may_go_on.wait(PATIENCE_S)
        return carry_on(folder, before)

    monkeypatch.setattr(own_house.application.store, "carry_on", slowly)
    own_house.monotonic.now_s += 61
    own_house.clock.advance(seconds=61)
    with asking(owner, "/reports/replies") as answer:
        assert is_on_it.wait(PATIENCE_S)
        select(own_house, "meanwhile")
        assert own_house.n_rows("slates") == 2
        assert not answer.done()
        may_go_on.set()
        assert requests_said(answer.result(PATIENCE_S).text) == 1, "it ends when it was asked for"


def test_two_who_read_at_once_both_get_their_page(own_house: House) -> None:
    select(own_house)
    people = [Person(own_house, "owner"), Person(own_house, "reviewer")]
    with ThreadPoolExecutor(4) as pool:
        paths = ("/reports/replies/funnel", "/reports/replies/drift", "/reports", "/v1/surfaces/replies/report")
        askers = (people[0].browser, people[1].browser, people[0].browser, own_house.client)
        answers = [
            pool.submit(asker.get, path, headers=own_house.secret if path.startswith("/v1") else {})
            for asker, path in zip(askers, paths, strict=True)
        ]
        texts = [answer.result(PATIENCE_S).text for answer in answers]
    assert all("eplies" in text and text.startswith("<!doctype html>") for text in texts)


def test_unread_for_a_while_it_ends_and_is_there_for_who_comes_back(own_house: House) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    owner.look("/reports/replies")
    own_house.monotonic.now_s += IDLE_S - 1
    own_house.application.report()
    process = drawing(own_house)
    own_house.monotonic.now_s += 2
    own_house.application.report()
    assert not process.is_alive
    assert kept(own_house).processes == ()
    select(own_house, "another")
    assert requests_said(owner.look("/reports/replies")) == 2


@linux
def test_an_erasure_reaches_into_it_within_a_second(own_house: House) -> None:
    body = {"surface": "replies", "context": {"text": "my secret word xyzzy", "user": "u-1"}}
    assert own_house.client.post("/v1/suggest", json=body, headers=own_house.secret).status_code == 200
    Person(own_house, "owner").look("/reports/replies")
    process = drawing(own_house)
    assert any("snapshot-" in name for name in open_files(process))
    assert own_house.client.delete("/v1/users/u-1", headers=own_house.secret).status_code in {200, 204}
    own_house.application.report()  # once a second
    assert not any("snapshot" in name for name in open_files(process))


def open_files(process: ReportProcess) -> list[str]:
    return [str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir()]


@linux
def test_it_gives_way_in_our_group_and_knows_no_secret(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUGGEST_SECRET_KEY", SECRET)
    assert "\nsuggest_reports_process_bytes " not in own_house.client.get("/metrics").text
    Person(own_house).look("/reports")
    assert re.search(r"^suggest_reports_process_bytes \d{8}", own_house.client.get("/metrics").text, re.MULTILINE)
    process = drawing(own_house)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert os.getpgid(process.pid) == os.getpgid(0)
    assert SECRET.encode() not in Path(f"/proc/{process.pid}/environ").read_bytes()
    assert (process.memory_bytes() or 0) > 2**20


@pytest.mark.parametrize("last", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_leaves_it_to_the_server(own_house: House, last: signal.Signals) -> None:
    """So that a server that is stopped hands out what is being drawn."""
    owner = Person(own_house, "owner")
    before = owner.look("/reports")
    process = drawing(own_house)
    os.kill(process.pid, last)
    assert owner.look("/reports") == before
    assert drawing(own_house).pid == process.pid


def test_closing_the_house_ends_it(own_house: House) -> None:
    Person(own_house).look("/reports")
    process = drawing(own_house)
    own_house.app.state.parts.close()
    assert not process.is_alive


BUSY = """
import analytics.studio
def forever(*_):
    print("on it", file=__import__("sys").stderr, flush=True)
    while True:
        pass
analytics.studio.Studio.draw = forever
from analytics.child import main
main()
"""


def test_it_ends_with_its_input_whatever_it_does() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", BUSY], **pipes) as child:  # type: ignore[call-overload]
        try:
            send(child.stdin, {"kind": "LetGo", "order": {}, "log": "", "kept": None})
            assert child.stderr.readline() == b"on it\n"
            child.stdin.close()  # as the kernel does when a server dies
            assert child.wait(PATIENCE_S) == 0
        finally:
            child.kill()


@pytest.mark.parametrize(
    "query",
    [
        "field=language&value=%27%3B+drop+table+slates%3B--",
        "field=language&value=%F0%9F%A6%84",
        "bundle=%22%7D%2C%7B",
        "bundle=%FF%FE",
        "versus=%00",
        "field=%24where&value=1",
        "from=0001-01-01&to=9999-12-31",
        "vs_from=0001-01-01&vs_to=9999-12-31",
        "to=9999-12-31T23:59:59Z",
        "field=a&value=%E2%80%AE",
        "outcome=%22%5D&stage=%7B%7D",
        "from=NaN",
    ],
)
def test_nothing_odd_in_the_address_breaks_it(own_house: House, query: str) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    for path in ("/reports/replies", "/reports/replies/impressions", "/reports/replies/funnel.json"):
        answer = owner.browser.get(f"{path}?{query}", headers={"Accept": "text/html"})
        assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    assert kept(own_house).n_started <= 1
