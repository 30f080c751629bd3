"""Who is calling, and may they? Keys, origins and rate limits, before a body is read.

An Origin is what a browser says about the page that asks. It keeps other sites from using a publishable key; it
authenticates nobody, because anything but a browser can say what it likes. Therefore a missing Origin is let through
and the rate limits do the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from starlette.requests import Request

from suggest.online.keys import Key, KeyKind
from suggest.web.cors import CORS_SCOPE_KEY as CORS_SCOPE_KEY
from suggest.web.limits import Limits, RateLimiter, address_prefix, retry_after
from suggest.web.problem import Refused

CALLER_SCOPE_KEY = "suggest.caller"


class Access(StrEnum):
    """Who may make a call."""

    ANYONE = "anyone"
    BROWSER = "browser"  # publishable or secret key
    WORKER = "worker"  # worker or secret key
    SECRET = "secret"  # noqa: S105  # secret key
    ESCALATION = "escalation"  # secret or worker key, or the token of the impression in ?token=


_ADMITTED: dict[Access, frozenset[KeyKind]] = {
    Access.BROWSER: frozenset({KeyKind.SECRET, KeyKind.PUBLISHABLE}),
    Access.WORKER: frozenset({KeyKind.SECRET, KeyKind.WORKER}),
    Access.SECRET: frozenset({KeyKind.SECRET}),
    Access.ESCALATION: frozenset({KeyKind.SECRET, KeyKind.WORKER, KeyKind.PUBLISHABLE}),
}
_NAMES = {
    KeyKind.SECRET: "secret (sk_…)",
    KeyKind.PUBLISHABLE: "publishable (pk_…)",
    KeyKind.WORKER: "worker (wk_…)",
    KeyKind.USER: "user (uk_…)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    key: Key | None = None
    token: str | None = None  # an impression token, not yet verified

    @property
    def is_trusted(self) -> bool:
        """A server of the owner's: caps and rate limits do not apply."""
        return self.key is not None and self.key.kind is KeyKind.SECRET

    @property
    def is_publishable(self) -> bool:
        return self.key is not None and self.key.kind is KeyKind.PUBLISHABLE

    @property
    def is_staff(self) -> bool:
        return self.key is not None and self.key.kind in {KeyKind.SECRET, KeyKind.WORKER}

    @property
    def id(self) -> str:
        return "" if self.key is None else self.key.id

    def check_surface(self, surface: str | None) -> None:
        """Raise unless the key is for every surface or for this one."""
        if self.key is not None and self.key.surface is not None and self.key.surface != surface:
            raise Refused(
                "forbidden", f"This key is for the surface {self.key.surface!r} only; use a key for this one."
            )


class KeyCheck(Protocol):
    def check_key(self, text: str, /) -> Key | None: ...


def identify(request: Request, keys: KeyCheck, access: Access) -> Caller:
    """The caller of this request. Raises Refused 401 without a known key, 403 with one of the wrong kind or origin."""
    if access is Access.ANYONE:
        return Caller()
    token = request.query_params.get("token") if access is Access.ESCALATION else None
    text = _presented(request)
    if text is None:
        if token:
            _allow_cross_origin(request)
            return Caller(token=token)
        raise Refused("unauthorized", f"This call needs a key: {_wanted(access)}.")
    key = keys.check_key(text)
    if key is None:
        raise Refused("unauthorized", "This key is not known here, or was revoked.")
    request.scope[CALLER_SCOPE_KEY] = Caller(key=key)  # a refusal below is told with the name of its key
    if key.kind not in _ADMITTED[access]:
        raise Refused("forbidden", f"A {_NAMES[key.kind]} key may not do this; it needs {_wanted(access)}.")
    if key.kind is KeyKind.PUBLISHABLE:
        _check_origin(request, key)
        if access is Access.ESCALATION and not token:
            raise Refused("unauthorized", "With a publishable key, add ?token= of the impression (see escalation.url).")
    return Caller(key=key, token=token)


def check_rate(request: Request, caller: Caller, limiter: RateLimiter, limits: Limits) -> None:
    """Raise Refused 429 where a publishable key asks too often, or too often from one address."""
    if not caller.is_publishable:
        return
    address = address_prefix(request.client.host if request.client else "")
    wait_s = limiter.wait_s((caller.id, address), per_s=limits.address_per_s, burst=limits.address_burst)
    if not wait_s:
        wait_s = limiter.wait_s((caller.id,), per_s=limits.key_per_s, burst=limits.key_burst)
    if wait_s:
        raise _too_often("This key is used too often", wait_s)


def check_impression_rate(caller: Caller, impressions: Iterable[str], limiter: RateLimiter, limits: Limits) -> None:
    """Raise Refused 429 where a publishable key reports on one of these impressions too often."""
    if not caller.is_publishable:
        return
    for impression in sorted(set(impressions)):
        name = (caller.id, impression)
        wait_s = limiter.wait_s(name, per_s=limits.impression_per_s, burst=limits.impression_burst)
        if wait_s:
            said = f"Impression {impression[:60]!r} is reported on too often: gather its events in fewer bodies"
            raise _too_often(said, wait_s)


def _too_often(what: str, wait_s: float) -> Refused:
    after = retry_after(wait_s)
    return Refused("too-many-requests", f"{what}; try again in {after} s.", headers={"Retry-After": after})


def own_origin(request: Request) -> str:
    """The origin of our own pages, as this request sees it."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}".lower()


def _presented(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Refused("unauthorized", "The Authorization header must read `Bearer` and a key.")
        return text.strip()
    in_address = request.query_params.get("key")
    if in_address is None:
        return None
    if not in_address.startswith("pk_"):
        raise Refused("unauthorized", "Only publishable keys (pk_…) go into an address; send this one as a header.")
    return in_address


def _check_origin(request: Request, key: Key) -> None:
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != own_origin(request) and not key.allows(origin):
        raise Refused("origin-not-allowed", f"The key {key.name or key.id!r} is not for pages of {origin[:200]}.")
    _allow_cross_origin(request)


def _allow_cross_origin(request: Request) -> None:
    request.scope[CORS_SCOPE_KEY] = True


def _wanted(access: Access) -> str:
    return {
        Access.BROWSER: "a publishable (?key=pk_…) or a secret (Bearer sk_…) one",
        Access.WORKER: "a worker (Bearer wk_…) or a secret (Bearer sk_…) one",
        Access.SECRET: "a secret one (Bearer sk_…)",
        Access.ESCALATION: "a secret or worker one, or ?token= of the impression (see escalation.url)",
    }[access]
