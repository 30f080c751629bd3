"""Everything behind the page, started for real: service, shop, colleagues, simulation, a visitor's table."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from demo.waiting import wait_for
from suggest.demo.desk import Desk, Unfit
from suggest.demo.own import Own
from suggest.demo.seed import SURFACE
from suggest.demo.tickets import Unreadable, read_sheet
from suggest.web.address import address_of, free_port

SHEET = read_sheet(b"message,answer\nopen on sunday?,No.\nopen on monday?,From nine.\nand at night?,No.\nlate,\n")


@pytest.fixture(scope="module")
def desk(_small_encoder: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    running = a_desk(tmp_path_factory)
    running.start()
    wait_for(lambda: running.state()["phase"] in {"ready", "stopped"}, "the desk")
    assert running.state()["phase"] == "ready", running.state()
    yield running
    running.stop()


def a_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    port = free_port("127.0.0.1", 0)
    return Desk(
        data_dir=tmp_path_factory.mktemp("desk"),
        host="127.0.0.1",
        port=port,
        service=address_of("127.0.0.1", port),
        origin="http://127.0.0.1:8090",
    )


def test_ready_means_that_the_page_s_key_gets_suggestions(desk: Desk) -> None:
    state = desk.state()
    assert state["line"] == 0.5
    body = {"surface": SURFACE, "context": {"text": "where is my parcel"}}
    asked = f"{desk.service}/v1/suggest?key={state['site_key']}"
    assert len(httpx.post(asked, json=body, headers={"Origin": desk.origin}).json()["items"]) == 3
    assert httpx.post(asked, json=body, headers={"Origin": "http://evil.example"}).status_code == 403


def test_the_time_to_ready_is_kept(desk: Desk) -> None:
    ready_after_s = desk.state()["ready_after_s"]
    assert isinstance(ready_after_s, float)
    assert 0 < ready_after_s < 60


def test_a_console_link_signs_in_once(desk: Desk) -> None:
    url = desk.console_url()
    assert url.startswith(desk.service)
    with httpx.Client() as visitor:
        assert visitor.get(url).status_code == 200
        assert visitor.get(f"{desk.service}/console").status_code == 200
    with httpx.Client() as other:
        assert other.get(url).status_code == 401
    assert desk.console_url() != url


def test_the_visitor_takes_over_and_hands_back(desk: Desk) -> None:
    desk.set_automatic(False)
    shift = desk.state()["colleagues"]
    assert isinstance(shift, dict)
    assert shift["automatic"] is False
    desk.set_automatic(True)
    shift = desk.state()["colleagues"]
    assert isinstance(shift, dict)
    assert shift["automatic"] is True


def test_a_table_becomes_a_surface(desk: Desk) -> None:
    desk.start_import(SHEET, name="hours.csv", message=0, answer=1)
    wait_for(lambda: desk.imported.state != "running", "the import")
    imported = desk.imported
    assert imported.state == "done", imported.detail
    assert isinstance(imported.own, Own)
    assert (imported.own.n_answers, imported.own.n_messages) == (2, 3)
    assert imported.done == imported.total == 5
    assert imported.as_json()["problems"] == [{"line": 5, "text": "the answer is empty"}]


def test_a_table_that_cannot_be_ranked_fails_with_the_reason(desk: Desk) -> None:
    desk.start_import(read_sheet(b"message,answer\na?,yes\nb?,yes\n"), name="x.csv", message=0, answer=1)
    wait_for(lambda: desk.imported.state != "running", "the import")
    assert desk.imported.state == "failed"
    assert "choose another column" in desk.imported.detail


@pytest.mark.parametrize(("message", "answer"), [(0, 0), (0, 2), (-1, 1)])
def test_columns_that_are_not_two_of_the_table_are_refused(desk: Desk, message: int, answer: int) -> None:
    with pytest.raises(Unfit, match="two different columns"):
        desk.start_import(SHEET, name="x.csv", message=message, answer=answer)


def test_a_table_without_a_single_pair_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(Unreadable):
        desk.start_import(read_sheet(b"message,answer,z\na?,,1\n,b,2\n"), name="x.csv", message=0, answer=1)


def test_customers_come_one_crowd_at_a_time_each_to_a_surface_of_its_own(desk: Desk) -> None:
    desk.start_simulation()
    with pytest.raises(Unfit, match="still here"):
        desk.start_simulation()
    wait_for(lambda: len(desk.simulated.points) >= 2, "the first customers")
    simulated = desk.simulated
    assert simulated.state == "running"
    assert simulated.surface.startswith("simulated-")
    assert [point.n for point in simulated.points][:2] == [5, 10]


def test_a_start_that_finds_its_folder_filled_goes_on_with_it_and_revokes_old_keys(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    first = a_desk(tmp_path_factory)
    first.start()
    wait_for(lambda: first.state()["phase"] == "ready", "the first start")
    old_key = first.state()["site_key"]
    first.stop()
    again = Desk(
        data_dir=first._data_dir,
        host="127.0.0.1",
        port=int(first.service.rsplit(":", 1)[1]),
        service=first.service,
        origin=first.origin,
    )
    again.start()
    wait_for(lambda: again.state()["phase"] == "ready", "the second start")
    body = {"surface": SURFACE, "context": {"text": "where is my parcel"}}
    headers = {"Origin": again.origin}
    new_key = again.state()["site_key"]
    assert httpx.post(f"{again.service}/v1/suggest?key={new_key}", json=body, headers=headers).status_code == 200
    assert httpx.post(f"{again.service}/v1/suggest?key={old_key}", json=body, headers=headers).status_code == 401
    again.stop()


def test_a_service_that_dies_is_told_to_the_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = a_desk(tmp_path_factory)
    desk.start()
    wait_for(lambda: desk.state()["phase"] == "ready", "the desk")
    assert desk._process is not None
    os.kill(desk._process.pid, signal.SIGKILL)
    wait_for(lambda: desk.state()["phase"] == "stopped", "the news")
    assert "stopped" in str(desk.state()["text"])
    with pytest.raises(Unfit):
        desk.console_url()
    desk.stop()


def test_a_folder_that_somebody_else_holds_is_told_to_the_page(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    second = a_desk(tmp_path_factory)
    second._data_dir = desk._data_dir
    second.start()
    wait_for(lambda: second.state()["phase"] == "stopped", "the refusal")
    second.stop()
