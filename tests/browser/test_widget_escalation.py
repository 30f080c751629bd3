"""When the service asks a person, the box says so, waits as long as it takes, and hands the answer over."""

import pytest
from contract_server import ContractServer, a_slate
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CHIPS = "suggest-box [part~=chip]"
FORM = '<form id="f" onsubmit="return false"><textarea id="reply"></textarea><button>Send</button></form>'


USUAL = {"low": 70.0, "high": 230.0, "share": 0.8, "waits": 40}


@pytest.fixture
def waiting(open_host, service: ContractServer) -> Page:
    service.script = service.escalating(wait_range_s=USUAL)
    page = open_host('for="reply" context="x" debounce="0"', body=FORM, wait=False)
    expect(page.get_by_role("status")).to_contain_text("Asking a colleague")
    service.wait_until(lambda: service.n_open_streams, "the stream was not opened")
    return page


def states(page: Page) -> list[str]:
    return [one["detail"]["state"] for one in page.evaluate("window.seen") if one["name"] == "escalate"]


def test_the_wait_is_said_with_its_spread(waiting: Page) -> None:
    expect(waiting.get_by_role("status")).to_have_text("Asking a colleague… usually 1–4 minutes")
    expect(waiting.locator("suggest-box [part~=told]")).to_have_text("Asking a colleague… usually 1–4 minutes")
    expect(waiting.locator(CHIPS)).to_have_count(0)


def test_an_unknown_wait_is_not_made_up(open_host, service) -> None:
    service.script = service.escalating(expected_wait_s=None)
    page = open_host(wait=False)
    expect(page.get_by_role("status")).to_have_text("Asking a colleague…")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (70, 230, "1–4 minutes"),
        (61, 119, "1–2 minutes"),  # away from each other: nobody waits longer than was said because of a rounding
        (12, 48, "10–50 seconds"),
        (3, 9, "10 seconds"),
        (25, 230, "20 seconds – 4 minutes"),
        (120, 120, "2 minutes"),
        (1800, 20_000, "30 minutes – 6 hours"),
    ],
)
def test_each_end_is_said_in_a_unit_that_fits_it(open_host, service, low: float, high: float, said: str) -> None:
    service.script = service.escalating(wait_range_s={"low": low, "high": high, "share": 0.8, "waits": 40})
    page = open_host(wait=False)
    expect(page.get_by_role("status")).to_have_text(f"Asking a colleague… usually {said}")


def test_a_guess_is_said_as_one(open_host, service) -> None:
    service.script = service.escalating(wait_range_s={**USUAL, "waits": 0})
    page = open_host(wait=False)
    expect(page.get_by_role("status")).to_have_text("Asking a colleague… perhaps 1–4 minutes")


def test_words_of_the_host_hold_for_a_guess_too(open_host, service) -> None:
    service.script = service.escalating(wait_range_s={**USUAL, "waits": 0})
    page = open_host('for="reply" debounce="0"', wait=False)
    page.evaluate("""() => {
      const box = document.querySelector('suggest-box')
      box.strings = { waiting: 'One moment… {t}' }
      box.context = 'x'
    }""")
    expect(page.get_by_role("status")).to_have_text("One moment… 1–4 minutes")


def test_who_waits_longer_than_was_said_is_told_so(waiting: Page, service) -> None:
    service.tell("e0", "waiting", expected_wait_s=1, wait_range_s={**USUAL, "low": 0.1, "high": 0.2})
    expect(waiting.get_by_role("status")).to_have_text("Asking a colleague… longer than usual")
    service.tell("e0", "claimed", expected_wait_s=20)
    expect(waiting.get_by_role("status")).to_have_text("A colleague is answering…")
    service.tell("e0", "waiting", expected_wait_s=20, late=True)
    expect(waiting.get_by_role("status")).to_have_text("Asking a colleague… longer than usual")
    assert states(waiting) == ["waiting", "claimed", "waiting"], "time that passes is no news"


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("de", "Wir fragen im Team nach… meist 1–4 Minuten"),
        ("ja", "担当者に確認しています… 通常1～4 分"),
        ("ar", "نسأل أحد الزملاء… عادةً 1–4 دقائق"),
    ],
)
def test_every_language_says_the_spread(open_host, service, lang: str, said: str) -> None:
    service.script = service.escalating(wait_range_s=USUAL)
    page = open_host(f'for="reply" context="x" debounce="0" lang="{lang}"', wait=False)
    expect(page.get_by_role("status")).to_have_text(said)


def test_the_states_are_followed_live(waiting: Page, service) -> None:
    service.tell("e0", "claimed")
    expect(waiting.get_by_role("status")).to_have_text("A colleague is answering…")
    service.tell("e0", "waiting", expected_wait_s=300)
    expect(waiting.get_by_role("status")).to_have_text("Asking a colleague… perhaps 5 minutes")
    service.tell("e0", "expired")
    expect(waiting.get_by_role("status")).to_have_text("No colleague was free in time.")
    assert states(waiting) == ["waiting", "claimed", "waiting", "expired"]
    service.wait_until(lambda: not service.n_open_streams, "the stream stayed open after its end")


def test_the_stream_is_opened_with_its_own_token_and_no_preflight(waiting: Page, service) -> None:
    (call,) = [call for call in service.calls if call.path.startswith("/v1/escalations/")]
    assert call.query == {"token": ["t-e0"]}
    assert service.preflights == []


def test_with_nobody_on_duty_the_surfaces_own_words_are_shown(open_host, service) -> None:
    service.script = service.escalating(message="We are back on Monday at 9… promised.")
    page = open_host(wait=False)
    expect(page.get_by_role("status")).to_have_text("We are back on Monday at 9… promised.")


def test_what_is_said_out_of_hours_goes_when_somebody_comes(open_host, service) -> None:
    service.script = service.escalating(message="We are back on Monday.")
    page = open_host(wait=False)
    expect(page.get_by_role("status")).to_have_text("We are back on Monday.")
    service.tell("e0", "claimed", expected_wait_s=20)
    expect(page.get_by_role("status")).to_have_text("A colleague is answering…")


def test_an_option_chosen_by_a_colleague_is_inserted_like_a_suggestion(waiting: Page, service) -> None:
    service.tell("e0", "answered", answer={"item": "i1"})
    chip = waiting.locator(CHIPS)
    expect(chip).to_have_text("From a colleagueI have sent a new label.")
    chip.click()
    expect(waiting.locator("#reply")).to_have_value("I have sent a new label.")
    selected = service.event("select")
    assert (selected["impression"], selected["item"], selected["position"]) == ("imp-0", "i1", 1)
    (said,) = [one["detail"] for one in waiting.evaluate("window.seen") if one["name"] == "select"]
    assert said["via"] == "colleague"
    waiting.keyboard.press("Control+z")
    expect(waiting.locator("#reply")).to_have_value("")


def test_an_option_from_outside_the_slate_has_no_position(waiting: Page, service) -> None:
    service.tell("e0", "answered", answer={"item": {"id": "far", "text": "Ask the carrier."}})
    waiting.locator(CHIPS).click()
    expect(waiting.locator("#reply")).to_have_value("Ask the carrier.")
    selected = service.event("select")
    assert selected["item"] == "far"
    assert "position" not in selected
    assert service.rejected == []


@pytest.mark.parametrize("text", ["text", "item_text"])  # item_text is what our own server says
def test_an_option_known_by_id_and_text_shows_the_text(waiting: Page, service, text: str) -> None:
    service.tell("e0", "answered", answer={"item": "far", text: "Ask the carrier."})
    expect(waiting.locator(CHIPS)).to_contain_text("Ask the carrier.")


def test_a_colleagues_own_words_are_inserted_and_only_the_commit_is_reported(waiting: Page, service) -> None:
    service.tell("e0", "answered", answer={"text": "We will call you <b>today</b>."})
    waiting.locator(CHIPS).click()
    expect(waiting.locator("#reply")).to_have_value("We will call you <b>today</b>.")
    waiting.get_by_role("button", name="Send").click()
    assert service.event("commit")["edited"] is False
    assert {event["type"] for event in service.accepted} == {"commit"}
    assert service.rejected == []


def test_none_is_said(waiting: Page, service) -> None:
    service.tell("e0", "answered", answer={"none": True})
    expect(waiting.get_by_role("status")).to_have_text("No ready answer was found.")
    assert waiting.evaluate("document.querySelector('suggest-box').state") == "none"
    expect(waiting.locator(CHIPS)).to_have_count(0)


def test_dismissing_an_answer_says_nothing_about_the_hidden_slate(waiting: Page, service) -> None:
    service.tell("e0", "answered", answer={"item": "i1"})
    waiting.get_by_role("button", name="Dismiss suggestions").click()
    expect(waiting.locator(CHIPS)).to_have_count(0)
    waiting.goto("about:blank")
    assert service.requests("/v1/feedback") == []


def test_a_thanks_in_between_does_not_lose_the_wait(waiting: Page, service) -> None:
    service.script = lambda _: a_slate("abstain", items=[])
    waiting.evaluate("document.querySelector('suggest-box').context = 'ok thanks'")
    service.wait_until(lambda: len(service.slates) == 2, "the thanks was not sent")
    expect(waiting.get_by_role("status")).to_contain_text("Asking a colleague")
    service.tell("e0", "answered", answer={"item": "i0"})
    waiting.locator(CHIPS).click()
    assert service.event("select")["impression"] == "imp-0", "the impression that asked"


def test_a_new_slate_ends_the_wait(waiting: Page, service) -> None:
    service.script = lambda _: a_slate()
    waiting.evaluate("document.querySelector('suggest-box').context = 'something else'")
    expect(waiting.locator(CHIPS)).to_have_count(3)
    service.wait_until(lambda: not service.n_open_streams, "the old stream stayed open")
    expect(waiting.get_by_role("status")).to_have_text("Suggestions: 3")


def test_a_new_escalation_takes_over(waiting: Page, service) -> None:
    waiting.evaluate("document.querySelector('suggest-box').context = 'another hard one'")
    service.wait_until(lambda: "e1" in service.streams and service.n_open_streams == 1, "one stream, the new one")
    service.tell("e0", "answered", answer={"item": "i0"})
    service.tell("e1", "claimed")
    expect(waiting.get_by_role("status")).to_have_text("A colleague is answering…")
    expect(waiting.locator(CHIPS)).to_have_count(0)


def test_a_refused_stream_is_invisible(open_host, service) -> None:
    script = service.escalating()

    def with_a_wrong_url(body: dict) -> dict:
        slate = script(body)
        slate["escalation"]["url"] = "/v1/escalations/e0/events?token=forged"
        return slate

    service.script = with_a_wrong_url
    page = open_host(wait=False)
    page.wait_for_function("document.querySelector('suggest-box').state === 'lost'")
    expect(page.get_by_role("status")).to_be_empty()
    assert states(page) == ["waiting", "lost"]
