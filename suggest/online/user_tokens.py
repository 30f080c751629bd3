"""For whom a page asks, said by the host's own server: a JSON Web Token (RFC 7519), signed with HS256.

What a page says of its user anybody can say. A token that the host's server signed with a user key (uk_…) vouches for
`sub`: the person counts as one voice wherever they are, and their acts teach with full weight. Several user keys may be
live at once: make a second one, let the server sign with that, then revoke the first."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from suggest.domain.errors import UserTokenInvalid
from suggest.domain.text import check_id
from suggest.online.signing import decode64

LONGEST = 4_096
LONGEST_LIFE = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)  # between two clocks


def verified_user(token: str, *, secrets: Iterable[str], now: datetime) -> str:
    """The `sub` of a token that is in force and that one of `secrets` signed. Raises UserTokenInvalid, saying why."""
    try:
        if len(token) > LONGEST:
            raise ValueError("too long")
        head, body, tag = token.split(".")
        header, claims, given = json.loads(decode64(head)), json.loads(decode64(body)), decode64(tag)
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError("no objects")
    except (ValueError, UnicodeError, RecursionError):
        raise UserTokenInvalid("The user_token is not a JSON Web Token.") from None
    if header.get("alg") != "HS256" or header.get("crit"):
        raise UserTokenInvalid("A user_token is signed with HS256, and asks for no extensions.")
    signed = f"{head}.{body}".encode()
    tags = [hmac.new(secret.encode(), signed, hashlib.sha256).digest() for secret in secrets]
    if not tags:
        raise UserTokenInvalid("There is no live user key to check it with: make one with `suggest keys create uk`.")
    if sum(hmac.compare_digest(tag, given) for tag in tags) == 0:
        raise UserTokenInvalid("The user_token was not signed with a live user key (uk_…), or was changed on the way.")
    expires, starts = _moment(claims, "exp"), _moment(claims, "nbf")
    if expires is None or expires > now + LONGEST_LIFE + LEEWAY:
        raise UserTokenInvalid("A user_token has an `exp` within the next 24 hours; an hour is plenty.")
    if now > expires + LEEWAY:
        raise UserTokenInvalid("The user_token has expired: let the page fetch a fresh one.")
    if claims.get("nbf") is not None and (starts is None or now < starts - LEEWAY):
        raise UserTokenInvalid("The user_token is not in force yet (nbf).")
    subject = claims.get("sub")
    try:
        if not isinstance(subject, str):
            raise ValueError("sub must be a text")
        check_id(subject, name="sub", longest=200)
    except ValueError as wrong:
        raise UserTokenInvalid(f"The user_token names nobody: {wrong}.") from None
    return subject


def _moment(claims: dict[str, object], name: str) -> datetime | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**35:
        return None
    return datetime.fromtimestamp(value, tz=UTC)
