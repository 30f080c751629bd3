"""The widget in somebody else's page: usable by everyone, untouched by the host's CSS, and unnoticed when it fails."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from contract_server import THREE, ContractServer, HostSite, a_slate, free_port, options_named
from playwright.sync_api import Browser, Page, expect
from starlette.responses import HTMLResponse, JSONResponse

pytestmark = pytest.mark.browser

CHIPS = "suggest-box [part~=chip]"
ARABIC = options_named("ستصل طردك غدا.", "أرسلت لك ملصقا جديدا.", "ما رقم الطلب؟")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "reduced motion": {"reduced_motion": "reduce"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    "right to left": {"locale": "ar"},
}


def axe(page: Page) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response
    return [
        f"{one['id']}: {node['html']}" for one in found["violations"] + found["incomplete"] for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(chromium: Browser, host: HostSite, service: ContractServer, look: str) -> None:
    context = chromium.new_context(**LOOKS[look])
    page = context.new_page()
    right_to_left = look == "right to left"
    service.script = lambda _: a_slate(items=ARABIC if right_to_left else None)
    page.goto(
        host.put(
            "axe",
            f"<!doctype html><html {'lang=ar dir=rtl' if right_to_left else 'lang=en'}><head><title>t</title>"
            "<style>html { color-scheme: light dark; background: Canvas }</style>"
            f'<script type="module" src="{service.origin}/embed/v1/suggest-box.js"></script></head><body><main>'
            '<h1>t</h1><suggest-box site-key="pk" surface="s" context="x" for="reply" debounce="0"></suggest-box>'
            '<label for="reply">r</label><textarea id="reply"></textarea></main></body></html>',
        )
    )
    expect(page.locator(CHIPS)).to_have_count(3)
    page.wait_for_timeout(250)  # contrast is measured when nothing fades any more
    assert axe(page) == []
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
    service.script = service.escalating()
    page.evaluate("document.querySelector('suggest-box').context = 'hard'")
    expect(page.get_by_role("status")).not_to_have_text("")
    page.wait_for_function("document.querySelector('suggest-box').state === 'waiting'")
    assert axe(page) == []
    service.tell("e0", "answered", answer={"item": "i0"})
    expect(page.locator(CHIPS)).to_have_count(1)
    page.wait_for_timeout(250)
    assert axe(page) == []
    context.close()


def test_the_toolbar_is_one_stop_with_arrows(open_host) -> None:
    page = open_host()
    page.locator("#reply").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(CHIPS).nth(0)).to_be_focused()
    for key, at in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("Home", 0),
        ("ArrowDown", 1),
        ("ArrowUp", 0),
    ]:
        page.keyboard.press(key)
        expect(page.locator(CHIPS).nth(at)).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Dismiss suggestions")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(CHIPS).nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(CHIPS).nth(1)).to_be_focused(), "the stop is where the person left it"
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value(THREE[1]["text"])
    expect(page.locator("#reply")).to_be_focused()
    (selected,) = [one["detail"] for one in page.evaluate("window.seen") if one["name"] == "select"]
    assert selected["via"] == "keyboard"


def test_arrows_follow_the_reading_direction(open_host) -> None:
    page = open_host('for="reply" context="x" dir="rtl" lang="ar"')
    page.locator(CHIPS).nth(0).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(CHIPS).nth(1)).to_be_focused()
    first, second = (page.locator(CHIPS).nth(at).bounding_box() for at in (0, 1))
    assert first["x"] > second["x"]


def test_assistive_technology_hears_a_toolbar_and_one_count(open_host) -> None:
    page = open_host()
    snapshot = page.locator("suggest-box").aria_snapshot()
    assert snapshot.splitlines() == [
        '- toolbar "Suggestions":',
        *[f"  - button {json_text}" for json_text in (f'"{item["text"]}"' for item in THREE)],
        '  - button "Dismiss suggestions"',
        '- status: "Suggestions: 3"',
    ]
    expect(page.locator("#reply")).not_to_be_focused()


def test_language_label_and_own_strings(open_host, service) -> None:
    page = open_host('for="reply" context="x" lang="de"')
    expect(page.get_by_role("toolbar", name="Vorschläge")).to_be_visible()
    page = open_host('for="reply" context="x" label="Reply ideas"', path="label")
    expect(page.get_by_role("toolbar", name="Reply ideas")).to_be_visible()
    service.script = service.escalating()
    page = open_host('for="reply" context="x" trigger="manual"', path="strings", wait=False)
    page.evaluate(
        "const b = document.querySelector('suggest-box'); b.strings = { waiting: 'Un momento… {t}' }; b.refresh()"
    )
    expect(page.get_by_role("status")).to_have_text("Un momento… 2 minutes")


@pytest.mark.parametrize(
    ("attributes", "part"),
    [("", "chip"), ('layout="list"', "option"), ('layout="field"', "confirm"), ("actions", "more")],
)
def test_hostile_host_css_does_not_reach_the_options(open_host, attributes: str, part: str) -> None:
    attributes = f'for="reply" context="x" {attributes}'
    plain = open_host(attributes, path="plain", wait=False)
    found = f"suggest-box [part~={part}]"
    look = (
        f"() => {{ const chip = document.querySelector('suggest-box').shadowRoot.querySelector('[part~={part}]');"
        " const style = getComputedStyle(chip); const { width, height } = chip.getBoundingClientRect();"
        " return [style.fontSize, style.letterSpacing, style.textTransform, style.color, style.visibility,"
        " style.display, style.fontWeight, Math.round(width), Math.round(height)] }"
    )
    plain.locator(found).first.wait_for()
    expected = plain.evaluate(look)
    hostile = open_host(
        attributes,
        path="hostile",
        wait=False,
        head="<style>html { font-size: 35px } button, span { display: none !important } main { visibility: visible }"
        " * { font-size: 40px !important; letter-spacing: 9px !important; text-transform: uppercase !important;"
        " color: red !important; font-weight: 900 !important; line-height: 5 !important;"
        " text-align: right !important }</style>",
    )
    hostile.locator(found).first.wait_for()
    assert hostile.evaluate(look) == expected


def test_theming_by_custom_properties_and_parts(open_host) -> None:
    page = open_host(
        head="<style>suggest-box { --sb-bg: rgb(1, 2, 3); --sb-size: 20px }"
        " suggest-box::part(chip) { border-radius: 0px }</style>"
    )
    style = page.locator(CHIPS).first.evaluate(
        "(chip) => { const s = getComputedStyle(chip); return [s.backgroundColor, s.fontSize, s.borderRadius] }"
    )
    assert style == ["rgb(1, 2, 3)", "20px", "0px"]


def test_dark_follows_the_hosts_own_scheme(open_host) -> None:
    page = open_host(head="<style>html { color-scheme: dark }</style>")
    background = page.locator(CHIPS).first.evaluate("(chip) => getComputedStyle(chip).backgroundColor")
    assert max(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")[:3]) < 80


LONG = (
    "A long reply that explains where the parcel is, why it is late, and what happens next, in several lines of text."
)
RESERVE = (
    "<style>suggest-box { display: block; min-height: 62px }"
    " @media (max-width: 480px) { suggest-box { min-height: 185px } }</style>"
)


@pytest.mark.parametrize("width", [320, 900])
@pytest.mark.parametrize("reserve", ["", RESERVE], ids=["plain host", "host reserves"])
def test_nothing_jumps_when_chips_arrive_and_targets_are_large(open_host, service, context, width, reserve) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 640})
    service.script = lambda _: a_slate(items=options_named("Short.", LONG, LONG + LONG))
    service.held.add("late")
    open_host('for="reply" context="late"', page=page, head=reserve, wait=False)
    expect(page.locator("suggest-box [part=skeleton]")).to_have_count(3)
    page.wait_for_timeout(200)  # until the browser has painted and said so
    if not reserve:  # before its script has come the element has no height: only the host can reserve it
        page.evaluate("window.shifts = 0")
    service.held.clear()
    expect(page.locator(CHIPS)).to_have_count(3)
    page.wait_for_timeout(200)
    shift = page.evaluate("window.shifts")
    print(f"layout shift at {width} px, {'host reserves' if reserve else 'plain host'}: {shift:.5f}")
    assert shift <= 0.001
    for at in range(4):
        box = page.locator("suggest-box button").nth(at).bounding_box()
        assert box["height"] >= 24
        assert box["width"] >= 24


def test_a_skeleton_stands_in_for_a_late_answer_and_is_still_when_asked(open_host, service, context) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    service.held.add("late")
    open_host('for="reply" context="late"', page=page, wait=False)
    bones = page.locator("suggest-box [part=skeleton]")
    expect(bones).to_have_count(3)
    assert bones.first.bounding_box()["width"] > 100
    assert bones.first.evaluate("(bone) => bone.getAnimations().length") == 0
    expect(page.get_by_role("toolbar")).to_have_attribute("aria-busy", "true")
    service.held.clear()
    expect(page.locator(CHIPS)).to_have_count(3)
    expect(bones).to_have_count(0)


def watched(page: Page) -> tuple[list[str], list[str]]:
    errors: list[str] = []
    console: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and console.append(message.text))
    return errors, console


def error_of(page: Page) -> dict[str, Any]:
    page.wait_for_function("window.seen.some((one) => one.name === 'error')")
    problem: dict[str, Any] = next(
        one["detail"]["problem"] for one in page.evaluate("window.seen") if one["name"] == "error"
    )
    return problem


def assert_unnoticed(page: Page, errors: list[str], console: list[str], n_network_lines: int = 1) -> None:
    """The host page works, nothing shows, and the console holds only what the browser itself says of the network."""
    assert errors == []
    assert len(console) <= n_network_lines
    assert all("Failed to load resource" in line or "ERR_" in line for line in console)
    expect(page.locator("suggest-box button")).to_have_count(0)
    expect(page.locator("suggest-box [part=status]")).to_be_empty()
    page.fill("#reply", "my own words")
    assert page.input_value("#reply") == "my own words"


def test_a_service_that_is_down_is_unnoticed(open_host, context) -> None:
    page = context.new_page()
    errors, console = watched(page)
    open_host(f'for="reply" context="x" endpoint="http://127.0.0.1:{free_port()}"', page=page, wait=False)
    assert error_of(page)["title"] == "TypeError"
    assert_unnoticed(page, errors, console)


def test_a_service_that_hangs_is_given_up(open_host, context, service) -> None:
    page = context.new_page()
    errors, console = watched(page)
    service.held.add("x")
    open_host('for="reply" context="x" timeout="300"', page=page, wait=False)
    assert error_of(page)["title"] == "TimeoutError"
    assert_unnoticed(page, errors, console)


def test_the_time_limit_is_four_seconds_unless_said(open_host, service, context) -> None:
    page = context.new_page()
    page.add_init_script(
        "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => { window.limit = ms; return real(ms) }"
    )
    open_host(page=page)
    assert page.evaluate("window.limit") == 4000


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (
            lambda: JSONResponse(
                {"type": "rate-limited", "title": "Slow down", "status": 429, "detail": "Wait 3 s."}, 429
            ),
            "Slow down",
        ),
        (lambda: HTMLResponse("<h1>502</h1>", 502), "SyntaxError"),
        (lambda: HTMLResponse("<h1>hotel wifi</h1>"), "SyntaxError"),
        (lambda: JSONResponse({"decision": "show"}), "TypeError"),
        (lambda: JSONResponse([]), "TypeError"),
        (lambda: JSONResponse(None), "TypeError"),
    ],
    ids=["problem", "proxy error", "captive portal", "no items", "a list", "null"],
)
def test_a_wrong_answer_is_unnoticed_and_told_to_the_developer(open_host, context, service, answer, title: str) -> None:
    page = context.new_page()
    errors, console = watched(page)
    service.script = lambda _: answer()
    open_host(page=page, wait=False)
    if title == "TypeError" and answer().body == b"[]":
        page.wait_for_function("window.seen.some((one) => one.name === 'empty')")
    else:
        assert error_of(page)["title"] == title
    assert_unnoticed(page, errors, console)


def test_the_box_recovers_when_the_service_does(open_host, service) -> None:
    service.script = lambda _: HTMLResponse("down", 503)
    page = open_host('for="reply" context="x" debounce="0"', wait=False)
    error_of(page)
    service.script = lambda _: a_slate()
    page.evaluate("document.querySelector('suggest-box').refresh()")
    expect(page.locator(CHIPS)).to_have_count(3)


def test_a_missing_target_or_selector_breaks_nothing(open_host, context, service) -> None:
    page = context.new_page()
    errors, console = watched(page)
    open_host('for="nowhere" context="x"', page=page)
    page.locator(CHIPS).first.click()
    service.event("select")
    other = context.new_page()
    more_errors, _ = watched(other)
    open_host('for="reply" context-from="#no, [[such"', page=other, path="selector", wait=False)
    assert error_of(other)["title"] == "SyntaxError"
    assert errors == more_errors == console == []


def test_ten_boxes_share_a_page(open_host, service, context) -> None:
    page = context.new_page()
    errors, _ = watched(page)
    more = '<suggest-box site-key="pk" surface="s" context="x" for="reply"></suggest-box>' * 9
    open_host(page=page, body=more + '<textarea id="reply"></textarea>')
    expect(page.locator(CHIPS)).to_have_count(30)
    assert len({slate["impression"] for slate in service.slates.values()}) == 10
    assert errors == []
