"""A surface made of a visitor's own table: its answers become candidates, its messages labelled history."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from suggest.demo.calls import CallFailed, call, renew_key, send_candidates, send_labels
from suggest.demo.tickets import Pairs

SHORTEST_LIST = 2  # answers; fewer leave nothing to rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a visitor needs to try it and to take it home."""

    surface: str
    site_key: str
    n_answers: int
    n_messages: int
    example: str  # a message of theirs to begin with
    snippet: str

    def as_json(self) -> Mapping[str, object]:
        return {
            "surface": self.surface,
            "site_key": self.site_key,
            "n_answers": self.n_answers,
            "n_messages": self.n_messages,
            "example": self.example,
            "snippet": self.snippet,
        }


def make_surface(
    client: httpx.Client,
    pairs: Pairs,
    *,
    name: str,
    service: str,
    origin: str,
    on_progress: Callable[[int, int], None],
) -> Own:
    """Create the surface and teach it; the same table makes the same surface again. Raises CallFailed.

    `service` is where the widget comes from, `origin` the page that may use the key."""
    if len(pairs.pairs) == 1:
        raise CallFailed("There is only one row to learn from; a few dozen with different answers are a beginning.")
    if len(pairs.answers) < SHORTEST_LIST:
        raise CallFailed("There is only one answer in this column, so there is nothing to rank; choose another column.")
    surface = surface_name(name, pairs)
    total = len(pairs.answers) + len(pairs.pairs)
    done = 0

    def on_sent(n: int) -> None:
        nonlocal done
        done += n
        on_progress(done, total)

    on_progress(0, total)
    call(client, "PUT", f"/v1/surfaces/{surface}", {"title": f"Your data: {name}"[:200]})
    call(client, "PUT", f"/v1/surfaces/{surface}/policy", {"audit_rate": 0.0})
    candidates = [{"id": answer_id(answer), "text": answer} for answer in pairs.answers]
    send_candidates(client, surface, candidates, on_sent=on_sent)
    labels = [
        {"surface": surface, "context": {"text": message}, "item": answer_id(answer)} for message, answer in pairs.pairs
    ]
    rejected = send_labels(client, labels, on_sent=on_sent)
    if len(rejected) == len(labels):
        raise CallFailed(f"No row was taken: {rejected[0]['detail']}")
    site_key = renew_key(client, "pk", f"demo: {surface}", surface=surface, origins=[origin])
    return Own(
        surface=surface,
        site_key=site_key,
        n_answers=len(candidates),
        n_messages=len(labels) - len(rejected),
        example=pairs.pairs[0][0],
        snippet=snippet(service, site_key, surface),
    )


def surface_name(name: str, pairs: Pairs) -> str:
    """A name for the surface from the file's, with a mark of what is in it."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.rsplit(".", 1)[0].casefold()).strip("-")[:40] or "table"
    return f"own-{stem}-{hashlib.sha256(repr(pairs.pairs).encode()).hexdigest()[:6]}"


def answer_id(answer: str) -> str:
    """The same answer has the same id in every import.

    >>> answer_id("We open at nine.") == answer_id("We open at nine.")
    True
    """
    return "a-" + hashlib.sha256(answer.encode()).hexdigest()[:12]


def snippet(service: str, site_key: str, surface: str) -> str:
    """What to paste into a page with a text field `reply` and the customer's words in `#last-message`."""
    return (
        f'<script type="module" src="{service}/embed/v1/suggest-box.js"></script>\n'
        f'<suggest-box site-key="{site_key}" surface="{surface}"\n'
        '             for="reply" context-from="#last-message"></suggest-box>'
    )
