"""Whose word the sign-on header is: the connection's own address, one header, one sound login; else nobody's."""

from __future__ import annotations

import ipaddress
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from suggest.web import single_sign_on
from suggest.web.proxy import PEER_SCOPE_KEY
from suggest.web.single_sign_on import is_within, login_of

quick = settings(derandomize=True, deadline=None, max_examples=60)
PROXY, ELSEWHERE = "10.0.0.5", "10.0.0.6"


def login(
    monkeypatch: pytest.MonkeyPatch, *values: str, peer: str | None = PROXY, header: str | None = "X-Login", **more: str
) -> str | None:
    configured = SimpleNamespace(sign_on_header=header, sign_on_proxies=(PROXY, "fd00::/8"))
    parts = SimpleNamespace(application=SimpleNamespace(settings=configured))
    monkeypatch.setattr(single_sign_on, "parts_of", lambda request: parts)
    headers = [(b"x-login", value.encode("latin-1")) for value in values]
    headers += [(name.encode(), value.encode()) for name, value in more.items()]
    scope: dict[str, object] = {"type": "http", "headers": headers, "client": (PROXY, 1)}
    return login_of(Request(scope if peer is None else {**scope, PEER_SCOPE_KEY: peer}))


def test_a_listed_proxy_is_believed_and_space_around_the_name_is_not_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(monkeypatch, "ann@shop.example") == "ann@shop.example"
    assert login(monkeypatch, "  ann ") == "ann"
    for peer in ("::ffff:10.0.0.5", "fd00::1", "fdff:ffff::"):
        assert login(monkeypatch, "ann", peer=peer) == "ann"


@pytest.mark.parametrize(
    "peer", [ELSEWHERE, "::1", "127.0.0.1", "fc00::1", "", "unix:", "testclient", "10.0.0.5:80", None]
)
def test_from_everywhere_else_the_header_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, peer: str | None) -> None:
    """Not even where the request's client, which other headers may set, says the proxy's address."""
    assert login(monkeypatch, "ann", peer=peer, **{"x-forwarded-for": PROXY}) is None


@pytest.mark.parametrize(
    "values", [(), ("ann", "ann"), ("ann", "eve"), ("", "ann"), ("",), ("  ",), ("x" * 201,), ("a\x01b",)]
)
def test_a_header_that_is_missing_doubled_or_no_login_names_nobody(
    monkeypatch: pytest.MonkeyPatch, values: tuple[str, ...]
) -> None:
    assert login(monkeypatch, *values) is None


def test_unless_it_is_configured_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(monkeypatch, "ann", header=None) is None


def test_the_log_says_who_tried(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    login(monkeypatch, "ann", peer=ELSEWHERE)
    login(monkeypatch, "ann", "eve")
    login(monkeypatch, "ann")
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        f"the header X-Login came from {ELSEWHERE}, which is no sign-on proxy",
        "the header X-Login came 2 times; the proxy must replace it",
    ]
    assert not any("ann" in line or "eve" in line for line in told), "names of people are not for the log"


@quick
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_an_address_is_within_a_network_when_their_first_bits_agree(n: int, base: int, length: int) -> None:
    network = f"{ipaddress.IPv4Address(base)}/{length}"  # bits beyond its length may be set: they are not looked at
    agree = n >> (32 - length) == base >> (32 - length)
    assert is_within(str(ipaddress.IPv4Address(n)), [network]) == agree
    assert is_within(f"::ffff:{ipaddress.IPv4Address(n)}", [network]) == agree
    assert not is_within(str(ipaddress.IPv6Address(n)), [network]), "::a.b.c.d is another address"


@quick
@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_the_same_holds_for_ipv6(n: int, base: int, length: int) -> None:
    address = ipaddress.IPv6Address(n)
    if address.ipv4_mapped is None:
        found = is_within(str(address), [f"{ipaddress.IPv6Address(base)}/{length}"])
        assert found == (n >> (128 - length) == base >> (128 - length))


def test_one_of_several_networks_is_enough_and_none_is_none() -> None:
    assert is_within("10.1.2.3", ["192.168.0.0/16", "10.0.0.0/8"])
    assert not is_within("10.1.2.3", [])
    assert is_within("10.1.2.3", ["10.1.2.3"])
    assert not is_within("10.1.2.4", ["10.1.2.3"])
