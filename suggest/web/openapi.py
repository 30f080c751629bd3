"""/openapi.json, made from the list of calls and the models of their bodies, so that it cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import suggest
from suggest.web.auth import Access
from suggest.web.call import Answer, Call
from suggest.web.problem import CONTENT_TYPE
from suggest.web.schemas.past_log import PastSlateRow
from suggest.web.schemas.problems import Problem
from suggest.web.schemas.reporting_back import EventRow, LabelRow

_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"{(\w+)}")
_SECURITY: Mapping[Access, list[dict[str, list[str]]]] = {
    Access.ANYONE: [],
    Access.BROWSER: [{"publishable": []}, {"secret": []}],
    Access.WORKER: [{"worker": []}, {"secret": []}],
    Access.SECRET: [{"secret": []}],
    Access.ESCALATION: [{"impression": []}, {"worker": []}, {"secret": []}],
}
_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


def openapi_document(calls: Sequence[Call]) -> dict[str, Any]:
    """The contract as an OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Suggest",
            "version": suggest.__version__,
            "description": "Ranked suggestions with honest probabilities, and people where the model does not know.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(calls),
            "responses": {"Problem": _problem()},
            "securitySchemes": {
                "secret": {"type": "http", "scheme": "bearer", "description": "sk_…, servers and administration."},
                "worker": {"type": "http", "scheme": "bearer", "description": "wk_…, the review queue."},
                "publishable": {"type": "apiKey", "in": "query", "name": "key", "description": "pk_…, for browsers."},
                "impression": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The token of the impression; `escalation.url` carries it.",
                },
            },
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.method.lower() + re.sub(r"\W+", "_", call.path).rstrip("_"),
        "tags": [call.topic],
        "summary": call.what,
        "security": _SECURITY[call.access],
        "responses": {str(status): _response(answer) for status, answer in call.answers.items()}
        | {str(status): {"$ref": "#/components/responses/Problem"} for status in problem_statuses(call)},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 200}}
        for name in _PATH_PARAMETER.findall(call.path)
    ] + [
        {"name": each.name, "in": "query", "required": False, "description": each.what, "schema": dict(each.schema)}
        for each in call.query
        if not (call.access is Access.ESCALATION and each.name == "token")  # said by the security scheme
    ]
    if parameters:
        operation["parameters"] = parameters
    if call.body is not None:
        operation["requestBody"] = {"required": not call.body_is_optional, "content": _contents(call, call.body)}
    return operation


def problem_statuses(call: Call) -> list[int]:
    """The problems this call may answer with, beyond its own answers."""
    statuses = {400, 405, 500}
    if call.access is not Access.ANYONE:
        statuses |= {401, 403, 415, 422, 503}
    if call.access in {Access.BROWSER, Access.ESCALATION}:
        statuses.add(429)
    if call.method not in _BODILESS:
        statuses |= {408, 409, 413}
    if "{" in call.path or call.body is not None or call.query:
        statuses |= {404, 422}
    return sorted(statuses - set(call.answers))


def _contents(call: Call, body: type[BaseModel]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": _REF.format(model=body.__name__)}}
    if call.example is not None:
        content["example"] = call.example
    contents = {"application/json": content}
    if call.access is Access.BROWSER:
        contents["text/plain"] = {"schema": {"type": "string", "description": "The same JSON, without a preflight."}}
    if call.row is not None:
        contents["application/x-ndjson"] = {
            "schema": {"type": "string", "description": f"One {call.row.__name__} a line."}
        }
    return contents


def _response(answer: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.what or "The answer."}
    if answer.model is not None:
        response["content"] = {answer.media_type: {"schema": {"$ref": _REF.format(model=answer.model.__name__)}}}
    elif answer.media_type != "application/json":
        media_types = (answer.media_type, *answer.or_as)
        response["content"] = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return response


def _schemas(calls: Sequence[Call]) -> dict[str, Any]:
    read: list[type[BaseModel]] = [EventRow, LabelRow, PastSlateRow]
    said: list[type[BaseModel]] = [Problem]
    for call in calls:
        read += [model for model in (call.body, call.row) if model is not None]
        said += [answer.model for answer in call.answers.values() if answer.model is not None]
    models = [(model, "validation") for model in dict.fromkeys(read)]
    models += [(model, "serialization") for model in dict.fromkeys(said) if model not in read]
    _, document = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]  # a literal by construction
    definitions: dict[str, Any] = document["$defs"]
    return definitions


def _problem() -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {"description": "A problem (RFC 9457).", "content": {CONTENT_TYPE: {"schema": schema}}}
