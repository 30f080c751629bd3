"""Automatic colleagues: they answer what they know over HTTP, and give way to the visitor at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import httpx
import pytest

from demo.waiting import Service, wait_for
from suggest.demo.calls import Json, call, connect, renew_key
from suggest.demo.colleagues import Colleagues
from suggest.demo.truth import Truth

_counter = itertools.count()
FOREVER_S = 600.0
HIRE = Callable[..., Colleagues]


@pytest.fixture
def surface(client: httpx.Client) -> str:
    """A surface that sends everything to people."""
    name = f"colleagues-{next(_counter)}"
    call(client, "PUT", f"/v1/surfaces/{name}", {})
    options = [{"id": "repair-service", "text": "We mend zips."}, {"id": "warranty", "text": "Three years."}]
    call(client, "POST", f"/v1/surfaces/{name}/candidates", {"candidates": options})
    call(client, "PUT", f"/v1/surfaces/{name}/policy", {"mode": "review_all"})
    return name


@pytest.fixture
def hire(service: Service, surface: str) -> Iterator[HIRE]:
    hired: list[Colleagues] = []

    def make(*, think_s: float = 0.0, n: int = 2) -> Colleagues:
        keys = [renew_key(service.client, "wk", f"{surface} {i}", surface=surface) for i in range(n)]
        made = Colleagues(
            [connect(service.address, key) for key in keys],
            surface=surface,
            truth=Truth(),
            rng=random.Random(1),
            new_id=lambda: f"eid-{surface}-{next(_counter)}",
            think_s=(think_s, think_s),
        )
        hired.append(made)
        made.start()
        return made

    yield make
    for each in hired:
        each.stop()


def escalate(client: httpx.Client, surface: str, text: str) -> str:
    slate = call(client, "POST", "/v1/suggest", {"surface": surface, "context": {"text": text}})
    assert slate["decision"] == "escalate"
    return str(slate["escalation"]["id"])


def state_of(client: httpx.Client, escalation: str) -> Json:
    return call(client, "GET", f"/v1/escalations/{escalation}")


def test_a_prepared_message_gets_its_true_reply(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire()
    asked = escalate(client, surface, "The zip on my tent is stuck")
    wait_for(lambda: state_of(client, asked)["state"] == "answered", "an answer")
    assert state_of(client, asked)["answer"]["item"] == "repair-service"
    wait_for(lambda: colleagues.shift.n_answered == 1, "the count")
    assert colleagues.shift.n_holding == 0


def test_what_no_reply_covers_gets_words_of_their_own(client: httpx.Client, surface: str, hire: HIRE) -> None:
    hire()
    asked = escalate(client, surface, "Could you engrave our daughter's name on a steel bottle?")
    wait_for(lambda: state_of(client, asked)["state"] == "answered", "an answer")
    assert "Engraving" in state_of(client, asked)["answer"]["text"]


def test_what_they_do_not_know_they_do_not_make_up(client: httpx.Client, surface: str, hire: HIRE) -> None:
    hire()
    asked = escalate(client, surface, "what is the airspeed of an unladen swallow")
    wait_for(lambda: state_of(client, asked)["state"] == "answered", "an answer")
    assert state_of(client, asked)["answer"] == {"none": True}


def test_they_think_before_they_answer(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire(think_s=FOREVER_S, n=1)
    asked = escalate(client, surface, "The zip on my tent is stuck")
    wait_for(lambda: colleagues.shift.n_holding == 1, "a claim")
    assert state_of(client, asked)["state"] == "claimed"


def test_taking_over_gives_back_what_they_hold(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire(think_s=FOREVER_S, n=1)
    asked = escalate(client, surface, "The zip on my tent is stuck")
    wait_for(lambda: colleagues.shift.n_holding == 1, "a claim")
    colleagues.take_over()
    wait_for(lambda: state_of(client, asked)["state"] == "waiting", "the review to wait again")
    assert not colleagues.shift.is_automatic
    held = call(client, "POST", "/v1/reviews/claim", {"surface": surface})
    assert held["context"]["text"] == "The zip on my tent is stuck"


def test_handed_back_they_answer_again(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire()
    colleagues.take_over()
    asked = escalate(client, surface, "The zip on my tent is stuck")
    colleagues.hand_back()
    wait_for(lambda: state_of(client, asked)["state"] == "answered", "an answer")
    assert colleagues.shift.is_automatic


def test_somebody_at_the_console_is_noticed_and_given_way_to(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire()
    colleagues.notice(lambda: 1)
    assert colleagues.shift.is_automatic, "one look may fall between two answers"
    colleagues.notice(lambda: 1)
    assert not colleagues.shift.is_automatic
    assert "console" in colleagues.shift.why


def test_their_own_claims_are_nobody_elses(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire(think_s=FOREVER_S, n=2)
    for _ in range(2):
        escalate(client, surface, "The zip on my tent is stuck")
    wait_for(lambda: colleagues.shift.n_holding == 2, "two claims")
    for _ in range(4):
        colleagues.notice(lambda: call(client, "GET", "/v1/reviews", surface=surface)["claimed"])
    assert colleagues.shift.is_automatic


def test_a_look_that_is_not_repeated_is_forgotten(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire()
    for n_claimed in (1, 0, 1, 0):
        colleagues.notice(lambda n_claimed=n_claimed: n_claimed)
    assert colleagues.shift.is_automatic


def test_going_home_gives_back_what_they_hold(client: httpx.Client, surface: str, hire: HIRE) -> None:
    colleagues = hire(think_s=FOREVER_S, n=1)
    asked = escalate(client, surface, "The zip on my tent is stuck")
    wait_for(lambda: colleagues.shift.n_holding == 1, "a claim")
    colleagues.stop()
    wait_for(lambda: state_of(client, asked)["state"] == "waiting", "the review to wait again")
