"""Who may call: secret keys for servers, publishable ones for browsers, worker keys for consoles.

Only a keyed hash of a key is stored; the key itself is seen once, when it is made. An Origin is what a browser says of
the page that asks: a list of allowed ones keeps other sites away, it does not authenticate anybody."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from suggest.domain.clock import Clock, parse_rfc3339, rfc3339
from suggest.domain.errors import FieldError, Invalid, NotFound
from suggest.online.signing import Signing, write_private
from suggest.store.ports import Cas

PREFIX = "key/"
SECRET_KEY_FILE = "secret_key"  # noqa: S105  # the name of a file, not what is in it
_CONFIGURED = "configured"


class KeyKind(StrEnum):
    SECRET = "sk"  # noqa: S105  # a prefix
    PUBLISHABLE = "pk"
    WORKER = "wk"
    USER = "uk"  # opens nothing: the host's server signs with it for whom a page asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    id: str
    kind: KeyKind
    name: str = ""
    surface: str | None = None  # None: every surface
    worker: str | None = None  # of a worker key: the account whose hands it is; None: nobody's, a key for itself
    origins: tuple[str, ...] = ()  # of a publishable key: exact, or https://*.example.com; empty allows every page
    created_at: datetime | None = None
    revoked_at: datetime | None = None

    def allows(self, origin: str | None) -> bool:
        """Whether a page of this origin may use the key. A caller that sends no Origin is no browser's page.

        >>> Key(id="1", kind=KeyKind.PUBLISHABLE, origins=("https://*.shop.example",)).allows("https://a.shop.example")
        True
        >>> Key(id="1", kind=KeyKind.PUBLISHABLE, origins=("https://shop.example",)).allows("https://evilshop.example")
        False
        """
        if origin is None or not self.origins:
            return True
        return any(_matches(origin.lower(), allowed) for allowed in self.origins)

    def names(self, origin: str) -> bool:
        """Whether this is an origin, and one that may use the key.

        >>> Key(id="1", kind=KeyKind.PUBLISHABLE).names("https://shop.example; script-src *")
        False
        """
        return _is_origin(origin) and "*" not in origin and self.allows(origin)


class Keys:
    """The keys of one installation. Safe from many threads."""

    def __init__(self, cas: Cas, *, signing: Signing, clock: Clock, configured: str | None = None) -> None:
        """`configured` is the first secret key, which is held as a hash in memory and never stored in the log."""
        self._cas = cas
        self._signing = signing
        self._clock = clock
        self._configured_hash = None if configured is None else signing.key_hash(configured)

    def create(
        self,
        kind: KeyKind | str,
        *,
        name: str = "",
        surface: str | None = None,
        origins: Sequence[str] = (),
        worker: str | None = None,
    ) -> tuple[Key, str]:
        """A new key, and its text, which cannot be had again."""
        kind = _kind(kind)
        if worker is not None and kind is not KeyKind.WORKER:
            raise Invalid(
                "Only a worker key is an account's: a secret one may name any.",
                errors=(FieldError(pointer="/worker", detail="leave out unless kind is wk"),),
            )
        if kind is KeyKind.USER:
            return self._create_user_key(name)
        text = f"{kind}_{secrets.token_urlsafe(24)}"
        hashed = self._signing.key_hash(text)
        key = Key(
            id=hashed[:16],
            kind=kind,
            name=name,
            surface=surface,
            worker=worker,
            origins=_origins(origins, kind),
            created_at=self._clock.now(),
        )
        self._cas.update(PREFIX + key.id, {**_key_json(key), "hash": hashed}, expected=0)
        return key, text

    def user_secrets(self) -> list[str]:
        """The live user keys. They are derived, not stored: nothing that could sign lies in the log."""
        return [self._user_text(key.id) for key in self.list() if key.kind is KeyKind.USER and key.revoked_at is None]

    def _create_user_key(self, name: str) -> tuple[Key, str]:
        key = Key(id=secrets.token_hex(8), kind=KeyKind.USER, name=name, created_at=self._clock.now())
        self._cas.update(PREFIX + key.id, {**_key_json(key), "hash": ""}, expected=0)
        return key, self._user_text(key.id)

    def _user_text(self, key_id: str) -> str:
        return f"{KeyKind.USER}_{self._signing.key_hash(f'user key {key_id}')[:48]}"

    def check(self, text: str) -> Key | None:
        """Whose key this is; None where it is nobody's, or was revoked."""
        hashed = self._signing.key_hash(text)
        if self._configured_hash is not None and hmac.compare_digest(hashed, self._configured_hash):
            return Key(id=_CONFIGURED, kind=KeyKind.SECRET, name="first secret key")
        found = self._cas.get(PREFIX + hashed[:16])
        if found is None or not hmac.compare_digest(hashed, str(found.value["hash"])):
            return None
        key = _key(hashed[:16], found.value)
        return key if key.revoked_at is None else None

    def list(self) -> list[Key]:
        stored = self._cas.keys(PREFIX)
        return [_key(name.removeprefix(PREFIX), each.value) for name, each in sorted(stored.items())]

    def revoke(self, key_id: str) -> Key:
        """From now on the key is nobody's. Revoking twice keeps the first time."""
        found = self._cas.get(PREFIX + key_id)
        if found is None:
            raise NotFound(f"There is no key {key_id!r}; list them to see which there are.")
        if found.value.get("revoked_at") is None:
            revoked = {**found.value, "revoked_at": rfc3339(self._clock.now())}
            self._cas.update(PREFIX + key_id, revoked, expected=found.revision)
        again = self._cas.get(PREFIX + key_id)
        assert again is not None
        return _key(key_id, again.value)


def first_secret_key(folder: Path, *, configured: str | None) -> tuple[str, bool]:
    """The first secret key, and whether it was made just now, so that whoever starts the server can show it once."""
    if configured:
        return configured, False
    path = folder / SECRET_KEY_FILE
    if path.exists():
        return path.read_text().strip(), False
    text = f"{KeyKind.SECRET}_{secrets.token_urlsafe(24)}"
    write_private(path, text + "\n")
    return text, True


def _kind(kind: KeyKind | str) -> KeyKind:
    try:
        return KeyKind(kind)
    except ValueError:
        raise Invalid(
            "A key is sk, pk, wk or uk.", errors=(FieldError(pointer="/kind", detail="must be sk, pk, wk or uk"),)
        ) from None


def _origins(origins: Sequence[str], kind: KeyKind) -> tuple[str, ...]:
    if origins and kind is not KeyKind.PUBLISHABLE:
        raise Invalid(
            "Only a publishable key has origins: the others never leave a server.",
            errors=(FieldError(pointer="/origins", detail="leave out unless kind is pk"),),
        )
    wrong = [i for i, origin in enumerate(origins) if not _is_origin(origin)]
    if wrong:
        raise Invalid(
            "An origin is a scheme, a host and perhaps a port, e.g. https://shop.example or https://*.shop.example.",
            errors=tuple(FieldError(pointer=f"/origins/{i}", detail="is not an origin") for i in wrong),
        )
    return tuple(origin.lower() for origin in origins)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    host = (parts.hostname or "").removeprefix("*.")
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    return named and text.lower() == f"{parts.scheme}://{parts.netloc.lower()}" and "*" not in host and "@" not in text


def _matches(origin: str, allowed: str) -> bool:
    if "://*." not in allowed:
        return origin == allowed
    scheme, _, rest = allowed.partition("://*")
    return origin.startswith(scheme + "://") and origin.endswith(rest) and len(origin) > len(scheme) + 3 + len(rest)


def _key_json(key: Key) -> dict[str, object]:
    return {
        "kind": str(key.kind),
        "name": key.name,
        "surface": key.surface,
        "worker": key.worker,
        "origins": list(key.origins),
        "created_at": None if key.created_at is None else rfc3339(key.created_at),
        "revoked_at": None if key.revoked_at is None else rfc3339(key.revoked_at),
    }


def _key(key_id: str, stored: Mapping[str, object]) -> Key:
    origins = stored.get("origins") or ()
    assert isinstance(origins, Sequence)
    return Key(
        id=key_id,
        kind=KeyKind(str(stored["kind"])),
        name=str(stored.get("name") or ""),
        surface=None if stored.get("surface") is None else str(stored["surface"]),
        worker=None if stored.get("worker") is None else str(stored["worker"]),
        origins=tuple(str(origin) for origin in origins),
        created_at=_time(stored.get("created_at")),
        revoked_at=_time(stored.get("revoked_at")),
    )


def _time(text: object) -> datetime | None:
    return None if text is None else parse_rfc3339(str(text))
