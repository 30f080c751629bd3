"""Two workers and one end user at once, each in a browser of their own, against the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from desk import Service, next_after
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

NOTHING = re.compile(r"^Nothing waits, \d+ on duty$")
HOST = """<!doctype html><html lang="en"><title>Host</title>
<script type="module" src="/embed/v1/suggest-box.js"></script>
<form id="f" onsubmit="return false"><label>Reply <textarea id="reply"></textarea></label><button>Send</button></form>
<suggest-box site-key="{key}" surface="till" for="reply" context="can I pay in shells" debounce="0"></suggest-box>
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("three") / "data")
    service.surface("till")
    yield service
    service.stop()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[object]:
    contexts = []

    def open_one(address: str) -> Page:
        context = chromium.new_context()
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()


def worker(served: Service, open_page, name: str) -> Page:
    made = served.api.post("/v1/workers", json={"name": name}).raise_for_status().json()
    link = served.api.post("/v1/links", json={"worker": made["id"]}).raise_for_status().json()
    page = open_page(served.address + link["path"])
    page.wait_for_url("**/console")
    return page


def end_user(served: Service, open_page) -> Page:
    key = served.api.post("/v1/keys", json={"kind": "pk"}).raise_for_status().json()["key"]
    page = open_page("about:blank")
    page.route("**/host-page", lambda route: route.fulfill(body=HOST.format(key=key), content_type="text/html"))
    page.goto(f"{served.address}/host-page")
    return page


def holder(*consoles: Page) -> Page:
    """On whose desk the request lies; it lies on one only."""
    expect(consoles[0].locator("#queue-words")).to_contain_text("1 being answered")
    with_it = [page for page in consoles if page.locator(".task").count()]
    assert len(with_it) == 1
    return with_it[0]


def test_one_of_two_answers_and_the_answer_arrives_where_it_was_asked(served: Service, open_page) -> None:
    ann, bob = worker(served, open_page, "Ann"), worker(served, open_page, "Bob")
    user = end_user(served, open_page)
    chip = user.locator("suggest-box [part~=chip]")
    first = holder(ann, bob)
    expect(first.get_by_role("heading", level=1)).to_have_text("can I pay in shells")
    expect(user.get_by_role("status")).to_contain_text("colleague")
    first.keyboard.press("e")
    first.keyboard.type("We take cards, no shells.")
    first.keyboard.press("Control+Enter")
    expect(chip).to_contain_text("We take cards, no shells.")
    for worker_page in (ann, bob):
        expect(worker_page.locator(".task")).to_have_count(0)
    chip.click()
    expect(user.locator("#reply")).to_have_value("We take cards, no shells.")
    with user.expect_response("**/v1/feedback*") as sent:
        user.locator("#f button").click()  # what the person really sends is told, and teaches
    assert sent.value.status == 202
    events = served.api.get("/v1/export/events?format=csv").raise_for_status().text
    assert "commit" in events


def test_a_claim_in_one_console_changes_the_count_in_the_other(served: Service, open_page) -> None:
    """By the stream alone: the other page looks on, and what it would ask by itself is not answered."""
    ann, bob = worker(served, open_page, "Ann"), worker(served, open_page, "Bob")
    bob.evaluate("location.hash = 'looking-on'")
    expect(bob.locator("#queue-words")).to_have_text(NOTHING)
    bob.route("**/console/pulse", lambda route: route.abort())
    served.ask("is this seat taken", "and this one", surface="till")
    expect(bob.locator("#queue-words")).to_contain_text("1 waiting, 1 being answered")
    ann.locator(".task").wait_for()
    next_after(ann, lambda: ann.keyboard.press("x"))
    expect(bob.locator("#queue-words")).to_contain_text("Nothing waits, 1 being answered")
    ann.keyboard.press("x")
    expect(bob.locator("#queue-words")).to_have_text(NOTHING)


def test_what_two_must_sign_off_reaches_the_person_with_the_second_key(served: Service, open_page) -> None:
    served.api.put("/v1/surfaces/till/policy", json={"sign_off": 2}).raise_for_status()
    ann, bob = worker(served, open_page, "Ann"), worker(served, open_page, "Bob")
    user = end_user(served, open_page)
    chip = user.locator("suggest-box [part~=chip]")
    first = holder(ann, bob)
    second = bob if first is ann else ann
    first.keyboard.press("1")
    expect(second.locator(".task-sign")).to_contain_text("A colleague answered")
    expect(chip).to_have_count(0)
    second.keyboard.press("a")
    expect(chip).to_have_count(1)
    expect(second.get_by_role("heading", level=1)).to_have_text("Nothing waits")
