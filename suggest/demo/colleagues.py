"""Two automatic colleagues, so that an escalation is answered although the visitor is alone.

They work as people do: claim a review over HTTP with a worker's key, think for some seconds, answer. The moment the
visitor takes over they give back what they hold and keep out of the way."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Lock

import httpx

from suggest.demo.calls import CallFailed, Json, call
from suggest.demo.truth import Truth

THINK_S = (3.0, 5.5)  # between these, evenly: long enough to see "a colleague is answering"
LOOK_AGAIN_S = 0.15
LEASE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who answers at present, as the page tells it."""

    is_automatic: bool
    why: str
    n_holding: int
    n_answered: int

    def as_json(self) -> Mapping[str, object]:
        return {
            "automatic": self.is_automatic,
            "why": self.why,
            "holding": self.n_holding,
            "answered": self.n_answered,
        }


class Colleagues:
    """`clients` hold one worker's key each; a colleague is a thread over one of them."""

    def __init__(
        self,
        clients: Sequence[httpx.Client],
        *,
        surface: str,
        truth: Truth,
        rng: random.Random,
        new_id: Callable[[], str],
        think_s: tuple[float, float] = THINK_S,
    ) -> None:
        self._clients = clients
        self._surface = surface
        self._truth = truth
        self._rng = rng
        self._new_id = new_id
        self._think_s = think_s
        self._lock = Lock()
        self._holding: dict[str, str] = {}  # review -> context, of the automatic ones
        self._n_answered = 0
        self._was_more = False
        self._why = "they answer what the starter shop prepared"
        self._at_work = Event()
        self._at_work.set()
        self._left = Event()
        self._took_over = Event()  # wakes whoever is thinking
        self._threads = [
            threading.Thread(target=self._work, args=(client,), name=f"colleague-{i}", daemon=True)
            for i, client in enumerate(clients, 1)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """They go home; what they hold is given back."""
        self._left.set()
        self._took_over.set()
        self._at_work.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5.0)

    @property
    def shift(self) -> Shift:
        with self._lock:
            return Shift(
                is_automatic=self._at_work.is_set(),
                why=self._why,
                n_holding=len(self._holding),
                n_answered=self._n_answered,
            )

    def take_over(self, why: str = "you answer yourself") -> None:
        """The visitor answers from now on."""
        with self._lock:
            self._why = why
        self._at_work.clear()
        self._took_over.set()

    def hand_back(self) -> None:
        """The automatic ones answer again."""
        with self._lock:
            self._why = "they answer what the starter shop prepared"
        self._took_over.clear()
        self._at_work.set()

    def notice(self, count_claimed: Callable[[], int]) -> None:
        """More reviews are held than ours, twice in a row: somebody works in the console, so we get out of the way."""
        n_before = self.shift.n_holding
        n_claimed = count_claimed()
        is_more = n_claimed > max(n_before, self.shift.n_holding)  # an answer may fall between two looks
        if is_more and self._was_more and self._at_work.is_set():
            self.take_over("you took a task in the console")
        self._was_more = is_more

    def _work(self, client: httpx.Client) -> None:
        while not self._left.is_set():
            self._at_work.wait()
            if self._left.is_set():
                return
            try:
                is_busy = self._answer_one(client)
            except CallFailed:
                is_busy = False  # lost the lease, or the service is away: look again later
            if not is_busy:
                self._left.wait(LOOK_AGAIN_S)

    def _answer_one(self, client: httpx.Client) -> bool:
        """Claim, think, answer. Returns False where nothing waits."""
        with self._lock:  # claimed and counted in one step, or `notice` would take us for the visitor
            review = call(client, "POST", "/v1/reviews/claim", {"surface": self._surface, "lease_s": LEASE_S})
            if not review:
                return False
            self._holding[review["id"]] = review["context"]["text"]
            think_s = self._rng.uniform(*self._think_s)
        try:
            if self._took_over.wait(think_s):
                call(client, "POST", f"/v1/reviews/{review['id']}/release", {"lease": review["lease"]})
            else:
                self._give_verdict(client, review)
        finally:
            with self._lock:
                self._holding.pop(review["id"], None)
        return True

    def _give_verdict(self, client: httpx.Client, review: Json) -> None:
        reply = self._truth.reply_to(review["context"]["text"])
        body = {"eid": self._new_id(), "lease": review["lease"], **reply.as_verdict()}
        call(client, "POST", f"/v1/reviews/{review['id']}/verdict", body)
        with self._lock:
            self._n_answered += 1
