"""Reading a body: not too slow, not too strange; and what may stand between us and the caller."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from starlette.requests import Request

from suggest.web import body
from suggest.web.body import parse_bytes, pointer, read_body, read_lines, refusal
from suggest.web.present import finite, plain
from suggest.web.problem import Refused
from suggest.web.proxy import BehindProxies
from suggest.web.schemas.base import check_free_json, moment
from suggest.web.schemas.surfaces import CandidatesIn


def arriving(chunks: Sequence[bytes], *, then: str = "end", headers: dict[str, str] | None = None) -> Request:
    """A request whose body arrives in these chunks, and then ends, is cut off, or never goes on."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if then == "end":
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    elif then == "cut":
        messages.append({"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


async def lines_of(request: Request, limit: int = 1000) -> list[tuple[int, bytes]]:
    return [line async for line in read_lines(request, limit=limit)]


def test_a_body_is_joined_from_its_chunks_up_to_the_limit() -> None:
    assert asyncio.run(read_body(arriving([b"ab", b"", b"cd"]), limit=4)) == b"abcd"
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(arriving([b"ab", b"cde"], then="never"), limit=4))
    assert refused.value.kind.status == 413
    assert refused.value.headers == {"Connection": "close"}, "what is left of the body is not read"


def test_an_announced_size_is_refused_before_a_byte_is_read() -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(arriving([], then="never", headers={"content-length": "5"}), limit=4))
    assert refused.value.kind.slug == "too-large"


@pytest.mark.parametrize("announced", ["-1", "five", "٥", "9" * 30, "1e9"])
def test_a_nonsense_size_is_not_believed(announced: str) -> None:
    assert asyncio.run(read_body(arriving([b"ab"], headers={"content-length": announced}), limit=4)) == b"ab"


def test_a_body_that_stops_arriving_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "READ_TIMEOUT_S", 0.01)
    for reading in (read_body(arriving([b"a"], then="never"), limit=9), lines_of(arriving([b"a"], then="never"))):
        with pytest.raises(Refused) as refused:
            asyncio.run(reading)  # type: ignore[arg-type]
        assert refused.value.kind.status == 408


def test_a_body_that_is_cut_off_is_refused() -> None:
    for reading in (read_body(arriving([b"a"], then="cut"), limit=9), lines_of(arriving([b"a"], then="cut"))):
        with pytest.raises(Refused) as refused:
            asyncio.run(reading)  # type: ignore[arg-type]
        assert refused.value.kind.status == 400


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_are_the_same_however_they_are_cut_into_chunks(size: int) -> None:
    content = b"one\n\n  \ntwo\r\nthree"
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    assert asyncio.run(lines_of(arriving(chunks))) == [(1, b"one"), (4, b"two\r"), (5, b"three")]


def test_a_stream_of_lines_has_a_limit_too() -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(lines_of(arriving([b"a\n" * 10] * 100, then="never"), limit=100))
    assert refused.value.kind.status == 413


def test_a_pointer_escapes_what_json_pointers_must() -> None:
    assert pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert pointer(()) == ""


def test_a_refusal_names_the_first_fields_and_counts_the_rest() -> None:
    with pytest.raises(ValidationError) as wrong:
        CandidatesIn.model_validate({"candidates": [{"id": ""}, {}]})
    refused = refusal(wrong.value, under="/7")
    assert refused.errors[0].pointer == "/7/candidates/0/id"
    assert "more)" in refused.detail
    with pytest.raises(ValidationError) as endless:
        CandidatesIn.model_validate({"candidates": [{}] * 100})
    assert refusal(endless.value).errors == ()


@pytest.mark.parametrize("content", [b'{"a": NaN}', b'{"a": Infinity}', b'{"a": [-Infinity]}'])
def test_not_a_number_is_not_json(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_bytes(content, CandidatesIn)
    assert refused.value.kind.slug == "malformed-json"


def test_the_word_nan_in_a_text_is_a_word() -> None:
    parsed = parse_bytes(b'{"candidates": [{"id": "NaN", "text": "Infinity and -Infinity"}]}', CandidatesIn)
    assert parsed.candidates[0].id == "NaN"


def test_free_fields_take_what_json_has_and_nothing_endless() -> None:
    fine = {"a": [1, 2.5, None, True, {"b": "ü"}], "n": 2**63 - 1}
    assert check_free_json(fine) is fine
    for wrong in ({"a": math.inf}, {"a": math.nan}, {"a": 2**63}, {"a": "\x00"}, {"\x01": 1}, {"a": list(range(513))}):
        with pytest.raises(ValueError, match=r"."):
            check_free_json(wrong)


def test_a_time_is_read_in_any_offset_and_kept_in_utc() -> None:
    assert moment("2026-01-02T03:04:05+01:00") == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert moment(None) is None


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    at: datetime
    colour: Colour
    share: float


def test_values_of_ours_become_plain_json() -> None:
    thing = Thing(at=datetime(2026, 1, 2, tzinfo=UTC), colour=Colour.RED, share=math.nan)
    assert plain(thing) == {"at": "2026-01-02T00:00:00.000Z", "colour": "red", "share": None}
    assert plain({"a": np.float32(0.5), "b": np.array([1, 2]), "c": (1, "x")}) == {"a": 0.5, "b": [1, 2], "c": [1, "x"]}
    assert plain("a\ud800b") == "a?b"
    assert finite(math.inf) is None


async def _seen_through(trusted: int, headers: dict[str, str]) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "client": ("10.0.0.1", 5), "scheme": "http"}
    await BehindProxies(app, trusted)(scope, None, None)  # type: ignore[arg-type]
    return seen


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        (0, "1.1.1.1", "10.0.0.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(trusted: int, forwarded: str, client: str) -> None:
    seen = asyncio.run(_seen_through(trusted, {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}))
    assert seen["client"][0] == client
    assert seen["scheme"] == ("https" if trusted else "http")
