"""The server's own secrets: what signs impression tokens and sessions, and what hides user ids and keys.

They live in one file of the data folder that only its owner may read, so that tokens survive a restart and nothing
secret is ever in the log, its exports or its backups."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339

FILE = "signing.json"
TAG_BYTES = 16
ROTATE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    kid: str
    secret: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Two live signing keys, newest first: the first signs, both verify. And two salts that never change."""

    keys: tuple[SigningKey, ...]
    user_salt: bytes
    key_salt: bytes

    @property
    def current(self) -> SigningKey:
        return self.keys[0]

    def tag(self, purpose: str, message: bytes, *, kid: str | None = None) -> bytes | None:
        """The 128-bit HMAC-SHA256 of a message made for one purpose; None where `kid` is not a live key."""
        wanted = kid or self.current.kid
        for key in self.keys:
            if key.kid == wanted:
                return hmac.new(key.secret, purpose.encode() + b"\x00" + message, hashlib.sha256).digest()[:TAG_BYTES]
        return None

    def user_key(self, user: str) -> str:
        """The only form in which a user id is ever stored: HMAC-SHA256, 32 hex digits."""
        return hmac.new(self.user_salt, user.encode(), hashlib.sha256).hexdigest()[:32]

    def key_hash(self, key: str) -> str:
        """The only form in which an API key is ever stored in the log."""
        return hmac.new(self.key_salt, key.encode(), hashlib.sha256).hexdigest()

    def rotated(self, clock: Clock) -> Signing:
        """A new key signs; the one before still verifies; older ones are forgotten."""
        return replace(self, keys=(_new_key(clock), self.keys[0]))


def open_signing(folder: Path, *, clock: Clock) -> Signing:
    """Read the secrets of a data folder, making them at the first start and rotating the key once a month."""
    path = folder / FILE
    if not path.exists():
        signing = Signing(keys=(_new_key(clock),), user_salt=secrets.token_bytes(32), key_salt=secrets.token_bytes(32))
        save_signing(signing, folder)
        return signing
    signing = _from_json(path.read_text())
    if clock.now() - signing.current.created_at >= ROTATE_AFTER:
        signing = signing.rotated(clock)
        save_signing(signing, folder)
    return signing


def save_signing(signing: Signing, folder: Path) -> None:
    write_private(folder / FILE, _to_json(signing))


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone from its first byte on."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{path.name}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def encode64(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """The inverse of `encode64`, strict: any other spelling of the same bytes raises ValueError.

    >>> decode64(encode64(b"any bytes"))
    b'any bytes'
    """
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode64(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def _new_key(clock: Clock) -> SigningKey:
    return SigningKey(kid=secrets.token_hex(3), secret=secrets.token_bytes(32), created_at=clock.now())


def _to_json(signing: Signing) -> str:
    keys = [
        {"kid": key.kid, "secret": encode64(key.secret), "created_at": rfc3339(key.created_at)} for key in signing.keys
    ]
    salts = {"user_salt": encode64(signing.user_salt), "key_salt": encode64(signing.key_salt)}
    return json.dumps({"keys": keys, **salts}, indent=1)


def _from_json(text: str) -> Signing:
    stored = json.loads(text)
    keys = tuple(
        SigningKey(kid=key["kid"], secret=decode64(key["secret"]), created_at=parse_rfc3339(key["created_at"]))
        for key in stored["keys"]
    )
    return Signing(keys=keys, user_salt=decode64(stored["user_salt"]), key_salt=decode64(stored["key_salt"]))
