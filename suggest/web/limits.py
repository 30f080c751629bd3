"""How much one caller may ask for: token buckets for publishable keys, and a cap on requests in flight.

In this process only: replicas behind a balancer each keep their own count. The buckets live in a bounded map, so the
limiter itself cannot be filled up from outside."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_BUCKETS = 100_000
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Generous on purpose: they keep a loop in somebody's page from drowning the rest, they do not meter anyone."""

    key_per_s: float = 2_000.0  # requests with one publishable key, from everywhere
    key_burst: float = 10_000.0
    address_per_s: float = 200.0  # requests with one publishable key from one address
    address_burst: float = 2_000.0
    impression_per_s: float = 2.0  # bodies of feedback with one publishable key that speak of one impression
    impression_burst: float = 100.0
    in_flight: int = 512  # requests being answered at once; event streams are counted apart
    streams: int = 2_000  # event streams open at once
    trusted_proxies: int = 0  # how many X-Forwarded-For entries, from the right, were written by proxies of ours


class RateLimiter:
    """Token buckets by name: each fills at a rate up to its burst, each request takes one."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic, most: int = MOST_BUCKETS) -> None:
        self._monotonic_s = monotonic_s
        self._most = most
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()  # name -> tokens, at

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_s(self, name: tuple[str, ...], *, per_s: float, burst: float) -> float:
        """Take a token: 0 where there was one, else the seconds until there will be (and none is taken)."""
        now = self._monotonic_s()
        tokens, at = self._buckets.pop(name, (burst, now))
        tokens = min(burst, tokens + (now - at) * per_s)
        taken = tokens >= 1
        self._buckets[name] = (tokens - 1 if taken else tokens, now)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)  # the longest unused; by now it is most likely full again
        return 0.0 if taken else (1 - tokens) / per_s


def retry_after(wait_s: float) -> str:
    """Whole seconds for the Retry-After header, at least one."""
    return str(max(1, math.ceil(wait_s)))


def address_prefix(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer is given.

    >>> address_prefix("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::/64'
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def telling_address(address: str) -> str | None:
    """What counts as one address, where it tells one caller from another; None for one of a private network.

    Behind a proxy that nobody told us of, everybody would be one person.

    >>> telling_address("203.0.113.9"), telling_address("10.0.0.7"), telling_address("")
    ('203.0.113.9', None, None)
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    is_shared = (
        parsed.is_loopback
        or parsed.is_link_local
        or any(parsed in net for net in _PRIVATE if net.version == parsed.version)
    )
    return None if is_shared else address_prefix(address)
