"""What holds for every answer and every caller: shapes of problems, plain values, meters, limits, proxies, headers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.requests import Request

from suggest.domain.context import Context
from suggest.domain.errors import FieldError, Invalid, LeaseExpired, SuggestError, UnknownSurface
from suggest.domain.review import ReviewState
from suggest.online.messages import Answer, EscalationView
from suggest.web.auth import own_origin
from suggest.web.body import parse_bytes, pointer
from suggest.web.call import query_flag, query_whole
from suggest.web.headers import page_policy
from suggest.web.limits import RateLimiter, address_prefix, retry_after
from suggest.web.meters import LATENCY_BUCKETS_S, Meters, family
from suggest.web.present import answer_json, context_json, escalation_json, escalation_url, plain
from suggest.web.problem import KINDS, Refused, error_body, kind_of, problem_body, problem_response
from suggest.web.schemas.base import check_free_json
from suggest.web.schemas.problems import Problem
from suggest.web.schemas.reviewing import VerdictIn
from suggest.web.schemas.suggesting import SuggestIn
from suggest.web.schemas.surfaces import PolicyIn, SurfaceIn

FEW = settings(max_examples=30, deadline=None, derandomize=True)
MODEST = settings(max_examples=80, deadline=None, derandomize=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXTS = st.text(max_size=30)


def a_request(query: str = "", headers: Mapping[str, str] | None = None) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": raw}
    return Request(scope | {"server": ("x", 80), "scheme": "http"})


def refusal_of(call: Callable[[], object]) -> Refused | None:
    """How a call is refused; None where it is not."""
    try:
        call()
    except Refused as refused:
        return refused
    return None


# -- problems


@pytest.mark.parametrize("slug", KINDS)
def test_every_kind_of_problem_has_one_shape(slug: str) -> None:
    kind = KINDS[slug]
    fault = FieldError(pointer="/a~1b/0", detail="is wrong")
    body = problem_body(kind, "What to do.", errors=(fault,), instance="/v1/x")
    told = Problem.model_validate(body)
    assert (told.type, told.status, told.detail) == (f"/problems/{slug}", kind.status, "What to do.")
    assert told.errors[0].pointer == "/a~1b/0"
    assert kind.advice.endswith(".")
    assert kind.title[0].isupper()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)


@pytest.mark.parametrize("status", sorted({kind.status for kind in KINDS.values()}))
def test_the_answer_has_the_status_of_its_problem_and_the_headers_of_its_status(status: int) -> None:
    kind = next(kind for kind in KINDS.values() if kind.status == status)
    answer = problem_response(problem_body(kind, "x"), headers={"Allow": "GET"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "GET"
    assert json.loads(bytes(answer.body))["status"] == status
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if status in {429, 503}:
        assert int(answer.headers["retry-after"]) >= 1


def test_an_error_of_a_kind_nobody_documented_says_nothing_of_the_inside() -> None:
    class Odd(SuggestError):
        slug = "odd"
        title = "Odd"

    body = error_body(Odd("table xyz is locked by thread 7"))
    assert body["status"] == 500
    assert "xyz" not in str(body["detail"])

    class Later(LeaseExpired):
        slug = "later-still"

    assert kind_of(Later("x")).slug == "lease-expired", "a subclass is what its nearest documented ancestor is"
    assert kind_of(UnknownSurface("x")).status == 404


@MODEST
@given(st.lists(st.text(max_size=6) | st.integers(0, 10**6), max_size=6))
def test_a_pointer_leads_back_to_its_place(location: list[str | int]) -> None:
    parts = pointer(tuple(location)).split("/")[1:]
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == [
        str(each).encode("utf-8", "replace").decode() for each in location
    ]


# -- bodies


@MODEST
@given(st.binary(max_size=60))
def test_any_bytes_are_a_body_or_a_refusal(body: bytes) -> None:
    for model in (SuggestIn, SurfaceIn):
        refused = refusal_of(lambda model=model: parse_bytes(body, model))  # type: ignore[misc]  # of this round
        assert refused is None or (refused.kind.status in {400, 422} and refused.detail)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@FEW
@given(st.dictionaries(st.sampled_from(["surface", "context", "k", "candidates", "exclude", "learn", "x"]), JSON))
def test_any_json_is_a_request_or_a_refusal_that_points_into_it(body: dict[str, Any]) -> None:
    refused = refusal_of(lambda: parse_bytes(json.dumps(body).encode(), SuggestIn))
    if refused is None:
        assert body["context"]["text"]
    else:
        assert refused.kind.slug in {"invalid-request", "malformed-json"}
        assert all(each.pointer.split("/")[1] in {*body, "surface", "context"} for each in refused.errors)


@pytest.mark.parametrize("body", [b"NaN", b'{"k": NaN}', b'{"x": [Infinity]}', b'{"x": -Infinity}'])
def test_what_is_no_number_is_no_json_even_in_fields_nobody_reads(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_bytes(body, SuggestIn)
    assert refused.value.kind.slug == "malformed-json"


@FEW
@given(JSON)
def test_free_fields_are_finite_bounded_and_clean_or_refused(value: Any) -> None:
    try:
        check_free_json({"a": value})
    except ValueError:
        return
    text = json.dumps(value, allow_nan=False)  # what passes can be written down
    assert "\\u0000" not in text
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("given_", "is_one"),
    [({"item": "a"}, True), ({"text": "a"}, True), ({"none": True}, True), ({}, False), ({"none": False}, False)],
)
def test_a_verdict_is_one_answer(given_: dict[str, Any], is_one: bool) -> None:
    if is_one:
        assert VerdictIn(eid="e", lease="l", **given_)
    else:
        with pytest.raises(ValidationError, match="exactly one"):
            VerdictIn(eid="e", lease="l", **given_)


def test_only_what_was_sent_is_changed() -> None:
    assert parse_bytes(b'{"k": 4}', SurfaceIn).model_dump(exclude_unset=True) == {"k": 4}
    sent = parse_bytes(b'{"target": {"value": 0.9}}', PolicyIn).model_dump(exclude_unset=True)
    assert sent == {"target": {"value": 0.9}}


# -- queries


@pytest.mark.parametrize("text", ["1", "true", "TRUE"])
def test_a_switch_is_on(text: str) -> None:
    assert query_flag(a_request(f"wait={text}"), "wait")


@pytest.mark.parametrize("text", ["0", "false", ""])
def test_a_switch_is_off_and_so_is_one_nobody_mentioned(text: str) -> None:
    assert not query_flag(a_request(f"wait={text}"), "wait")
    assert not query_flag(a_request(), "wait")


@pytest.mark.parametrize("text", ["yes", "2", "on", "%00"])
def test_a_switch_that_is_neither_is_named(text: str) -> None:
    with pytest.raises(Refused) as refused:
        query_flag(a_request(f"wait={text}"), "wait")
    assert refused.value.errors[0].pointer == "/query/wait"


@MODEST
@given(st.text(max_size=12))
def test_a_number_in_the_query_is_one_in_its_range_or_named(text: str) -> None:
    request = a_request()
    request._query_params = {"limit": text}  # type: ignore[assignment]  # as it arrives, undecoded
    refused = refusal_of(lambda: query_whole(request, "limit", default=7, lowest=1, highest=1000))
    is_one = text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= 1000
    assert (refused is None) == is_one
    assert refused is None or refused.errors[0].pointer == "/query/limit"


# -- plain values


class Tone(Enum):
    LOUD = "loud"


@dataclass
class Inner:
    at: datetime
    tone: Tone
    share: float


def test_values_of_every_kind_become_what_json_has() -> None:
    value = {
        "inner": Inner(at=NOON, tone=Tone.LOUD, share=math.nan),
        "array": np.array([1.5, np.inf]),
        "scalar": np.int64(3),
        "set": {1},
        7: "\ud800",
        "flag": True,
    }
    assert plain(value) == {
        "inner": {"at": "2026-03-01T12:00:00.000Z", "tone": "loud", "share": None},
        "array": [1.5, None],
        "scalar": 3,
        "set": [1],
        "7": "?",
        "flag": True,
    }


@FEW
@given(JSON)
def test_whatever_comes_out_can_be_sent(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False).encode()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, None),
        (Answer(none=True), {"none": True}),
        (Answer(text="x"), {"text": "x"}),
        (Answer(item="a"), {"item": "a"}),
        (Answer(item="a", item_text="Words"), {"item": "a", "item_text": "Words"}),
    ],
    ids=["nothing yet", "none", "text", "item", "item with its words"],
)
def test_an_answer_is_item_text_or_none(answer: Answer | None, told: object) -> None:
    assert answer_json(answer) == told
    view = EscalationView(id="e", surface="s", impression="i", state=ReviewState.WAITING, answer=answer)
    assert escalation_json(view).get("answer") == told


def test_a_worker_never_sees_who_asked() -> None:
    told = context_json(Context(text="hi", user="ann", session="s1", fields={"n": math.inf}))
    assert told == {"text": "hi", "fields": {"n": None}}


def test_the_address_of_an_escalation_carries_its_token() -> None:
    assert escalation_url("e1", "abc.def") == "/v1/escalations/e1/events?token=abc.def"


# -- meters

SECONDS = st.lists(st.floats(0, 20), min_size=1, max_size=40)


@MODEST
@given(SECONDS)
def test_a_histogram_counts_every_request_once_and_only_ever_grows(seconds: list[float]) -> None:
    meters = Meters()
    for each in seconds:
        meters.observe(method="GET", route="/x", status=200, seconds=each)
    lines = [line for line in meters.lines() if line.startswith("suggest_request_seconds_bucket")]
    counts = [int(line.rsplit(" ", 1)[1]) for line in lines]
    bounds = [*LATENCY_BUCKETS_S, math.inf]
    assert counts == [sum(each <= bound for each in seconds) for bound in bounds]
    assert f'suggest_request_seconds_count{{route="/x"}} {len(seconds)}' in list(meters.lines())


@MODEST
@given(st.text(max_size=20))
def test_no_name_breaks_a_line_of_the_text_format(name: str) -> None:
    lines = list(family("m", "gauge", "Help.", {(("surface", name),): 1.0}))
    assert len(lines) == 3
    assert "\n" not in lines[2]
    quoted = re.fullmatch(r'm\{surface="((?:[^"\\\n]|\\["\\n])*)"\} 1', lines[2], re.S)
    assert quoted is not None
    assert re.sub(r'\\(["\\n])', lambda m: "\n" if m[1] == "n" else m[1], quoted[1]) == name


def test_events_and_labels_are_counted_apart() -> None:
    meters = Meters()
    meters.recorded("events", accepted=3, duplicates=1, rejected=0)
    meters.recorded("labels", accepted=0, duplicates=0, rejected=2)
    text = "\n".join(meters.lines())
    assert 'suggest_events_total{result="accepted"} 3' in text
    assert 'suggest_labels_total{result="rejected"} 2' in text


# -- limits


class Seconds:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@MODEST
@given(steps=st.lists(st.floats(0, 3), max_size=60), per_s=st.floats(0.5, 5), burst=st.integers(1, 10))
def test_over_any_stretch_no_more_pass_than_rate_and_burst_allow(steps: list[float], per_s: float, burst: int) -> None:
    seconds = Seconds()
    limiter = RateLimiter(monotonic_s=seconds)
    passed: list[float] = []
    for step in steps:
        seconds.now_s += step
        wait_s = limiter.wait_s(("a",), per_s=per_s, burst=burst)
        if wait_s == 0:
            passed.append(seconds.now_s)
        else:
            assert 0 < wait_s <= 1 / per_s + 1e-9
    for n, start in enumerate(passed):
        for m, end in enumerate(passed[n:], 1):
            assert m <= burst + (end - start) * per_s + 1e-6


@MODEST
@given(st.floats(0.5, 5), st.integers(1, 10))
def test_who_waits_as_long_as_told_is_let_in(per_s: float, burst: int) -> None:
    seconds = Seconds()
    limiter = RateLimiter(monotonic_s=seconds)
    while (wait_s := limiter.wait_s(("a",), per_s=per_s, burst=burst)) == 0:
        pass
    seconds.now_s += wait_s + 1e-6
    assert limiter.wait_s(("a",), per_s=per_s, burst=burst) == 0


@pytest.mark.parametrize(("wait_s", "said"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.01, "2"), (59.5, "60")])
def test_retry_after_is_whole_seconds_and_never_none(wait_s: float, said: str) -> None:
    assert retry_after(wait_s) == said


@MODEST
@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_every_address_has_a_prefix_it_shares_with_its_household(address: str) -> None:
    prefix = address_prefix(address)
    assert prefix
    assert prefix == "unknown" or prefix == address_prefix(address.split("%")[0])


# -- origins and policies


def test_our_own_origin_is_what_the_caller_reached_us_by() -> None:
    assert own_origin(a_request(headers={"Host": "Shop.Example:8080"})) == "http://shop.example:8080"


def test_a_page_runs_nothing_but_our_files_and_stands_in_no_frame_unasked() -> None:
    policy = dict(part.split(" ", 1) for part in page_policy().split("; "))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in page_policy()
    assert policy["frame-ancestors"] == "'none'"
    framed = page_policy(["https://desk.example", "https://b.example"])
    assert framed.endswith("frame-ancestors https://desk.example https://b.example")


def test_a_problem_that_names_its_fields_can_be_raised_from_below() -> None:
    error = Invalid("The k cannot be.", errors=(FieldError(pointer="/k", detail="must be from 1 to 50"),))
    body = error_body(error, instance="/v1/suggest")
    assert body["errors"] == [{"pointer": "/k", "detail": "must be from 1 to 50"}]
    assert body["instance"] == "/v1/suggest"
