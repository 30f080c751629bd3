"""Idempotency over any run of requests: what a keyed write is answered is what a dictionary of answers would say."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from suggest.web.problem import Refused
from suggest.web.replay import KEPT_S, Replays
from web.house import Monotonic

STEPS = st.lists(
    st.tuples(
        st.sampled_from([None, "k1", "k2"]),  # the Idempotency-Key
        st.sampled_from(["ann", "bob"]),  # the caller
        st.sampled_from(["/a", "/b"]),
        st.sampled_from([b"{}", b'{"k": 1}']),
        st.sampled_from([200, 201, 404, 503, 0]),  # how the work would end; 0: it raises
        st.sampled_from([0.0, 1.0, KEPT_S + 1]),  # seconds that pass before
    ),
    max_size=25,
)


def a_request(path: str, key: str | None) -> Request:
    headers = [] if key is None else [(b"idempotency-key", key.encode())]
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": headers}
    return Request(scope | {"server": ("x", 80), "scheme": "http"})


@settings(max_examples=40, deadline=None, derandomize=True)
@given(STEPS)
def test_any_run_of_requests_is_answered_as_a_dictionary_would(
    steps: list[tuple[str | None, str, str, bytes, int, float]],
) -> None:
    monotonic = Monotonic()
    replays = Replays(monotonic_s=monotonic)
    model: dict[tuple[str, str, str], tuple[bytes, int, bytes, float]] = {}
    n_done = 0

    async def one(key: str | None, caller: str, path: str, body: bytes, status: int) -> tuple[int, bytes, bool]:
        async def answer() -> Response:
            nonlocal n_done
            n_done += 1
            if status == 0:
                raise RuntimeError("it failed")
            return Response(str(n_done), status_code=status, media_type="text/plain")

        made = await replays.once(a_request(path, key), caller=caller, body=body, answer=answer)
        return made.status_code, bytes(made.body), "idempotent-replayed" in made.headers

    for key, caller, path, body, status, seconds in steps:
        monotonic.now_s += seconds
        name = (caller, path, key or "")
        kept = model.get(name) if key is not None else None
        if kept is not None and monotonic.now_s - kept[3] > KEPT_S:
            kept = None
        before = n_done
        said: object
        try:
            said = asyncio.run(one(key, caller, path, body, status))
        except Refused as refused:
            said = refused.kind.slug
        except RuntimeError:
            said = "failed"
        if kept is not None:
            assert n_done == before, "nothing is done again"
            assert said == ((kept[1], kept[2], True) if kept[0] == body else "idempotency-key-reused")
            continue
        assert n_done == before + 1
        if status == 0:
            assert said == "failed"
        else:
            assert said == (status, str(n_done).encode(), False)
        if key is not None:
            model.pop(name, None)
            if status not in {0, 503}:
                model[name] = (body, status, str(n_done).encode(), monotonic.now_s)
