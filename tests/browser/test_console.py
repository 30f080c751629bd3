"""The console in real Chromium against the real server: by keys alone, and nothing written is ever lost.

That it is clean in every state and condition is in test_six_conditions.py."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator

import pytest
from desk import REPLIES, Service, lying, next_after, press, waiting
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from real_browser import STOPWATCH

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("people") / "data")
    service.surface("desk")
    yield service
    service.stop()


@pytest.fixture
def errors() -> list[str]:
    return []


@pytest.fixture
def console(served: Service, context: BrowserContext, errors: list[str]) -> Iterator[Page]:
    """A worker's console over an empty queue; whatever the browser complains of fails the test."""
    served.drain()
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.link())
    page.wait_for_url("**/console")
    yield page
    assert page.evaluate("window.violations") == []
    served.put_back(page)
    page.close()  # nobody may claim what the next test asks
    assert errors == []


def test_requests_appear_by_themselves_and_the_queue_counts_them(console: Page, served: Service) -> None:
    expect(console.get_by_role("heading", level=1)).to_have_text("Nothing waits")
    served.ask("can I pay in shells", "and in corals")
    expect(console.get_by_role("heading", level=1)).to_have_text(re.compile("in shells|in corals"))
    expect(console.locator("#queue-words")).to_contain_text("1 waiting, 1 being answered")
    expect(console).to_have_title("(1) Console · Suggest")


def test_whoever_looks_on_takes_nothing_until_they_say_so(console: Page, served: Service) -> None:
    console.evaluate("location.hash = 'looking-on'")
    expect(console.locator("#task")).to_contain_text("Colleagues take what comes")
    (asked,) = served.ask("is this seat taken")
    expect(console.locator("#queue-words")).to_contain_text("1 waiting")
    assert served.state(asked)["state"] == "waiting"
    console.get_by_role("button", name="Look again").click()
    expect(console.locator("#asked")).to_have_text("is this seat taken")
    press(console, "x")
    (asked,) = served.ask("and this one")
    console.evaluate("location.hash = 'taking'")
    expect(console.locator("#asked")).to_have_text("and this one")


def test_everything_is_one_key_away(console: Page, served: Service) -> None:
    waiting(console, served, "one", "two", "three")
    option = console.locator(".option").first.get_attribute("value")
    chosen = press(console, "1")
    assert served.state(chosen)["answer"]["item"] == option
    expect(console.locator(".desk-done")).to_contain_text("Answered: ")
    skipped = press(console, "Space")
    assert served.state(skipped)["state"] == "waiting"
    written = lying(console)
    console.keyboard.press("e")
    console.keyboard.type("We take 1 x card, u see?")
    next_after(console, lambda: console.keyboard.press("Control+Enter"))
    assert served.state(written)["answer"] == {"text": "We take 1 x card, u see?"}
    assert lying(console) == skipped, "what was skipped comes back"
    press(console, "u")
    assert lying(console) == written, "and not what goes before it in the queue"
    assert served.state(written)["state"] == "claimed"
    assert served.state(skipped)["state"] == "waiting"
    expect(console.locator("#task .notice")).to_contain_text("Taken back")
    press(console, "x")
    assert served.state(written)["answer"] == {"none": True}


def test_the_first_answer_is_edited_with_a_key_and_typing_takes_its_place(console: Page, served: Service) -> None:
    edited, same = waiting(console, served, "one", "two")
    first = lying(console)
    words = console.locator(".task-options .option-text").first.inner_text()
    console.keyboard.press("e")
    expect(console.locator("#write")).to_have_value(words)
    console.keyboard.press("End")
    console.keyboard.type(" Bye!")
    next_after(console, lambda: console.keyboard.press("Control+Enter"))
    assert served.state(first)["answer"] == {"text": f"{words} Bye!"}
    second = lying(console)
    option = console.locator(".option").first.get_attribute("value")
    console.keyboard.press("e")
    next_after(console, lambda: console.keyboard.press("Control+Enter"))
    assert served.state(second)["answer"]["item"] == option, "unchanged words are that option"
    assert {first, second} == {edited, same}


def test_the_next_request_is_read_out_and_undo_goes_back_answer_by_answer(console: Page, served: Service) -> None:
    waiting(console, served, "one", "two")
    first = press(console, "x")
    expect(console.locator("#asked")).to_be_focused()
    second = press(console, "x")
    expect(console.locator("#asked")).to_have_text("Nothing waits")
    console.keyboard.press("u")
    console.locator(".task").wait_for()
    assert lying(console) == second
    press(console, "u")
    assert lying(console) == first


def test_another_answer_is_found_by_its_words(console: Page, served: Service) -> None:
    (asked,) = waiting(console, served, "can I give something to my aunt")
    offered = {each.get_attribute("value") for each in console.locator(".option").all()}
    (left,) = set(REPLIES) - offered
    console.keyboard.press("/")
    console.keyboard.type(REPLIES[left][:12].lower())
    found = console.locator("#found .option")
    expect(found).to_have_text(REPLIES[left])
    next_after(console, found.click)
    assert served.state(asked)["answer"]["item"] == left


def test_keys_rest_while_one_types_with_modifiers_and_when_switched_off(console: Page, served: Service) -> None:
    waiting(console, served, "one", "two")
    held = lying(console)
    for keys in ("Control+1", "Alt+x", "Meta+u"):
        console.keyboard.press(keys)
    console.locator("#write").focus()
    console.keyboard.type("1 x u ?")
    expect(console.locator("#write")).to_have_value("1 x u ?")
    console.keyboard.press("Escape")
    console.get_by_role("switch", name="Single-key shortcuts").uncheck()
    console.locator("#asked").focus()
    for key in ("1", "x", "u", "Space", "?"):
        console.keyboard.press(key)
    expect(console.locator("#help")).to_be_hidden()
    assert lying(console) == held
    assert console.url.endswith("?keys=off")
    console.reload()
    expect(console.get_by_role("switch")).not_to_be_checked()
    assert lying(console) == held, "a reload keeps the request"
    console.get_by_role("switch").check()
    console.locator("#asked").focus()
    press(console, "x")


def test_space_presses_the_button_that_has_the_focus(console: Page, served: Service) -> None:
    (asked,) = waiting(console, served, "one")
    console.locator(".option").nth(1).focus()
    wanted = console.locator(".option").nth(1).get_attribute("value")
    press(console, "Space")
    assert served.state(asked)["answer"]["item"] == wanted


def test_help_opens_with_a_key_and_gives_the_focus_back(console: Page, served: Service) -> None:
    (asked,) = waiting(console, served, "one")
    console.locator("#asked").focus()
    console.keyboard.press("?")
    expect(console.get_by_role("dialog", name="Keys")).to_be_visible()
    console.keyboard.press("x")
    assert lying(console) == asked, "keys answer nothing behind it"
    console.keyboard.press("Escape")
    expect(console.get_by_role("dialog")).to_be_hidden()
    expect(console.locator("#asked")).to_be_focused()


def test_a_lost_lease_is_said_nothing_written_is_lost_and_the_next_one_comes(console: Page, served: Service) -> None:
    ids = waiting(console, served, "one", "two")
    held = lying(console)
    console.keyboard.press("e")
    console.keyboard.type("half an answer")
    served.take_away(console)
    next_after(console, lambda: console.keyboard.press("Control+Enter"))
    expect(console.get_by_role("alert").first).to_contain_text("has been answered already")
    expect(console.locator(".draft")).to_have_text("half an answer")
    assert {lying(console), held} == set(ids)


def test_coming_back_to_the_page_finds_out_at_once_that_the_lease_is_gone(console: Page, served: Service) -> None:
    waiting(console, served, "one")
    console.locator("#write").fill("half an answer")
    served.take_away(console)
    next_after(console, lambda: console.evaluate("document.dispatchEvent(new Event('visibilitychange'))"))
    expect(console.locator(".draft")).to_have_text("half an answer")
    expect(console.locator("#asked")).to_have_text("Nothing waits")


def test_the_only_request_can_be_put_aside_and_taken_again(console: Page, served: Service) -> None:
    (asked,) = waiting(console, served, "the only one")
    press(console, "Space")
    expect(console.locator("#asked")).to_have_text("You put it back")
    assert served.state(asked)["state"] == "waiting"
    expect(console.locator("#queue-words")).to_contain_text("1 waiting")
    console.get_by_role("button", name="Take it again").click()
    expect(console.locator("#asked")).to_have_text("the only one")


def test_what_is_pressed_while_the_page_itself_asks_is_not_lost(console: Page, served: Service) -> None:
    waiting(console, served, "the only one")
    asked_by_itself: list[Route] = []
    press(console, "Space")
    expect(console.locator("#asked")).to_have_text("You put it back")
    console.route("**/console/next", lambda route: asked_by_itself.append(route), times=1)
    with console.expect_request("**/console/next"):
        console.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    console.get_by_role("button", name="Take it again").click()
    asked_by_itself[0].continue_()
    expect(console.locator("#asked")).to_have_text("the only one")


def test_a_key_pressed_twice_in_a_hurry_answers_once(console: Page, served: Service) -> None:
    ids = waiting(console, served, "one", "two")
    held = lying(console)
    next_after(
        console,
        lambda: console.evaluate(
            "() => { for (const _ of [1, 2]) document.body.dispatchEvent("
            "new KeyboardEvent('keydown', { key: 'x', bubbles: true, cancelable: true })) }"
        ),
    )
    assert {each: str(served.state(each)["state"]) for each in ids} == {held: "answered", lying(console): "claimed"}


def test_hostile_texts_are_only_text(console: Page, served: Service) -> None:
    waiting(
        console,
        served,
        "<script>window.hacked = 1</script>",
        turns=[{"role": "customer", "text": "<img src=x onerror='window.hacked=1'>"}],
        fields={"<b>": "\"><svg onload='window.hacked=1'>"},
    )
    expect(console.locator("#asked")).to_have_text("<script>window.hacked = 1</script>")
    assert console.evaluate("window.hacked") is None
    assert console.locator(".task img, .task script").count() == 0


def test_a_server_out_of_reach_is_said_and_nothing_is_lost(served: Service, context: BrowserContext) -> None:
    served.drain()
    page = context.new_page()
    page.goto(served.link())
    page.wait_for_url("**/console")
    waiting(page, served, "one")
    page.locator("#write").fill("my answer")
    context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.locator("#write")).to_have_value("my answer")
    context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden()
    next_after(page, lambda: page.locator("#write").press("Control+Enter"))
    expect(page.locator(".desk-done")).to_contain_text("my answer")


def test_it_works_without_javascript(served: Service, chromium: Browser) -> None:
    served.drain()
    ids = served.ask("one", "two")
    bare = chromium.new_context(java_script_enabled=False)
    page = bare.new_page()
    page.goto(served.link())
    page.wait_for_url("**/console")
    expect(page.get_by_role("switch")).to_be_hidden()
    first = lying(page)
    next_after(page, page.locator(".option").first.click)
    second = lying(page)
    page.locator("#write").fill("By hand")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#asked")).to_have_text("Nothing waits")
    assert served.state(second)["answer"] == {"text": "By hand"}
    page.get_by_role("button", name="Undo").click()
    page.locator(".task").wait_for()
    assert lying(page) == second
    assert served.state(first)["state"] == "answered"
    assert {first, second} == set(ids)
    bare.close()


def test_how_long_from_a_key_to_the_next_request(console: Page, served: Service) -> None:
    waiting(console, served, *(f"question {n}" for n in range(26)))
    console.evaluate(STOPWATCH)
    for _ in range(25):
        press(console, "1")
    took = console.evaluate("window.took")
    assert len(took) >= 20
    print(f"\nkey to next request in the document: median {statistics.median(took):.1f} ms of {len(took)} (aim 25)")


def test_the_guideline_opens_with_a_key_and_an_answer_points_to_it(console: Page, served: Service) -> None:
    at = "/v1/surfaces/ruled/guideline"
    served.surface("ruled")
    rules = "# Cards\n\n- Gift cards **never** expire.\n- <img src=x onerror=alert(1)>"
    served.api.put(at, json={"text": rules}).raise_for_status()
    served.ask("does my gift card expire", surface="ruled")
    expect(console.locator("h1")).to_have_text("does my gift card expire")
    guideline = console.locator(".task-guideline")
    expect(guideline.locator(".guideline-item strong")).not_to_be_visible()
    console.keyboard.press("g")
    expect(guideline.locator(".guideline-item strong")).to_have_text("never")
    expect(guideline).to_contain_text("<img src=x onerror=alert(1)>")
    console.locator(".task-rule summary").click()
    console.get_by_label("The answer rests on").select_option(label="Gift cards never expire.")
    console.get_by_label("What is unclear").fill("The old ones, too?")
    console.keyboard.press("Escape")
    next_after(console, lambda: console.keyboard.press("1"))
    (dispute,) = served.api.get(at).raise_for_status().json()["disputes"]
    assert dispute["note"] == "The old ones, too?"


def test_the_slider_shows_what_it_would_do_and_saves_only_when_told(
    served: Service, context: BrowserContext, errors: list[str]
) -> None:
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    page.goto(served.address + "/admin/surfaces/desk")

    def target() -> object:
        return served.api.get("/v1/surfaces/desk/policy").json()["target"]

    before = target()
    page.get_by_text("People's time", exact=True).click()
    slider = page.locator(".slider-review_share input[type=range]")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator("#value-review_share")).to_have_value("100")
    expect(page.locator("#preview")).to_contain_text("Everything goes to people.")
    assert slider.get_attribute("aria-valuetext") == "100 %"
    assert target() == before
    page.locator("#value-review_share").fill("25")
    expect(slider).to_have_value("25")
    policy = page.get_by_role("region", name="How sure must a suggestion be")
    policy.get_by_role("button", name="Save").click()
    expect(page.locator(".notice").first).to_contain_text("Saved")
    assert target() == {"kind": "review_share", "value": 0.25}
    page.locator("#context").fill("where is my parcel")
    page.get_by_role("button", name="Suggest", exact=True).click()
    expect(page.locator("#tried li").first).to_contain_text("parcel")
    assert page.evaluate("window.violations") == []
    served.api.put("/v1/surfaces/desk/policy", json={"mode": "review_all"}).raise_for_status()
    assert errors == []


def test_revoking_asks_first(served: Service, context: BrowserContext) -> None:
    served.api.post("/v1/keys", json={"kind": "wk", "name": "to revoke"}).raise_for_status()
    page = context.new_page()
    page.goto(served.link("owner", "Olga"))
    page.wait_for_url("**/console")
    page.goto(served.address + "/admin")
    revoke = page.get_by_role("button", name="Revoke to revoke")
    page.once("dialog", lambda dialog: dialog.dismiss())
    revoke.click()
    expect(revoke).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    revoke.click()
    expect(revoke).to_have_count(0)
