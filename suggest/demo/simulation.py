"""Simulated customers on a surface of their own: how fast the service learns from nothing but what people do.

The surface starts with the names of the shop's replies, no texts, no history. Each customer asks once, about something
that many ask or that few do, in words of the starter pack, now and then with a greeting or a slip of the finger. They
look at the options from the top, take the right one if they see it, and otherwise dismiss the lot or go away without a
word. Every request and every event goes over HTTP; nothing is taught by hand."""

from __future__ import annotations

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx

from suggest.demo.calls import CallFailed, Json, call, send_candidates
from suggest.starter import load_candidates, load_examples, load_unanswerable

OPTIONS = 3
LOOKS_ON = 0.9  # chance of looking at the next option after a wrong one
DISMISSES = 0.3  # chance of waving a useless list away; the others just leave
UNANSWERABLE_SHARE = 0.08
POPULARITY = 1.2  # the question at rank r is asked in proportion to r ** -POPULARITY, as questions to a shop are
REWORDS = 0.5  # chance that a message is not word for word as in the pack
RETRAIN_EVERY = 100  # outcomes: twice as often as by default, so that 500 customers see it happen
WINDOW = 100  # customers in the moving share
POINT_EVERY = 5
# Everything is shown, nothing is escalated: no person should answer to a program, and every customer sees a list.
POLICY: Mapping[str, object] = {
    "target": {"kind": "p_any", "value": 0.0},
    "escalation": False,
    "trigger": False,
    "audit_rate": 0.0,
    "retrain_every": RETRAIN_EVERY,
    "retrain_nightly": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    text: str
    item: str | None  # the right reply; None where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Shares over the last `WINDOW` customers, or over all so far where they are fewer."""

    n: int  # customers so far
    top_1: float | None  # right one first, among customers whose question has a right reply; None before the first
    top_3: float | None
    taken: float  # took an option, among all
    model: str  # the bundle that served the last of them; a new one has been retrained on what came before

    def as_json(self) -> Mapping[str, object]:
        return {"n": self.n, "top_1": self.top_1, "top_3": self.top_3, "taken": self.taken, "model": self.model}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    surface: str
    n: int
    points: tuple[Point, ...]
    took_s: float


def simulate(
    client: httpx.Client,
    surface: str,
    n: int = 500,
    seed: int = 0,
    on_progress: Callable[[Point], None] = lambda point: None,
    *,
    pace_s: float = 0.0,
    monotonic_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Let `n` customers use `surface`, made now or left by an earlier run; `client` holds a secret key.

    `on_progress` hears of every fifth customer and of the last; `pace_s` is the least time from one customer to the
    next, for whoever wants to watch. Raises CallFailed where the service refuses, and where
    the surface is a real one: invented behaviour must not teach it."""
    began_s = monotonic_s()
    _open_surface(client, surface)
    rng = random.Random(seed)  # noqa: S311  # behaviour, not secrets
    rights: deque[int | None] = deque(maxlen=WINDOW)
    takes: deque[bool] = deque(maxlen=WINDOW)
    points = []
    for i, customer in enumerate(customers(n, rng), 1):
        sleep(max(0.0, began_s + (i - 1) * pace_s - monotonic_s()))
        slate = call(client, "POST", "/v1/suggest", _request(surface, customer, seed, i))
        position = right_position(slate, customer)
        event = behave(slate, position, rng)
        if event is not None:
            _report(client, slate, {"eid": f"simulated-{slate['impression']}", **event})
        if customer.item is not None:
            rights.append(position)
        takes.append(event is not None and event["type"] == "select")
        if i % POINT_EVERY == 0 or i == n:
            points.append(_point(i, rights, takes, model=str(slate["model"])))
            on_progress(points[-1])
    return Run(surface=surface, n=n, points=tuple(points), took_s=monotonic_s() - began_s)


def customers(n: int, rng: random.Random) -> Iterator[Customer]:
    """`n` customers; which questions are the popular ones is drawn first."""
    texts: dict[str, list[str]] = defaultdict(list)
    for example in load_examples():
        texts[example["item"]].append(example["text"])
    items = rng.sample(sorted(texts), len(texts))
    weights = [rank**-POPULARITY for rank in range(1, len(items) + 1)]
    unanswerable = [message["text"] for message in load_unanswerable()]
    for _ in range(n):
        if rng.random() < UNANSWERABLE_SHARE:
            yield Customer(text=rng.choice(unanswerable), item=None)
        else:
            item = rng.choices(items, weights)[0]
            yield Customer(text=reworded(rng.choice(texts[item]), rng), item=item)


def reworded(text: str, rng: random.Random) -> str:
    """The message as somebody else would type it: half the time with a greeting, an ending or two letters swapped."""
    if rng.random() >= REWORDS:
        return text
    text = rng.choice(("", "", "hi, ", "hello, ")) + text.rstrip("?.! ") + rng.choice(("", "?", " please", "!"))
    if len(text) > 12 and rng.random() < 0.5:
        i = rng.randrange(3, len(text) - 2)
        text = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text


def right_position(slate: Json, customer: Customer) -> int | None:
    """Where the right reply stands, 0 for the top; None where it is not in the slate."""
    return next((item["position"] for item in slate["items"] if item["id"] == customer.item), None)


def behave(slate: Json, right: int | None, rng: random.Random) -> dict[str, object] | None:
    """What the customer does about a slate, as an event without its eid; None: they leave without a word."""
    for item in slate["items"]:
        if item["position"] == right:
            return {"type": "select", "item": item["id"], "position": item["position"]}
        if rng.random() >= LOOKS_ON:
            break
    return {"type": "dismiss"} if slate["items"] and rng.random() < DISMISSES else None


def named_candidates() -> list[dict[str, object]]:
    """The shop's replies by name alone.

    >>> named_candidates()[0]["text"]
    'where is my order'
    """
    return [{"id": row["id"], "text": row["id"].replace("-", " ")} for row in load_candidates()]


def _open_surface(client: httpx.Client, surface: str) -> None:
    found = client.get(f"/v1/surfaces/{surface}")
    if found.status_code == 200 and not found.json()["simulated"]:
        raise CallFailed(f"The surface {surface!r} is a real one; simulated people need a surface of their own.")
    title = f"Simulated customers: {surface}"
    call(client, "PUT", f"/v1/surfaces/{surface}", {"title": title, "simulated": True, "k": OPTIONS})
    call(client, "PUT", f"/v1/surfaces/{surface}/policy", POLICY)
    if found.status_code != 200:
        send_candidates(client, surface, named_candidates(), on_sent=lambda n: None)


def _request(surface: str, customer: Customer, seed: int, i: int) -> dict[str, object]:
    return {"surface": surface, "context": {"text": customer.text, "user": f"simulated-{seed}-{i}"}, "k": OPTIONS}


def _report(client: httpx.Client, slate: Json, event: Mapping[str, object]) -> None:
    body = {"events": [{"impression": slate["impression"], "token": slate["token"], **event}]}
    answer = call(client, "POST", "/v1/feedback", body)
    if answer["rejected"]:
        raise CallFailed(f"An event was rejected: {answer['rejected'][0]['detail']}")


def _point(n: int, rights: deque[int | None], takes: deque[bool], *, model: str) -> Point:
    def share(within: int) -> float | None:
        return sum(right is not None and right < within for right in rights) / len(rights) if rights else None

    return Point(n=n, top_1=share(1), top_3=share(3), taken=sum(takes) / len(takes), model=model)
