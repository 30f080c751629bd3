"""The shell: landmarks, navigation, skip link, and nothing inline; and the file variant that carries its own sheet."""

from __future__ import annotations

import pytest
from htpy import h1, p
from markup import assert_clean

from components.page import PRODUCT_NAV, PageView, page, standalone, stylesheet


def test_the_page_has_one_main_landmark_and_a_way_to_skip_to_it() -> None:
    read = assert_clean(page(PageView(title="Reports", here="reports"), h1["Reports"]))
    first_link = read.all("a")[0]
    assert first_link.attributes["href"] == "#main"
    assert [tag.attributes["id"] for tag in read.all("main")] == ["main"]
    assert str(page(PageView(title="x"))).startswith("<!doctype html>")


@pytest.mark.parametrize("entry", PRODUCT_NAV, ids=lambda entry: entry.key)
def test_the_navigation_says_where_one_is(entry) -> None:
    read = assert_clean(page(PageView(title="t", here=entry.key), p["x"]))
    current = [tag.text for tag in read.all("a") if tag.attributes.get("aria-current") == "page"]
    assert current == [entry.label]


def test_language_direction_and_theme_are_said_on_the_root() -> None:
    root = assert_clean(page(PageView(title="t", lang="ar", direction="rtl", theme="dark"))).all("html")[0]
    assert root.attributes == {"lang": "ar", "dir": "rtl", "data-theme": "dark"}
    assert "data-theme" not in assert_clean(page(PageView(title="t"))).all("html")[0].attributes


def test_styles_and_scripts_come_from_addresses_only() -> None:
    read = assert_clean(page(PageView(title="t", styles=("/static/console.css",), scripts=("/static/console.js",))))
    assert [tag.attributes["href"] for tag in read.all("link", rel="stylesheet")] == [
        "/static/site.css",
        "/static/console.css",
    ]
    assert [tag.attributes for tag in read.all("script")] == [{"type": "module", "src": "/static/console.js"}]


def test_messages_appear_in_a_live_region_that_is_there_from_the_start() -> None:
    region = assert_clean(page(PageView(title="t"))).all("div", id="toasts")[0]
    assert region.attributes["role"] == "status"


def test_a_file_carries_its_sheet_and_asks_for_nothing() -> None:
    shell = PageView(title="</head><style>x", nav=(), assets="", policy="default-src 'none'")
    document = standalone(str(page(shell, p["body"])), "p > b { color: red }")
    assert document.count("<style>p > b { color: red }</style>") == 1
    assert document.index("<style>") < document.index("</head>") < document.index("<body>")
    assert "<link" not in document
    assert "<nav" not in document
    assert 'http-equiv="Content-Security-Policy"' in document


def test_a_sheet_that_would_end_its_element_is_refused() -> None:
    with pytest.raises(ValueError, match="</"):
        standalone(str(page(PageView(title="t"))), "p::after { content: '</style><script>' }")
    with pytest.raises(ValueError, match="no head"):
        standalone("<p>no document", "p {}")


def test_our_own_sheet_can_be_carried() -> None:
    assert "<style>" in standalone(str(page(PageView(title="t"))), stylesheet())
