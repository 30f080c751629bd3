"""The files our own pages load: htmx exactly as published, its settings safe, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from components import page
from components.admin.page import HTMX as ADMIN_HTMX
from components.admin.page import HTMX_CONFIG as ADMIN_CONFIG
from components.console.page import HTMX, HTMX_CONFIG

STATIC = Path(page.__file__).parent / "static"


def test_htmx_is_the_file_that_vendored_md_names() -> None:
    assert HTMX == ADMIN_HTMX == "/static/vendor/htmx-4.0.1.min.js"
    file = STATIC / HTMX.removeprefix("/static/")
    table = (STATIC / "vendor" / "VENDORED.md").read_text()
    assert hashlib.sha256(file.read_bytes()).hexdigest() in table
    assert file.name in table
    assert "4.0.1" in file.read_text()
    assert (STATIC / "vendor" / "htmx-LICENSE.txt").read_text().startswith("Zero-Clause BSD")


@pytest.mark.parametrize("config", [HTMX_CONFIG, ADMIN_CONFIG])
def test_htmx_never_puts_an_error_page_into_ours(config: tuple[str, str]) -> None:
    name, content = config
    assert name == "htmx-config"
    settings = json.loads(content)
    assert {"4xx", "5xx", 204} <= set(settings["noSwap"])
    assert settings["includeIndicatorCSS"] is False


@pytest.mark.parametrize("name", ["console.js", "admin.js"])
def test_our_scripts_need_no_eval_store_nothing_and_build_no_markup(name: str) -> None:
    text = (STATIC / name).read_text()
    forbidden = (
        r"\beval\b|new Function|innerHTML|insertAdjacentHTML|localStorage|sessionStorage|document\.cookie|https?://"
    )
    assert not re.findall(forbidden, text)


@pytest.mark.parametrize("name", ["console.css", "admin.css"])
def test_our_sheets_load_nothing_and_take_their_colours_from_the_system(name: str) -> None:
    text = (STATIC / name).read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", text)
    assert text.count("{") == text.count("}")
