"""The Idempotency-Key: one answer for one request, however often and however concurrently it comes."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response

from suggest.web.problem import Refused
from suggest.web.replay import KEPT_S, LARGEST_KEPT, Replays
from web.house import Monotonic


def request(key: str | None, *, path: str = "/v1/surfaces/a", query: str = "", method: str = "PUT") -> Request:
    headers = [] if key is None else [(b"idempotency-key", key.encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    return Request(scope | {"server": ("x", 80), "scheme": "http"})


class Counting:
    """Answers with how often it was asked."""

    def __init__(self, status: int = 200, size: int = 1) -> None:
        self.n = 0
        self.status = status
        self.size = size

    async def __call__(self) -> Response:
        self.n += 1
        return Response(str(self.n) * self.size, status_code=self.status, media_type="text/plain")


def ask(replays: Replays, key: str | None, answer: Counting, **more: str) -> Response:
    caller, body = more.pop("caller", "ann"), more.pop("body", "{}").encode()
    return asyncio.run(replays.once(request(key, **more), caller=caller, body=body, answer=answer))


def test_without_a_key_every_request_is_its_own() -> None:
    replays, answer = Replays(), Counting()
    assert [ask(replays, None, answer).body for _ in range(2)] == [b"1", b"2"]


def test_the_first_answer_is_given_again_with_its_status_and_type() -> None:
    replays, answer = Replays(), Counting(status=201)
    first, again = ask(replays, "k", answer), ask(replays, "k", answer)
    assert (again.body, again.status_code) == (first.body, 201)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert answer.n == 1


@pytest.mark.parametrize(
    "other", [{"caller": "bob"}, {"path": "/v1/surfaces/b"}, {"query": "x=1"}, {"method": "POST"}], ids=str
)
def test_a_key_belongs_to_one_caller_and_one_address(other: dict[str, str]) -> None:
    replays, answer = Replays(), Counting()
    ask(replays, "k", answer)
    ask(replays, "k", answer, **other)
    assert answer.n == 2


def test_the_same_key_with_another_body_is_refused() -> None:
    replays, answer = Replays(), Counting()
    ask(replays, "k", answer)
    with pytest.raises(Refused) as refused:
        ask(replays, "k", answer, body='{"k": 2}')
    assert refused.value.kind.status == 422
    assert answer.n == 1


def test_a_key_whose_first_request_still_runs_is_refused() -> None:
    async def twice() -> None:
        replays, arrived, go_on = Replays(), asyncio.Event(), asyncio.Event()

        async def slow() -> Response:
            arrived.set()
            await go_on.wait()
            return Response("done")

        first = asyncio.create_task(replays.once(request("k"), caller="ann", body=b"", answer=slow))
        await arrived.wait()
        with pytest.raises(Refused) as refused:
            await replays.once(request("k"), caller="ann", body=b"", answer=slow)
        assert refused.value.kind.status == 409
        go_on.set()
        assert (await first).body == b"done"

    asyncio.run(twice())


@pytest.mark.parametrize("answer", [Counting(status=503), Counting(size=LARGEST_KEPT + 1)], ids=["5xx", "too large"])
def test_what_is_no_lasting_answer_is_not_kept(answer: Counting) -> None:
    replays = Replays()
    ask(replays, "k", answer)
    ask(replays, "k", answer)
    assert answer.n == 2


def test_an_answer_is_kept_for_a_day() -> None:
    monotonic = Monotonic()
    replays, answer = Replays(monotonic_s=monotonic), Counting()
    ask(replays, "k", answer)
    monotonic.now_s += KEPT_S - 1
    ask(replays, "k", answer)
    assert answer.n == 1
    monotonic.now_s += 2
    ask(replays, "k", answer)
    assert answer.n == 2


def test_only_so_many_answers_are_kept_and_the_oldest_go_first() -> None:
    replays, answer = Replays(most=3), Counting()
    for n in range(5):
        ask(replays, f"k{n}", answer)
    ask(replays, "k4", answer)
    assert answer.n == 5
    ask(replays, "k0", answer)
    assert answer.n == 6


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_sensible_length(key: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(Replays(), key, Counting())
    assert refused.value.kind.status == 400
