"""The shell every page of ours stands in: top bar, skip link, main landmark, toasts. Nothing inline, so CSP-clean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from htpy import (
    Element,
    Node,
    a,
    body,
    circle,
    div,
    footer,
    head,
    header,
    html,
    li,
    link,
    main,
    meta,
    nav,
    path,
    rect,
    script,
    span,
    svg,
    title,
    ul,
)

from components.link import safe_url


@dataclass(frozen=True, slots=True, kw_only=True)
class NavLink:
    key: str
    label: str
    href: str


PRODUCT_NAV = (
    NavLink(key="console", label="Console", href="/console"),
    NavLink(key="reports", label="Reports", href="/reports"),
    NavLink(key="docs", label="Docs", href="/docs"),
    NavLink(key="admin", label="Admin", href="/admin"),
)


def nav_for(*, is_worker: bool) -> tuple[NavLink, ...]:
    """What whoever looks may open: a worker all but the administration."""
    return tuple(each for each in PRODUCT_NAV if not (is_worker and each.key == "admin"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    title: str  # of the tab; the product's name is added
    here: str = ""  # key of the nav entry this page belongs to
    nav: tuple[NavLink, ...] = PRODUCT_NAV
    home: str = "/"
    lang: str = "en"
    direction: Literal["ltr", "rtl"] = "ltr"
    theme: Literal["auto", "light", "dark"] = "auto"
    width: Literal["normal", "wide", "narrow"] = "normal"
    assets: str = "/static"  # where site.css is served from; empty in a file that carries its own
    styles: tuple[str, ...] = ()  # further sheets, own origin
    scripts: tuple[str, ...] = ()  # modules, own origin
    meta: tuple[tuple[str, str], ...] = ()  # further names and contents of the head, e.g. of a script's settings
    foot: str = ""
    policy: str = ""  # a Content-Security-Policy to carry along, for a page that is a file


def page(view: PageView, *content: Node, corner: Node = None) -> Element:
    """The whole document around `content`; `corner` stands at the end of the top bar (a state, a switch)."""
    return html(lang=view.lang, dir=view.direction, data_theme=None if view.theme == "auto" else view.theme)[
        _head(view),
        body[
            a(".skip", href="#main")["Skip to content"],
            _topbar(view, corner),
            main("#main", class_=["page", view.width != "normal" and f"page-{view.width}"], tabindex="-1")[
                content,
                view.foot and footer(".footer")[view.foot],
            ],
            div("#toasts.toasts", role="status", aria_live="polite"),
        ],
    ]


def _head(view: PageView) -> Node:
    return head[
        meta(charset="utf-8"),
        view.policy and meta(http_equiv="Content-Security-Policy", content=view.policy),
        title[f"{view.title} · Suggest"],
        meta(name="viewport", content="width=device-width, initial-scale=1"),
        meta(name="color-scheme", content="light dark"),
        (meta(name=name, content=content) for name, content in view.meta),
        view.assets and link(rel="icon", href=f"{view.assets}/icon.svg", type="image/svg+xml"),
        view.assets and link(rel="stylesheet", href=f"{view.assets}/site.css"),
        (link(rel="stylesheet", href=safe_url(href)) for href in view.styles),
        (script(type="module", src=safe_url(src)) for src in view.scripts),
    ]


def _topbar(view: PageView, corner: Node) -> Node:
    return header(".topbar")[
        div(".topbar-row")[
            a(".brand", href=safe_url(view.home))[mark(), "Suggest"] if view.nav else span(".brand")[mark(), "Suggest"],
            bool(view.nav) and nav(aria_label="Main")[ul(".entries")[(_entry(each, view.here) for each in view.nav)]],
            corner is not None and div(".topbar-end")[corner],
        ]
    ]


def _entry(entry: NavLink, here: str) -> Node:
    return li[a(href=safe_url(entry.href), aria_current="page" if entry.key == here else None)[entry.label]]


def mark() -> Element:
    """The product's mark: three options, the first of them chosen."""
    return svg(viewBox="0 0 22 22", aria_hidden="true", focusable="false")[
        rect(class_="mark-back", width="22", height="22", rx="6"),
        path(class_="mark-front", d="M5 5.75h12v3.2H5z"),
        circle(class_="mark-front", cx="6.3", cy="12.6", r="1.3"),
        circle(class_="mark-front", cx="11", cy="12.6", r="1.3"),
        circle(class_="mark-front", cx="6.3", cy="16.6", r="1.3"),
    ]


def stylesheet() -> str:
    """The text of `site.css`, for a page that is a file."""
    return (Path(__file__).parent / "static" / "site.css").read_text(encoding="utf-8")


def standalone(document: str, css: str) -> str:
    """`document` with `css` inside it, so that it is one file. The sheet must not be able to end its own element.

    A style element's text is not markup, so escaping it would break it; it is put in after the document was rendered.
    """
    if "</" in css:
        raise ValueError("a sheet that contains '</' cannot stand in a style element")
    before, end, after = document.partition("</head>")
    if not end:
        raise ValueError("the document has no head to put the sheet in")
    return f"{before}<style>{css}</style>{end}{after}"
