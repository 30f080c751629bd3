"""The console over HTTP: one request at a time, the next comes with the answer, and nothing is lost on the way."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from web.house import House
from web.people import BY_SCRIPT, OURS, Person, forms_of
from web.streams import listen


@pytest.fixture
def house(own_house: House) -> House:
    return own_house


def ask(house: House, *texts: str) -> list[str]:
    """Escalate these; the ids of their escalations."""
    return [house.an_escalation("replies", text)["escalation"]["id"] for text in texts]


def answer_of(house: House, escalation: str) -> dict[str, object]:
    return dict(house.client.get(f"/v1/escalations/{escalation}", headers=house.secret).json())


def h1(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found, page
    return found.group(1)


def test_the_console_needs_a_sign_in(house: House) -> None:
    for method, path in (("GET", "/console"), ("POST", "/console/answer"), ("POST", "/console/pulse")):
        assert house.client.request(method, path).status_code == 401
    by_key = house.client.get("/console", headers=house.secret)
    assert by_key.status_code == 401, "a key is no person"


def test_opening_it_claims_the_request_that_waits(house: House) -> None:
    (escalation,) = ask(house, "can I pay in shells")
    ann = Person(house)
    page = ann.look()
    assert h1(page) == "can I pay in shells"
    assert ann.review == escalation
    assert answer_of(house, escalation)["state"] == "claimed"


def test_a_reload_finds_the_same_request_and_another_worker_the_next(house: House) -> None:
    ask(house, "first", "second")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    held = ann.review
    ann.look()
    assert ann.review == held
    bob.look()
    assert bob.review not in {"", held}


def test_an_option_is_an_answer_and_the_next_request_comes_with_it(house: House) -> None:
    ids = ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    first = ann.review
    answered = ann.answer(item="refund")
    assert answered.status_code == 200
    assert answered.text.startswith('<div id="task"')
    assert "<html" not in answered.text
    assert answer_of(house, first)["answer"] == {
        "item": "refund",
        "item_text": "We refund the money within five days.",
    }
    assert {first, ann.review} == set(ids)
    assert "Answered: We refund the money within five days." in answered.text


def test_none_of_these_and_a_text_are_answers_too(house: House) -> None:
    ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    first = ann.review
    ann.answer(none="1")
    assert answer_of(house, first)["answer"] == {"none": True}
    second = ann.review
    done = ann.answer(text="We take cards\r\nand cash.  ")
    assert answer_of(house, second)["answer"] == {"text": "We take cards\nand cash."}
    assert "Nothing waits" in done.text


def test_the_words_of_an_option_are_that_option_and_no_none_label(house: House) -> None:
    ask(house, "first")
    ann = Person(house)
    ann.look()
    review = ann.review
    ann.answer(text="  We refund the money within five days. ", add_candidate="1")
    assert answer_of(house, review)["answer"]["item"] == "refund"


@pytest.mark.parametrize("ticked", [True, False])
def test_a_text_becomes_a_candidate_only_when_told(house: House, ticked: bool) -> None:
    ask(house, "can I pay in shells")
    ann = Person(house)
    ann.look()
    ann.answer(text="Shells are lovely, but no.", **({"add_candidate": "1"} if ticked else {}))
    listed = house.client.get("/v1/surfaces/replies/candidates", headers=house.secret).json()["candidates"]
    assert ("Shells are lovely, but no." in [each["text"] for each in listed]) is ticked


def test_without_a_script_an_answer_leads_back_to_the_page(house: House) -> None:
    ids = ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    first = ann.review
    sent = ann.send("/console/answer", by_script=False, none="1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/console")
    page = ann.look()
    assert "Answered: None of these" in page
    assert {first, ann.review} == set(ids)
    assert "Answered: None of these" not in ann.look(), "told once"


def test_the_same_answer_sent_twice_counts_once(house: House) -> None:
    ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    sent = {**ann.form("/console/answer").fields, "none": "1"}
    pages = [ann.browser.post("/console/answer", data=sent, headers=BY_SCRIPT) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert house.n_rows("verdicts") == 1
    held = [form.fields["review"] for page in pages for form in forms_of(page.text) if form.action == "/console/skip"]
    assert len(set(held)) == 1, "and no second request was claimed for it"


def test_skipping_brings_another_request_and_lets_others_have_this_one(house: House) -> None:
    ask(house, "first", "second")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    first = ann.review
    ann.send("/console/skip")
    assert ann.review not in {"", first}
    bob.look()
    assert bob.review == first


def test_skipping_the_only_request_puts_it_aside_until_something_else_comes(house: House) -> None:
    ask(house, "the only one")
    ann = Person(house)
    ann.look()
    only = ann.review
    page = ann.send("/console/skip").text
    assert h1(page) == "You put it back"
    assert answer_of(house, only)["state"] == "waiting"
    assert ann.browser.post("/console/next", data=ann.form("/console/next").fields | {"again": ""}, headers=BY_SCRIPT)
    assert ann.review == ""
    ask(house, "another")
    sent = {name: value for name, value in ann.form("/console/next").fields.items() if name != "again"}
    came = ann.browser.post("/console/next", data=sent, headers=BY_SCRIPT)
    assert came.status_code == 200
    assert 'class="task"' in came.text


def test_what_was_put_aside_can_be_taken_again_and_comes_back_after_a_minute(house: House) -> None:
    ask(house, "the only one")
    ann = Person(house)
    ann.look()
    only = ann.review
    ann.send("/console/skip")
    ann.send("/console/next")
    assert ann.review == only, "asked for again"
    ann.send("/console/skip")
    sent = {name: value for name, value in ann.form("/console/next").fields.items() if name != "again"}
    assert ann.browser.post("/console/next", data=sent, headers=BY_SCRIPT).status_code == 204
    house.clock.advance(seconds=61)
    assert ann.browser.post("/console/next", data=sent, headers=BY_SCRIPT).status_code == 200


def test_undo_takes_the_last_answer_back_and_shows_the_request_again(house: House) -> None:
    ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    first = ann.review
    ann.answer(none="1")
    page = ann.send("/console/undo").text
    assert "Taken back" in page
    assert ann.review == first
    assert answer_of(house, first)["state"] == "claimed"
    ann.answer(item="track")
    assert answer_of(house, first)["answer"] == {
        "item": "track",
        "item_text": "You can follow your parcel with the tracking link in your mail.",
    }


def test_undo_goes_back_answer_by_answer_and_then_says_there_is_none(house: House) -> None:
    ids = ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    ann.answer(none="1")
    ann.answer(none="1")
    assert ann.review == ""
    ann.send("/console/undo")
    ann.send("/console/undo")
    assert {answer_of(house, each)["state"] for each in ids} == {"waiting", "claimed"}
    sent = {"csrf": ann.form("/console/skip").fields["csrf"]}
    page = ann.browser.post("/console/undo", data=sent, headers=BY_SCRIPT).text
    assert "cannot be taken back any more" in page


def test_a_lapsed_lease_that_nobody_took_still_counts(house: House) -> None:
    (escalation,) = ask(house, "slow one")
    ann = Person(house)
    ann.look()
    house.clock.advance(seconds=121)
    page = ann.answer(none="1").text
    assert answer_of(house, escalation)["state"] == "answered"
    assert "passed to someone else" not in page


def test_a_request_that_is_not_theirs_any_more_is_said_with_what_was_written(house: House) -> None:
    (escalation,) = ask(house, "slow one")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    house.clock.advance(seconds=121)
    bob.look()
    bob.answer(none="1")
    ask(house, "the next one")
    page = ann.answer(text="My <b>long</b> answer").text
    assert "has been answered already" in page
    assert 'role="alert"' in page
    assert "My &lt;b&gt;long&lt;/b&gt; answer" in page
    assert h1(page) == "the next one"
    assert answer_of(house, escalation)["answer"] == {"none": True}
    assert house.n_rows("verdicts") == 1


@pytest.mark.parametrize("text", ["", "   ", "a\x00b"])
def test_an_answer_that_cannot_be_is_refused_in_words_and_the_request_stays(house: House, text: str) -> None:
    ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    held = ann.review
    page = ann.answer(text=text)
    assert page.status_code == 200
    assert "was not taken" in page.text
    assert ann.review == held
    assert house.n_rows("verdicts") == 0


def test_an_item_of_nowhere_is_refused(house: House) -> None:
    ask(house, "first")
    ann = Person(house)
    ann.look()
    assert "was not taken" in ann.answer(item="nothing-of-ours").text


def test_an_idle_page_is_left_alone_until_something_arrives(house: House) -> None:
    ann = Person(house)
    assert h1(ann.look()) == "Nothing waits"
    assert ann.send("/console/next").status_code == 204
    ask(house, "here I am")
    assert h1(ann.send("/console/next").text) == "here I am"


def test_the_pulse_counts_the_queue_and_a_looking_worker_is_on_duty(house: House) -> None:
    ask(house, "first", "second")
    ann = Person(house)
    ann.look()
    csrf = ann.form("/console/skip").fields["csrf"]
    told = ann.browser.post("/console/pulse", data={"csrf": csrf, "visible": "1"}, headers=OURS).json()
    assert told == {"waiting": 1, "words": "1 waiting, 1 being answered, 1 on duty", "held": None}
    house.clock.advance(seconds=400)
    hidden = ann.browser.post("/console/pulse", data={"csrf": csrf, "visible": "0"}, headers=OURS).json()
    assert "0 on duty" in hidden["words"], "a page nobody looks at promises nothing"


def test_a_late_answer_counts_although_something_more_urgent_waits_meanwhile(house: House) -> None:
    (first,) = ask(house, "first")
    ann = Person(house)
    ann.look()
    house.client.put("/v1/surfaces/replies/policy", json={"cost_of_error": 1000}, headers=house.secret)
    house.clock.advance(seconds=121)
    ask(house, "far more urgent")
    ann.answer(text="typed with care")
    assert answer_of(house, first)["answer"] == {"text": "typed with care"}
    assert h1(ann.page) == "far more urgent"


def test_a_late_answer_counts_where_a_colleague_took_the_request_and_gave_it_back(house: House) -> None:
    (first,) = ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    house.clock.advance(seconds=121)
    bob.look()
    assert bob.review == first
    bob.send("/console/skip")
    ann.answer(text="typed with care")
    assert answer_of(house, first)["answer"] == {"text": "typed with care"}


def test_who_answers_a_request_that_never_lay_on_their_desk_gets_nothing(house: House) -> None:
    ask(house, "first", "second")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    bob.look()
    other = ann.review
    ann.send("/console/skip")  # nobody holds it now
    form = {**bob.form("/console/answer").fields, "review": other, "lease": "made-up", "eid": "e1", "item": "refund"}
    bob.browser.post("/console/answer", data=form, headers=BY_SCRIPT)
    assert answer_of(house, other)["state"] == "waiting"


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_late_answer_is_told_the_truth_and_nothing_typed_is_lost(house: House, is_answered: bool) -> None:
    ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    house.clock.advance(seconds=121)
    bob.look()
    if is_answered:
        bob.answer(item="refund")
    page = ann.answer(text="typed with care", note="and why").text
    assert ("has been answered already" if is_answered else "passed to someone else") in page
    assert "typed with care" in page
    assert "and why" in page


def test_a_late_answer_to_a_wait_that_is_over_says_so(house: House) -> None:
    ask(house, "first")
    ann = Person(house)
    ann.look()
    house.clock.advance(seconds=25 * 3600)
    session = Person(house, name="Ann")  # the sign-in has ended, too: whoever comes back signs in anew
    session.look()
    csrf = session.form("/console/leave").fields["csrf"]
    late = {**ann.form("/console/answer").fields, "text": "too late", "csrf": csrf}
    page = session.browser.post("/console/answer", data=late, headers=BY_SCRIPT).text
    assert "Nobody waits for that request any more" in page
    assert "too late" in page


def test_a_computer_that_slept_finds_its_request_again_with_what_was_typed(house: House) -> None:
    (first,) = ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    form = ann.form("/console/skip").fields
    beat = {"csrf": form["csrf"], "visible": "1", "review": form["review"], "lease": form["lease"]}
    house.clock.advance(seconds=500)
    assert ann.browser.post("/console/pulse", data=beat, headers=OURS).json()["held"] is True
    bob.look()
    assert bob.review == "", "it is held again"
    house.clock.advance(seconds=100)
    assert ann.browser.post("/console/pulse", data=beat, headers=OURS).json()["held"] is True, "by the page's old lease"
    ann.answer(text="typed with care")
    assert answer_of(house, first)["answer"] == {"text": "typed with care"}


def test_what_was_taken_again_can_be_put_back_by_the_page_as_it_stands(house: House) -> None:
    (first,) = ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    form = ann.form("/console/skip").fields
    beat = {"csrf": form["csrf"], "visible": "1", "review": form["review"], "lease": form["lease"]}
    house.clock.advance(seconds=500)
    ann.browser.post("/console/pulse", data=beat, headers=OURS)
    ann.send("/console/skip")
    bob.look()
    assert bob.review == first


def test_a_page_that_lost_its_request_and_finds_it_free_again_keeps_what_was_typed(house: House) -> None:
    ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    lost = {**ann.form("/console/next", lost=ann.review).fields, "draft": "half an answer"}
    house.clock.advance(seconds=121)
    page = ann.browser.post("/console/next", data=lost, headers=BY_SCRIPT).text
    assert "yours again" in page
    assert "half an answer" in page
    assert bob.look() is not None
    assert bob.review == ""


def test_a_heartbeat_holds_the_lease_and_says_when_it_is_lost(house: House) -> None:
    ask(house, "first")
    ann, bob = Person(house), Person(house, name="Bob")
    ann.look()
    form = ann.form("/console/skip").fields
    beat = {"csrf": form["csrf"], "visible": "1", "review": form["review"], "lease": form["lease"]}
    for _ in range(3):
        house.clock.advance(seconds=100)
        assert ann.browser.post("/console/pulse", data=beat, headers=OURS).json()["held"] is True
    house.clock.advance(seconds=121)
    bob.look()
    assert bob.review == form["review"]
    assert ann.browser.post("/console/pulse", data=beat, headers=OURS).json()["held"] is False
    lost = {**ann.form("/console/next", lost=form["review"]).fields, "draft": "half an answer"}
    page = ann.browser.post("/console/next", data=lost, headers=BY_SCRIPT).text
    assert "passed to someone else" in page
    assert "half an answer" in page
    assert h1(page) == "Nothing waits"


def test_other_answers_are_found_by_their_words(house: House) -> None:
    ask(house, "can I pay in shells")
    ann = Person(house)
    ann.look()
    offered = {value for form in forms_of(ann.page) for name, value in form.buttons if name == "item"}
    (left,) = {"track", "refund", "size", "odd/id ü"} - offered
    words = {"track": "parcel", "refund": "refund", "size": "shoe", "odd/id ü": "gift never"}[left]
    found = ann.browser.get("/console/find", params={"find": words}, headers=BY_SCRIPT)
    assert found.text.count("<button") == 1
    assert "No answer holds these words" in ann.browser.get("/console/find", params={"find": "zzz"}).text
    assert ann.browser.get("/console/find", params={"find": " "}).text == ""
    page = ann.look(f"/console?find={words}")
    assert page.count('name="item"') == len(offered) + 1, "without a script too"
    ann.answer(item=left)
    assert "Answered" in ann.page


def test_hostile_texts_reach_the_page_as_texts(house: House) -> None:
    turns = [{"role": "<i>x</i>", "text": "<img src=x onerror=alert(1)>"}]
    context = {"text": "<script>alert(1)</script>", "turns": turns, "fields": {"<u>": '"><svg onload=alert(1)>'}}
    house.client.put("/v1/surfaces/replies/policy", json={"mode": "review_all"}, headers=house.secret)
    body = {"surface": "replies", "context": context}
    assert house.client.post("/v1/suggest", json=body, headers=house.secret).status_code == 200
    page = Person(house, name="<b>Ann</b>").look()
    for raw in ("<script>alert", "<img", "<i>x", "<u>", "<svg onload", "<b>Ann"):
        assert raw not in page
    assert h1(page) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_no_other_site_can_answer(house: House) -> None:
    (escalation,) = ask(house, "first")
    ann = Person(house)
    ann.look()
    sent = {**ann.form("/console/answer").fields, "none": "1"}
    for headers in ({"Origin": "https://evil.example"}, {}, {"Sec-Fetch-Site": "cross-site"}):
        assert ann.browser.post("/console/answer", data=sent, headers=headers).status_code == 403
    assert ann.browser.post("/console/answer", data={**sent, "csrf": "x"}, headers=OURS).status_code == 403
    assert answer_of(house, escalation)["state"] == "claimed"


def test_a_refusal_is_a_page_to_a_person_and_a_problem_to_a_program(house: House) -> None:
    ann = Person(house)
    to_person = ann.browser.post("/console/answer", data={"none": "1"}, headers=OURS)
    assert to_person.headers["content-type"].startswith("text/html")
    to_program = ann.browser.post("/console/answer", data={"none": "1"}, headers={"Accept": "application/json"})
    assert to_program.json()["type"] == "/problems/cross-site-request"


@pytest.mark.parametrize("body", [b"", b"review=%FF%FE&lease=%00", b"none=1&none=1", b"x" * 10_000])
def test_a_form_that_is_none_of_ours_does_no_harm(house: House, body: bytes) -> None:
    ask(house, "first")
    ann = Person(house)
    ann.look()
    csrf = ann.form("/console/skip").fields["csrf"]
    headers = {**BY_SCRIPT, "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded"}
    for path in ("answer", "skip", "undo", "next", "pulse"):
        answer = ann.browser.post(f"/console/{path}", content=body, headers=headers)
        assert answer.status_code < 500, (path, answer.text)
    assert house.n_rows("verdicts") == 0


def test_a_first_run_says_how_requests_come_about(tmp_path: Path) -> None:
    house = House.open(tmp_path / "bare")
    try:
        assert "Nothing can arrive yet" in Person(house).look()
    finally:
        house.close()


def test_the_switch_for_single_keys_can_be_off_from_the_address(house: House) -> None:
    ann = Person(house)
    assert 'data-keys="on"' in ann.look()
    assert 'data-keys="off"' in ann.look("/console?keys=off")


def test_the_queue_is_told_whenever_it_changes_and_to_nobody_signed_out(house: House) -> None:
    house.app.state.parts.heartbeat_s = 0.01
    ann = Person(house)
    cookie = "; ".join(f"{name}={value}" for name, value in ann.browser.cookies.items())
    headers = {"Cookie": cookie, "Host": "testserver"}
    ask = partial(house.an_escalation, "replies", "can I pay in shells")
    heard = listen(house, "/console/events", until='"waiting":1', then=ask, headers=headers)
    first, second = [line for line in heard.splitlines() if line.startswith("data: ")]
    assert "Nothing waits" in first
    assert "1 waiting" in second
    later = partial(house.clock.advance, seconds=365 * 86400)
    assert "retry: " in listen(house, "/console/events", until=None, then=later, headers=headers), "and it ends"
    assert ann.browser.get("/console/events").status_code == 401


@pytest.mark.parametrize(("role", "shown"), [("worker", False), ("reviewer", True), ("owner", True)])
def test_a_page_leads_nowhere_that_the_role_may_not_open(house: House, role: str, shown: bool) -> None:
    person = Person(house, role=role)
    for path in ("/console", "/", "/reports", "/reports/replies", "/reports/replies/funnel", "/docs"):
        page = person.browser.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert ('href="/admin"' in page.text) is shown, path
        for address in set(re.findall(r'href="(/[^"#?]*)', page.text)):
            assert person.browser.get(address, headers={"Accept": "text/html"}).status_code != 403, (path, address)
    refused = person.browser.get("/admin/playground", headers={"Accept": "text/html"})
    assert ('href="/admin"' in refused.text) is shown
