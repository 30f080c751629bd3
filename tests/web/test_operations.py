"""For whoever keeps the server alive, and the contract for machines."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import validate

from suggest.web.auth import Access
from suggest.web.meters import Meters
from suggest.web.routes import CALLS
from web.house import House

CONTRACT = [
    "PUT /v1/surfaces/{s}",
    "GET /v1/surfaces/{s}",
    "GET /v1/surfaces",
    "POST /v1/surfaces/{s}/candidates",
    "GET /v1/surfaces/{s}/candidates",
    "DELETE /v1/surfaces/{s}/candidates/{id}",
    "POST /v1/suggest",
    "POST /v1/suggest/batch",
    "POST /v1/feedback",
    "POST /v1/labels",
    "POST /v1/surfaces/{s}/train",
    "GET /v1/jobs/{id}",
    "GET /v1/surfaces/{s}/models",
    "POST /v1/surfaces/{s}/models/{m}/promote",
    "POST /v1/surfaces/{s}/models/rollback",
    "GET /v1/surfaces/{s}/policy",
    "PUT /v1/surfaces/{s}/policy",
    "POST /v1/surfaces/{s}/policy/preview",
    "GET /v1/escalations/{id}",
    "GET /v1/escalations/{id}/events",
    "POST /v1/reviews/claim",
    "POST /v1/reviews/{id}/verdict",
    "POST /v1/reviews/{id}/heartbeat",
    "POST /v1/reviews/{id}/release",
    "POST /v1/reviews/{id}/undo",
    "GET /v1/surfaces/{s}/metrics",
    "GET /v1/export/{table}",
    "DELETE /v1/users/{user}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
]


def shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def test_the_server_is_alive_before_and_ready_after_the_encoder_is_warm(own_house: House) -> None:
    assert own_house.client.get("/healthz").json() == {"status": "ok"}
    cold = own_house.client.get("/readyz")
    assert cold.status_code == 503
    assert cold.json()["reasons"] == ["the encoder is warming up"]
    assert "retry-after" in cold.headers
    assert own_house.a_slate()["items"], "the API answers all the same"
    own_house.application.batcher.warm()
    ready = own_house.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "reasons": []}


def test_a_stopping_server_takes_no_new_traffic(own_house: House) -> None:
    own_house.app.state.parts.stop()
    assert own_house.client.get("/readyz").status_code == 503


def test_metrics_tell_what_happened_in_the_text_format(own_house: House) -> None:
    slate = own_house.a_slate()
    event = {"eid": "e", "impression": slate["impression"], "token": slate["token"], "type": "view"}
    own_house.client.post("/v1/feedback", json={"events": [event, {}]}, headers=own_house.secret)
    own_house.client.get("/nowhere")
    answer = own_house.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    assert 'suggest_requests_total{method="POST",route="/v1/suggest",status="200"} 1' in text
    assert 'suggest_requests_total{method="GET",route="other",status="404"} 1' in text
    assert 'suggest_events_total{result="accepted"} 1' in text
    assert 'suggest_events_total{result="rejected"} 1' in text
    assert f'suggest_decisions_total{{surface="replies",decision="{slate["decision"]}"}} 1' in text
    assert 'suggest_request_seconds_count{route="/v1/suggest"} 1' in text
    for name in (
        "log_queue_depth",
        "log_commit_p99_seconds",
        "encoder_queue_depth",
        "reviews",
        "ready",
        "log_writable",
    ):
        assert f"\nsuggest_{name}" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+({.*})? -?[0-9.e+-]+", line), line


def test_a_histogram_is_cumulative() -> None:
    meters = Meters()
    for seconds in (0.001, 0.02, 0.02, 99):
        meters.observe(method="GET", route="/x", status=200, seconds=seconds)
    counts = [
        int(line.rsplit(" ", 1)[1]) for line in meters.lines() if line.startswith("suggest_request_seconds_bucket")
    ]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 4


def test_a_strange_name_cannot_break_the_text_format() -> None:
    meters = Meters()
    meters.decisions['a"b\nc\\', "show"] += 1
    line = next(line for line in meters.lines() if line.startswith("suggest_decisions_total{"))
    assert line == 'suggest_decisions_total{surface="a\\"b\\nc\\\\",decision="show"} 1'


def test_openapi_is_valid_and_holds_every_call_of_the_contract(house: House) -> None:
    document = house.client.get("/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    published = {f"{method.upper()} {shape(path)}" for path, item in document["paths"].items() for method in item}
    for line in filter(None, CONTRACT):
        method, path = line.split(" ")
        assert f"{method} {shape(path)}" in published
    assert published == {f"{call.method} {shape(call.path)}" for call in CALLS}


def test_every_guarded_call_says_which_key_it_needs_and_which_problems_it_has(house: House) -> None:
    document = house.client.get("/openapi.json").json()
    for call in CALLS:
        operation = document["paths"][call.path][call.method.lower()]
        assert bool(operation["security"]) == (call.access is not Access.ANYONE)
        problems = [key for key, answer in operation["responses"].items() if "$ref" in answer]
        assert {"400", "405", "500"} <= set(problems)
        if call.access is not Access.ANYONE:
            assert {"401", "403"} <= set(problems)
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail"]


def test_operation_ids_are_unique() -> None:
    from suggest.web.openapi import openapi_document

    document = openapi_document(CALLS)
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids)) == len(CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_the_example_of_a_call_is_a_valid_body(call: object) -> None:
    from suggest.web.call import Call

    assert isinstance(call, Call)
    if call.body is not None and call.example is not None:
        call.body.model_validate(call.example)
    assert call.what.endswith(".")
    assert (call.body is None) == (
        call.method in {"GET", "DELETE"} or call.path.endswith(("/rollback", "/promote", "/backups", "/ask-again"))
    )
