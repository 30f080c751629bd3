"""Hold every answer any test receives against the published contract: a status that is listed, a body that fits."""

from __future__ import annotations

import re

import httpx

from suggest.web.call import Call
from suggest.web.openapi import problem_statuses
from suggest.web.routes import CALLS
from suggest.web.schemas.problems import Problem

_PATTERNS = [
    (re.compile(re.sub(r"{\w+}", "[^/]+", call.path) + r"(\?.*)?"), call)
    for call in sorted(CALLS, key=lambda call: call.path.count("{"))
]


def call_of(request: httpx.Request) -> Call | None:
    target = request.url.raw_path.decode()
    for pattern, call in _PATTERNS:
        if call.method == request.method and pattern.fullmatch(target):
            return call
    return None


def check_answer(answer: httpx.Response) -> None:
    """An httpx response hook."""
    call = call_of(answer.request)
    if call is None or answer.headers.get("content-type", "").startswith("text/event-stream"):
        return
    answer.read()
    where = f"{call.method} {call.path} {answer.status_code}"
    if answer.status_code in call.answers:
        model = call.answers[answer.status_code].model
        if model is not None:
            model.model_validate_json(answer.content)
        elif answer.status_code == 204:
            assert answer.content == b"", where
        return
    assert answer.status_code in problem_statuses(call), f"{where} is not in /openapi.json"
    assert answer.headers["content-type"] == "application/problem+json", where
    assert Problem.model_validate_json(answer.content).status == answer.status_code, where
