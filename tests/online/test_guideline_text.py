"""Markdown becomes blocks of plain text with marks: no tag, no picture, no address that runs comes through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.guideline import guideline_text
from suggest.domain.guideline import Guideline, Span
from suggest.online.guideline_text import blocks_of
from suggest.web.handlers.guidelines import guideline_view


def drawn(text: str) -> str:
    return str(guideline_text(guideline_view(Guideline(surface="s", version=1, text=text, blocks=blocks_of(text)))))


def test_headings_lists_marks_and_code_are_kept() -> None:
    text = "## Rules\n\n1. First **bold** *soft* `code`\n   - below\n\n> quoted\n\n```\na <b>\n```\n"
    kinds = [(block.kind, block.level, block.number, block.text) for block in blocks_of(text)]
    assert kinds == [
        ("heading", 2, None, "Rules"), ("item", 1, "1", "First bold soft code"), ("item", 2, None, "below"),
        ("text", 0, None, "quoted"), ("code", 0, None, "a <b>"),
    ]  # fmt: skip
    assert Span(text="bold", strong=True) in blocks_of(text)[1].spans
    assert "<pre><code>a &lt;b&gt;</code></pre>" in drawn(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "hello <img src=x onerror=alert(1)>",
        "[here](javascript:alert(1))",
        "[here](data:text/html,x)",
        "[here](//elsewhere.example)",
        "![see](https://elsewhere.example/pixel.png)",
        '<https://a.example/"onmouseover="alert(1)>',
        "<!-- hidden -->",
    ],
)
def test_nothing_that_runs_or_loads_comes_through(text: str) -> None:
    html = drawn(text).lower()
    assert not any(bad in html for bad in ("<script", "<img", 'href="javascript', 'href="data', 'href="//', "<!--"))
    assert '"onmouseover' not in html


def test_a_link_of_the_web_is_a_link() -> None:
    html = drawn("[the terms](https://shop.example/terms?a=1&b=2)")
    assert 'href="https://shop.example/terms?a=1&amp;b=2"' in html
    assert 'rel="noreferrer"' in html


@given(st.text(max_size=200))
def test_every_text_has_blocks_and_only_known_elements(text: str) -> None:
    html = drawn(text)
    inside = html.split(">")
    names = {part.rsplit("<", 1)[1].lstrip("/").split(" ")[0] for part in inside if "<" in part}
    assert names <= {"div", "p", "span", "strong", "em", "code", "pre", "a"}
