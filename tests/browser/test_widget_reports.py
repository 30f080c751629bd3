"""What the widget reports of a person's acts, and that it arrives: views, leaves, choices, own words, edits."""

import pytest
from contract_server import THREE, ContractServer, HostSite
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

CHIPS = "suggest-box [part~=chip]"
FORM = '<form id="f" onsubmit="return false"><textarea id="reply"></textarea><button>Send</button></form>'


# Time stands still for the page's own scripts: timers and performance.now() move only when a test calls tick(ms).
CLOCK = """
let now = 1000, last = 0; const timers = new Map();
performance.now = () => now;
window.setTimeout = (run, wait = 0) => { timers.set(++last, { run, due: now + +wait }); return last; };
window.clearTimeout = (id) => { timers.delete(id); };
window.tick = (ms) => {
  const until = now + ms;
  for (;;) {
    const next = [...timers].filter(([, { due }]) => due <= until).sort(([, a], [, b]) => a.due - b.due)[0];
    if (!next) break;
    timers.delete(next[0]); now = next[1].due; next[1].run();
  }
  now = until;
};
"""


def tick(page: Page, milliseconds: int) -> None:
    page.evaluate("(ms) => window.tick(ms)", milliseconds)


def hide(page: Page, hidden: bool = True) -> None:
    """Switch the tab away, or back."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def settle(page: Page) -> None:
    """Let the frames and microtasks under way finish: an observer has spoken, a queue has been flushed."""
    page.evaluate(
        "async () => { for (let i = 0; i < 3; i++) await new Promise((done) => requestAnimationFrame(done)) }"
    )


def opened_and_frozen(context: BrowserContext, open_host, head: str = "") -> Page:
    page = context.new_page()
    page.add_init_script(CLOCK)
    open_host(page=page, head=head)
    settle(page)  # the observer has seen the chips
    return page


def test_a_view_is_one_second_without_a_break(context, open_host, service: ContractServer) -> None:
    page = opened_and_frozen(context, open_host)
    tick(page, 600)
    assert service.events("view") == [], "600 ms are a glance"
    hide(page)
    hide(page, False)
    tick(page, 600)
    assert service.events("view") == [], "twice 600 ms are two glances"
    tick(page, 500)
    assert service.event("view")["visible_ms"] >= 1000
    tick(page, 5000)
    assert len(service.events("view")) == 1


def test_what_is_below_the_fold_is_not_viewed_until_scrolled_to(context, open_host, service) -> None:
    page = opened_and_frozen(context, open_host, head="<style>h1 { height: 2000px }</style>")
    tick(page, 60_000)
    settle(page)
    assert service.events("view") == []
    page.locator(CHIPS).first.scroll_into_view_if_needed()
    settle(page)
    tick(page, 1000)
    assert service.event("view")["visible_ms"] == 1000


def test_leaving_is_provisional_and_a_choice_after_coming_back_counts(open_host, service) -> None:
    page = open_host()
    hide(page)
    assert service.event("leave")["visible_ms"] >= 0
    hide(page, False)
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_value(THREE[0]["text"])
    assert service.event("select")["item"] == "i0"


def test_time_in_view_adds_up_over_absences(context, open_host, service) -> None:
    page = opened_and_frozen(context, open_host)
    hide(page)
    tick(page, 60_000)
    hide(page, False)
    tick(page, 800)
    hide(page)
    service.wait_until(lambda: len(service.events("leave")) == 2, "no leave for the second absence")
    first, second = (event["visible_ms"] for event in service.events("leave")[-2:])
    assert second - first == 800, "a minute in another tab is not time in view"


def test_no_view_and_no_leave_after_a_choice(context, open_host, service) -> None:
    page = opened_and_frozen(context, open_host)
    page.locator(CHIPS).first.click()
    tick(page, 5000)
    hide(page)
    service.event("select")
    settle(page)
    assert service.events("view") == []
    assert service.events("leave") == []


@pytest.mark.parametrize("how", ["button", "escape", "method"])
def test_dismissing_is_reported_and_clears_the_chips(open_host, service, how: str) -> None:
    page = open_host()
    if how == "button":
        page.get_by_role("button", name="Dismiss suggestions").click()
    elif how == "escape":
        page.locator(CHIPS).first.press("Escape")
        expect(page.locator("#reply")).to_be_focused()
    else:
        page.evaluate("document.querySelector('suggest-box').dismiss()")
    service.event("dismiss")
    expect(page.locator(CHIPS)).to_have_count(0)
    assert page.evaluate("document.querySelector('suggest-box').state") == "dismissed"


def test_own_words_are_an_override_with_their_length_and_never_their_text(context, open_host, service) -> None:
    page = opened_and_frozen(context, open_host)
    page.locator("#reply").press_sequentially("Something secret")
    tick(page, 1400)
    assert service.events("override") == [], "still typing"
    tick(page, 200)
    told = service.event("override")
    assert told["length"] == len("Something secret")
    assert not any("secret" in call.body for call in service.requests("/v1/feedback"))
    page.locator("#reply").press_sequentially(" and more")
    tick(page, 5000)
    page.locator(CHIPS).first.click()
    service.event("select")
    assert len(service.events("override")) == 1


def test_a_script_that_fills_the_field_is_no_override(context, open_host, service) -> None:
    page = opened_and_frozen(context, open_host)
    page.evaluate(
        "const reply = document.querySelector('#reply'); reply.value = 'signature';"
        " reply.dispatchEvent(new InputEvent('input', { bubbles: true }))"
    )
    tick(page, 5000)
    page.locator(CHIPS).first.click()
    service.event("select")
    assert service.events("override") == []


def test_sending_own_words_at_once_is_an_override_too(open_host, service) -> None:
    page = open_host(body=FORM)
    page.locator("#reply").press_sequentially("no, thanks")
    page.get_by_role("button", name="Send").click()
    assert service.event("override")["length"] == 10
    assert service.events("commit") == []


def test_a_commit_says_whether_and_how_much_was_edited(open_host, service) -> None:
    page = open_host(body=FORM)
    page.locator(CHIPS).first.click()  # "Your parcel arrives tomorrow."
    page.locator("#reply").press("End")
    page.keyboard.type(" Ann")
    page.get_by_role("button", name="Send").click()
    commit = service.event("commit")
    assert commit["edited"] is True
    assert commit["edit_ratio"] == pytest.approx(4 / 33, abs=0.001)
    assert "text" not in commit, "what was sent is the host's unless it says otherwise"


def test_an_untouched_suggestion_commits_as_not_edited_and_only_once(open_host, service) -> None:
    page = open_host('for="reply" context="x" data-log-text', body=FORM)
    page.locator(CHIPS).first.click()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Send").click()
    commit = service.event("commit")
    assert (commit["edited"], commit["edit_ratio"], commit["text"]) == (False, 0, THREE[0]["text"])


def test_a_host_without_a_form_commits_by_itself(open_host, service) -> None:
    page = open_host()
    page.locator(CHIPS).first.click()
    page.evaluate("document.querySelector('suggest-box').commit('Completely other words')")
    assert service.event("commit")["edit_ratio"] > 0.9


def test_a_choice_made_offline_arrives_when_the_network_is_back(context, open_host, service) -> None:
    page = open_host()
    context.set_offline(True)
    page.locator(CHIPS).nth(2).click()
    expect(page.locator("#reply")).to_have_value(THREE[2]["text"])
    settle(page)
    assert service.events("select") == []
    context.set_offline(False)
    assert service.event("select")["item"] == "i2"


def test_a_refused_batch_is_sent_again_with_the_same_ids_and_counts_once(open_host, service) -> None:
    service.refusals = [503, 429]
    page = open_host()
    page.locator(CHIPS).first.click()
    service.event("select")
    bodies = [call.json["events"] for call in service.requests("/v1/feedback")]
    eids = [event["eid"] for events in bodies for event in events if event["type"] == "select"]
    assert len(eids) >= 2
    assert len(set(eids)) == 1


def test_a_batch_that_is_wrong_is_not_sent_for_ever(context, open_host, service) -> None:
    service.refusals = [400, 400, 400]
    page = opened_and_frozen(context, open_host)
    page.locator(CHIPS).first.click()
    page.wait_for_function("window.seen.some((one) => one.name === 'feedback')")
    tick(page, 120_000)
    settle(page)
    assert len(service.requests("/v1/feedback")) == 1


def test_events_of_one_moment_share_a_request(open_host, service) -> None:
    page = open_host(body=FORM)
    page.evaluate(
        "const box = document.querySelector('suggest-box');"
        "document.addEventListener('suggest-select', () => queueMicrotask(() => 0)); box.select(0); box.commit('x')"
    )
    service.event("commit")
    (call,) = service.requests("/v1/feedback")
    assert [event["type"] for event in call.json["events"]] == ["select", "commit"]


def test_twenty_abrupt_navigations_deliver_twenty_leaves(open_host, host: HostSite, context, service) -> None:
    page = context.new_page()
    away = host.put("away", "<!doctype html><title>away</title>")
    for _ in range(20):
        open_host(page=page)
        page.goto(away)
    service.wait_until(lambda: len(service.events("leave")) >= 20, "leaves were lost")
    left = [event["impression"] for event in service.events("leave")]
    assert sorted(left) == sorted(service.slates), "one leave for each impression, no more"


def test_twenty_closed_tabs_deliver_twenty_leaves_as_plain_text(open_host, context, service) -> None:
    """JSON would ask a preflight, for which a page that goes away has no time."""
    for _ in range(20):
        page = context.new_page()
        open_host(page=page)
        page.close()
    service.wait_until(lambda: len(service.events("leave")) >= 20, "leaves were lost")
    left = [event["impression"] for event in service.events("leave")]
    assert sorted(left) == sorted(service.slates), "one leave for each impression, no more"
    kinds = {call.headers["content-type"].split(";")[0] for call in service.requests("/v1/feedback")}
    assert kinds == {"text/plain"}
    assert service.preflights == []


@pytest.mark.parametrize("how", ["close", "navigate"])
def test_of_a_queue_of_more_than_64_kb_acts_survive_and_what_the_browser_carries(context, host, service, how) -> None:
    page = context.new_page()
    page.goto(host.put("away", "<!doctype html><title>away</title>") + "?first")
    service.refusals = [503]  # of the first body; then the client waits
    queue = (
        "async (endpoint) => {"
        "  const { createClient } = await import(endpoint + '/embed/v1/client.js');"
        "  window.client = createClient({ siteKey: 'pk_test_1', endpoint });"
        "  const slate = await client.suggest({ surface: 'replies', context: { text: 'x' } });"
        "  Math.random = () => { window.isWaiting = true; return 60 };"  # the wait before a retry outlasts the test
        "  for (let n = 0; n < 300; n++) client.track(slate, n % 10 ? 'view' : 'override', { text: 'x'.repeat(200) }) }"
    )
    page.evaluate(queue, service.origin)
    page.wait_for_function("window.isWaiting")
    if how == "close":
        page.close()
    else:
        page.goto(f"{host.origin}/away")
    service.wait_until(lambda: len(service.events("override")) == 30, "acts were lost")
    service.wait_until(lambda: len(service.events("view")) > 90, "views were lost that the browser could carry")
    bodies = service.requests("/v1/feedback")[1:]
    assert max(len(call.body) for call in bodies) < 2**14
    assert len(service.accepted) == len({event["eid"] for event in service.accepted})


def test_a_superseded_slate_is_left_and_the_new_one_starts_from_zero(open_host, service) -> None:
    page = open_host('for="reply" context="x" debounce="0"')
    page.evaluate("document.querySelector('suggest-box').context = 'y'")
    service.wait_until(lambda: len(service.slates) == 2, "no second request")
    assert service.event("leave")["impression"] == "imp-0"
    page.wait_for_function("document.querySelector('suggest-box').impression === 'imp-1'")
    page.locator(CHIPS).first.click()
    assert service.event("select")["impression"] == "imp-1"


@pytest.mark.parametrize("why", ["attribute", "global privacy control"])
def test_no_learning_means_no_feedback_and_says_so(context, open_host, service, why: str) -> None:
    page = context.new_page()
    if why == "global privacy control":
        page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    open_host('for="reply" context="x"' + (" no-learn" if why == "attribute" else ""), page=page)
    page.locator(CHIPS).first.click()
    expect(page.locator("#reply")).to_have_value(THREE[0]["text"])
    page.goto("about:blank")
    assert service.suggests[0]["learn"] is False
    assert service.requests("/v1/feedback") == []


def test_a_user_token_is_passed_on_and_a_fresh_one_asks_nothing_again(open_host, service: ContractServer) -> None:
    page = open_host('for="reply" context="x" debounce="0" user-token="a.b.c"')
    assert service.suggests[0]["user_token"] == "a.b.c"
    page.evaluate("document.querySelector('suggest-box').setAttribute('user-token', 'd.e.f')")
    settle(page)
    page.evaluate("document.querySelector('suggest-box').context = 'y'")
    page.wait_for_function("document.querySelector('suggest-box').impression === 'imp-1'")
    assert [each["user_token"] for each in service.suggests] == ["a.b.c", "d.e.f"]
    page.evaluate("document.querySelector('suggest-box').setAttribute('user-token', '')")
    page.evaluate("document.querySelector('suggest-box').context = 'z'")
    page.wait_for_function("document.querySelector('suggest-box').impression === 'imp-2'")
    assert "user_token" not in service.suggests[2], "an empty attribute of a framework is none"
    assert "a.b.c" not in page.url + str(service.requests("/v1/feedback"))


def test_nothing_is_kept_on_the_persons_machine(context, open_host, service) -> None:
    page = open_host()
    page.locator(CHIPS).first.click()
    service.event("select")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert context.cookies() == []


def test_a_removed_element_leaves_and_asks_anew_when_it_returns(open_host, service) -> None:
    page = open_host()
    page.evaluate("window.box = document.querySelector('suggest-box'); box.remove()")
    assert service.event("leave")["impression"] == "imp-0"
    page.evaluate("document.querySelector('main').append(window.box)")
    expect(page.locator(CHIPS)).to_have_count(3)
    assert len(service.slates) == 2
