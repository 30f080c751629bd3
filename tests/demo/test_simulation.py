"""Simulated customers: labelled as such, the same for the same seed, and honest about what they do."""

from __future__ import annotations

import random
from collections import Counter

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.demo import simulate
from suggest.demo.calls import CallFailed, Json, call
from suggest.demo.simulation import (
    LOOKS_ON,
    POINT_EVERY,
    UNANSWERABLE_SHARE,
    WINDOW,
    Customer,
    Point,
    behave,
    customers,
    named_candidates,
    reworded,
    right_position,
)
from suggest.starter import load_candidates


def a_slate(*ids: str) -> Json:
    return {"items": [{"id": id, "position": i} for i, id in enumerate(ids)]}


def test_it_drives_a_surface_of_its_own_over_http(client: httpx.Client) -> None:
    heard: list[Point] = []
    run = simulate(client, "simulated-a", 42, 3, heard.append)
    assert run.surface == "simulated-a"
    assert [point.n for point in run.points] == [5, 10, 15, 20, 25, 30, 35, 40, 42]
    assert list(run.points) == heard
    surface = call(client, "GET", "/v1/surfaces/simulated-a")
    assert surface["simulated"] is True
    assert "imulated" in surface["title"]
    measured = call(client, "GET", "/v1/surfaces/simulated-a/metrics")
    assert measured["requests"] == 42
    n_taken = round(run.points[-1].taken * 42)
    assert measured["outcomes"]["selected"] == n_taken > 0


def test_no_person_is_asked_to_answer_a_program(client: httpx.Client) -> None:
    simulate(client, "simulated-b", 20, 1)
    queue = call(client, "GET", "/v1/reviews", surface="simulated-b")
    assert queue["waiting"] == queue["claimed"] == 0
    measured = call(client, "GET", "/v1/surfaces/simulated-b/metrics")
    assert measured["decisions"] == {"show": 20}


def test_it_starts_from_names_only(client: httpx.Client) -> None:
    simulate(client, "simulated-c", 1, 1)
    found = call(client, "GET", "/v1/surfaces/simulated-c/candidates", limit="1000")["candidates"]
    texts = {row["id"]: row["text"] for row in found}
    assert texts == {row["id"]: row["id"].replace("-", " ") for row in load_candidates()}


def test_it_refuses_to_teach_a_real_surface(client: httpx.Client) -> None:
    call(client, "PUT", "/v1/surfaces/real-one", {"title": "Real"})
    with pytest.raises(CallFailed, match="real one"):
        simulate(client, "real-one", 5, 1)
    assert call(client, "GET", "/v1/surfaces/real-one/metrics")["requests"] == 0


def test_a_surface_of_an_earlier_run_goes_on(client: httpx.Client) -> None:
    simulate(client, "simulated-d", 5, 1)
    simulate(client, "simulated-d", 5, 2)
    assert call(client, "GET", "/v1/surfaces/simulated-d/metrics")["requests"] == 10


def test_a_pace_is_kept_by_waiting_for_the_beat_not_by_adding_pauses(client: httpx.Client) -> None:
    now = 0.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    run = simulate(client, "simulated-e", 5, 1, pace_s=2.0, monotonic_s=lambda: now, sleep=sleep)
    assert slept == [0.0, 2.0, 2.0, 2.0, 2.0]
    assert run.took_s == 8.0


def test_a_service_that_refuses_is_an_error_not_a_loop(client: httpx.Client) -> None:
    with pytest.raises(CallFailed):
        simulate(client, "x" * 300, 5, 1)


def test_the_same_seed_makes_the_same_customers() -> None:
    first, second = list(customers(200, random.Random(5))), list(customers(200, random.Random(5)))
    assert first == second
    assert first != list(customers(200, random.Random(6)))


def test_some_questions_are_popular_and_some_have_no_reply() -> None:
    asked = list(customers(4000, random.Random(1)))
    n_unanswerable = sum(customer.item is None for customer in asked)
    assert abs(n_unanswerable / 4000 - UNANSWERABLE_SHARE) < 0.02  # five standard errors
    counts = Counter(customer.item for customer in asked if customer.item)
    ranked = [n for _, n in counts.most_common()]
    assert ranked[0] > 5 * ranked[20] > 0
    assert counts.keys() <= {row["id"] for row in load_candidates()}


@given(st.text(min_size=1, max_size=80), st.integers(0, 10_000))
def test_other_words_keep_the_length_of_a_message(text: str, seed: int) -> None:
    said = reworded(text, random.Random(seed))
    assert len(said) >= len(text.rstrip("?.! "))
    assert len(said) <= len(text) + len("hello, ") + len(" please")


def test_the_right_one_at_the_top_is_always_taken() -> None:
    for seed in range(50):
        event = behave(a_slate("right", "b", "c"), 0, random.Random(seed))
        assert event == {"type": "select", "item": "right", "position": 0}


def test_people_look_from_the_top_and_some_stop_before_the_third() -> None:
    n = 4000
    taken = sum(
        (behave(a_slate("a", "b", "right"), 2, random.Random(seed)) or {}).get("type") == "select" for seed in range(n)
    )
    assert abs(taken / n - LOOKS_ON**2) < 0.03  # five standard errors


def test_without_the_right_one_nothing_is_taken() -> None:
    kinds = Counter(
        (behave(a_slate("a", "b", "c"), None, random.Random(seed)) or {}).get("type") for seed in range(500)
    )
    assert kinds.keys() == {"dismiss", None}
    assert kinds[None] > kinds["dismiss"] > 0


def test_an_empty_slate_is_not_even_dismissed() -> None:
    assert all(behave(a_slate(), None, random.Random(seed)) is None for seed in range(50))


def test_where_the_right_reply_stands() -> None:
    assert right_position(a_slate("a", "b"), Customer(text="x", item="b")) == 1
    assert right_position(a_slate("a", "b"), Customer(text="x", item="c")) is None
    assert right_position(a_slate("a", "b"), Customer(text="x", item=None)) is None


def test_a_point_tells_the_page_all_it_draws() -> None:
    point = Point(n=5, top_1=0.5, top_3=1.0, taken=0.4, model="m")
    assert point.as_json() == {"n": 5, "top_1": 0.5, "top_3": 1.0, "taken": 0.4, "model": "m"}


def test_names_are_words() -> None:
    assert all("-" not in str(row["text"]) and row["text"] for row in named_candidates())
    assert WINDOW % POINT_EVERY == 0
