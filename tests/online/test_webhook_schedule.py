"""Told at least once, in order to each receiver, later each time, for a day: the schedule, the signature, the hooks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.domain.errors import Conflict, Invalid, NotFound
from suggest.domain.review import Review, ReviewReason, ReviewState
from suggest.online.messages import Answer
from suggest.online.task import Given, Task
from suggest.online.webhooks import (
    EVENTS,
    HOOKS,
    KEPT,
    MOST_HOOKS,
    OUTBOX,
    Hook,
    Sent,
    Webhooks,
    signature,
    signed_headers,
)
from suggest.store.ports import CasWrite, Versioned, Watcher

quick = settings(derandomize=True, deadline=None, max_examples=40)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
URL = "https://desk.example/hook"


class Values:
    """Versioned values in memory."""

    def __init__(self) -> None:
        self._values: dict[str, Versioned] = {}
        self._revision = 0
        self._watchers: list[tuple[str, Watcher]] = []

    def get(self, key: str) -> Versioned | None:
        return self._values.get(key)

    def update(self, key: str, value: Mapping[str, object] | None, *, expected: int) -> int:
        present = self._values.get(key)
        if (present.revision if present else 0) != expected:
            raise Conflict(f"{key} was changed meanwhile")
        self._revision += 1
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = Versioned(json.loads(json.dumps(value)), self._revision)
        for prefix, callback in self._watchers:
            if key.startswith(prefix):
                callback(key, self._values.get(key))
        return self._revision

    def keys(self, prefix: str) -> dict[str, Versioned]:
        return {key: self._values[key] for key in sorted(self._values) if key.startswith(prefix)}

    def watch(self, prefix: str, callback: Watcher) -> Callable[[], None]:
        watcher = (prefix, callback)
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def write(self, writes: list[CasWrite]) -> None:
        for each in writes:
            self.update(each.key, each.value, expected=each.expected)


class Desk:
    """Hooks over values in memory, and receivers that are down until told otherwise."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.values = Values()
        self.down: set[str] = set()
        self.got: list[tuple[str, dict[str, object], Mapping[str, str], bytes]] = []
        self.tried: list[tuple[str, float]] = []  # url, seconds since the beginning
        self.hooks = self.opened()

    def opened(self) -> Webhooks:
        return Webhooks(self.values, clock=self.clock, send=self._send, check_url=lambda url: None)

    def restart(self) -> None:
        self.hooks = self.opened()
        self.hooks.restore()

    def _send(self, url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        self.tried.append((url, (self.clock.now() - NOW).total_seconds()))
        if url in self.down:
            return Sent(is_taken=False, said="503 Service Unavailable")
        self.got.append((url, json.loads(body), headers, body))
        return Sent(is_taken=True, said="204 No Content")

    def happens(self, review: str = "r1", **more: Any) -> None:
        self.values.write(self.hooks.writes_for(a_task(review, **more)))

    def reviews_told(self, url: str = URL) -> list[str]:
        return [str(body["data"]["review"]) for to, body, _, _ in self.got if to == url]  # type: ignore[index]

    def wait(self, seconds: float) -> int:
        self.clock.advance(seconds=seconds)
        return self.hooks.deliver()


def a_task(
    id: str = "r1",
    *,
    surface: str = "shop",
    state: ReviewState = ReviewState.WAITING,
    reason: ReviewReason = ReviewReason.ESCALATED,
    answer: Answer | None = None,
) -> Task:
    review = Review(id=id, surface=surface, impression=f"i-{id}", reason=reason, at=NOW, priority=1.0)
    given = None if answer is None else Given(eid="v", answer=answer, worker="ann", at=NOW)
    return Task(review=review, p_any=0.2, state=state, given=given)


@pytest.fixture
def desk() -> Desk:
    return Desk()


# -- the schedule -----------------------------------------------------------------------------------------------------


def test_the_pauses_double_from_five_seconds_to_an_hour_and_end_after_a_day(desk: Desk) -> None:
    hook, _ = desk.hooks.create(URL)
    desk.down.add(URL)
    desk.happens()
    expected, at, pause = [0.0], 0.0, 5.0
    while at < 24 * 3600:
        at += pause
        expected.append(at)
        pause = min(pause * 2, 3600.0)
    desk.hooks.deliver()
    while waiting := [each for each in desk.hooks.deliveries(hook.id) if each.state == "waiting"]:
        assert waiting[0].next_at is not None
        assert desk.wait((waiting[0].next_at - desk.clock.now()).total_seconds() - 0.001) == 0, "not a moment early"
        assert desk.wait(0.001) == 1
    assert [at for _, at in desk.tried] == expected
    assert expected[:5] == [0, 5, 15, 35, 75]
    assert len(expected) == 34  # at once; ten pauses of 5115 s together; 23 hours, the last of which passes the day
    (given_up,) = desk.hooks.deliveries(hook.id)
    assert (given_up.state, given_up.attempts, given_up.said) == ("given-up", 34, "503 Service Unavailable")
    assert desk.values.keys(OUTBOX) == {}


def test_the_schedule_goes_on_where_it_was_after_a_restart(desk: Desk) -> None:
    hook, _ = desk.hooks.create(URL)
    desk.down.add(URL)
    desk.happens()
    desk.hooks.deliver()
    desk.wait(5)
    desk.restart()
    assert desk.wait(9) == 0
    (waiting,) = desk.hooks.deliveries(hook.id)
    assert (waiting.attempts, waiting.next_at) == (2, NOW + timedelta(seconds=15))
    desk.down.clear()
    assert desk.wait(1) == 1
    assert [each.attempts for each in desk.hooks.deliveries(hook.id)] == [3]


def test_what_is_given_up_makes_way_for_what_came_after(desk: Desk) -> None:
    desk.hooks.create(URL)
    desk.down.add(URL)
    desk.happens("first")
    desk.hooks.deliver()
    desk.clock.advance(seconds=23 * 3600)
    desk.happens("second")
    assert desk.wait(3600) == 2, "the first for the last time, then the second"
    desk.down.clear()
    desk.wait(3600)
    assert desk.reviews_told() == ["second"]


# -- the order --------------------------------------------------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.just("happens"),
        st.sampled_from(["a down", "a up", "b down", "b up", "restart"]),
        st.sampled_from([0.0, 1.0, 5.0, 60.0, 900.0]),
    ),
    max_size=30,
)


@quick
@given(steps)
def test_each_receiver_hears_everything_once_in_its_order_whatever_breaks(told: list[str | float]) -> None:
    """Nothing here is ever given up: the story lasts less than a day."""
    desk, urls = Desk(), {"a": f"{URL}/a", "b": f"{URL}/b"}
    for url in urls.values():
        desk.hooks.create(url)
    happened: list[str] = []
    for step in told:
        if step == "happens":
            happened.append(f"r{len(happened)}")
            desk.happens(happened[-1])
        elif step == "restart":
            desk.clock.advance(seconds=0.001)  # a start takes longer than a moment
            desk.restart()
        elif isinstance(step, str):
            name, how = step.split()
            (desk.down.add if how == "down" else desk.down.discard)(urls[name])
        else:
            desk.wait(step)
        for url in urls.values():
            assert desk.reviews_told(url) == happened[: len(desk.reviews_told(url))]
    desk.down.clear()
    desk.wait(3600)
    assert all(desk.reviews_told(url) == happened for url in urls.values())
    assert desk.wait(3600) == 0


def test_a_receiver_that_is_down_keeps_no_other_waiting(desk: Desk) -> None:
    desk.hooks.create(f"{URL}/a")
    desk.hooks.create(f"{URL}/b")
    desk.down.add(f"{URL}/a")
    for number in range(3):
        desk.happens(f"r{number}")
    assert desk.hooks.deliver() == 4, "one try for the one that is down, three messages for the other"
    assert desk.reviews_told(f"{URL}/b") == ["r0", "r1", "r2"]


def test_the_log_of_deliveries_is_newest_first_and_keeps_so_many(desk: Desk) -> None:
    hook, _ = desk.hooks.create(URL)
    for number in range(KEPT + 3):
        desk.happens(f"r{number}")
    desk.hooks.deliver()
    listed = desk.hooks.deliveries(hook.id)
    assert len(listed) == KEPT
    assert listed == sorted(listed, key=lambda each: each.id, reverse=True)
    assert desk.reviews_told()[-1] == f"r{KEPT + 2}"


# -- what is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(item="track", item_text="secret"), {"kind": "item", "item": "track"}),
        (Answer(none=True), {"kind": "none", "item": None}),
        (Answer(text="secret"), {"kind": "text", "item": None}),
        (None, None),
    ],
)
def test_a_message_names_things_and_quotes_nobody(desk: Desk, answer: Answer | None, said: object) -> None:
    desk.hooks.create(URL)
    desk.happens(state=ReviewState.ANSWERED, answer=answer)
    desk.hooks.deliver()
    _, message, headers, body = desk.got[0]
    assert b"secret" not in body
    assert message == {
        "id": headers["Suggest-Delivery"],
        "event": "review.answered",
        "at": "2026-03-02T09:00:00.000Z",
        "data": {"review": "r1", "impression": "i-r1", "surface": "shop", "state": "answered", "answer": said},
    }


@pytest.mark.parametrize("reason", [ReviewReason.AUDIT, ReviewReason.LEARNING])
def test_what_nobody_waits_for_is_told_to_nobody(desk: Desk, reason: ReviewReason) -> None:
    desk.hooks.create(URL)
    assert desk.hooks.writes_for(a_task(reason=reason)) == []


@quick
@given(
    st.lists(st.sampled_from(EVENTS), unique=True),
    st.sampled_from([None, "shop", "desk"]),
    st.sampled_from(EVENTS),
    st.sampled_from(["shop", "desk"]),
)
def test_a_hook_hears_its_events_of_its_surface(wanted: list[str], of: str | None, event: str, surface: str) -> None:
    hook = Hook(id="h", url=URL, events=tuple(wanted), surface=of, created_at=NOW)
    assert hook.hears(event, surface) == ((wanted == [] or event in wanted) and (of is None or of == surface))


def test_every_state_of_a_review_is_an_event() -> None:
    assert {f"review.{state}" for state in ReviewState} == {each for each in EVENTS if each.startswith("review.")}


# -- the hooks --------------------------------------------------------------------------------------------------------


def test_hooks_come_back_after_a_restart_with_their_secrets(desk: Desk) -> None:
    hook, secret = desk.hooks.create(URL, events=["review.answered"], surface="shop")
    desk.restart()
    assert desk.hooks.hooks() == [hook]
    desk.happens(state=ReviewState.ANSWERED, answer=Answer(none=True))
    desk.hooks.deliver()
    _, _, headers, body = desk.got[0]
    assert headers["Suggest-Signature"] == f"t=1772442000,v1={signature(secret, '1772442000', body)}"


def test_no_two_hooks_share_a_secret(desk: Desk) -> None:
    made = [desk.hooks.create(URL) for _ in range(MOST_HOOKS)]
    assert len({secret for _, secret in made}) == len({hook.id for hook, _ in made}) == MOST_HOOKS
    with pytest.raises(Conflict, match="remove one first"):
        desk.hooks.create(URL)
    desk.hooks.remove(made[0][0].id)
    desk.hooks.create(URL)
    assert len(desk.values.keys(HOOKS)) == MOST_HOOKS


def test_what_waits_for_a_removed_hook_is_dropped_and_the_others_hear_theirs(desk: Desk) -> None:
    gone, _ = desk.hooks.create(f"{URL}/a")
    desk.hooks.create(f"{URL}/b")
    desk.happens()
    desk.hooks.remove(gone.id)
    desk.hooks.deliver()
    assert [url for url, *_ in desk.got] == [f"{URL}/b"]
    assert desk.values.keys(OUTBOX) == {}


def test_an_event_that_is_none_is_refused_with_those_there_are(desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"review\.waiting, review\.claimed") as refused:
        desk.hooks.create(URL, events=["review.answered", "review.lost"])
    assert refused.value.errors[0].pointer == "/events"
    assert desk.hooks.hooks() == []


@pytest.mark.parametrize("what", ["remove", "deliveries"])
def test_a_hook_that_is_not_there_is_not_found(desk: Desk, what: str) -> None:
    with pytest.raises(NotFound, match="list them"):
        getattr(desk.hooks, what)("nobody")


# -- the signature ----------------------------------------------------------------------------------------------------


def hmac_by_hand(key: bytes, message: bytes) -> str:
    """RFC 2104, written out: H((K ^ opad) + H((K ^ ipad) + m))."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in block) + message).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in block) + inner).hexdigest()


@quick
@given(st.text("abc_é", min_size=1, max_size=80), st.integers(0, 2**33), st.binary(max_size=40))
def test_a_receiver_can_check_the_signature_with_the_standard_alone(secret: str, moment: int, body: bytes) -> None:
    assert signature(secret, str(moment), body) == hmac_by_hand(secret.encode(), f"{moment}.".encode() + body)


@quick
@given(st.binary(max_size=12), st.integers(0, 2**31), st.integers(0, 11), st.integers(1, 255))
def test_neither_time_nor_body_nor_secret_can_be_replaced(body: bytes, moment: int, at: int, flip: int) -> None:
    right = signature("whsec_x", str(moment), body)
    assert signature("whsec_x", str(moment + 1), body) != right
    assert signature("whsec_y", str(moment), body) != right
    assert signature("whsec_x", str(moment), body + b"\0") != right
    if at < len(body):
        assert signature("whsec_x", str(moment), body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]) != right


def test_the_time_of_the_signature_is_that_of_the_try_and_not_of_the_event(desk: Desk) -> None:
    """So that a receiver may refuse what is older than a few minutes, and still takes what was tried again."""
    desk.hooks.create(URL)
    desk.down.add(URL)
    desk.happens()
    desk.hooks.deliver()
    desk.down.clear()
    desk.wait(600)
    assert desk.got[0][2]["Suggest-Signature"].startswith("t=1772442600,v1=")


def test_a_moment_is_whole_seconds_and_never_ahead_of_the_clock() -> None:
    headers = signed_headers("s", b"{}", id="d", at=NOW + timedelta(milliseconds=999))
    assert headers["Suggest-Signature"].split(",")[0] == "t=1772442000"
    assert (headers["Suggest-Delivery"], headers["Content-Type"]) == ("d", "application/json")
