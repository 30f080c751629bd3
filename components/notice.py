"""A sentence or two that the page owes its reader: a caveat, a warning, an error with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, Node, a, div, p, strong

from components.badge import Tone
from components.link import safe_url


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    title: str
    text: str = ""
    tone: Tone = "neutral"
    action: str = ""  # words of the link, where there is one
    href: str = ""
    urgent: bool = False  # read out at once (role=alert) instead of when convenient


def notice(view: NoticeView, *more: Node) -> Element:
    return div(class_=["notice", f"tone-{view.tone}"], role="alert" if view.urgent else "note")[
        strong[view.title],
        view.text and p[view.text],
        view.action and p[a(href=safe_url(view.href))[view.action]],
        more,
    ]
