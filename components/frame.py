"""The widget in a page of ours that a host shows in a frame: for hosts that let no foreign script into theirs."""

from __future__ import annotations

from dataclasses import dataclass

from htpy import Element, body, head, html, link, meta, script, suggest_box, title


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameView:
    key: str  # publishable
    surface: str
    host: str  # the origin of the page that holds the frame: the only one it speaks with
    layout: str = ""
    count: str = ""
    label: str = ""
    lang: str = "en"


def frame_page(view: FrameView) -> Element:
    """The whole document; `frame.js` joins the element to the page around it."""
    return html(lang=view.lang)[
        head[
            meta(charset="utf-8"),
            title["Suggestions"],
            meta(name="viewport", content="width=device-width, initial-scale=1"),
            meta(name="color-scheme", content="light dark"),
            meta(name="suggest-host", content=view.host),
            link(rel="stylesheet", href="/static/frame.css"),
            script(type="module", src="/embed/v1/suggest-box.js"),
            script(type="module", src="/static/frame.js"),
        ],
        body[
            suggest_box(
                site_key=view.key,
                surface=view.surface,
                insert="none",
                layout=view.layout or None,
                count=view.count or None,
                label=view.label or None,
            )
        ],
    ]
