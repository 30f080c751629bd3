"""Clients who ask, react, label, send again what was not answered, and on purpose what was: over real HTTP."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from threading import Event, Thread

import httpx

from faults.history import History
from faults.seeding import SURFACE, option, saying
from faults.serving import HEADERS

EID_PREFIX = "told-"
_KEPT = 50  # batches that may be sent again
Batch = list[dict[str, object]]


class Client:
    """One client across the lives of the server: what it could not deliver to one, it delivers to the next."""

    def __init__(self, name: int, history: History, rng_seed: int) -> None:
        self._history = history
        self._rng = random.Random(rng_seed)
        self._eids = (f"{EID_PREFIX}{name}-{n}" for n in count())
        self._undelivered: deque[Batch] = deque()
        self._delivered: deque[Batch] = deque(maxlen=_KEPT)

    def work(self, address: str, stop: Event) -> None:
        """Until told to stop, or the server is gone."""
        with httpx.Client(base_url=address, headers=HEADERS, timeout=30) as http:
            try:
                while not stop.is_set():
                    self._act(http)
            except httpx.TransportError:
                return  # killed: what was in hand stays undelivered

    def deliver_all(self, address: str) -> None:
        """The end: everything that was ever sent is sent until it is acknowledged."""
        with httpx.Client(base_url=address, headers=HEADERS, timeout=30) as http:
            while self._undelivered:
                self._deliver(http)

    def _act(self, http: httpx.Client) -> None:
        if self._undelivered:
            self._deliver(http)
        if self._delivered and self._rng.random() < 0.25:
            again = self._rng.choice(self._delivered)
            self._send(http, again, is_repeat=True)
        if self._rng.random() < 0.15:
            self._label(http)
        asked = http.post("/v1/suggest", json={"surface": SURFACE, "context": {"text": self._text()}})
        if asked.status_code == 200:
            slate = asked.json()
            self._history.served(slate["impression"])
            self._undelivered.append(self._reactions(slate))
            self._deliver(http)
        elif asked.status_code < 500:
            self._complain("suggest", asked)

    def _deliver(self, http: httpx.Client) -> None:
        batch = self._undelivered[0]
        if self._send(http, batch, is_repeat=False):
            self._delivered.append(self._undelivered.popleft())

    def _send(self, http: httpx.Client, batch: Batch, *, is_repeat: bool) -> bool:
        eids = [str(event["eid"]) for event in batch]
        self._history.sends(eids)
        told = http.post("/v1/feedback", json={"events": batch})
        if told.status_code == 202:
            self._history.answered(eids, told.json(), is_repeat=is_repeat)
        elif told.status_code < 500:
            self._complain("feedback", told)
        return told.status_code < 500

    def _label(self, http: httpx.Client) -> None:
        text, item = f"{self._text()} {next(self._eids)}", option(self._rng.randrange(77))
        sent = {"labels": [{"surface": SURFACE, "context": {"text": text}, "item": item}]}
        if http.post("/v1/labels", json=sent).status_code == 202:
            self._history.labelled(text, item)

    def _reactions(self, slate: dict[str, object]) -> Batch:
        items: Sequence[dict[str, object]] = slate["items"]  # type: ignore[assignment]
        of_slate = {"impression": slate["impression"], "token": slate["token"]}
        batch: Batch = [{**of_slate, "eid": next(self._eids), "type": "view", "visible_ms": 1200}]
        if items and self._rng.random() < 0.7:
            chosen = self._rng.choice(items)["id"]
            batch.append({**of_slate, "eid": next(self._eids), "type": "select", "item": chosen})
            batch.append({**of_slate, "eid": next(self._eids), "type": "commit", "edited": False, "edit_ratio": 0.0})
        else:
            batch.append({**of_slate, "eid": next(self._eids), "type": "dismiss"})
        return batch

    def _text(self) -> str:
        return saying(self._rng.randrange(2_000))

    def _complain(self, what: str, answer: httpx.Response) -> None:
        with self._history.lock:
            self._history.complaints.append(f"{what}: {answer.status_code} {answer.text[:300]}")


class Crowd:
    """Clients at work on one life of the server."""

    def __init__(self, clients: Sequence[Client], address: str, history: History) -> None:
        self._stop = Event()
        self._history = history
        self._heard_before = len(history.acknowledged)
        self._threads = [Thread(target=client.work, args=(address, self._stop)) for client in clients]
        for thread in self._threads:
            thread.start()

    def wait_until_heard(self, patience_s: float) -> None:
        """Until something was acknowledged in this life."""
        until = time.monotonic() + patience_s
        while len(self._history.acknowledged) == self._heard_before and time.monotonic() < until:
            time.sleep(0.005)

    def leave(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
