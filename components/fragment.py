"""A slate as a piece of HTML, for hosts that render on the server: it works as a form before any script, and with htmx.

The host's own server asks for it and passes it on, so no key and no address of ours ever reaches the browser; what is
pressed goes to an address of the host's, which says so to us and renders its own field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import Element, button, div, form, input, p

from components.link import safe_url


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentOption:
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentView:
    state: str  # show, auto, abstain or escalate
    impression: str
    token: str
    options: Sequence[FragmentOption]  # empty unless they are to be shown
    action: str  # the host's address that takes what was pressed
    label: str = "Suggestions"
    dismiss: str = "Dismiss suggestions"
    message: str = ""  # what a person reads who waits for somebody


def fragment(view: FragmentView) -> Element:
    """One element to swap in; `suggest-slate` on it and `suggest-option` on the buttons are for the host's style."""
    kept = {"class_": "suggest-slate", "data_state": view.state, "data_impression": view.impression}
    if not view.options:
        return div(**kept)[p(role="status")[view.message] if view.message else None]
    return div(**kept)[
        form(
            method="post",
            action=safe_url(view.action),
            hx_post=safe_url(view.action),
            hx_target="closest .suggest-slate",
            hx_swap="outerHTML",
            role="group",
            aria_label=view.label,
        )[
            input(type="hidden", name="impression", value=view.impression),
            input(type="hidden", name="token", value=view.token),
            (input(type="hidden", name=f"text:{option.id}", value=option.text) for option in view.options),
            (
                button(".suggest-option", type="submit", name="item", value=option.id, dir="auto")[option.text]
                for option in view.options
            ),
            button(".suggest-dismiss", type="submit", name="dismiss", value="1", aria_label=view.dismiss)["×"],
        ]
    ]
