"""Where a webhook may go: no address that leads inside, however it is spelt, and to no receiver that holds us up."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.online import outbound
from suggest.online.outbound import Outbound, is_public, wrong_with
from suggest.online.webhooks import Sent, has_sound_form

quick = settings(derandomize=True, deadline=None, max_examples=60)
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
INNER = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")]
INNER += [ipaddress.ip_network(each) for each in ("169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/3")]
inner_v4 = st.sampled_from(INNER).flatmap(
    lambda net: st.integers(int(net.network_address), int(net.broadcast_address)).map(ipaddress.IPv4Address)
)
any_v4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)


class Wire:
    """Stands where a socket is opened, and remembers to whom."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> None:
        self.opened: list[tuple[str, int]] = []
        self._answers = list(answers)
        self.sent = b""
        self._others: list[socket.socket] = []
        monkeypatch.setattr(socket, "create_connection", self._open)

    def _open(self, to: tuple[str, int], timeout: float) -> socket.socket:
        self.opened.append(to)
        if not self._answers:
            raise ConnectionRefusedError(111, "Connection refused")
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        theirs.sendall(self._answers.pop(0))
        self._others.append(theirs)
        return ours

    @property
    def told(self) -> bytes:
        return b"".join(each.recv(65_536) for each in self._others)

    def close(self) -> None:
        for each in self._others:
            each.close()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
def taking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    wire = Wire(monkeypatch, b"HTTP/1.1 204 No Content\r\n\r\n")
    yield wire
    wire.close()


def to(*addresses: str) -> Outbound:
    return Outbound(resolve=lambda host, port: addresses)


# -- which addresses are public ---------------------------------------------------------------------------------------


@quick
@given(inner_v4)
def test_nothing_of_an_inner_network_is_public(address: ipaddress.IPv4Address) -> None:
    assert not is_public(str(address))


@quick
@given(any_v4)
def test_no_ipv6_address_that_carries_an_ipv4_one_is_public(address: ipaddress.IPv4Address) -> None:
    """Mapped, compatible, NAT64 (well known and local), 6to4 and Teredo: who unpacks it is not ours to know, so not
    even a public address may travel inside."""
    n = int(address)
    carriers = [
        n,  # ::a.b.c.d
        0xFFFF << 32 | n,  # ::ffff:a.b.c.d
        0xFFFF << 48 | n,  # ::ffff:0:a.b.c.d
        0x64FF9B << 96 | n,
        0x64FF9B0001 << 80 | n,
        0x2002 << 112 | n << 80 | 1,
        0x20010000 << 96 | 0x5DB8D822 << 64 | (n ^ 0xFFFFFFFF),
    ]
    assert [str(ipaddress.IPv6Address(each)) for each in carriers if is_public(str(ipaddress.IPv6Address(each)))] == []


@quick
@given(st.integers(0, 2**128 - 1))
def test_only_what_was_ever_given_out_of_ipv6_is_public(n: int) -> None:
    """2000::/3 holds every address of the open internet; the other seven eighths never lead there."""
    assert n >> 125 == 1 or not is_public(str(ipaddress.IPv6Address(n)))


@pytest.mark.parametrize(
    ("last_inner", "first_public"),
    [
        ("10.255.255.255", "11.0.0.0"),
        ("172.31.255.255", "172.32.0.0"),
        ("192.168.255.255", "192.169.0.0"),
        ("127.255.255.255", "128.0.0.0"),
        ("169.254.255.255", "169.255.0.0"),
        ("100.127.255.255", "100.128.0.0"),
        ("0.255.255.255", "1.0.0.0"),
        ("192.88.99.255", "192.88.100.0"),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
        ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
        ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
    ],
)
def test_an_inner_network_ends_where_it_ends(last_inner: str, first_public: str) -> None:
    assert (is_public(last_inner), is_public(first_public)) == (False, True)


@pytest.mark.parametrize("address", ["9.255.255.255", "172.15.255.255", "192.167.255.255", "100.63.255.255", *PUBLIC])
def test_an_inner_network_begins_where_it_begins(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", " 93.184.215.14", "93.184.215.14/32"]
)
def test_an_address_in_an_odd_spelling_is_none(text: str) -> None:
    assert not is_public(text)


# -- to whom it connects ----------------------------------------------------------------------------------------------


@quick
@given(st.lists(st.sampled_from(PUBLIC), max_size=4), inner_v4, st.integers(0, 4))
def test_an_inner_address_anywhere_among_the_answers_refuses_them_all(
    public: list[str], inner: ipaddress.IPv4Address, at: int
) -> None:
    answers = [*public[:at], str(inner), *public[at:]]
    with pytest.MonkeyPatch.context() as patch:
        wire = Wire(patch)
        sent = to(*answers)("https://desk.example/", b"{}", {})
    assert (sent.is_taken, wire.opened) == (False, [])
    assert sent.said == "desk.example is not a public address: refused"


def test_a_name_with_no_address_at_all_is_refused(refusing: Wire) -> None:
    assert not to()("https://desk.example/", b"{}", {}).is_taken
    assert Outbound(resolve=lambda host, port: [], may_be_private=True)("http://d.example/", b"", {}).is_taken is False
    assert refusing.opened == []


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://desk.example/a", 443),
        ("http://desk.example/a", 80),
        ("https://desk.example:8443/a", 8443),
        ("http://user.desk.example:1/a", 1),
    ],
)
def test_it_connects_to_the_address_that_was_checked_and_never_looks_the_name_up_again(
    refusing: Wire, url: str, port: int
) -> None:
    looked_up: list[tuple[str, int]] = []

    def resolve(host: str, at: int) -> Sequence[str]:
        looked_up.append((host, at))
        return [PUBLIC[0]] if len(looked_up) == 1 else ["127.0.0.1"]

    sent = Outbound(resolve=resolve)(url, b"{}", {})
    assert refusing.opened == [(PUBLIC[0], port)]
    assert [at for _, at in looked_up] == [port]
    assert sent == Sent(is_taken=False, said="not reached: ConnectionRefusedError: [Errno 111] Connection refused")


def test_the_message_arrives_whole_under_the_name_and_not_the_number(taking: Wire) -> None:
    sent = to(PUBLIC[0])("http://desk.example/in?a=1&b=%2F#part", b'{"a":1}', {"Suggest-Delivery": "7"})
    assert sent == Sent(is_taken=True, said="204 No Content")
    head, body = taking.told.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /in?a=1&b=%2F HTTP/1.1", "a fragment is the browser's own"
    assert {"Host: desk.example", "Content-Length: 7", "Suggest-Delivery: 7"} <= set(lines)
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    ("status", "is_taken"),
    [(200, True), (204, True), (299, True), (300, False), (301, False), (404, False), (500, False)],
)
def test_only_the_two_hundreds_take_a_message(monkeypatch: pytest.MonkeyPatch, status: int, is_taken: bool) -> None:
    wire = Wire(monkeypatch, b"HTTP/1.1 %d So\r\nContent-Length: 0\r\n\r\n" % status)
    assert to(PUBLIC[0])("http://desk.example/", b"{}", {}) == Sent(is_taken=is_taken, said=f"{status} So")
    wire.close()


def test_what_a_receiver_says_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"HTTP/1.1 200 O\x00\x1b[31mK\r\nContent-Length: 0\r\n\r\n", b"\x1b[2J no http\r\n\r\n"):
        wire = Wire(monkeypatch, answer)
        sent = to(PUBLIC[0])("http://desk.example/", b"{}", {})
        wire.close()
        assert sent.said.isprintable()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "127.0.0.1.", "0.0.0.0"]
)
def test_an_inner_address_in_figures_is_refused_before_a_message_is_due(host: str) -> None:
    wrong = wrong_with(f"https://{host}/hook", may_be_private=False)
    assert wrong is not None
    assert "must be a public address" in wrong
    assert wrong_with(f"http://{host}/hook", may_be_private=True) is None


def test_names_and_public_addresses_wait_for_the_look_up() -> None:
    for host in ("hooks.example", "localhost.example", PUBLIC[0], f"[{PUBLIC[1]}]", "10.example"):
        assert wrong_with(f"https://{host}/hook", may_be_private=False) is None
    assert wrong_with("ftp://hooks.example/", may_be_private=False) == "must begin with https://"


@pytest.mark.parametrize(
    "answer", [b"no http at all\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 70_000]
)
def test_an_answer_that_is_none_is_a_failure_with_a_short_reason(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    wire = Wire(monkeypatch, answer)
    sent = to(PUBLIC[0])("http://desk.example/", b"{}", {})
    wire.close()
    assert not sent.is_taken
    assert sent.said.startswith("not reached: ")
    assert len(sent.said) <= 300


# -- it never raises: one bad receiver would hold up all the others ---------------------------------------------------

UNSPELLABLE = ["https://a..example/", "https://.example/", f"https://{'a' * 64}.example/"]


@pytest.mark.parametrize("url", UNSPELLABLE)
def test_a_name_that_cannot_be_spelt_is_a_failure_and_no_error(url: str) -> None:
    sent = Outbound()(url, b"{}", {})
    assert not sent.is_taken
    assert "cannot be resolved" in sent.said


def test_a_path_that_http_cannot_carry_is_a_failure_and_no_error(taking: Wire) -> None:
    sent = to(PUBLIC[0])("http://desk.example/caf\u00e9", b"{}", {})
    assert not sent.is_taken
    assert sent.said.startswith("not reached: UnicodeEncodeError")


def test_a_name_that_nobody_knows_says_so() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    said = Outbound(resolve=unknown)("https://nowhere.example/", b"{}", {}).said
    assert said == "nowhere.example cannot be resolved: [Errno -2] Name or service not known"


@pytest.mark.parametrize("is_tls", [False, True])
def test_an_answer_that_drips_for_ever_is_cut_off(monkeypatch: pytest.MonkeyPatch, is_tls: bool) -> None:
    """Each byte comes well within the time-out, so only a limit of the whole exchange ends it."""
    monkeypatch.setattr(outbound, "LONGEST_S", 0.1)
    ours, theirs = socket.socketpair()
    ours.settimeout(2.0)
    monkeypatch.setattr(socket, "create_connection", lambda to, timeout: ours)
    is_over = threading.Event()

    def drip() -> None:
        theirs.sendall(b"\x16\x03\x03\x40\x00" if is_tls else b"HTTP/1.1 200 OK\r\nX: ")
        while not is_over.wait(0.01):
            try:
                theirs.sendall(b"x")
            except OSError:
                return

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    scheme = "https" if is_tls else "http"
    guard = threading.Timer(2.0, is_over.set)  # so that a failing test ends, too
    guard.start()
    sent = to(PUBLIC[0])(f"{scheme}://desk.example/", b"{}", {})
    was_cut = not is_over.is_set()
    is_over.set()
    guard.cancel()
    dripping.join()
    theirs.close()
    assert was_cut, "it waited until the receiver had enough"
    assert not (is_tls and sent.is_taken), "nobody has shaken hands"


# -- what is accepted as an address in the first place ----------------------------------------------------------------


@pytest.mark.parametrize("url", UNSPELLABLE)
def test_a_name_that_cannot_be_spelt_is_refused_when_the_webhook_is_made(url: str) -> None:
    assert has_sound_form(url, may_be_plain=False) == "is no address"


@pytest.mark.parametrize("url", ["https://desk.example/caf\u00e9", "https://desk.example/?q=\u00e9"])
def test_a_path_that_http_cannot_carry_is_refused_with_its_remedy(url: str) -> None:
    said = has_sound_form(url, may_be_plain=False)
    assert said is not None
    assert "%C3%A9" in said


@pytest.mark.parametrize(
    "url",
    ["https://desk.example", "https://desk.example/caf%C3%A9?q=%20", "https://b\u00fccher.example/",
     "https://[2606:4700::1]:8443/", "https://desk.example./"],
)  # fmt: skip
def test_an_address_of_sound_form_has_nothing_wrong_with_it(url: str) -> None:
    assert has_sound_form(url, may_be_plain=False) is None


def test_plain_http_is_for_those_who_were_told_it_may_be() -> None:
    assert has_sound_form("http://desk.example/", may_be_plain=True) is None
    assert has_sound_form("http://desk.example/", may_be_plain=False) == "must begin with https://"
    assert has_sound_form("ftp://desk.example/", may_be_plain=True) == "must begin with https://"


def test_an_address_has_at_most_two_thousand_characters() -> None:
    start = "https://desk.example/"
    assert has_sound_form(start + "a" * (2000 - len(start)), may_be_plain=False) is None
    assert has_sound_form(start + "a" * (2001 - len(start)), may_be_plain=False) == "is no address"
