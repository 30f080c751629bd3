"""Before the log is open the service says that it lives, and when to come back; then it is the service."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.testclient import TestClient

from suggest.web.doorway import OPENING, Doorway
from suggest.web.problem import KINDS
from suggest.web.server import on_a_thread
from web.house import SHOP, House


@pytest.fixture
def doorway() -> Doorway:
    return Doorway()


@pytest.fixture
def client(doorway: Doorway) -> TestClient:
    return TestClient(doorway)


def test_it_lives_and_is_not_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "reasons": [OPENING]})
    assert ready.headers["retry-after"] == "1"
    assert ready.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/v1/suggest", "/v1/surfaces/a%2Fb", "/console", "/nowhere"])
def test_everything_else_hears_when_to_come_back(client: TestClient, path: str) -> None:
    answer = client.post(path, content=b"{", headers={"Origin": SHOP})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = answer.json()
    assert problem["type"] == f"/problems/{KINDS['starting'].slug}"
    assert problem["status"] == 503
    assert OPENING in problem["detail"]


def test_a_page_of_a_customer_may_read_why(client: TestClient) -> None:
    answer = client.post("/v1/suggest?key=pk_x", content=b"{}", headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP


def test_once_opened_it_is_the_application(doorway: Doorway, client: TestClient, own_house: House) -> None:
    own_house.a_surface()
    doorway.open(own_house.app)
    asked = client.post(
        "/v1/suggest", json={"surface": "replies", "context": {"text": "parcel"}}, headers=own_house.secret
    )
    assert asked.status_code == 200
    doorway.stop()
    assert client.get("/readyz").json()["reasons"] == ["the server is stopping"]
    doorway.close()


def test_stopping_what_was_never_opened_is_harmless(doorway: Doorway) -> None:
    doorway.stop()
    doorway.close()


def test_work_on_a_thread_is_awaited_like_any_other() -> None:
    async def both() -> tuple[str, str]:
        fine = on_a_thread(lambda: threading.current_thread().name)
        failing = on_a_thread(lambda: [][1])
        try:
            await failing
        except IndexError as error:
            return await fine, str(error)
        return await fine, "no error"

    assert asyncio.run(both()) == ("start", "list index out of range")


def test_a_loop_that_ends_does_not_wait_for_a_thread() -> None:
    may_end = threading.Event()

    async def leave() -> bool:
        waiting = on_a_thread(lambda: may_end.wait(10))
        waiting.cancel()
        return waiting.cancelled()

    assert asyncio.run(leave())
    assert not may_end.is_set()
    may_end.set()
