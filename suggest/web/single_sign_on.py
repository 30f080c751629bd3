"""Signed in by a proxy of the owner's own, which names the person in a header. Off unless it is configured.

A header can be written by anybody who reaches the server, so three things must hold before it is believed: the
connection itself comes from a listed proxy (its own address, never one out of X-Forwarded-For), the header stands there
once, and its value is the login of an account. From everywhere else the header counts for nothing."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence

from starlette.requests import Request

from suggest.domain.text import check_id
from suggest.web.parts import parts_of
from suggest.web.proxy import PEER_SCOPE_KEY

log = logging.getLogger("suggest.web")


def login_of(request: Request) -> str | None:
    """The login that a trusted proxy vouches for; None where there is none to be believed."""
    settings = parts_of(request).application.settings
    if settings.sign_on_header is None:
        return None
    values = request.headers.getlist(settings.sign_on_header)
    if not values:
        return None
    peer = str(request.scope.get(PEER_SCOPE_KEY, ""))
    if not is_within(peer, settings.sign_on_proxies):
        log.warning("the header %s came from %s, which is no sign-on proxy", settings.sign_on_header, peer)
        return None
    if len(values) > 1:
        log.warning("the header %s came %d times; the proxy must replace it", settings.sign_on_header, len(values))
        return None
    login = values[0].strip()
    try:
        check_id(login, name="login", longest=200)
    except ValueError:
        return None
    return login


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks.

    >>> is_within("10.1.2.3", ["10.0.0.0/8"]), is_within("::ffff:10.1.2.3", ["10.0.0.0/8"]), is_within("", ["::/0"])
    (True, True, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return any(found in ipaddress.ip_network(each, strict=False) for each in networks)
