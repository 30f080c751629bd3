"""The shell of the administration: its sheet, its scripts, and the form fields every change carries."""

from __future__ import annotations

from htpy import Element, Node, VoidElement, button, form, input

from components.page import PageView, page

HTMX = "/static/vendor/htmx-4.0.1.min.js"
HTMX_CONFIG = ("htmx-config", '{"noSwap":[204,304,"4xx","5xx"],"history":false,"includeIndicatorCSS":false}')


def admin_page(title: str, csrf: str, *content: Node, scripts: tuple[str, ...] = ()) -> Element:
    return page(
        PageView(
            title=title,
            here="admin",
            styles=("/static/admin.css",),
            scripts=(HTMX, "/static/admin.js", *scripts),
            meta=(HTMX_CONFIG,),
        ),
        *content,
        corner=form(method="post", action="/console/leave")[
            csrf_field(csrf), button(".button.button-small.button-quiet", type="submit")["Sign out"]
        ],
    )


def csrf_field(csrf: str) -> VoidElement:
    return input(type="hidden", name="csrf", value=csrf)
