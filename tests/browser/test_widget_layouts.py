"""What holds in every layout: axe finds nothing in six conditions, the trees of assistive technology are as agreed,
nothing jumps, and ten thousand hostile texts are text."""

import random
from typing import Any

import pytest
from contract_server import ContractServer, a_slate, options_named
from playwright.sync_api import BrowserContext, Page, expect
from starlette.responses import JSONResponse
from test_widget_manners import ARABIC, axe
from test_widget_shows import strict

pytestmark = pytest.mark.browser

LAYOUTS = ("chips", "list", "typeahead", "field")
OPTION = {
    "chips": "suggest-box [part~=chip]",
    "list": "suggest-box [part~=option]",
    "typeahead": "[role=option]",
    "field": "suggest-box [part~=confirm]",
}
ENGLISH = options_named("Delivery", "Refund", "Warranty")
BODY = '<label for="reply">Reply</label><br><textarea id="reply"></textarea>'
INPUT = '<label for="reply">Reply</label><br><input id="reply">'
SCHEME = "<style>html { color-scheme: light dark; background: Canvas; color: CanvasText }</style>"


def opened(open_host: Any, layout: str, more: str = "", **how: Any) -> Page:
    context = "" if layout == "typeahead" else 'context="x"'
    page: Page = open_host(
        f'layout="{layout}" for="reply" debounce="0" {context} {more}',
        body=INPUT if layout == "typeahead" else BODY,
        head=SCHEME,
        wait=False,
        **how,
    )
    show(page, layout)
    return page


def show(page: Page, layout: str) -> None:
    if layout == "typeahead":
        page.locator("#reply[role=combobox]").wait_for()
        page.locator("#reply").press_sequentially("d")
        page.locator(OPTION[layout]).first.wait_for()
        page.locator("#reply").press("ArrowDown")
    page.locator(OPTION[layout]).first.wait_for()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_axe_finds_nothing_in_six_conditions(open_host, service: ContractServer, layout: str) -> None:
    service.script = lambda _: a_slate(items=ENGLISH)
    page = opened(open_host, layout, "actions confidence page=2")
    conditions: dict[str, dict[str, Any]] = {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "forced colours": {"color_scheme": "light", "forced_colors": "active"},
        "reduced motion": {"forced_colors": "none", "reduced_motion": "reduce"},
    }
    for name, media in conditions.items():
        page.emulate_media(**media)
        page.wait_for_timeout(250)  # contrast is measured when nothing fades any more
        assert axe(page) == [], name
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe(page) == [], "320 px"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for button in page.locator("suggest-box button:visible").all():
        box = button.bounding_box()
        assert min(box["height"], box["width"]) >= 24, button.inner_text()
    service.script = lambda _: a_slate(items=ARABIC)
    page.evaluate("Object.assign(document.documentElement, { lang: 'ar', dir: 'rtl' })")
    page.evaluate("document.querySelector('suggest-box').refresh()")
    page.locator(OPTION[layout]).first.wait_for()
    page.wait_for_timeout(250)
    assert axe(page) == [], "right to left"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_an_open_menu_and_editor(open_host, service, theme: str) -> None:
    service.script = lambda _: a_slate(items=ENGLISH, explain={"i0": {"why": "meaning"}})
    page = opened(open_host, "chips", "actions confidence")
    page.add_style_tag(content="label { display: block; margin-top: 25em }")  # from under the menu
    page.emulate_media(color_scheme=theme)
    page.get_by_role("button", name="What to do with it").first.click()
    page.wait_for_timeout(250)
    assert axe(page) == []
    page.get_by_role("menuitem", name="Edit before use").click()
    page.wait_for_timeout(250)
    assert axe(page) == []


TREES = {
    "chips": """
- toolbar "Suggestions":
  - button "Delivery"
  - button "Refund"
  - button "Warranty"
  - button "Dismiss suggestions"
- status: "Suggestions: 3"
""",
    "typeahead": """
- listbox "Suggestions":
  - option "Delivery" [selected]
  - option "Refund"
  - option "Warranty"
- status: "Suggestions: 3"
""",
    "field": """
- group "Suggestions":
  - text: Suggested
  - button "Confirm"
  - button "Change"
  - button "Clear"
- status: "Suggestions: 3"
""",
}


@pytest.mark.parametrize("layout", TREES)
def test_the_tree_of_assistive_technology(open_host, service, layout: str) -> None:
    service.script = lambda _: a_slate(items=ENGLISH)
    page = opened(open_host, layout)
    assert page.locator("suggest-box").aria_snapshot() == TREES[layout].strip()
    if layout == "typeahead":
        expect(page.get_by_role("combobox", name="Reply", expanded=True)).to_be_focused()


LONG = options_named("Short.", *["A long reply in many words. " * 9] * 6)
ENDS: dict[str, Any] = {
    "options": lambda k: a_slate(items=LONG[:k]),
    "nothing": lambda _: a_slate("abstain", items=[]),
    "failure": lambda _: JSONResponse({"title": "Busy", "detail": "Try later."}, 503),
}


@pytest.mark.parametrize("width", [320, 900])
@pytest.mark.parametrize("more", ["", "actions confidence multiple"], ids=["plain", "steered"])
@pytest.mark.parametrize("layout", ["chips", "list", "field"])
def test_nothing_jumps_whatever_the_answer_is(
    open_host, service, context: BrowserContext, layout: str, width: int, more: str
) -> None:
    """Options, nothing worth showing, a failure, and a colleague's answer after a wait: below stands still."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    service.held.add("x")
    service.script = lambda _: a_slate()
    attributes = f'layout="{layout}" for="reply" context="x" debounce="0" timeout="60000" {more}'
    open_host(attributes, body=INPUT + "<p id=after>after</p>", page=page, wait=False)
    page.locator("suggest-box [part=skeleton]").first.wait_for()
    page.wait_for_timeout(150)
    page.evaluate("window.shifts = 0")
    stood = page.locator("#after").bounding_box()

    def settled(state: str) -> None:
        page.wait_for_function("(state) => document.querySelector('suggest-box').state === state", arg=state)
        page.wait_for_timeout(150)
        assert page.locator("#after").bounding_box() == stood, state

    service.held.clear()
    settled("show")
    for name, state in {"options": "show", "nothing": "abstain", "failure": "error"}.items():
        service.script = lambda body, name=name: ENDS[name](body["k"])
        page.evaluate("(name) => { document.querySelector('suggest-box').context = name }", name)
        settled(state)
    service.script = service.escalating()
    page.evaluate("document.querySelector('suggest-box').context = 'hard'")
    settled("waiting")
    service.tell("e0", "answered", answer={"text": "We call you."})
    settled("answered")
    shift = page.evaluate("window.shifts")
    print(f"layout shift of {layout} at {width} px: {shift:.5f}")
    assert shift <= 0.001


def test_a_host_may_take_the_reserved_room_back(open_host, service) -> None:
    service.script = lambda _: a_slate("abstain", items=[])
    page = open_host('layout="list" context="x" style="--sb-min-block: 0"', wait=False)
    page.wait_for_function("document.querySelector('suggest-box').state === 'abstain'")
    assert page.locator("suggest-box").bounding_box()["height"] == 0


def hostile_texts(n: int, seed: int = 5) -> list[str]:
    pieces = [
        "<img src=x onerror=\"window.pwned=1\">", "<script>window.pwned=1</script>", "</span><b onclick='pwned=1'>",
        "javascript:window.pwned=1", "&lt;b&gt;", "\u202e\u2066evil\u2069", "\u200b\u200d\ufeff", "\u2028\u2029",
        "👩‍👩‍👧‍👦🏳️‍🌈", "\x00", "\x1b[31m", "é́́́́",
        "${alert(1)}", "{{constructor}}", "<!--", "]]>", "\"'`", "a" * 10_000, "<svg/onload=pwned=1>", "ﷺ",
    ]  # fmt: skip
    rng = random.Random(seed)
    return [f"{at} " + "".join(rng.choices(pieces, k=rng.randint(1, 3))) for at in range(n)]


RENDER = """async ([layout, slates]) => {
  const box = document.querySelector('suggest-box'), field = document.querySelector('#reply'), wrong = [];
  let now;
  window.fetch = async () => new Response(JSON.stringify({
    impression: 'i', token: 't', decision: 'show', p_any: 1, p_accept: 1,
    items: now.map((text, position) => ({ id: String(position), text, position, p_select: 0 })) }));
  const find = { chips: '[part=chip]', list: '[part=option]', field: '[part=others]' }[layout] + ' [part=text]';
  for (now of slates) {
    if (layout === 'typeahead') {
      field.value = now[0].slice(0, 6);
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    } else field.value = '';
    await box.refresh();
    const ours = box.shadowRoot.querySelectorAll(find);
    const nodes = layout === 'typeahead' ? box.querySelectorAll('[role=option]') : ours;
    const said = [...nodes].map((node) => node.textContent);
    if (layout === 'field') said.unshift(now[0]);
    if (JSON.stringify(said) !== JSON.stringify(now)) wrong.push([said, now]);
    if ([box, box.shadowRoot].some((tree) => tree.querySelector('img, script, svg, [onclick]'))) wrong.push('markup');
  }
  return wrong.length;
}"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hostile_texts_are_text(open_host, service, layout: str) -> None:
    """2,500 in each of four layouts: markup, bidi, zero-width, emoji sequences, controls, NUL, 10 kB."""
    service.script = lambda _: a_slate(items=ENGLISH)
    page = opened(open_host, layout, "count=50 page=50 no-learn", csp=strict(service))
    texts = hostile_texts(2_500, seed=LAYOUTS.index(layout))
    slates = [texts[at : at + 50] for at in range(0, len(texts), 50)]
    assert page.evaluate(RENDER, [layout, slates]) == 0
    assert page.evaluate("window.pwned") is None
    assert [one for one in page.evaluate("window.violations") if not one.startswith("style-src")] == []


def test_the_strictest_host_there_is(open_host, service) -> None:
    """No style at all, Trusted Types, no referrer; and the browser asks no preflight even so."""
    csp = (
        f"default-src 'none'; script-src {service.origin}; connect-src {service.origin}; style-src 'none'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    service.script = lambda body: a_slate(items=ENGLISH, explain={} if body.get("explain") else None)
    body = '<meta name="referrer" content="no-referrer"><textarea id="reply" aria-label="r"></textarea>'
    page = open_host(
        'layout="list" for="reply" context="x" actions confidence lang="ja"', body=body, csp=csp, wait=False
    )
    page.locator(OPTION["list"]).first.click()
    expect(page.locator("#reply")).to_have_value("Delivery")
    service.event("select")
    assert page.evaluate("window.violations") == []
    assert service.preflights == service.rejected == []


def test_a_page_that_comes_back_from_the_cache_asks_anew(open_host, service) -> None:
    page = open_host('context="x"')
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    service.wait_until(lambda: len(service.suggests) == 2, "the old slate was shown again")


def test_hidden_and_left_is_left_once(open_host, service) -> None:
    page = open_host('context="x"')
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });"
        "document.dispatchEvent(new Event('visibilitychange')); dispatchEvent(new Event('pagehide'))"
    )
    page.goto("about:blank")
    assert service.event("leave")["impression"] == "imp-0"


@pytest.mark.parametrize("language", ["de", "ar", "ja"])
def test_languages_are_loaded_when_they_are_spoken(open_host, service, language: str) -> None:
    page = open_host(f'context="x" lang="{language}"')
    name = {"de": "Vorschläge", "ar": "اقتراحات", "ja": "候補"}[language]
    expect(page.get_by_role("toolbar", name=name)).to_be_visible()
    assert [call for call in service.calls if "suggest-words" in call.path]


def test_english_loads_nothing_but_the_box(open_host, service) -> None:
    page = open_host('context="x"')
    expect(page.get_by_role("toolbar", name="Suggestions")).to_be_visible()
    assert [call.path for call in service.calls if "/embed/" in call.path] == ["/embed/v1/suggest-box.js"]


def test_compact_is_smaller_and_still_a_target(open_host, service) -> None:
    heights = []
    for density in ("", 'density="compact"'):
        page = open_host(f'context="x" {density}', path=f"d{density[:7]}")
        heights.append(page.locator(OPTION["chips"]).first.bounding_box()["height"])
    assert 24 <= heights[1] < heights[0]
