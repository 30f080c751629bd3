"""The keys of the console and what they do: in its help, and on its empty page to learn from."""

from __future__ import annotations

from htpy import Element, dd, div, dl, dt, kbd

KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("1", "9"), "take that option"),
    (("a",), "take the first, or sign off a colleague's"),
    (("x",), "none of these"),
    (("e",), "edit the first, or type another over it"),
    (("Ctrl", "↵"), "send what is written"),
    (("/",), "find another answer"),
    (("g",), "the guideline"),
    (("space",), "skip, let someone else"),
    (("l",), "put it off until later"),
    (("u",), "undo the last answer"),
    (("Esc",), "leave a field"),
    (("?",), "these keys"),
)


def keymap() -> Element:
    return dl(".keymap")[
        (
            div[
                dt[([kbd[name], " to " if names == ("1", "9") and name == "1" else ""] for name in names)],
                dd[what],
            ]
            for names, what in KEYS
        )
    ]
