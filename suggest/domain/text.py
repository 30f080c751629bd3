"""What counts as a text and as an id here, and when two texts are the same."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

LONGEST_TEXT_BYTES = 32_768
_CLAUSE_END = re.compile(r"[.,!;:…。、¡]+(?=\s|$)|(?<!\S)¡")


def check_id(value: str, *, name: str, longest: int) -> None:
    """Raise ValueError unless `value` is 1..longest characters without controls or lone surrogates."""
    if not 1 <= len(value) <= longest:
        raise ValueError(f"{name} must have 1 to {longest} characters, got {len(value)}")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ValueError(f"{name} must not contain control characters")


def check_text(value: str, *, name: str) -> None:
    """Raise ValueError unless `value` is a non-blank, storable text of at most 32 kB."""
    if not value.strip():
        raise ValueError(f"{name} must not be empty")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name} must not contain NUL or lone surrogates")
    if len(value.encode()) > LONGEST_TEXT_BYTES:
        raise ValueError(f"{name} must be at most {LONGEST_TEXT_BYTES} bytes in UTF-8")


def normalise(text: str) -> str:
    """The identity of a text: NFKC, lower case, single spaces.

    >>> normalise("  Where IS my\\n order? ")
    'where is my order?'
    """
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def wording(text: str) -> str:
    """What two options have in common that a reader takes for one: the normalised text without the marks that end a
    clause. A question mark stays, and whatever stands within a word or number.

    >>> wording("Yes, please!") == wording("yes please.")
    True
    >>> wording("Done?") == wording("Done."), wording("C#"), wording("3.5:1"), wording("...")
    (False, 'c#', '3.5:1', '...')
    """
    said = normalise(text)
    return _CLAUSE_END.sub("", said).strip() or said


def context_key(text: str, turns: Sequence[tuple[str, str]] = (), fields: Mapping[str, object] | None = None) -> str:
    """A 32-character name of a context: equal texts after equal turns with equal fields share it, whoever asks.

    >>> context_key("Hello") == context_key(" hello ")
    True
    >>> context_key("yes", [("agent", "Shall I cancel?")]) == context_key("yes")
    False
    >>> context_key("hello", fields={"plan": "pro"}) == context_key("hello", fields={})
    False
    """
    digest = hashlib.sha256(normalise(text).encode())
    for role, said in turns:
        digest.update(f"\x1f{role}\x1e{normalise(said)}".encode())
    if fields:
        digest.update(f"\x1d{json.dumps(fields, sort_keys=True, default=str)}".encode())
    return digest.hexdigest()[:32]
