"""A word about a state: kept, promoted, simulated. The word carries the meaning, the colour only finds it faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from htpy import Element, span

Tone = Literal["neutral", "accent", "good", "warn", "bad", "simulated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeView:
    text: str
    tone: Tone = "neutral"
    plain: bool = False  # without the dot


def badge(view: BadgeView) -> Element:
    return span(class_=["badge", f"tone-{view.tone}", view.plain and "badge-plain"])[view.text]
