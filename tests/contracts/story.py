"""A small shop over HTTP: what a product's server, a page, a worker and an owner can do with keys and JSON alone."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from faults.serving import Server

csv.field_size_limit(sys.maxsize)
BUSY_TRIES = 5
SHOP = "https://shop.example"
REPLIES = {
    "track": "Where is my parcel? You can follow it with the tracking link.",
    "cancel": "Your order was cancelled and the money is on its way.",
    "address": "I have changed the delivery address for you.",
    "refund": "The refund reaches your account within five days.",
    "size": "You can exchange the shoes for another size free of charge.",
}
KNOWN = REPLIES["track"]  # the words of one reply: its answer is certain, whatever the encoder
UNKNOWN = "Quarterly zymurgy hovercraft xylophone"  # no reply has a word of it
_FOREIGN = ("basalt", "jukebox", "vortex", "phlogiston", "quagga", "rhubarb", "tuba", "wombat", "yurt", "zither")


def unknowns(n: int) -> Iterator[str]:
    """Texts that no reply has a word of, all different."""
    for number, words in zip(range(n), itertools.permutations(_FOREIGN, 4), strict=False):
        yield f"{' '.join(words)} {number}"


class Shop:
    """The calls of the contract in a few words. Every test names a surface of its own."""

    def __init__(self, http: Any, secret: str) -> None:
        self.http = http  # an httpx.Client, or what behaves like one
        self.secret = {"Authorization": f"Bearer {secret}"}
        self._n = itertools.count(1)

    def call(self, method: str, path: str, body: object = None, *, key: str | None = None, **more: Any) -> Any:
        """One call. A server whose disk is busy says 503, try again; so do we, as any client should."""
        headers = ({"Authorization": f"Bearer {key}"} if key else self.secret) | more.pop("headers", {})
        for _ in range(BUSY_TRIES):
            answer = self.http.request(method, path, json=body, headers=headers, **more)
            if answer.status_code != 503:
                break
        return answer

    def ok(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.call(method, path, body, **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def surface(self, name: str, replies: dict[str, str] | None = None, **policy: object) -> str:
        self.ok("PUT", f"/v1/surfaces/{name}")
        # audits are drawn by lot, and a night must not bring a retrain to every test that lets one pass
        self.ok("PUT", f"/v1/surfaces/{name}/policy", {"audit_rate": 0.0, "retrain_nightly": False, **policy})
        if replies != {}:
            self.add(name, replies or REPLIES)
        return name

    def add(self, surface: str, replies: dict[str, str], **more: object) -> None:
        sent = [{"id": id, "text": text, **more} for id, text in replies.items()]
        self.ok("POST", f"/v1/surfaces/{surface}/candidates", {"candidates": sent})

    def ask(self, surface: str, text: str = KNOWN, *, context: dict[str, object] | None = None, **more: Any) -> Any:
        body = {"surface": surface, "context": {"text": text, **(context or {})}, **more}
        return self.ok("POST", "/v1/suggest", body)

    def top(self, surface: str, text: str) -> str:
        return str(self.ask(surface, text)["items"][0]["id"])

    def event(self, slate: Any, type: str, **more: object) -> dict[str, object]:
        eid = f"e-{next(self._n)}-{slate['impression'][-6:]}"
        return {"eid": eid, "impression": slate["impression"], "token": slate["token"], "type": type, **more}

    def tell(self, *events: object, key: str | None = None) -> Any:
        answer = self.call("POST", "/v1/feedback", {"events": list(events)}, key=key)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def page_tells(self, pk: str, *events: object) -> Any:
        """The same as a page does it: publishable key in the address, text/plain, no header of its own."""
        content = json.dumps({"events": list(events)})
        answer = self.http.post(f"/v1/feedback?key={pk}", content=content, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def label(self, surface: str, text: str, item: str | None, **context: object) -> Any:
        rows = [{"surface": surface, "context": {"text": text, **context}, "item": item}]
        answer = self.call("POST", "/v1/labels", {"labels": rows})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def key(self, kind: str, **more: object) -> str:
        return str(self.ok("POST", "/v1/keys", {"kind": kind, **more})["key"])

    def claim(self, surface: str, *, key: str | None = None, **more: object) -> Any:
        answer = self.call("POST", "/v1/reviews/claim", {"surface": surface, **more}, key=key)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    def judge(self, review: Any, *, eid: str | None = None, query: str = "", **answer: object) -> Any:
        body = {"eid": eid or f"v-{next(self._n)}", "lease": review["lease"], **answer}
        return self.call("POST", f"/v1/reviews/{review['id']}/verdict{query}", body)

    def judged(self, review: Any, **answer: object) -> Any:
        given = self.judge(review, **answer)
        assert given.status_code == 200, given.text
        return given.json()

    def escalation(self, slate: Any) -> Any:
        return self.ok("GET", f"/v1/escalations/{slate['escalation']['id']}")

    def rows(self, table: str) -> list[dict[str, str]]:
        """A table of the log as its CSV export tells it."""
        answer = self.call("GET", f"/v1/export/{table}?format=csv")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))

    def rows_of(self, table: str, surface: str) -> list[dict[str, str]]:
        return [row for row in self.rows(table) if row["surface"] == surface]


@dataclass(frozen=True)
class Running:
    """A server in a process of its own, the folder it keeps, and a client with its first secret key."""

    server: Server
    folder: Path
    shop: Shop


def check_problem(answer: httpx.Response, status: int, slug: str | None = None) -> Any:
    """One shape for every refusal (meaning 12)."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert all(isinstance(problem[name], str) and problem[name] for name in ("type", "title", "detail"))
    if slug is not None:
        assert problem["type"] == f"/problems/{slug}"
    return problem


def files_holding(folder: Path, needle: str) -> list[str]:
    """The files of a folder in which these bytes stand."""
    wanted = needle.encode()
    found = [path for path in folder.rglob("*") if path.is_file() and wanted in path.read_bytes()]
    return sorted(path.relative_to(folder).as_posix() for path in found)
