"""The signed impression token: proof that we served this slate, with these options in this order.

It is carried by whoever reports on the slate, so feedback needs no read before it is believed, nobody can report on an
option that was not served, and a token lives for a day."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from suggest.domain.clock import Clock
from suggest.domain.errors import TokenExpired, TokenInvalid
from suggest.domain.slate import Slate
from suggest.online.signing import Signing, decode64, encode64

LIFETIME = timedelta(hours=24)
_VERSION = 1
_PURPOSE = "impression"
_LONGEST = 65_536  # 50 options with the longest ids, spelled in base64


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpressionToken:
    impression: str
    surface: str
    items: tuple[str, ...]  # ids in order of position
    expires_at: datetime
    learnable: bool
    is_vouched: bool = False  # a server of the owner's asked, or a signed user token said for whom


def sign_slate(slate: Slate, *, signing: Signing, is_vouched: bool = False) -> str:
    """The token of a slate; valid for 24 hours from the moment it was served."""
    payload = {
        "v": _VERSION,
        "k": signing.current.kid,
        "i": slate.id,
        "s": slate.surface,
        "n": [item.id for item in slate.items],
        "x": int((slate.at + LIFETIME).timestamp()),
        "l": int(slate.learnable),
        "u": int(is_vouched),
    }
    return _seal(payload, signing)


def verify_token(token: str, *, signing: Signing, clock: Clock) -> ImpressionToken:
    """What the token says. Raises TokenInvalid where we did not sign it, TokenExpired after its day."""
    payload = _unseal(token, signing)
    expires_at = datetime.fromtimestamp(payload["x"], tz=UTC)  # type: ignore[arg-type]  # we signed it
    if clock.now() >= expires_at:
        raise TokenExpired("This impression was served more than 24 hours ago; ask for a new suggestion.")
    return ImpressionToken(
        impression=str(payload["i"]),
        surface=str(payload["s"]),
        items=tuple(payload["n"]),  # type: ignore[arg-type]
        expires_at=expires_at,
        learnable=bool(payload["l"]),
        is_vouched=bool(payload.get("u", 0)),
    )


def _seal(payload: dict[str, object], signing: Signing) -> str:
    message = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    tag = signing.tag(_PURPOSE, message)
    assert tag is not None, "the current key is always live"
    return f"{encode64(message)}.{encode64(tag)}"


def _unseal(token: str, signing: Signing) -> dict[str, object]:
    try:
        if len(token) > _LONGEST:
            raise ValueError("too long")
        body, tag = token.split(".")
        message, given = decode64(body), decode64(tag)
        payload = json.loads(message)
        wanted = signing.tag(_PURPOSE, message, kid=str(payload["k"]))
    except (ValueError, KeyError, TypeError, UnicodeError, RecursionError) as broken:
        raise TokenInvalid("The token is not one of ours; send it exactly as the suggestion returned it.") from broken
    if wanted is None or not hmac.compare_digest(wanted, given):
        raise TokenInvalid("The token was not signed by this service, or was changed on the way.")
    if payload.get("v") != _VERSION:
        raise TokenInvalid("The token is of a version this service does not know.")
    return payload  # type: ignore[no-any-return]
