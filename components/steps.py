"""What to do next, the most urgent first: a sentence each, with the way to where it is done or seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from htpy import Element, a, li, ol, span, strong

from components.link import safe_url


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    title: str  # what to do
    text: str  # why, with the number behind it
    place: str = ""  # where it is done or seen, in words
    href: str = ""  # the same as an address; empty: no link, as in a page that is a file


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsView:
    steps: tuple[NextStep, ...]

    @property
    def unlinked(self) -> StepsView:
        """The same for a page that is a file, and for who may not go there."""
        return replace(self, steps=tuple(replace(each, href="") for each in self.steps))


def next_steps(view: StepsView) -> Element:
    return ol(".steps.steps-next")[
        (
            li[
                strong[each.title],
                span(".soft")[
                    each.text,
                    bool(each.href) and [" ", a(href=safe_url(each.href))[each.place]],
                ],
            ]
            for each in view.steps
        )
    ]
