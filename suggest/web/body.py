"""Read a request's body: no larger, slower or stranger than the call allows, and checked against its model.

Bodies are never decompressed and never read past their cap; NaN and Infinity are refused wherever they stand, even in
fields that would be ignored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from suggest.domain.errors import FieldError
from suggest.web.problem import Refused

READ_TIMEOUT_S = 10.0
KIB = 1024
MIB = 1024 * KIB
MOST_LISTED = 50  # wrong fields named in one answer; building more costs seconds on a hostile body
NDJSON_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})
JSON_TYPES = frozenset({"application/json", "text/plain", ""})
LONGEST_LINE = 1 * MIB

M = TypeVar("M", bound=BaseModel)


def refuse_encoding(request: Request) -> None:
    """Compressed bodies are refused: what a few bytes may unfold into is not for us to find out."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise Refused("unsupported-media-type", f"Content-Encoding {encoding[:40]!r} is not read; send it plain.")


def is_ndjson(request: Request) -> bool:
    return _media_type(request) in NDJSON_TYPES


def refuse_media_type(request: Request, *, ndjson: bool) -> None:
    """Raise unless the body calls itself JSON (or text/plain, which needs no preflight, or nothing at all)."""
    media_type = _media_type(request)
    if media_type not in JSON_TYPES and not (ndjson and media_type in NDJSON_TYPES):
        raise Refused(
            "unsupported-media-type",
            f"Content-Type {media_type[:80]!r} is not read here; send application/json"
            + (" or application/x-ndjson." if ndjson else "."),
        )
    charset = _charset(request)
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise Refused("unsupported-media-type", f"Charset {charset[:40]!r} is not read; send UTF-8.")


async def read_body(request: Request, *, limit: int) -> bytes:
    """The whole body, at most `limit` bytes of it and within READ_TIMEOUT_S seconds."""
    _refuse_announced(request, limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError:
        raise Refused("too-slow", f"The body did not arrive within {READ_TIMEOUT_S:g} seconds.") from None
    except ClientDisconnect:
        raise Refused("bad-request", "The connection closed before the body was complete.") from None
    return b"".join(chunks)


async def read_lines(request: Request, *, limit: int) -> AsyncIterator[tuple[int, bytes]]:
    """The lines of an NDJSON stream with their numbers (from 1); blank ones are skipped."""
    _refuse_announced(request, limit)
    rest, size, number = b"", 0, 0
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise Refused("too-slow", f"Nothing arrived for {READ_TIMEOUT_S:g} seconds.") from None
        except ClientDisconnect:
            raise Refused("bad-request", "The connection closed before the body was complete.") from None
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise Refused("too-large", f"Line {number + len(lines) + 1} is longer than {LONGEST_LINE // MIB} MB.")
        for line in lines:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


async def parse(request: Request, model: type[M], *, limit: int, may_be_empty: bool = False) -> M:
    """The body as a checked model. Where it `may_be_empty`, no body at all means every default."""
    refuse_media_type(request, ndjson=False)
    body = await read_body(request, limit=limit)
    if may_be_empty and not body.strip():
        body = b"{}"
    return parse_bytes(body, model)


def parse_bytes(body: bytes, model: type[M]) -> M:
    """Raises Refused: `malformed-json` where it is no JSON, `invalid-request` where it is the wrong one."""
    if b"NaN" in body or b"Infinity" in body:
        _refuse_not_finite(body)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as wrong:
        raise refusal(wrong) from None


def refusal(wrong: ValidationError, *, under: str = "") -> Refused:
    """A failed validation as a problem that points at each wrong field (the first MOST_LISTED of them)."""
    if wrong.error_count() > MOST_LISTED:
        return Refused("invalid-request", f"{wrong.error_count()} fields are wrong; that is too many to list.")
    details = wrong.errors(include_url=False, include_context=False, include_input=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        return Refused("malformed-json", str(details[0]["msg"]))
    errors = [
        FieldError(pointer=under + pointer(detail["loc"]), detail=_plain(str(detail["msg"]))) for detail in details
    ]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Refused("invalid-request", f"{first.pointer or '/'}: {first.detail}{more}", errors=errors)


def pointer(location: tuple[int | str, ...]) -> str:
    """A place in a body as an RFC 6901 JSON pointer.

    >>> pointer(("context", "fields", "a/b", 0))
    '/context/fields/a~1b/0'
    """
    return "".join("/" + _readable(str(part)).replace("~", "~0").replace("/", "~1") for part in location)


def _readable(part: str) -> str:
    return part.encode("utf-8", "replace").decode()[:200]


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _refuse_not_finite(body: bytes) -> None:
    try:
        from_json(body, allow_inf_nan=False, cache_strings="none")
    except ValueError as wrong:
        raise Refused("malformed-json", f"JSON has no NaN and no Infinity: {wrong}") from None


def _refuse_announced(request: Request, limit: int) -> None:
    refuse_encoding(request)
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and len(announced) < 20 and int(announced) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Refused:
    said = f"{limit // MIB} MB" if limit >= MIB else f"{limit // KIB} kB"
    # The rest of the body is not read, so the connection cannot be used again.
    return Refused(
        "too-large", f"This call reads at most {said}; send less at a time.", headers={"Connection": "close"}
    )


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


def _charset(request: Request) -> str:
    for parameter in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
