"""Webhooks: each change is told once durable, signed, in order, again where it failed, never to our own network."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from suggest.config import Settings, open_application
from suggest.domain.errors import Invalid, NotFound
from suggest.online.outbound import Outbound, is_public
from suggest.online.webhooks import OUTBOX, TRIES_FOR, Sends, Sent, signature
from suggest.retrieve.hashing import HashingEncoder
from tests.online.world import World, answer

URL = "https://desk.example/hook"


class Receiver:
    """Takes messages, or refuses them while it is down."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, object], Mapping[str, str], bytes]] = []
        self.is_down = False
        self.takes: Sends | None = None  # instead of taking it at once

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        if self.takes is not None:
            return self.takes(url, body, headers)
        if self.is_down:
            return Sent(is_taken=False, said="503 Service Unavailable")
        self.got.append((json.loads(body), headers, body))
        return Sent(is_taken=True, said="204 No Content")

    @property
    def events(self) -> list[object]:
        return [message["event"] for message, _, _ in self.got]


class ToldWorld(World):
    """A world whose webhooks go to `receiver`."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(folder, policy={"mode": "review_all"})

    def _open(self):  # type: ignore[no-untyped-def]  # as in World
        return open_application(
            Settings(data_dir=self.folder),
            clock=self.clock,
            encoder=HashingEncoder(128),
            ticking=False,
            send=self.receiver,
        )


@pytest.fixture
def told(tmp_path: Path):  # type: ignore[no-untyped-def]  # a generator of one world
    world = ToldWorld(tmp_path / "told", Receiver())
    yield world
    world.close()


def test_every_change_is_told_in_order_and_signed(told: ToldWorld) -> None:
    hook, secret = told.online.webhooks.create(URL)
    escalation = told.escalated()
    held = told.claim()
    told.online.release(held.id, held.lease)
    held = told.claim()
    told.online.verdict(held.id, answer(held, "v", text="a secret of the customer's"))
    told.online.undo(held.id, "v", "ann")
    assert told.receiver.got == [], "nothing is sent on the request's own thread"
    told.online.webhooks.deliver()
    waiting, claimed, answered = "review.waiting", "review.claimed", "review.answered"
    assert told.receiver.events == [waiting, claimed, waiting, claimed, answered, waiting]
    message, headers, body = told.receiver.got[4]
    assert message["data"] == {
        "review": escalation.id,
        "impression": escalation.impression,
        "surface": "shop",
        "state": "answered",
        "answer": {"kind": "text", "item": None},
    }
    assert b"secret of the customer" not in body
    moment, given = (part.split("=")[1] for part in headers["Suggest-Signature"].split(","))
    assert given == signature(secret, moment, body)
    assert int(moment) == int(told.clock.now().timestamp())
    assert {each.state for each in told.online.webhooks.deliveries(hook.id)} == {"delivered"}
    assert told.online.webhooks.deliver() == 0, "and each is told once"


def test_only_what_was_asked_for_is_told(told: ToldWorld) -> None:
    told.online.put_surface("other", {})
    told.online.webhooks.create(URL, events=["review.answered"])
    told.online.webhooks.create(URL, surface="other")
    told.escalated()
    held = told.claim()
    told.online.verdict(held.id, answer(held, none=True))
    told.online.webhooks.deliver()
    assert told.receiver.events == ["review.answered"]


def test_what_failed_is_tried_again_later_each_time_and_keeps_its_order(told: ToldWorld) -> None:
    hook, _ = told.online.webhooks.create(URL)
    told.receiver.is_down = True
    told.escalated()
    told.claim()
    assert told.online.webhooks.deliver() == 1, "the second waits for the first"
    assert told.online.webhooks.deliver() == 0
    first = told.online.webhooks.deliveries(hook.id)[-1]
    assert (first.attempts, first.state, first.said) == (1, "waiting", "503 Service Unavailable")
    told.clock.advance(seconds=5)
    assert told.online.webhooks.deliver() == 1
    told.clock.advance(seconds=5)
    assert told.online.webhooks.deliver() == 0, "the pause doubles"
    told.receiver.is_down = False
    told.clock.advance(seconds=5)
    assert told.online.webhooks.deliver() == 2
    assert told.receiver.events == ["review.waiting", "review.claimed"]


def test_a_receiver_that_is_slow_keeps_no_other_waiting_for_its_queue(told: ToldWorld) -> None:
    slow, quick = "https://slow.example/hook", "https://quick.example/hook"
    heard: list[str] = []

    def receive(url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        heard.append(url)
        told.clock.advance(seconds=14.0 if url == slow else 0.1)
        return Sent(is_taken=True, said="204 No Content")

    for url in (slow, quick):
        told.online.webhooks.create(url)
    for number in range(5):
        told.escalated(f"zymurgy {number}")
    told.receiver.takes = receive
    told.online.webhooks.deliver()
    assert (heard.count(slow), heard.count(quick)) == (1, 5)
    for _ in range(4):
        told.online.webhooks.deliver()
    assert heard.count(slow) == 5, "and nothing is lost to it"


def test_what_waits_for_a_dead_receiver_is_not_read_every_second(
    told: ToldWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.online.webhooks.create(URL)
    told.receiver.is_down = True
    told.escalated("zymurgy 1")
    assert told.online.webhooks.deliver() == 1
    told.online.webhooks.deliver()
    keys, reads = told.app.store.keys, []
    monkeypatch.setattr(type(told.app.store), "keys", lambda self, prefix: (reads.append(prefix), keys(prefix))[1])
    for number in range(5):
        told.escalated(f"zymurgy more {number}")
        assert told.online.webhooks.deliver() == 0
    assert OUTBOX not in reads
    told.receiver.is_down = False
    told.clock.advance(seconds=6)
    assert told.online.webhooks.deliver() == 6
    told.escalated("zymurgy last")
    assert told.online.webhooks.deliver() == 1, "and who is well again hears at once"


def test_what_comes_while_a_receiver_is_tried_again_is_told_in_the_next_round(told: ToldWorld) -> None:
    told.online.webhooks.create(URL)
    told.receiver.is_down = True
    told.escalated("zymurgy 1")
    told.online.webhooks.deliver()
    told.clock.advance(seconds=6)
    heard: list[bytes] = []

    def receive(url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        if not heard:
            told.escalated("zymurgy meanwhile")
        heard.append(body)
        return Sent(is_taken=True, said="204 No Content")

    told.receiver.takes = receive
    told.online.webhooks.deliver()
    told.online.webhooks.deliver()
    assert len(heard) == 2


def test_what_was_not_told_survives_a_restart(told: ToldWorld) -> None:
    told.online.webhooks.create(URL)
    told.escalated()
    told.restart()
    told.online.webhooks.deliver()
    assert told.receiver.events == ["review.waiting"]


def test_after_a_day_it_is_given_up_and_the_log_says_so(told: ToldWorld) -> None:
    hook, _ = told.online.webhooks.create(URL)
    told.receiver.is_down = True
    told.escalated()
    told.online.webhooks.deliver()
    told.clock.advance(seconds=TRIES_FOR.total_seconds())
    told.online.webhooks.deliver()
    assert [each.state for each in told.online.webhooks.deliveries(hook.id)] == ["given-up"]


def test_a_removed_hook_hears_nothing_more(told: ToldWorld) -> None:
    hook, _ = told.online.webhooks.create(URL)
    told.escalated()
    told.online.webhooks.remove(hook.id)
    told.online.webhooks.deliver()
    assert told.receiver.got == []
    with pytest.raises(NotFound):
        told.online.webhooks.deliveries(hook.id)
    with pytest.raises(NotFound):
        told.online.webhooks.remove(hook.id)


@pytest.mark.parametrize(
    "url",
    ["http://desk.example/", "ftp://desk.example", "https://", "https://u:p@desk.example/", "https://d.example:0/",
     "https://desk.example/\nX: y", "https://[::1", "javascript:alert(1)", "https://d.example:99999/"],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused(world: World, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.webhooks.create(url)
    assert refused.value.errors[0].pointer == "/url"


INNER = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_an_address_of_our_own_network_is_never_connected_to(address: str) -> None:
    assert not is_public(address)
    sent = Outbound(resolve=lambda host, port: [address])("https://evil.example/", b"{}", {})
    assert not sent.is_taken
    assert "refused" in sent.said


def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    sent = Outbound(resolve=lambda host, port: ["93.184.215.14", "127.0.0.1"])("https://evil.example/", b"{}", {})
    assert "refused" in sent.said


def test_odd_spellings_of_an_address_are_judged_by_what_they_resolve_to() -> None:
    for url in ("https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://localhost/", "https://[::1]/"):
        assert not Outbound()(url, b"{}", {}).is_taken
    for url in ("https://127.1/", "https://2130706433/", "https://localhost/", "https://[::1]/"):
        assert "refused" in Outbound()(url, b"{}", {}).said


class _Redirects(BaseHTTPRequestHandler):
    asked: list[str]

    def do_POST(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(307)
        self.send_header("Location", "/inner")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


def test_where_it_is_allowed_it_connects_to_what_was_resolved_once_and_follows_no_redirect() -> None:
    _Redirects.asked = []
    server = HTTPServer(("127.0.0.1", 0), _Redirects)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    sent = Outbound(resolve=resolve, may_be_private=True)(f"http://desk.example:{server.server_port}/a?b=1", b"{}", {})
    server.shutdown()
    server.server_close()
    assert not sent.is_taken
    assert sent.said.startswith("307")
    assert _Redirects.asked == ["/a?b=1"]
    assert looked_up == ["desk.example"]
