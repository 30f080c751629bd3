"""What an operator may set, all of it from the environment: SUGGEST_DATA_DIR, SUGGEST_ENCODER and so on."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from suggest.domain.errors import FieldError, Invalid

DEFAULT_DATA = Path("suggest-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    data_dir: Path = DEFAULT_DATA  # SUGGEST_DATA_DIR: the log, the blobs and the secrets; nothing else is written to
    encoder: str = "default"  # SUGGEST_ENCODER: default, hashing, or a sentence-transformers name or folder
    secret_key: str | None = field(default=None, repr=False)  # SUGGEST_SECRET_KEY: the first one; made if unset
    threads: int = 1  # SUGGEST_THREADS: of the encoder; more than the cores there are make it slower
    cache_dir: Path | None = None  # SUGGEST_CACHE: where the exported encoder is kept; None: ~/.cache/suggest
    encode_ms: int = 150  # SUGGEST_ENCODE_MS: so long a request waits for the encoder, then it is ranked by words
    cached_texts: int = 20_000  # SUGGEST_CACHED_TEXTS: embeddings kept in memory, about 1.6 kB each
    webhooks_private: bool = False  # SUGGEST_WEBHOOKS_PRIVATE: webhooks may go to our own network, and over plain http
    sign_on_header: str | None = None  # SUGGEST_SIGN_ON_HEADER: in it a proxy of yours names who is signed in
    sign_on_proxies: tuple[str, ...] = ()  # SUGGEST_SIGN_ON_PROXIES: addresses or networks that are believed about it

    def __post_init__(self) -> None:
        faults = []
        if not 1 <= self.threads <= 256:
            faults.append(_fault("SUGGEST_THREADS", "must be from 1 to 256"))
        if not 1 <= self.encode_ms <= 60_000:
            faults.append(_fault("SUGGEST_ENCODE_MS", "must be from 1 to 60000"))
        if self.cached_texts < 0:
            faults.append(_fault("SUGGEST_CACHED_TEXTS", "must be at least 0"))
        if not self.encoder.strip():
            faults.append(_fault("SUGGEST_ENCODER", "must name an encoder"))
        if self.secret_key is not None and len(self.secret_key) < _SHORTEST_KEY:
            faults.append(_fault("SUGGEST_SECRET_KEY", f"must have at least {_SHORTEST_KEY} characters"))
        if self.sign_on_header is not None and not _HEADER.fullmatch(self.sign_on_header):
            faults.append(_fault("SUGGEST_SIGN_ON_HEADER", "must be the name of a header, e.g. X-Forwarded-User"))
        if (self.sign_on_header is None) != (not self.sign_on_proxies):
            faults.append(_fault("SUGGEST_SIGN_ON_PROXIES", "goes with SUGGEST_SIGN_ON_HEADER: set both or neither"))
        wrong = [each for each in self.sign_on_proxies if not _is_network(each)]
        if wrong:
            faults.append(_fault("SUGGEST_SIGN_ON_PROXIES", f"must be addresses or networks, got {', '.join(wrong)}"))
        if faults:
            said = "; ".join(f"{fault.pointer[1:]} {fault.detail}" for fault in faults)
            raise Invalid(f"The settings cannot be used: {said}.", errors=tuple(faults))

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """The settings of a process; an empty variable counts as not set. Raises Invalid naming each wrong one."""
        given = {name: value for name, value in (os.environ if env is None else env).items() if value.strip()}
        cache = given.get("SUGGEST_CACHE")
        return cls(
            data_dir=Path(given.get("SUGGEST_DATA_DIR", DEFAULT_DATA)),
            encoder=given.get("SUGGEST_ENCODER", "default"),
            secret_key=given.get("SUGGEST_SECRET_KEY"),
            threads=_whole(given, "SUGGEST_THREADS", 1),
            cache_dir=None if cache is None else Path(cache),
            encode_ms=_whole(given, "SUGGEST_ENCODE_MS", 150),
            cached_texts=_whole(given, "SUGGEST_CACHED_TEXTS", 20_000),
            webhooks_private=given.get("SUGGEST_WEBHOOKS_PRIVATE") == "1",
            sign_on_header=given.get("SUGGEST_SIGN_ON_HEADER"),
            sign_on_proxies=tuple(given.get("SUGGEST_SIGN_ON_PROXIES", "").replace(",", " ").split()),
        )

    @property
    def encoder_cache(self) -> Path:
        return self.cache_dir or Path.home() / ".cache" / "suggest"


_SHORTEST_KEY = 8
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        fault = _fault(name, f"must be a whole number, got {text!r}")
        raise Invalid(f"The settings cannot be used: {name} {fault.detail}.", errors=(fault,)) from None


def _fault(name: str, detail: str) -> FieldError:
    return FieldError(pointer=f"/{name}", detail=detail)
