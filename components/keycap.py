"""The keys of a keyboard beside what they do. Hidden from assistive technology: `aria-keyshortcuts` says it there."""

from __future__ import annotations

from htpy import Element, kbd, span


def keys(*names: str) -> Element:
    return span(aria_hidden="true")[(kbd[name] for name in names)]
