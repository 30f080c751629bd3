"""POST /v1/suggest and its batch, through the front door."""

from __future__ import annotations

import json

import pytest

from web.house import REPLIES, House


def test_a_slate_has_every_member_of_the_contract_and_its_probabilities_add_up(house: House) -> None:
    slate = house.a_slate()
    assert {"impression", "surface", "decision", "p_any", "p_accept", "items", "token", "model"} <= slate.keys()
    assert [item["position"] for item in slate["items"]] == [0, 1, 2]
    assert slate["items"][0]["id"] == "track"
    assert sum(item["p_select"] for item in slate["items"]) == pytest.approx(slate["p_any"], abs=1e-9)
    assert all(item["propensity"] == 1 for item in slate["items"])


def test_a_slate_is_in_the_log_before_it_is_answered(house: House) -> None:
    before = house.n_rows("slates")
    house.a_slate()
    assert house.n_rows("slates") == before + 1


def test_text_plain_is_read_as_json_so_that_browsers_need_no_preflight(house: House) -> None:
    body = json.dumps({"surface": "replies", "context": {"text": "refund please"}})
    key = house.a_key("pk")
    asked = house.client.post(f"/v1/suggest?key={key}", content=body, headers={"Content-Type": "text/plain"})
    assert asked.status_code == 200
    assert asked.json()["items"][0]["id"] == "refund"


def test_supplied_candidates_are_ranked_and_nothing_else(house: House) -> None:
    options = [{"id": "x", "text": "shoe sizes"}, {"id": "y", "text": "parcel tracking"}]
    slate = house.a_slate(candidates=options, k=2, text="which shoe size")
    assert {item["id"] for item in slate["items"]} == {"x", "y"}


def test_excluded_candidates_do_not_come_back(house: House) -> None:
    assert "track" not in {item["id"] for item in house.a_slate(exclude=["track"], k=4)["items"]}


def test_k_is_honoured_and_explain_explains_every_item(house: House) -> None:
    slate = house.a_slate(k=1, explain=True)
    assert len(slate["items"]) == 1
    assert slate["items"][0]["id"] in slate["explain"]


def test_unknown_fields_are_ignored_on_suggest(house: House) -> None:
    assert house.a_slate(from_the_future={"deep": [1, 2]})["items"]


def test_an_unknown_surface_is_a_404_that_says_how_to_make_one(house: House) -> None:
    body = {"surface": "nowhere", "context": {"text": "hi"}}
    asked = house.client.post("/v1/suggest", json=body, headers=house.secret)
    assert asked.status_code == 404
    assert asked.json()["type"] == "/problems/unknown-surface"


def test_a_batch_answers_in_order_with_one_result_or_one_problem_each(house: House) -> None:
    wanted = [
        {"surface": "replies", "context": {"text": "where is my parcel"}},
        {"surface": "nowhere", "context": {"text": "hi"}},
        {"surface": "replies", "context": {"text": ""}},
        "not even an object",
        {"surface": "replies", "context": {"text": "money back"}},
    ]
    results = house.client.post("/v1/suggest/batch", json={"requests": wanted}, headers=house.secret).json()["results"]
    assert results[0]["items"][0]["id"] == "track"
    assert results[1]["type"] == "/problems/unknown-surface"
    assert results[2]["status"] == 422
    assert results[2]["errors"][0]["pointer"] == "/requests/2/context/text"
    assert results[3]["status"] == 422
    assert results[4]["items"][0]["id"] == "refund"


@pytest.mark.parametrize("n", [0, 257])
def test_a_batch_holds_between_1_and_256_requests(house: House, n: int) -> None:
    body = {"requests": [{"surface": "replies", "context": {"text": "hi"}}] * n}
    refused = house.client.post("/v1/suggest/batch", json=body, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/requests"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/surface"),
        ({"surface": "replies"}, "/context"),
        ({"surface": "replies", "context": {}}, "/context/text"),
        ({"surface": "replies", "context": {"text": "   "}}, "/context/text"),
        ({"surface": "replies", "context": {"text": "x" * 32_769}}, "/context/text"),
        ({"surface": "replies", "context": {"text": "ü" * 20_000}}, "/context/text"),
        ({"surface": "replies", "context": {"text": "a\x00b"}}, "/context/text"),
        ({"surface": "replies", "context": {"text": 7}}, "/context/text"),
        ({"surface": "re\tplies", "context": {"text": "hi"}}, "/surface"),
        ({"surface": "replies", "context": {"text": "hi", "turns": [{"role": "agent"}]}}, "/context/turns/0/text"),
        ({"surface": "replies", "context": {"text": "hi", "user": "a\x07"}}, "/context/user"),
        ({"surface": "replies", "context": {"text": "hi"}, "k": 0}, "/k"),
        ({"surface": "replies", "context": {"text": "hi"}, "k": 51}, "/k"),
        ({"surface": "replies", "context": {"text": "hi"}, "k": "3"}, "/k"),
        ({"surface": "replies", "context": {"text": "hi"}, "k": True}, "/k"),
        ({"surface": "replies", "context": {"text": "hi"}, "explain": "yes"}, "/explain"),
        ({"surface": "replies", "context": {"text": "hi"}, "exclude": "track"}, "/exclude"),
        (
            {"surface": "replies", "context": {"text": "hi"}, "candidates": [{"id": "", "text": "x"}]},
            "/candidates/0/id",
        ),
        (
            {
                "surface": "replies",
                "context": {"text": "hi"},
                "candidates": [{"id": "x", "text": "x"}, {"id": "x", "text": "y"}],
            },
            "/candidates",
        ),
        ([1, 2], ""),
        ("text", ""),
        (0, ""),
    ],
)
def test_a_wrong_field_is_named_by_its_pointer_and_nothing_is_logged(house: House, body: object, pointer: str) -> None:
    before = house.n_rows("slates")
    refused = house.client.post("/v1/suggest", json=body, headers=house.secret)
    assert refused.status_code == 422, refused.text
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert house.n_rows("slates") == before


def test_the_same_limits_hold_within_a_batch(house: House) -> None:
    body = {"requests": [{"surface": "replies", "context": {"text": "x"}, "k": "3"}]}
    result = house.client.post("/v1/suggest/batch", json=body, headers=house.secret).json()["results"][0]
    assert result["status"] == 422
    assert result["errors"][0]["pointer"] == "/requests/0/k"


def test_a_candidate_is_suggestible_in_the_next_request_and_gone_in_the_one_after_its_end(house: House) -> None:
    surface = house.a_surface("fresh")
    new = {"candidates": [{"id": "umbrella", "text": "Umbrellas are sold out until the rain stops."}]}
    house.client.post(f"/v1/surfaces/{surface}/candidates", json=new, headers=house.secret)
    assert house.a_slate(surface, "umbrellas sold out")["items"][0]["id"] == "umbrella"
    house.client.delete(f"/v1/surfaces/{surface}/candidates/umbrella", headers=house.secret)
    assert "umbrella" not in {item["id"] for item in house.a_slate(surface, "umbrellas sold out", k=5)["items"]}


def test_small_talk_is_answered_with_items_too_because_the_widget_withholds(house: House) -> None:
    slate = house.a_slate(text="ok thanks")
    assert slate["token"]
    assert isinstance(slate["items"], list)
    assert len(REPLIES) >= len(slate["items"])


def test_placeholders_are_filled_on_the_wire_and_what_cannot_be_filled_is_left_out(house: House) -> None:
    options = [{"id": "x", "text": "Hello {{name}}"}, {"id": "y", "text": "Order {{order.id}}"}]
    body = {"surface": "replies", "context": {"text": "hi", "fields": {"name": "Ann"}}, "candidates": options}
    slate = house.client.post("/v1/suggest", json=body, headers=house.secret).json()
    assert [item["text"] for item in slate["items"]] == ["Hello Ann"]


def test_who_asks_for_a_person_gets_an_escalation_to_follow(house: House) -> None:
    slate = house.a_slate(ask=True)
    assert (slate["decision"], slate["reason"]) == ("escalate", "asked")
    assert slate["escalation"]["url"].startswith("/v1/escalations/")


def test_more_like_one_is_without_it_and_the_reason_is_one_word(house: House) -> None:
    slate = house.a_slate(like="track", explain=True)
    assert "track" not in {item["id"] for item in slate["items"]}
    told = {each["why"] for each in slate["explain"].values()}
    assert told <= {"meaning", "words", "chosen", "fields", "lately", None}
