"""What the colours mean, as a list of the document: it wraps on a phone and its letters stay their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from htpy import Element, Node, circle, li, line, rect, svg, ul

Tone = Literal["selected", "dismissed", "overridden", "ignored", "unseen", "pending", "second", "third"]
Mark = Literal["bar", "bar-faint", "line", "line-dashed", "dot", "dot-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    name: str
    tone: Tone
    mark: Mark = "bar"


def legend(keys: tuple[Key, ...]) -> Element:
    return ul(".legend")[(li[_swatch(key), key.name] for key in keys)]


def _swatch(key: Key) -> Node:
    return svg(viewBox="0 0 12 12", class_=f"tone-{key.tone}", aria_hidden="true", focusable="false")[_shape(key.mark)]


def _shape(mark: Mark) -> Node:
    if mark in ("bar", "bar-faint"):
        return rect(class_=mark, width="12", height="12", rx="2.5")
    if mark in ("line", "line-dashed"):
        return line(class_=["line", mark == "line-dashed" and mark], x1="0", x2="12", y1="6", y2="6")
    return circle(class_=mark, cx="6", cy="6", r="4.5")
