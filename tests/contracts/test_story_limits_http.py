"""The contract's numbered meanings 12, 14 and 15, told over HTTP to a real server: what is refused and how, how much is
read, who may do what, what an operator sees, and that the command line talks to the server that runs."""

from __future__ import annotations

import http.client
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli.shell import Shell
from faults.serving import SECRET, Server

from contracts.story import KNOWN, REPLIES, SHOP, UNKNOWN, Running, Shop, check_problem

KB, MB = 1024, 1024 * 1024


@pytest.fixture(scope="module")
def shop(running: Running) -> Shop:
    return running.shop


@pytest.fixture(scope="module")
def surface(shop: Shop) -> str:
    return shop.surface("limits")


# -- 12. problems

REFUSALS = [
    ("GET", "/v1/surfaces", {"Authorization": ""}, 401, "unauthorized"),
    ("GET", "/v1/surfaces", {"Authorization": "Bearer sk_nobody"}, 401, "unauthorized"),
    ("GET", "/v1/nothing", {}, 404, "no-such-page"),
    ("GET", "/v1/surfaces/limits/", {}, 404, "no-such-page"),
    ("PATCH", "/v1/surfaces", {}, 405, "method-not-allowed"),
    ("DELETE", "/v1/suggest", {}, 405, "method-not-allowed"),
    ("POST", "/v1/suggest", {"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
    ("POST", "/v1/suggest", {"Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
    ("POST", "/v1/suggest", {"Content-Type": "application/json"}, 400, "malformed-json"),
    ("GET", "/v1/surfaces/%FF", {}, 400, "bad-request"),
    ("GET", "/v1/surfaces/nobody", {}, 404, "unknown-surface"),
    ("GET", "/v1/export/secrets", {}, 404, "not-found"),
]


@pytest.mark.parametrize(("method", "path", "headers", "status", "slug"), REFUSALS)
def test_12_every_problem_has_type_title_status_and_detail(
    shop: Shop, method: str, path: str, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = shop.http.request(method, path, headers={**shop.secret, **headers}, content=b"{" if status == 400 else b"")
    problem = check_problem(answer, status, slug)
    assert len(problem["detail"]) > 15, "it says what to do"
    if status == 405:
        assert method not in answer.headers["allow"]
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_12_the_type_of_a_problem_opens_a_page_about_it(shop: Shop) -> None:
    problem = shop.http.get("/v1/surfaces").json()
    page = shop.http.get(problem["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_12_a_wrong_field_is_named_by_its_json_pointer(shop: Shop, surface: str) -> None:
    body = {"surface": surface, "context": {"text": "", "turns": [{"role": "agent", "text": 7}]}, "k": 0}
    problem = check_problem(shop.call("POST", "/v1/suggest", body), 422, "invalid-request")
    assert {each["pointer"] for each in problem["errors"]} == {"/context/text", "/context/turns/0/text", "/k"}
    assert all(each["detail"] for each in problem["errors"])


SIZES = [
    ("/v1/suggest", 256 * KB, {"surface": "limits", "context": {"text": "hi"}}),
    ("/v1/suggest/batch", 4 * MB, {"requests": [{"surface": "limits", "context": {"text": "hi"}}]}),
    ("/v1/feedback", 1 * MB, {"events": ["no event"]}),
    ("/v1/labels", 8 * MB, {"labels": [{"surface": "limits", "context": {"text": "hi"}, "item": None}]}),
    ("/v1/surfaces/limits/candidates", 8 * MB, {"candidates": [{"id": "big", "text": "hi"}]}),
]


@pytest.mark.parametrize(("path", "limit", "body"), SIZES, ids=[path for path, _, _ in SIZES])
def test_12_a_body_is_read_up_to_its_limit_and_not_one_byte_more(
    shop: Shop, surface: str, path: str, limit: int, body: dict[str, Any]
) -> None:
    sent = json.dumps(body).encode()
    headers = {**shop.secret, "Content-Type": "application/json"}
    full = shop.http.post(path, content=sent.ljust(limit), headers=headers)
    assert full.is_success, full.text
    over = shop.http.post(path, content=sent.ljust(limit + 1), headers=headers)
    check_problem(over, 413, "too-large")


@pytest.mark.parametrize("path", ["/v1/labels", "/v1/surfaces/limits/candidates"])
def test_12_a_stream_of_lines_over_64_mb_is_refused_before_it_is_read(
    running: Running, surface: str, path: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Authorization", f"Bearer {SECRET}")
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Content-Length", str(64 * MB + 1))
    connection.endheaders()
    answer = connection.getresponse()  # though not a byte of the body was sent
    assert answer.status == 413
    assert json.loads(answer.read())["type"] == "/problems/too-large"
    connection.close()


TEXTS = {
    "context": ("/v1/suggest", {"surface": "limits", "context": {"text": "$"}}),
    "turn": ("/v1/suggest", {"surface": "limits", "context": {"text": "a", "turns": [{"role": "a", "text": "$"}]}}),
    "supplied": (
        "/v1/suggest",
        {"surface": "limits", "context": {"text": "a"}, "candidates": [{"id": "a", "text": "$"}]},
    ),
    "candidate": ("/v1/surfaces/limits/candidates", {"candidates": [{"id": "a", "text": "$"}]}),
}


@pytest.mark.parametrize(("path", "body"), TEXTS.values(), ids=TEXTS.keys())
def test_12_a_text_is_at_most_32_kb_in_bytes(shop: Shop, surface: str, path: str, body: dict[str, Any]) -> None:
    def sent(text: str) -> Any:
        return json.loads(json.dumps(body).replace("$", text))

    assert shop.call("POST", path, sent("ü" * (16 * KB))).is_success
    problem = check_problem(shop.call("POST", path, sent("ü" * (16 * KB) + "x")), 422)
    assert problem["errors"][0]["pointer"].endswith("/text")


def test_12_a_label_or_an_event_with_too_long_a_text_is_rejected_alone(shop: Shop, surface: str) -> None:
    told = shop.label(surface, "x" * (32 * KB + 1), None)
    assert [each["type"] for each in told["rejected"]] == ["invalid-label"]
    slate = shop.ask(surface)
    told = shop.tell(shop.event(slate, "override", text="x" * (32 * KB + 1)), shop.event(slate, "override", text="x"))
    assert (told["accepted"], [each["type"] for each in told["rejected"]]) == (1, ["invalid-event"])


def test_12_unknown_fields_are_ignored_on_suggest_and_feedback(shop: Shop, surface: str) -> None:
    future = {"from_the_future": {"deep": [1, None]}}
    context = {"text": KNOWN, **future}
    slate = shop.ok("POST", "/v1/suggest", {"surface": surface, "context": context, **future})
    assert shop.tell({**shop.event(slate, "view"), **future})["accepted"] == 1
    row = {"surface": surface, "context": context, "item": "track", **future}
    assert shop.call("POST", "/v1/labels", {"labels": [row], **future}).json()["accepted"] == 1
    batch = {"requests": [{"surface": surface, "context": context, **future}], **future}
    assert "items" in shop.ok("POST", "/v1/suggest/batch", batch)["results"][0]


CONFIGURATION = [
    ("PUT", "/v1/surfaces/limits", {}),
    ("PUT", "/v1/surfaces/limits/policy", {}),
    ("POST", "/v1/surfaces/limits/policy/preview", {}),
    ("POST", "/v1/surfaces/limits/candidates", {"candidates": [{"id": "a", "text": "a"}]}),
    ("POST", "/v1/surfaces/limits/train", {}),
    ("POST", "/v1/reviews/claim", {}),
    ("POST", "/v1/keys", {"kind": "pk"}),
    ("POST", "/v1/links", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), CONFIGURATION, ids=[path for _, path, _ in CONFIGURATION])
def test_12_unknown_fields_are_refused_by_name_on_configuration(
    shop: Shop, surface: str, method: str, path: str, body: dict[str, Any]
) -> None:
    problem = check_problem(shop.call(method, path, {**body, "thresold": 1}), 422)
    assert [each["pointer"] for each in problem["errors"]] == ["/thresold"]


@pytest.mark.parametrize("k", [0, -1, 51, 2.5, "3", True, 10**30])
def test_12_k_is_a_whole_number_from_1_to_50(shop: Shop, surface: str, k: object) -> None:
    body = {"surface": surface, "context": {"text": "hi"}, "k": k}
    problem = check_problem(shop.call("POST", "/v1/suggest", body), 422)
    assert [each["pointer"] for each in problem["errors"]] == ["/k"]


def test_12_batches_are_bounded_and_answer_in_order_with_problems_inline(shop: Shop) -> None:
    surface = shop.surface("batches")
    asked: list[Any] = [{"surface": surface, "context": {"text": text}} for text in REPLIES.values()]
    asked += [
        {"surface": "nowhere", "context": {"text": "x"}},
        7,
        {"surface": surface, "context": {"text": "x"}, "k": 99},
    ]
    results = shop.ok("POST", "/v1/suggest/batch", {"requests": asked})["results"]
    assert [result["items"][0]["id"] for result in results[:5]] == list(REPLIES)
    assert [result["status"] for result in results[5:]] == [404, 422, 422]
    assert all({"type", "title", "status", "detail"} <= result.keys() for result in results[5:])
    assert results[7]["errors"][0]["pointer"] == "/requests/7/k"
    check_problem(shop.call("POST", "/v1/suggest/batch", {"requests": asked[:1] * 257}), 422)
    check_problem(shop.call("POST", "/v1/feedback", {"events": [{}] * 1001}), 422)


# -- who may do what

OWNERS_CALLS = [
    ("GET", "/v1/surfaces"),
    ("PUT", "/v1/surfaces/limits"),
    ("GET", "/v1/surfaces/limits/policy"),
    ("POST", "/v1/surfaces/limits/train"),
    ("GET", "/v1/export/events"),
    ("POST", "/v1/labels"),
    ("POST", "/v1/suggest/batch"),
    ("POST", "/v1/reviews/claim"),
    ("GET", "/v1/keys"),
    ("DELETE", "/v1/users/ann"),
    ("POST", "/v1/backups"),
]


def test_a_publishable_key_suggests_and_reports_and_nothing_else(shop: Shop, surface: str) -> None:
    pk = shop.key("pk")
    for method, path in OWNERS_CALLS:
        check_problem(shop.call(method, path, key=pk), 403, "forbidden")
        check_problem(shop.http.request(method, f"{path}?key={pk}"), 403, "forbidden")


def test_a_secret_key_in_an_address_is_refused(shop: Shop, surface: str) -> None:
    problem = check_problem(shop.http.get(f"/v1/surfaces?key={SECRET}"), 401)
    assert "header" in problem["detail"]


@pytest.mark.parametrize("kind", ["pk", "wk"])
def test_our_own_pages_are_not_for_these_keys(shop: Shop, kind: str) -> None:
    key = shop.key(kind)
    for page in ("/admin", "/reports"):
        assert shop.http.get(page, headers={"Authorization": f"Bearer {key}"}).status_code in {401, 403}


def test_a_worker_key_answers_and_does_nothing_else(shop: Shop, surface: str) -> None:
    wk = shop.key("wk")
    assert shop.call("POST", "/v1/reviews/claim", {"surface": surface}, key=wk).status_code in {200, 204}
    for method, path in (("GET", "/v1/surfaces"), ("POST", "/v1/suggest"), ("GET", "/v1/export/slates")):
        check_problem(shop.call(method, path, key=wk), 403, "forbidden")


def test_a_revoked_key_is_nobodys_in_the_next_request(shop: Shop) -> None:
    made = shop.ok("POST", "/v1/keys", {"kind": "sk", "name": "short-lived"})
    assert shop.call("GET", "/v1/surfaces", key=made["key"]).status_code == 200
    shop.ok("DELETE", f"/v1/keys/{made['id']}")
    check_problem(shop.call("GET", "/v1/surfaces", key=made["key"]), 401)


# -- 14. operations


def test_14_ready_is_200_once_log_champion_and_encoder_are(shop: Shop) -> None:
    assert shop.http.get("/healthz").json() == {"status": "ok"}
    ready = shop.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": []})


@pytest.mark.parametrize("headers", [{}, {"Origin": SHOP}, {"Origin": "null"}], ids=str)
def test_14_the_widget_comes_without_a_redirect_and_with_one_allow_origin(shop: Shop, headers: dict[str, str]) -> None:
    answer = shop.http.get("/embed/v1/suggest-box.js", headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["content-type"].startswith("text/javascript")


def test_14_the_contract_describes_itself(shop: Shop) -> None:
    document = shop.http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "/v1/suggest" in document["paths"]
    assert shop.http.get("/docs").status_code == 200
    assert "suggest_requests_total" in shop.http.get("/metrics").text


def test_14_all_children_stay_in_the_servers_process_group(running: Running) -> None:
    shop, server = running.shop, running.server.process.pid
    job = shop.ok("POST", f"/v1/surfaces/{shop.surface('grouped')}/train", {"encoder": "off"})
    groups: set[int] = set()
    while shop.ok("GET", f"/v1/jobs/{job['id']}")["state"] not in {"promoted", "kept", "failed"}:
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError):
                fields = entry.read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == server:
                    groups.add(int(fields[2]))
    assert groups == {os.getpgid(server)}


# -- 15. the command line


def test_15_the_command_line_talks_to_the_server_that_runs(running: Running, tmp_path: Path) -> None:
    """The address lies in the data folder; nothing opens the file a second time."""
    shop = running.shop
    surface = shop.surface("commanded")
    shell = Shell(folder=tmp_path, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_SECRET_KEY": SECRET})
    at = ("--data", running.folder)
    rows = shell.file("labels.csv", f"text,label\n{UNKNOWN},size\nsomething else,track\n")
    imported = shell.run("import", rows, "--surface", surface, "--kind", "labels", "--json", *at)
    assert (imported.code, imported.json["accepted"]) == (0, 2), imported.err
    assert shop.top(surface, UNKNOWN) == "size", "the next request knows"
    trained = shell.run("train", surface, "--wait", "--json", *at)
    assert (trained.code, trained.json["state"]) == (0, "kept"), trained.err
    assert shop.ok("GET", f"/v1/jobs/{trained.json['id']}")["state"] == "kept", "it was the server's job"
    exported = shell.run("export", "labels", "--format", "csv", "--out", "-", *at)
    assert exported.code == 0
    assert UNKNOWN in exported.out
    report = tmp_path / "report.md"
    assert shell.run("report", surface, "--out", report, *at).code == 0
    assert surface in report.read_text()


# -- 5, 8, 10 and 11 after a restart


@pytest.mark.faults
def test_tokens_leases_sessions_and_what_was_learned_survive_kill_9(tmp_path: Path) -> None:
    session = "a-session-nobody-guesses"
    with Server(tmp_path / "data") as server, httpx.Client(base_url=server.address, timeout=60) as client:
        shop = Shop(client, SECRET)
        surface = shop.surface("lives", target={"kind": "p_any", "value": 0.4})
        shop.label(surface, UNKNOWN, "size")
        open_one = shop.ask(surface, "basalt jukebox", context={"session": session})
        held = shop.claim(surface, lease_s=600)
        slate = shop.ask(surface, UNKNOWN)
        shop.call("DELETE", f"/v1/surfaces/{surface}/candidates/refund")
        pk, event = shop.key("pk"), shop.event(slate, "view")
        shop.tell(event)
        server.kill()
    with Server(tmp_path / "data") as server, httpx.Client(base_url=server.address, timeout=60) as client:
        again = Shop(client, SECRET)
        after = again.ask(surface, UNKNOWN)
        assert after["items"][0] == {**slate["items"][0], "p_select": after["items"][0]["p_select"]}
        assert after["p_any"] == pytest.approx(slate["p_any"], abs=0.02), "embeddings came back as they were stored"
        assert "refund" not in {item["id"] for item in again.ask(surface, REPLIES["refund"], k=50)["items"]}
        assert again.ok("GET", f"/v1/surfaces/{surface}/policy")["target"]["value"] == 0.4
        assert again.page_tells(pk, event)["duplicates"] == 1, "a repeat is still a repeat"
        assert again.page_tells(pk, shop.event(slate, "select", item="size"))["accepted"] == 1, "a token is still one"
        found = client.get(f"/v1/escalations?key={pk}&surface={surface}&session={session}").json()["escalations"]
        assert [each["id"] for each in found] == [open_one["escalation"]["id"]]
        assert again.judged(held, item="track")["state"] == "answered", "a lease is still held"
        assert client.get(found[0]["url"], headers={"Accept": "application/json"}).json()["state"] == "answered"


# -- 11 on a real socket


def test_11_the_stream_is_live(running: Running) -> None:
    shop = running.shop
    surface = shop.surface("streamed")
    slate = shop.ask(surface, UNKNOWN)
    states: list[dict[str, Any]] = []
    with (
        httpx.Client(base_url=running.server.address, timeout=60) as page,
        page.stream("GET", slate["escalation"]["url"], headers={"Origin": SHOP}) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["access-control-allow-origin"] == SHOP
        for line in stream.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line.removeprefix("data: ")))
                if len(states) == 1:
                    shop.judged(shop.claim(surface), item="size")
    assert states[0]["state"] == "waiting", "the present state first"
    assert states[-1]["state"] == "answered", "and it ends after a final one"
    assert states[-1]["answer"]["item"] == "size"
