"""Ten thousand hostile candidate texts in the real widget: each is text to the last character, and none runs."""

from __future__ import annotations

import random
from typing import Any

import pytest
from contract_server import ContractServer, Json, a_slate, options_named
from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

N_TEXTS, AT_ONCE = 10_000, 50
MARKUP = (
    "<script>hit()</script>", "<img src=x onerror=hit()>", "<svg/onload=hit()>", "</span><script>hit()</script>",
    "<!--", "<style>*{display:none}</style>", "javascript:hit()", '" onclick="hit()', "' onmouseover='hit()",
    "{{hit()}}", "${hit()}", "<iframe srcdoc='<script>parent.hit()</script>'>", "<a href=javascript:hit()>x</a>",
    "&lt;script&gt;", "&#60;b&#62;", "<template><script>hit()</script></template>", "<suggest-box></suggest-box>",
    "]]>", "%3Cscript%3E", "\\u003cscript\\u003e",
)  # fmt: skip
STRANGE = (
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u0000", "\ufffd", "\u2028", "\u2029",
    "\u0085", "\t", "\r\n", "\u0301", "\U000e0041", "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "Z\u0351\u036b\u0353\u0343\u0300", "مرحبا", "שלום", "日本語",
    "\ufdfd", "\U0001d56c",
)  # fmt: skip


def a_hostile_text(rng: random.Random) -> str:
    """Markup and strange characters, mixed; every hundredth is 10 kB long."""
    parts = [rng.choice(MARKUP if rng.random() < 0.5 else STRANGE) for _ in range(rng.randint(1, 6))]
    text = "".join(parts) + str(rng.random())
    return text * (10_000 // len(text) + 1) if rng.random() < 0.01 else text


def test_ten_thousand_hostile_texts_are_shown_as_text_and_none_runs(
    context: BrowserContext, open_host: Any, service: ContractServer
) -> None:
    rng = random.Random(5)
    texts = [a_hostile_text(rng) for _ in range(N_TEXTS)]
    slates = [texts[at : at + AT_ONCE] for at in range(0, N_TEXTS, AT_ONCE)]

    def script(request: Json) -> Json:
        return a_slate(items=options_named(*slates[int(request["context"]["text"])]))

    service.script = script
    context.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    page = open_host(f'for="reply" context="0" count="{AT_ONCE}" debounce="0"')
    shown = page.evaluate(
        """async (n) => {
          const box = document.querySelector('suggest-box');
          const all = [];
          for (let at = 0; at < n; at++) {
            if (at) await new Promise((done) => {
              box.addEventListener('suggest-show', done, { once: true });
              box.context = String(at);
            });
            const chips = [...box.shadowRoot.querySelectorAll('[part~="text"]')];
            all.push(chips.map((chip) => chip.textContent));
            if (chips.some((chip) => chip.children.length)) throw Error('an element was made of a text');
          }
          return all;
        }""",
        len(slates),
    )
    assert [text for slate in shown for text in slate] == texts
    assert page.evaluate("window.hits") == 0
    page.evaluate("document.querySelector('suggest-box').select(0)")
    assert page.evaluate("window.hits") == 0
