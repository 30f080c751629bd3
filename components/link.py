"""Addresses that may stand in an `href`: escaping keeps a value in its attribute, but not `javascript:` out of it."""

from __future__ import annotations

from urllib.parse import urlsplit

_SCHEMES = frozenset({"http", "https", "mailto"})


def safe_url(url: str) -> str:
    """`url` where following it only goes somewhere; `#` where it would run something or cannot be read.

    Relative addresses pass. Browsers drop tabs and newlines and trim blanks before they look for a scheme, so anything
    with a blank or a control character is refused.

    >>> safe_url("/reports/shop?from=2026-01-01"), safe_url("https://example.org/"), safe_url("java\\nscript:alert(1)")
    ('/reports/shop?from=2026-01-01', 'https://example.org/', '#')
    """
    if any(ord(character) <= 0x20 or 0x7F <= ord(character) <= 0x9F for character in url):
        return "#"
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return "#"
    return url if not scheme or scheme.lower() in _SCHEMES else "#"
