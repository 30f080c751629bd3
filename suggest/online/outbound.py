"""One POST to somebody else's server that cannot be turned against our own network.

An address in a webhook is an outsider's word for where to connect, so: every address that the name resolves to must be
public, the connection goes to the very address that was checked (a second look-up could say another), TLS is checked
against the name, redirects are not followed, and neither time nor size of the answer is theirs to choose."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from suggest.online.webhooks import Sent, has_sound_form

TIMEOUT_S = 5.0  # of silence
LONGEST_S = 15.0  # of the whole exchange, however steadily the answer drips
MOST_READ = 64 * 1024
Resolve = Callable[[str, int], Sequence[str]]  # host, port -> addresses


class Outbound:
    def __init__(self, *, resolve: Resolve | None = None, may_be_private: bool = False) -> None:
        """`may_be_private`: receivers on our own network and plain http are allowed, as the operator has said."""
        self._resolve = resolve or resolved
        self._may_be_private = may_be_private

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        parts = urlsplit(url)
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        try:
            addresses = list(dict.fromkeys(self._resolve(host, port)))
        except (OSError, ValueError) as unknown:  # a UnicodeError is a name that the name service cannot spell
            return Sent(is_taken=False, said=f"{host} cannot be resolved: {unknown}")
        inner = [each for each in addresses if not is_public(each)]
        if not addresses or (inner and not self._may_be_private):
            return Sent(is_taken=False, said=f"{host} is not a public address: refused")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            return self._post(addresses[0], host, port, path, body, headers, is_tls=is_tls)
        except (OSError, ValueError, http.client.HTTPException) as failed:
            return Sent(is_taken=False, said=_readable(f"not reached: {type(failed).__name__}: {failed}"))

    def _post(
        self, address: str, host: str, port: int, path: str, body: bytes, headers: Mapping[str, str], *, is_tls: bool
    ) -> Sent:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        wire = socket.create_connection((address, port), timeout=TIMEOUT_S)
        over = threading.Timer(LONGEST_S, lambda: _hang_up(wire))
        over.daemon = True
        try:
            if is_tls:  # shaking hands is an answer, too: it waits for the timer
                context = ssl.create_default_context()
                wire = context.wrap_socket(wire, server_hostname=host, do_handshake_on_connect=False)
            over.start()
            if isinstance(wire, ssl.SSLSocket):
                wire.do_handshake()
            connection.sock = wire
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            answer.read(MOST_READ)
            return Sent(is_taken=200 <= answer.status < 300, said=_readable(f"{answer.status} {answer.reason}"))
        finally:
            over.cancel()
            connection.close()
            wire.close()


def _readable(text: str) -> str:
    """Somebody else's words as one short line, without what would steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in text[:300])


def wrong_with(url: str, *, may_be_private: bool) -> str | None:
    """What is wrong with an address as far as can be said without asking anybody; None: nothing. A name is looked up
    with each message, because what it leads to may change.

    >>> wrong_with("https://hooks.example/x", may_be_private=False), wrong_with("http://10.0.0.1/", may_be_private=True)
    (None, None)
    """
    wrong = has_sound_form(url, may_be_plain=may_be_private)
    if wrong is not None or may_be_private:
        return wrong
    host = (urlsplit(url).hostname or "").rstrip(".")
    with contextlib.suppress(ValueError):
        host = str(ipaddress.ip_address(host))
        if not is_public(host):
            return f"must be a public address; {host} is one of your own network (see SUGGEST_WEBHOOKS_PRIVATE)"
    return None


def _hang_up(wire: socket.socket) -> None:
    """Whoever reads from it finds that it has ended. Not TLS's own goodbye, which would wait for the other side."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(wire, socket.SHUT_RDWR)


def resolved(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether an address is of the open internet: not private, loopback, link-local, reserved, or a mapping of one.

    >>> [is_public(each) for each in ("93.184.215.14", "10.0.0.1", "127.0.0.1", "169.254.169.254", "::1")]
    [True, False, False, False, False]
    >>> [is_public(each) for each in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1", "::7f00:1")]
    [False, False, False, False, False]
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None or found not in _GLOBAL_UNICAST:
            return False
    if any(found in each for each in _OURS_TOO if each.version == found.version):
        return False
    return found.is_global and not found.is_multicast


# All that was ever given out of IPv6; outside lie mapped and translated IPv4, `::a.b.c.d` and what is nobody's yet.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Not of the open internet, though Python may call them global.
_OURS_TOO = [ipaddress.ip_network(each) for each in ("3fff::/20", "192.0.0.0/24", "192.88.99.0/24")]
