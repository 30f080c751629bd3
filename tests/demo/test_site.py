"""The host page's own server: shows at once, holds the secret key, and listens to nobody but its own page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from suggest.demo.desk import Desk
from suggest.demo.progress import Phase, Stage
from suggest.demo.site import SAMPLE, STORY, create_site, demo_view, host_policy
from suggest.demo.tickets import LARGEST_FILE

ORIGIN = "http://127.0.0.1:8090"
SERVICE = "http://127.0.0.1:8080"
OWN = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Before the service has even been started: what a visitor meets in the first second."""
    return Desk(data_dir=tmp_path, host="127.0.0.1", port=8080, service=SERVICE, origin=ORIGIN)


@pytest.fixture
def site(desk: Desk) -> Iterator[TestClient]:
    with TestClient(create_site(desk), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


def upload(site: TestClient, content: bytes, name: str = "t.csv") -> Any:
    return site.post(f"/api/tables?name={name}", content=content, headers=OWN)


def test_the_page_is_there_before_the_service(site: TestClient) -> None:
    answer = site.get("/")
    assert answer.status_code == 200
    for title in ("Customer", "Agent", "Colleague", "Use my own data", "Simulate 500 customers"):
        assert title in answer.text


def test_no_key_is_ever_in_the_page(site: TestClient) -> None:
    assert not re.search(r"\b(sk|wk|pk)_", site.get("/").text)


def test_the_policy_names_the_service_where_it_must_and_nothing_inline(site: TestClient) -> None:
    policy = site.get("/").headers["content-security-policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'self' {SERVICE}"
    assert directives["style-src"] == "'self'"
    assert directives["connect-src"] == f"'self' {SERVICE}"
    assert directives["frame-src"] == SERVICE
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert policy == host_policy(SERVICE)


@pytest.mark.parametrize("path", ["/", "/static/demo.js", "/api/state", "/nothing-here"])
def test_every_answer_carries_the_policy(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.headers["content-security-policy"] == host_policy(SERVICE)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_file_the_page_asks_for_is_there(site: TestClient) -> None:
    wanted = re.findall(r'(?:src|href)="(/static/[^"]+)"', site.get("/").text)
    assert len(wanted) >= 4
    imported = [f"/static/{name}" for name in re.findall(r"from '\./([^']+)'", site.get("/static/demo.js").text)]
    assert len(imported) >= 5
    for path in (*wanted, *imported):
        assert site.get(path).status_code == 200, path


def test_files_outside_the_folder_are_not_served(site: TestClient) -> None:
    for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/nothing.js"):
        assert site.get(path).status_code == 404


def test_the_state_tells_how_far_the_start_is(site: TestClient, desk: Desk) -> None:
    assert site.get("/api/state").json()["phase"] == "starting"
    desk.progress.move(Stage(phase=Phase.PACK, text="Loading the starter shop", done=7, total=9))
    state = site.get("/api/state").json()
    assert (state["phase"], state["text"], state["done"], state["total"]) == ("pack", "Loading the starter shop", 7, 9)
    assert state["site_key"] == ""
    assert state["colleagues"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/console", {}), ("/api/colleagues", {"automatic": False}), ("/api/simulation", {})],
)
def test_what_needs_the_service_says_that_it_is_not_ready(site: TestClient, path: str, body: dict[str, object]) -> None:
    answer = site.post(path, json=body, headers=OWN)
    assert answer.status_code == 400
    assert "not ready" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/api/console", "/api/colleagues", "/api/simulation", "/api/tables", "/api/own", "/api/backtest"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {},
    ],
    ids=["another site", "the service", "no origin", "contradicting", "nothing said"],
)
def test_no_other_page_may_change_anything(site: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = site.post(path, content=b"{}", headers=headers)
    assert answer.status_code == 403
    assert "own page" in answer.json()["detail"]


def test_a_name_that_was_pointed_at_this_machine_gets_nothing(site: TestClient) -> None:
    for method, path in (("GET", "/api/state"), ("POST", "/api/console"), ("GET", "/static/demo.js")):
        answer = site.request(method, path, headers={"Host": "evil.example:8090", **OWN})
        assert answer.status_code == 421


def test_another_name_of_this_machine_is_sent_to_the_one_the_cookies_need(site: TestClient) -> None:
    answer = site.get("/", headers={"Host": "localhost:8090"})
    assert answer.status_code == 307
    assert answer.headers["location"] == ORIGIN


def test_a_table_is_previewed_with_its_columns_guessed(site: TestClient) -> None:
    content = b"id,question,reply\n1,Open today?,Until six.\n2,And tomorrow?,From nine.\n3,bad row\n"
    preview = upload(site, content, "my table.csv").json()
    assert preview["name"] == "my table.csv"
    assert preview["columns"] == ["id", "question", "reply"]
    assert preview["rows"] == [["1", "Open today?", "Until six."], ["2", "And tomorrow?", "From nine."]]
    assert (preview["message"], preview["answer"], preview["n_rows"]) == (1, 2, 2)
    assert preview["problems"] == [{"line": 4, "text": "has 2 cells where the first line has 3"}]


def test_the_preview_shows_the_first_rows_only(site: TestClient) -> None:
    content = "message,answer\n" + "".join(f"question {i}?,answer {i}\n" for i in range(500))
    preview = upload(site, content.encode()).json()
    assert len(preview["rows"]) == 5
    assert preview["n_rows"] == 500


def test_what_is_no_table_is_said_so(site: TestClient) -> None:
    answer = upload(site, b'message,answer\n"open,b\n')
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Line 2")


def test_a_file_too_large_is_refused_while_it_is_read(site: TestClient) -> None:
    answer = upload(site, b"x" * (LARGEST_FILE + 1))
    assert answer.status_code == 400
    assert "8 MB" in answer.json()["detail"]


def test_the_sample_can_be_had_and_is_a_table(site: TestClient) -> None:
    sample = site.get("/examples/tickets.csv")
    assert sample.content == SAMPLE.read_bytes()
    assert upload(site, sample.content).json()["n_rows"] == 60


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"not json",
        b'{"table": "t0-unknown", "message": 0, "answer": 1}',
        b'{"table": null, "message": 0, "answer": 1}',
    ],
)
def test_an_import_of_nothing_is_refused(site: TestClient, body: bytes) -> None:
    assert site.post("/api/own", content=body, headers=OWN).status_code == 400


@pytest.mark.parametrize("columns", [{}, {"message": "0", "answer": 1}, {"message": None, "answer": 1}])
def test_columns_must_be_chosen(site: TestClient, columns: dict[str, object]) -> None:
    table = upload(site, b"message,answer\na,b\nc,d\n").json()["table"]
    answer = site.post("/api/own", content=json.dumps({"table": table, **columns}).encode(), headers=OWN)
    assert answer.status_code == 400
    assert "Choose a column" in answer.json()["detail"]


def test_only_the_latest_tables_are_kept(site: TestClient) -> None:
    first = upload(site, b"message,answer\na,b\nc,d\n").json()["table"]
    others = {upload(site, b"message,answer\na,b\nc,d\n").json()["table"] for _ in range(5)}
    assert len(others) == 5
    body = {"table": first, "message": 0, "answer": 1}
    gone = site.post("/api/own", json=body, headers=OWN)
    assert gone.status_code == 400
    assert "choose the file again" in gone.json()["detail"]


def test_idle_work_says_that_it_is_idle(site: TestClient) -> None:
    assert site.get("/api/simulation").json()["state"] == "idle"
    assert site.get("/api/own").json()["state"] == "idle"
    assert site.get("/api/backtest").json()["state"] == "idle"


def test_a_backtest_needs_a_table_that_was_taken(site: TestClient) -> None:
    answer = site.post("/api/backtest", json={}, headers=OWN)
    assert answer.status_code == 400
    assert "from a table first" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["own-none-abc123", "..%2Fservice", "running-x"])
def test_a_backtest_that_is_not_there_is_said_so(site: TestClient, name: str) -> None:
    assert site.get(f"/backtests/{name}.html").status_code == 404


def test_every_message_of_the_story_is_offered_in_order(desk: Desk) -> None:
    view = demo_view(desk)
    assert tuple(message.label for message in view.story) == STORY
    assert {message.label for message in view.more}.isdisjoint(STORY)
    assert [message.continues for message in view.story] == [False, False, False, True]
    assert any(message.turns for message in view.more)
