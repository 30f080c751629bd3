"""The calls of the contract that the demonstration makes, over plain HTTP like everybody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import httpx

Json = dict[str, Any]
T = TypeVar("T")
TIMEOUT_S = 60.0
_LOOK_AGAIN_S = 0.05


class CallFailed(RuntimeError):
    """The service refused, or did not answer; the message is what it said."""


def connect(address: str, key: str) -> httpx.Client:
    """A client that presents `key` with every call."""
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S)


def call(client: httpx.Client, method: str, path: str, body: object = None, **query: str) -> Json:
    """The answer's JSON, or an empty object where there is none. Raises CallFailed for anything but success."""
    try:
        answer = client.request(method, path, json=body, params=query)
    except httpx.HTTPError as error:
        raise CallFailed(f"The service does not answer: {error}") from error
    if answer.is_error:
        raise CallFailed(_said(answer))
    if answer.status_code == 204 or not answer.content:
        return {}
    found: Json = answer.json()
    return found


def wait_until_ready(client: httpx.Client, *, patience_s: float, is_over: Callable[[], bool] = lambda: False) -> None:
    """Return once the service says that it may take traffic. Raises CallFailed after `patience_s`."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until and not is_over():
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(_LOOK_AGAIN_S)
    raise CallFailed(f"The service was not ready within {patience_s:.0f} s.")


def in_groups(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    """Rows in groups of `size`, the last one shorter.

    >>> list(in_groups("abc", 2))
    [['a', 'b'], ['c']]
    """
    left = iter(rows)
    while group := list(islice(left, size)):
        yield group


def send_candidates(
    client: httpx.Client, surface: str, candidates: Sequence[Mapping[str, object]], *, on_sent: Callable[[int], None]
) -> None:
    """Upsert candidates a few at a time; `on_sent(n)` hears of every n that are usable now."""
    for group in in_groups(candidates, 64):
        call(client, "POST", f"/v1/surfaces/{surface}/candidates", {"candidates": group})
        on_sent(len(group))


def send_labels(
    client: httpx.Client, labels: Sequence[Mapping[str, object]], *, on_sent: Callable[[int], None]
) -> list[Json]:
    """Teach known answers a few at a time. Returns what the service did not take, with why."""
    rejected: list[Json] = []
    for group in in_groups(labels, 64):
        answer = call(client, "POST", "/v1/labels", {"labels": group})
        rejected += answer.get("rejected", [])
        on_sent(len(group))
    return rejected


def renew_key(client: httpx.Client, kind: str, name: str, **more: object) -> str:
    """A fresh key of this name; those of former starts are revoked, because their text is known to nobody any more."""
    for key in call(client, "GET", "/v1/keys")["keys"]:
        if key["kind"] == kind and key["name"] == name and key["revoked_at"] is None:
            call(client, "DELETE", f"/v1/keys/{key['id']}")
    made = call(client, "POST", "/v1/keys", {"kind": kind, "name": name, **more})
    return str(made["key"])


def _said(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered {answer.status_code}."
