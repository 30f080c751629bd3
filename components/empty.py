"""Places with nothing in them yet say what belongs there and how to get it; places still filling say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from htpy import Element, Node, a, code, div, h2, h3, li, ol, p, pre, span, strong

from components.link import safe_url


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    title: str
    text: str = ""
    command: str = ""  # to paste into a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyView:
    title: str
    text: str
    steps: tuple[StepView, ...] = ()
    action: str = ""
    href: str = ""
    level: Literal[2, 3] = 2  # of the heading, so that the page's outline has no gap


def empty(view: EmptyView) -> Element:
    heading = h2 if view.level == 2 else h3
    return div(".empty")[
        heading[view.title],
        p[view.text],
        bool(view.steps) and ol(".steps")[(_step(step) for step in view.steps)],
        view.action and a(".button.button-primary", href=safe_url(view.href))[view.action],
    ]


def _step(view: StepView) -> Node:
    return li[
        strong[view.title],
        view.text and span(".soft")[view.text],
        view.command and pre(tabindex="0", aria_label=view.title)[code[view.command]],
    ]


def skeleton(label: str, lines: int = 3) -> Element:
    """Grey lines where text is about to be; announced once as `label`, drawn without words."""
    return div(role="status")[
        span(".visually-hidden")[label],
        div(".skeleton", aria_hidden="true")[(span for _ in range(lines))],
    ]
