"""The administration over HTTP: owners only, nothing changes before Save, secrets are shown once, and it all works
without a script."""

from __future__ import annotations

import re

import pytest

from suggest.domain.slate import Decision
from web.house import House
from web.people import BY_SCRIPT, OURS, Person, forms_of

HERE = "/admin/surfaces/replies"


@pytest.fixture
def house(own_house: House) -> House:
    return own_house


@pytest.fixture
def owner(house: House) -> Person:
    return Person(house, "owner", "Olga")


def policy(house: House) -> dict[str, object]:
    return dict(house.client.get("/v1/surfaces/replies/policy", headers=house.secret).json())


@pytest.mark.parametrize("path", ["/admin", HERE])
def test_workers_stay_out_and_secret_keys_come_in(house: House, path: str) -> None:
    assert house.client.get(path).status_code == 401
    refused = Person(house, "worker").browser.get(path, headers={"Accept": "text/html"})
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("text/html")
    assert house.client.get(path, headers=house.secret).status_code == 200
    assert Person(house, "owner").look(path)


@pytest.mark.parametrize("path", ["surfaces", "keys", "links", "keys/x/revoke"])
def test_a_worker_changes_nothing(house: House, path: str) -> None:
    ann = Person(house, "worker")
    ann.look()
    csrf = re.search(r'name="csrf" value="([^"]+)"', ann.page)
    assert csrf
    assert ann.browser.post(f"/admin/{path}", data={"csrf": csrf.group(1)}, headers=OURS).status_code == 403


def test_every_form_of_these_pages_is_refused_without_its_token(house: House, owner: Person) -> None:
    for page in ("/admin", HERE):
        for form in forms_of(owner.look(page)):
            if not form.action.startswith("/admin"):
                continue
            answer = owner.browser.post(form.action, data={**form.fields, "csrf": "x"}, headers=OURS)
            assert answer.status_code == 403, form.action
    assert house.client.get("/v1/keys", headers=house.secret).json()["keys"] == []


def test_the_overview_lists_surfaces_with_their_line(owner: Person) -> None:
    page = owner.look("/admin")
    assert f'href="{HERE}"' in page
    assert "50% sure" in page
    assert "prior" in page


def test_a_surface_is_made_and_a_bad_name_is_refused_in_words(house: House, owner: Person) -> None:
    owner.look("/admin")
    made = owner.send("/admin/surfaces", by_script=False, name="a/b ü", title="Odd")
    assert (made.status_code, made.headers["location"]) == (303, "/admin/surfaces/a%2Fb%20%C3%BC")
    assert "Odd" in owner.look("/admin/surfaces/a%2Fb%20%C3%BC")
    owner.look("/admin")
    refused = owner.send("/admin/surfaces", by_script=False, name="x" * 200)
    assert refused.status_code == 422
    assert "The surface was not made" in refused.text


def test_a_key_is_shown_once_works_and_is_refused_once_revoked(house: House, owner: Person) -> None:
    owner.look("/admin")
    shown = owner.send("/admin/keys", by_script=False, kind="sk", name="mine", origins="", surface="").text
    key = re.search(r"sk_[\w-]{20,}", shown)
    assert key
    headers = {"Authorization": f"Bearer {key.group()}"}
    assert house.client.get("/v1/surfaces", headers=headers).status_code == 200
    again = owner.look("/admin")
    assert key.group() not in again
    assert "mine" in again
    (revoke,) = [form.action for form in forms_of(again) if form.action.endswith("/revoke")]
    assert owner.send(revoke, by_script=False).status_code == 303
    assert house.client.get("/v1/surfaces", headers=headers).status_code == 401
    assert "revoked" in owner.look("/admin")


def test_origins_may_stand_apart_in_any_way_and_a_wrong_one_is_named(house: House, owner: Person) -> None:
    owner.look("/admin")
    text = "https://a.example, https://*.b.example\nhttps://c.example"
    owner.send("/admin/keys", by_script=False, kind="pk", name="front", origins=text, surface="replies")
    (key,) = house.client.get("/v1/keys", headers=house.secret).json()["keys"]
    assert key["origins"] == ["https://a.example", "https://*.b.example", "https://c.example"]
    assert key["surface"] == "replies"
    owner.look("/admin")
    refused = owner.send("/admin/keys", by_script=False, kind="pk", origins="a.example")
    assert refused.status_code == 422
    assert "is not an origin" in refused.text


def test_a_sign_in_link_is_shown_once_and_signs_in(house: House, owner: Person) -> None:
    owner.look("/admin")
    shown = owner.send("/admin/links", by_script=False, name="Bob", role="worker").text
    link = re.search(r"http://testserver(/console/enter\?code=[\w-]+)", shown)
    assert link
    stranger = Person(house)
    stranger.browser.cookies.clear()
    assert stranger.browser.get(link.group(1)).status_code == 200
    assert "Bob" in stranger.look("/console")
    owner.look("/admin")
    assert owner.send("/admin/links", by_script=False, name="Eve", role="emperor").status_code == 422


def test_moving_the_slider_previews_and_changes_nothing(house: House, owner: Person) -> None:
    owner.look(HERE)
    before = policy(house)
    panel = owner.send(
        HERE + "/policy", to=HERE + "/preview", kind="review_share", value_review_share="100", mode="assist"
    ).text
    assert panel.startswith('<div class="stack">')
    assert "Everything goes to people." in panel
    assert "Nothing was asked here yet" in panel
    assert "<figure" in panel
    assert policy(house) == before


def test_without_a_script_a_preview_is_the_page_with_what_was_tried(house: House, owner: Person) -> None:
    owner.look(HERE)
    before = policy(house)
    page = owner.send(
        HERE + "/policy", to=HERE + "/preview", by_script=False, kind="precision", value_precision="97", mode="assist"
    ).text
    (form,) = [form for form in forms_of(page) if form.action == HERE + "/policy"]
    assert (form.fields["kind"], form.fields["value_precision"]) == ("precision", "97")
    assert "more labels" in page
    assert policy(house) == before


def test_save_puts_it_in_force_and_says_who_moved_it(house: House, owner: Person) -> None:
    owner.look(HERE)
    saved = owner.send(
        HERE + "/policy",
        by_script=False,
        kind="precision",
        value_precision="95",
        mode="review_all",
        audit_rate="10",
        out_of_hours="Back at nine.",
    )
    assert (saved.status_code, saved.headers["location"]) == (303, f"{HERE}?done=policy#policy")
    now = policy(house)
    assert now["target"] == {"kind": "precision", "value": 0.95}
    assert (now["mode"], now["audit_rate"], now["out_of_hours"]) == ("review_all", 0.1, "Back at nine.")
    page = owner.look(f"{HERE}?done=policy")
    assert "Saved" in page
    assert "Olga" in page
    assert re.search(r"wish: <span[^>]*>p any 0.5</span> → <strong>precision 0.95", page)


def test_the_form_as_it_stands_saves_what_is_in_force(house: House, owner: Person) -> None:
    changes = {"mode": "assist", "target": {"kind": "cost", "value": 7.5}, "audit_rate": 0.07, "exploration": 0.3}
    switches = {"escalation": False, "trigger": False, "retrain_every": 0, "retrain_nightly": False}
    sent = {**changes, **switches, "out_of_hours": "Late."}
    assert house.client.put("/v1/surfaces/replies/policy", json=sent, headers=house.secret).status_code == 200
    before = policy(house)
    owner.look(HERE)
    assert owner.send(HERE + "/policy", by_script=False).status_code == 303
    assert policy(house) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "precision", "value_precision": "140"},
        {"kind": "precision", "value_precision": "nan"},
        {"kind": "precision", "value_precision": ""},
        {"kind": "cost", "value_cost": "1e999"},
        {"kind": "luck"},
        {"mode": "<b>"},
        {"audit_rate": "101"},
        {"retrain_every": "-1"},
        {"out_of_hours": "x" * 600},
    ],
    ids=str,
)
def test_a_policy_that_cannot_be_is_refused_in_words(house: House, owner: Person, wrong: dict[str, str]) -> None:
    owner.look(HERE)
    before = policy(house)
    refused = owner.send(HERE + "/policy", by_script=False, **wrong)
    assert refused.status_code == 422, refused.text
    assert "The policy was not changed" in refused.text
    owner.look(HERE)
    previewed = owner.send(HERE + "/policy", to=HERE + "/preview", **wrong)
    assert previewed.status_code == 200, "a piece of the page, not an error of the network"
    assert 'role="alert"' in previewed.text
    assert policy(house) == before


def test_trying_out_shows_the_slate_and_leaves_no_trace(house: House, owner: Person) -> None:
    house.client.put("/v1/surfaces/replies/policy", json={"mode": "review_all"}, headers=house.secret)
    owner.look(HERE)
    n_slates, n_reviews = house.n_rows("slates"), house.n_rows("reviews")
    panel = owner.send(HERE + "/try", text="where is my <b>parcel</b>").text
    assert "would go to a person" in panel
    assert "You can follow your parcel" in panel
    assert "<b>" not in panel
    page = owner.look(HERE)
    owner.page = page
    whole = owner.send(HERE + "/try", by_script=False, text="where is my parcel").text
    assert whole.startswith("<!doctype html>")
    assert (house.n_rows("slates"), house.n_rows("reviews")) == (n_slates, n_reviews)


def test_what_is_tried_is_what_would_be_served(house: House, owner: Person) -> None:
    from suggest.domain.context import Context
    from suggest.online.messages import Proposal

    proposal = Proposal(surface="replies", context=Context(text="where is my parcel"))
    tried = house.application.online.rehearse(proposal).slate
    served = house.application.online.suggest(proposal).slate
    assert [item.id for item in tried.items] == [item.id for item in served.items]
    assert tried.p_any == pytest.approx(served.p_any)
    assert tried.decision is served.decision
    assert tried.decision in set(Decision)


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "x" * 40_000])
def test_a_context_that_cannot_be_is_refused_in_words(owner: Person, text: str) -> None:
    owner.look(HERE)
    panel = owner.send(HERE + "/try", text=text)
    assert panel.status_code == 200
    assert "Nothing was suggested" in panel.text


def test_training_shows_its_progress_and_ends_on_the_page(house: House, owner: Person) -> None:
    owner.look(HERE)
    asked = owner.send(HERE + "/train", by_script=False)
    assert asked.status_code == 303
    address = asked.headers["location"]
    assert address.startswith(HERE + "?job=")
    job = address.partition("job=")[2].partition("#")[0]
    assert 'id="job"' in owner.look(f"{HERE}?job={job}")
    house.application.loop.wait(job, 120)
    ended = owner.browser.get(f"{HERE}/jobs/{job}", headers=BY_SCRIPT)
    assert ended.headers["hx-refresh"] == "true"
    assert "hx-get" not in ended.text
    assert owner.browser.get(f"{HERE}/jobs/{job}", headers=OURS).status_code == 303
    assert owner.browser.get(f"{HERE}/jobs/unknown", headers=OURS).status_code == 404
    assert owner.look(f"{HERE}?job=unknown"), "a run of before a restart is simply not shown"


def test_going_back_from_the_prior_or_to_an_unknown_model_is_refused_in_words(owner: Person) -> None:
    owner.look(HERE)
    assert "It was not rolled back" in owner.send(HERE + "/rollback", by_script=False).text
    csrf = owner.form(HERE + "/train").fields["csrf"]
    refused = owner.browser.post(HERE + "/promote", data={"csrf": csrf, "bundle": "<b>"}, headers=OURS)
    assert refused.status_code == 409
    assert "&lt;b&gt;" in refused.text
    assert "<b>" not in refused.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_surface_that_is_not_there_is_a_page_that_says_so(owner: Person, method: str) -> None:
    owner.look("/admin")
    csrf = owner.form("/admin/links").fields["csrf"]
    for path in ("", "/policy", "/preview", "/train", "/promote", "/rollback", "/try"):
        if method == "GET" and path:
            continue
        if method == "POST" and not path:
            continue
        sent = {"csrf": csrf, "text": "x", "kind": "p_any", "value_p_any": "50", "bundle": "prior"}
        answer = owner.browser.request(
            method, f"/admin/surfaces/nowhere{path}", data=sent if method == "POST" else None, headers=OURS
        )
        assert answer.status_code in {404, 409}, (path, answer.text)
        assert answer.headers["content-type"].startswith("text/html")


def test_the_first_page_tells_a_stranger_nothing_but_the_doors(house: House) -> None:
    page = house.client.get("/")
    assert page.status_code == 200
    assert "replies" not in page.text
    assert 'href="/console"' in page.text
    assert "suggest workers link" in page.text
    assert "suggest workers link" not in Person(house).look("/")


@pytest.mark.parametrize("path", ["/", "/console", "/reports", "/reports/replies", "/admin", HERE])
def test_our_pages_carry_a_strict_policy_and_nothing_inline(house: House, owner: Person, path: str) -> None:
    answer = owner.browser.get(path)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.text)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        assert owner.browser.get(address).status_code == 200, address
