"""The form to write down what happened: a deploy, a campaign, an outage. It stands beside what changed."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, button, details, div, form, input, label, span, summary

from analytics import addresses
from analytics.pages.registry import PAGES
from analytics.report import ReportView
from components.notice import NoticeView

LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteForm:
    csrf: str
    notice: NoticeView | None = None  # what became of the one before
    text: str = ""  # as it was sent, where it was refused
    at: str = ""


def note_form(view: ReportView, noting: NoteForm) -> Element:
    """It is sent to an address that holds what the page is read through, so that one comes back to the same page."""
    action = addresses.to_page(view, "annotations", on=None if view.page == PAGES[0].name else view.page)
    return details(".fold.after-fold", open=bool(noting.text or noting.at))[
        summary["Write down what happened"],
        form(".stack", method="post", action=action)[
            input(type="hidden", name="csrf", value=noting.csrf),
            div(".field")[
                label(for_="note-text")["What happened"],
                input(
                    "#note-text.input",
                    name="text",
                    value=noting.text,
                    required=True,
                    maxlength=str(LONGEST),
                    placeholder="New reply templates went live",
                    dir="auto",
                ),
            ],
            div(".field")[
                label(for_="note-at")["When, in UTC"],
                input(
                    "#note-at.input.input-day",
                    type="datetime-local",
                    name="at",
                    value=noting.at,
                    aria_describedby="note-at-hint",
                ),
                span("#note-at-hint.hint")["Empty: now. Everybody who may see this report can read it."],
            ],
            div[button(".button.button-primary", type="submit")["Write it down"]],
        ],
    ]
