"""Every refusal of every call has one shape (RFC 9457): walked over the whole list of routes, not over examples."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from suggest.domain import errors
from suggest.domain.errors import SuggestError
from suggest.web.auth import Access
from suggest.web.call import Call
from suggest.web.problem import KINDS, kind_of
from suggest.web.routes import CALLS
from web.house import House

GUARDED = [call for call in CALLS if call.access is not Access.ANYONE]
READING = [call for call in GUARDED if call.body is not None]
OF_SECRET_KEYS = [call for call in GUARDED if call.access is Access.SECRET]
OF_WORKERS = [call for call in GUARDED if call.access is Access.WORKER]
PATHS = sorted({call.path for call in CALLS})
# What a path parameter must be for the handler to get as far as the body.
EXISTING = {"surface": "replies", "table": "slates"}


def name_of(call: Call) -> str:
    return f"{call.method} {call.path}"


def address(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: EXISTING.get(found[1], "nothing-of-that-name"), path)


def check_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].removeprefix("/problems/") in KINDS
    assert problem["title"]
    assert len(problem["detail"]) > 10
    for error in problem.get("errors", ()):
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["detail"]
    return problem


@pytest.mark.parametrize("call", GUARDED, ids=name_of)
def test_without_a_key_401(house: House, call: Call) -> None:
    answer = house.client.request(call.method, address(call.path))
    check_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("call", GUARDED, ids=name_of)
@pytest.mark.parametrize("header", ["Bearer sk_wrong", "Bearer", "Basic c2s6", "Bearer wk_" + "x" * 5000, "sk_wrong"])
def test_with_a_wrong_key_401(house: House, call: Call, header: str) -> None:
    check_problem(house.client.request(call.method, address(call.path), headers={"Authorization": header}), 401)


@pytest.mark.parametrize("call", OF_SECRET_KEYS, ids=name_of)
def test_a_publishable_or_worker_key_may_not_do_what_needs_a_secret_one(house: House, call: Call) -> None:
    for kind in ("pk", "wk"):
        header = {"Authorization": f"Bearer {house.a_key(kind)}"}
        problem = check_problem(house.client.request(call.method, address(call.path), headers=header), 403)
        assert problem["type"] == "/problems/forbidden"


@pytest.mark.parametrize("call", OF_WORKERS, ids=name_of)
def test_a_publishable_key_may_not_work_the_queue(house: House, call: Call) -> None:
    header = {"Authorization": f"Bearer {house.a_key('pk')}"}
    check_problem(house.client.request(call.method, address(call.path), headers=header), 403)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["TRACE", "PATCH", "PROPFIND"])
def test_a_method_an_address_does_not_take_405_with_those_it_takes(house: House, path: str, method: str) -> None:
    answer = house.client.request(method, address(path), headers=house.secret)
    check_problem(answer, 405)
    taken = {call.method for call in CALLS if call.path == path}
    assert taken <= set(answer.headers["allow"].split(", "))
    assert method not in answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/suggest/", "/v1/surfaces/replies/nothing", "/nothing", "/v2/suggest"]
)
def test_an_address_that_is_none_404(house: House, path: str) -> None:
    problem = check_problem(house.client.post(path, headers=house.secret, json={}), 404)
    assert problem["type"] == "/problems/no-such-page"


@pytest.mark.parametrize("call", READING, ids=name_of)
def test_a_body_of_another_kind_415(house: House, call: Call) -> None:
    headers = {**house.secret, "Content-Type": "application/xml"}
    check_problem(house.client.request(call.method, address(call.path), content=b"<a/>", headers=headers), 415)


@pytest.mark.parametrize("call", READING, ids=name_of)
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity"])
def test_a_compressed_body_415(house: House, call: Call, encoding: str) -> None:
    headers = {**house.secret, "Content-Encoding": encoding, "Content-Type": "application/json"}
    check_problem(house.client.request(call.method, address(call.path), content=b"{}", headers=headers), 415)


@pytest.mark.parametrize("call", READING, ids=name_of)
def test_a_body_in_another_charset_415(house: House, call: Call) -> None:
    headers = {**house.secret, "Content-Type": "application/json; charset=utf-16"}
    check_problem(house.client.request(call.method, address(call.path), content=b"{}", headers=headers), 415)


@pytest.mark.parametrize("call", READING, ids=name_of)
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_over_the_limit_413(house: House, call: Call, is_announced: bool) -> None:
    body = b'{"a": "' + b"x" * call.limit + b'"}'
    content = body if is_announced else (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    headers = {**house.secret, "Content-Type": "application/json"}
    problem = check_problem(
        house.client.request(call.method, address(call.path), content=content, headers=headers), 413
    )
    assert problem["type"] == "/problems/too-large"


@pytest.mark.parametrize("call", READING, ids=name_of)
@pytest.mark.parametrize(
    "body",
    [b"{", b"nul", b"\xff\xfe{}", b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": "\\ud800"}', b"[" * 5000, b"{'a': 1}"],
)
def test_what_is_not_json_400(house: House, call: Call, body: bytes) -> None:
    headers = {**house.secret, "Content-Type": "application/json"}
    problem = check_problem(house.client.request(call.method, address(call.path), content=body, headers=headers), 400)
    assert problem["type"] == "/problems/malformed-json"


@pytest.mark.parametrize("call", READING, ids=name_of)
@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null", b"true"])
def test_json_that_is_no_object_422(house: House, call: Call, body: bytes) -> None:
    headers = {**house.secret, "Content-Type": "application/json"}
    problem = check_problem(house.client.request(call.method, address(call.path), content=body, headers=headers), 422)
    assert problem["errors"]


CLOSED = [call for call in READING if call.body is not None and call.body.model_config.get("extra") == "forbid"]


@pytest.mark.parametrize("call", CLOSED, ids=name_of)
def test_configuration_refuses_unknown_fields_by_name(house: House, call: Call) -> None:
    answer = house.client.request(call.method, address(call.path), json={"no_such/field": 1}, headers=house.secret)
    problem = check_problem(answer, 422)
    assert "/no_such~1field" in [error["pointer"] for error in problem["errors"]]


def test_only_suggest_feedback_and_labels_are_open_to_unknown_fields() -> None:
    open_calls = {call.path for call in READING if call not in CLOSED}
    asking = {"/v1/suggest", "/v1/suggest/batch", "/v1/fragments/suggest"}
    assert open_calls == {*asking, "/v1/feedback", "/v1/labels"}


WITH_SURFACE = [call for call in GUARDED if "{surface}" in call.path and call.method != "PUT"]


@pytest.mark.parametrize("call", [call for call in WITH_SURFACE if call.body is None], ids=name_of)
def test_an_unknown_surface_404(house: House, call: Call) -> None:
    path = re.sub(r"{\w+}", "nowhere", call.path)
    problem = check_problem(house.client.request(call.method, path, headers=house.secret), 404)
    assert problem["type"] == "/problems/unknown-surface"


@pytest.mark.parametrize(
    "call", [call for call in GUARDED if "{" in call.path and call.topic != "Records"], ids=name_of
)
@pytest.mark.parametrize("segment", ["%00", "%FF%FE", "%0A", "x" * 201, "%ED%A0%80"])
def test_a_name_in_the_path_that_cannot_be_one_400(house: House, call: Call, segment: str) -> None:
    path = re.sub(r"{\w+}", segment, call.path)
    answer = house.client.request(call.method, path, headers=house.secret, json={} if call.body else None)
    check_problem(answer, 400)


def test_an_exception_nobody_foresaw_is_a_500_in_the_same_shape_and_says_nothing_of_the_inside(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(own_house.application.online, "suggest", explode)
    body = {"surface": "replies", "context": {"text": "hi"}}
    answer = own_house.client.post("/v1/suggest", json=body, headers={**own_house.secret, "X-Request-Id": "find-me"})
    problem = check_problem(answer, 500)
    assert "inside" not in answer.text
    assert problem["type"] == "/problems/internal-error"
    assert answer.headers["x-request-id"] == "find-me"


def every_error(base: type[SuggestError] = SuggestError) -> list[type[SuggestError]]:
    return [base, *(deeper for each in base.__subclasses__() for deeper in every_error(each))]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_every_domain_error_has_a_documented_kind(error: type[SuggestError]) -> None:
    kind = kind_of(error("why"))
    assert kind.status >= 400
    assert (kind.status >= 500) == (
        error is SuggestError or issubclass(error, errors.Overloaded | errors.StorageUnavailable)
    )


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_every_type_of_problem_opens_a_page(house: House, slug: str) -> None:
    answer = house.client.get(f"/problems/{slug}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_busy_and_limited_answers_say_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise errors.Overloaded("the queue is full")

    monkeypatch.setattr(house.application.online, "suggest", full)
    body = {"surface": "replies", "context": {"text": "hi"}}
    answer = house.client.post("/v1/suggest", json=body, headers=house.secret)
    check_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
