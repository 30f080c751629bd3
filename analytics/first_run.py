"""What stands in place of a report on a surface that was never asked: what to do next, in commands to paste."""

from __future__ import annotations

from components.empty import EmptyView, StepView


def first_run(surface: str, *, has_candidates: bool) -> EmptyView:
    add = StepView(
        title="Say what may be suggested",
        text="A file of candidates with the columns id and text.",
        command=f"suggest import candidates.csv --surface {_quoted(surface)}",
    )
    ask = StepView(
        title="Ask for the first suggestions",
        text="Paste the box into a page, or call POST /v1/suggest from your server. Every answer is logged.",
        command=f'<suggest-box site-key="pk_…" surface="{surface}" for="reply"></suggest-box>',
    )
    look = StepView(
        title="Come back", text="Outcomes appear with the first view, the calibration error from 100 judged."
    )
    return EmptyView(
        title="Nothing has been asked here yet",
        text="A report is made of what people did with suggestions. None was requested on this surface so far.",
        steps=(ask, look) if has_candidates else (add, ask, look),
    )


def _quoted(surface: str) -> str:
    """A surface's name as one shell word.

    >>> _quoted("support"), _quoted("it's")
    ('support', "'it'\\\\''s'")
    """
    plain = all(character.isalnum() or character in "-_." for character in surface)
    return surface if plain else "'" + surface.replace("'", "'\\''") + "'"
