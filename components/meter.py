"""A probability as a short bar beside its figure: comparable down a list at a glance."""

from __future__ import annotations

from htpy import Element, Node, rect, span, svg

from components.number import coordinate, percent


def meter(share: float, *, digits: int = 0) -> Element:
    """The bar is decoration (the figure says the same), so it is hidden from assistive technology."""
    filled = min(1.0, max(0.0, share))
    drawing: Node = svg(viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true", focusable="false")[
        rect(class_="track", width="100", height="10"),
        rect(class_="fill", width=coordinate(100 * filled), height="10"),
    ]
    return span(".meter")[drawing, percent(share, digits)]
