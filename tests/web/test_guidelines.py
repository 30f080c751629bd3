"""The guideline over HTTP: written by owners, read by workers beside the request, disputed with an answer."""

from __future__ import annotations

from typing import Any

import pytest

from web.house import House
from web.people import Person

AT = "/v1/surfaces/replies/guideline"
RULES = "# Refunds\n\n- Within 30 days the **whole** sum.\n- Later <b>nothing</b>."
HERE = "/admin/surfaces/replies"


@pytest.fixture
def house(own_house: House) -> House:
    return own_house


def put(house: House, text: str = RULES) -> dict[str, Any]:
    answer = house.client.put(AT, json={"text": text}, headers=house.secret)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_it_is_read_back_with_its_paragraphs_and_by_version(house: House) -> None:
    assert house.client.get(AT, headers=house.secret).json()["version"] == 0
    first = put(house)
    assert (first["version"], [each["text"] for each in first["paragraphs"]]) == (
        1, ["Within 30 days the whole sum.", "Later <b>nothing</b>."],
    )  # fmt: skip
    assert put(house, "Be kind.")["version"] == 2
    worker = {"Authorization": f"Bearer {house.a_key('wk')}"}
    assert house.client.get(f"{AT}?version=1", headers=worker).json()["text"] == RULES
    assert house.client.put(AT, json={"text": "mine"}, headers=worker).status_code == 403
    assert house.client.get(f"{AT}?version=7", headers=worker).status_code == 404
    assert house.client.get(f"{AT}?version=x", headers=worker).status_code == 422
    assert house.client.put(AT, json={"text": "x" * 40_000}, headers=house.secret).status_code == 422


def test_writing_it_again_with_the_same_key_makes_no_further_version(house: House) -> None:
    headers = {**house.secret, "Idempotency-Key": "rules-1"}
    first = house.client.put(AT, json={"text": RULES}, headers=headers)
    put(house, "Be kind.")
    again = house.client.put(AT, json={"text": RULES}, headers=headers)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert house.client.get(AT, headers=house.secret).json()["text"] == "Be kind."
    assert house.client.put(AT, json={"text": "Be brief."}, headers=headers).status_code == 422


def test_a_worker_sees_it_beside_the_request_and_points_to_it_with_an_answer(house: House) -> None:
    house.an_escalation("replies", "can I pay in shells")
    ann = Person(house)
    assert "Guideline, version" not in ann.look()
    rule = put(house)["paragraphs"][1]
    page = ann.look()
    assert "Guideline, version 1" in page
    assert "<strong>whole</strong>" in page
    assert "Later &lt;b&gt;nothing&lt;/b&gt;." in page
    assert ann.answer(item="refund", paragraph=rule["id"], note="And for gifts?").status_code == 200
    told = house.client.get(AT, headers=house.secret).json()
    (dispute,) = told["disputes"]
    assert (dispute["paragraph"], dispute["note"], dispute["version"]) == (rule["id"], "And for gifts?", 1)
    shown = Person(house, "owner").look(HERE)
    assert "And for gifts?" in shown
    assert "Ask again" not in shown


def test_a_verdict_over_the_api_may_point_to_a_paragraph_that_there_is(house: House) -> None:
    house.an_escalation("replies")
    rule = put(house)["paragraphs"][0]
    review = house.client.post("/v1/reviews/claim", headers=house.secret).json()
    at, verdict = f"/v1/reviews/{review['id']}/verdict", {"eid": "v1", "lease": review["lease"], "item": "refund"}
    refused = house.client.post(at, json={**verdict, "paragraph": "none"}, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/paragraph"
    answered = house.client.post(at, json={**verdict, "paragraph": rule["id"]}, headers=house.secret)
    assert answered.status_code == 200
    assert house.client.get(AT, headers=house.secret).json()["disputes"] == []


def test_the_owner_changes_it_and_asks_again_for_what_rested_on_it(house: House) -> None:
    house.an_escalation("replies", "can I pay in shells")
    rule = put(house)["paragraphs"][1]
    ann, owner = Person(house), Person(house, "owner", "Olga")
    ann.look()
    ann.answer(item="refund", paragraph=rule["id"])
    owner.look(HERE)
    saved = owner.send(f"{HERE}/guideline", by_script=False, text=RULES.replace("nothing", "a voucher"))
    assert saved.headers["location"].endswith("?done=guideline#guideline")
    assert "Ask again" in owner.look(HERE)
    assert owner.send(f"{HERE}/guideline/ask-again", by_script=False).status_code == 303
    assert "Ask again" not in owner.look(HERE)
    page = ann.look()
    assert "Answered before" in page
    assert "Confirm it" in page
    again = house.client.post(f"{AT}/ask-again", headers=house.secret)
    assert (again.status_code, again.json()) == (200, {"asked": 0})
    refused = owner.send(f"{HERE}/guideline", by_script=False, text="a\x00b")
    assert refused.status_code == 422
    assert "The guideline was not changed" in refused.text


def test_asking_again_that_is_sent_twice_with_its_key_is_answered_the_same(house: House) -> None:
    house.an_escalation("replies", "can I pay in shells")
    rule = put(house)["paragraphs"][1]
    ann = Person(house)
    ann.look()
    ann.answer(item="refund", paragraph=rule["id"])
    put(house, RULES.replace("nothing", "a voucher"))
    headers = {**house.secret, "Idempotency-Key": "again-1"}
    first, again = (house.client.post(f"{AT}/ask-again", headers=headers) for _ in range(2))
    assert first.json() == {"asked": 1}
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert house.client.post(f"{AT}/ask-again", headers=house.secret).json() == {"asked": 0}
