"""Surfaces, candidates, policies and records: what an owner sets up and takes out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from suggest.store.ports import Exported
from web.house import REPLIES, House
from web.people import Person

ODD_IDS = ["a/b", "a b", "ü/ß", "%2F", "a?b#c", "..", ".", "日本", "a+b", '"', "x" * 200]


def test_a_new_surface_is_201_and_a_change_keeps_what_is_not_sent(house: House) -> None:
    made = house.client.put("/v1/surfaces/made", json={"title": "Made", "k": 5}, headers=house.secret)
    assert made.status_code == 201
    changed = house.client.put("/v1/surfaces/made", json={"title": "Changed"}, headers=house.secret)
    assert changed.status_code == 200
    assert changed.json()["k"] == 5
    assert house.client.get("/v1/surfaces/made", headers=house.secret).json() == changed.json()
    listed = house.client.get("/v1/surfaces", headers=house.secret).json()["surfaces"]
    assert changed.json() in listed


def test_a_surface_can_be_made_without_a_word(house: House) -> None:
    assert house.client.put("/v1/surfaces/bare", headers=house.secret).status_code == 201


@pytest.mark.parametrize(
    "settings", [{"k": 0}, {"k": 51}, {"retention_days": 0}, {"title": None}, {"redact": 1}, {"kk": 1}]
)
def test_a_wrong_setting_is_named(house: House, settings: dict[str, object]) -> None:
    refused = house.client.put("/v1/surfaces/made", json=settings, headers=house.secret)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/" + next(iter(settings))]


@pytest.mark.parametrize("candidate", ODD_IDS)
def test_any_id_can_be_put_suggested_and_retired(house: House, candidate: str) -> None:
    surface = house.a_surface("odd ids")
    sent = {"candidates": [{"id": candidate, "text": "Umbrellas are sold out."}]}
    assert house.client.post(f"/v1/surfaces/{surface}/candidates", json=sent, headers=house.secret).is_success
    assert house.a_slate(surface, "umbrellas", k=1)["items"][0]["id"] == candidate
    # A client library would normalise "." and ".." away, so these travel fully encoded, too.
    encoded = quote(candidate, safe="").replace(".", "%2E")
    gone = house.client.delete(f"/v1/surfaces/{quote(surface)}/candidates/{encoded}", headers=house.secret)
    assert gone.status_code == 204, gone.text
    assert house.a_slate(surface, "umbrellas", k=1)["items"][0]["id"] != candidate


def test_candidates_are_listed_a_page_at_a_time(house: House) -> None:
    surface = house.a_surface("paged")
    seen: list[str] = []
    after = ""
    while True:
        page = house.client.get(f"/v1/surfaces/{surface}/candidates?limit=3{after}", headers=house.secret).json()
        seen += [each["id"] for each in page["candidates"]]
        if page["next"] is None:
            break
        after = "&after=" + quote(page["next"], safe="")
    assert sorted(seen) == sorted(str(reply["id"]) for reply in REPLIES)


def test_candidates_come_as_lines_too(house: House) -> None:
    surface = house.a_surface("lines")
    lines = "\n".join(json.dumps({"id": f"c{n}", "text": f"candidate number {n}"}) for n in range(1_200))
    headers = {**house.secret, "Content-Type": "application/x-ndjson"}
    answer = house.client.post(f"/v1/surfaces/{surface}/candidates", content=lines, headers=headers)
    assert answer.json() == {"accepted": 1_200, "embedded": 1_200}
    assert house.a_slate(surface, "candidate number 777", k=1)["items"][0]["id"] == "c777"


def test_a_wrong_line_is_named_and_the_batches_before_it_stay(house: House) -> None:
    surface = house.a_surface("half lines")
    rows = [{"id": f"c{n}", "text": f"candidate {n}"} for n in range(700)]
    rows[600] = {"id": "c600", "txt": "misspelt"}  # type: ignore[dict-item]
    headers = {**house.secret, "Content-Type": "application/x-ndjson"}
    content = "\n".join(map(json.dumps, rows))
    refused = house.client.post(f"/v1/surfaces/{surface}/candidates", content=content, headers=headers)
    assert refused.status_code == 422
    assert "/600/txt" in [error["pointer"] for error in refused.json()["errors"]]
    assert house.a_slate(surface, "candidate 499", k=1)["items"][0]["id"] == "c499"


def test_a_policy_is_merged_and_says_why_its_line_runs_where_it_does(house: House) -> None:
    surface = house.a_surface("slider")
    fresh = house.client.get(f"/v1/surfaces/{surface}/policy", headers=house.secret).json()
    assert (fresh["mode"], fresh["target"], fresh["threshold"]) == ("assist", {"kind": "p_any", "value": 0.5}, 0.5)
    changed = {"target": {"kind": "precision", "value": 0.95}}
    policy = house.client.put(f"/v1/surfaces/{surface}/policy", json=changed, headers=house.secret).json()
    assert policy["mode"] == "assist"
    assert policy["certified"] is False
    assert policy["n_needed"] > 0
    assert policy["why"]


def test_a_preview_changes_nothing(house: House) -> None:
    surface = house.a_surface("preview")
    before = house.client.get(f"/v1/surfaces/{surface}/policy", headers=house.secret).json()
    wanted = {"target": {"kind": "review_share", "value": 0.2}}
    preview = house.client.post(f"/v1/surfaces/{surface}/policy/preview", json=wanted, headers=house.secret).json()
    assert preview["expected"]["precision"].keys() >= {"low", "mid", "high"}
    assert preview["frontier"]
    assert house.client.get(f"/v1/surfaces/{surface}/policy", headers=house.secret).json() == before


def test_a_preview_says_what_the_mode_makes_of_the_line(house: House) -> None:
    surface = house.a_surface("preview-of-modes")
    for n in range(4):
        asked = {"surface": surface, "context": {"text": f"Where is my parcel? {n}"}}
        house.client.post("/v1/suggest", json=asked, headers=house.secret).raise_for_status()

    def seen(**changes: object) -> dict[str, Any]:
        answer = house.client.post(f"/v1/surfaces/{surface}/policy/preview", json=changes, headers=house.secret)
        return cast("dict[str, Any]", answer.raise_for_status().json())

    everyone = seen(mode="review_all")
    assert (everyone["expected"]["review_share"], everyone["expected"]["cost"]) == (1.0, 1.0)
    assert everyone["expected"]["precision"]["mid"] is None
    assert everyone["auto"] is None
    assert seen(mode="shadow")["expected"]["review_share"] == 1.0
    never = {"kind": "p_any", "value": 0.999}
    assert seen(target=never)["expected"]["review_share"] > 0.0
    assert seen(target=never, escalation=False)["expected"]["review_share"] == 0.0
    alone = seen(mode="auto")["auto"]
    assert alone["threshold"] is None
    assert alone["n_needed"] > 0
    line = {"kind": "p_any", "value": 0.0}
    dear, cheap = (seen(target=line, error_cost=price)["expected"]["cost"] for price in (50, 5))
    assert dear == pytest.approx(10 * cheap)  # nobody is asked, so it is all errors


def test_before_the_first_request_a_preview_says_that_nothing_is_known(house: House) -> None:
    surface = house.a_surface("preview-of-nothing")

    def seen(value: float) -> dict[str, Any]:
        wanted = {"target": {"kind": "precision", "value": value}}
        answer = house.client.post(f"/v1/surfaces/{surface}/policy/preview", json=wanted, headers=house.secret)
        return cast("dict[str, Any]", answer.raise_for_status().json())

    told = seen(0.95)
    assert told["expected"]["precision"] == {"low": 0.0, "mid": None, "high": 1.0, "n": 0}
    assert [told["expected"][name] for name in ("cost", "cost_per_1000", "n_traffic")] == [None, None, 0]
    assert {point["precision"]["mid"] for point in told["frontier"]} == {None}
    assert [point["cost"] is None for point in told["frontier"]] == [True] * (len(told["frontier"]) - 1) + [False]
    never, always = seen(0.0)["expected"], seen(1.0)["expected"]
    assert (never["review_share"], never["cost"], never["precision"]["mid"]) == (0.0, None, None)
    assert (always["review_share"], always["cost"], always["precision"]["mid"]) == (1.0, 1.0, None)  # a person each


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"mode": "always"}, "/mode"),
        ({"target": {"kind": "luck", "value": 1}}, "/target/kind"),
        ({"target": {"kind": "precision", "value": 1.5}}, "/target/value"),
        ({"target": {"kind": "precision", "value": -1}}, "/target/value"),
        ({"target": 0.9}, "/target"),
        ({"audit_rate": 2}, "/audit_rate"),
        ({"exploration": "some"}, "/exploration"),
        ({"audits": 0.1}, "/audits"),
    ],
)
def test_a_wrong_policy_is_refused_by_pointer(house: House, change: dict[str, object], pointer: str) -> None:
    refused = house.client.put("/v1/surfaces/replies/policy", json=change, headers=house.secret)
    assert refused.status_code == 422
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]


def test_a_write_with_an_idempotency_key_is_answered_the_same_again(house: House) -> None:
    headers = {**house.secret, "Idempotency-Key": "k-1"}
    first = house.client.put("/v1/surfaces/once", json={"k": 4}, headers=headers)
    again = house.client.put("/v1/surfaces/once", json={"k": 4}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = house.client.put("/v1/surfaces/once", json={"k": 5}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    house.monotonic.now_s += 24 * 3600 + 1
    assert house.client.put("/v1/surfaces/once", json={"k": 5}, headers=headers).status_code == 200


def test_a_failed_write_may_be_tried_again_under_the_same_key(house: House) -> None:
    headers = {**house.secret, "Idempotency-Key": "k-2"}
    sent = {"candidates": [{"id": "x", "text": "x"}]}
    assert house.client.post("/v1/surfaces/later/candidates", json=sent, headers=headers).status_code == 404
    house.client.put("/v1/surfaces/later", headers=house.secret)
    assert house.client.post("/v1/surfaces/later/candidates", json=sent, headers=headers).status_code == 200


@pytest.mark.parametrize("table", list(Exported))
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_table_can_be_taken_out(house: House, table: str, form: str) -> None:
    answer = house.client.get(f"/v1/export/{table}?format={form}", headers=house.secret)
    assert answer.status_code == 200
    assert f'filename="{table}.{form}"' in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    if form == "parquet":
        assert answer.content[:4] == answer.content[-4:] == b"PAR1"
    else:
        assert io.StringIO(answer.text).readline().strip()


def test_what_is_taken_out_over_http_says_what_the_pages_say(own_house: House, tmp_path: Path) -> None:
    import analytics
    from analytics.report import report

    shows_nothing = {"mode": "review_all", "reward_wait_s": 60}
    assert own_house.client.put("/v1/surfaces/replies/policy", json=shows_nothing, headers=own_house.secret).is_success
    note = {"text": "New templates"}
    assert own_house.client.post("/v1/surfaces/replies/annotations", json=note, headers=own_house.secret).is_success
    own_house.a_slate("replies", "a question that goes to people")
    held = own_house.client.post("/v1/reviews/claim", json={"surface": "replies"}, headers=own_house.secret).json()
    own_house.clock.advance(seconds=600)
    for table in Exported:
        sent = own_house.client.get(f"/v1/export/{table}?format=csv", headers=own_house.secret)
        (tmp_path / f"{table}.csv").write_bytes(sent.content)
    state = (tmp_path / "state.csv").read_text()
    assert held["lease"] not in state, "what lets somebody answer a review is no export's"
    assert "a question that goes to people" not in state
    assert "reward_wait_s" in state
    owner = Person(own_house, "owner")
    with analytics.open(tmp_path, as_of=own_house.clock.now()) as opened:
        view = report(opened, "replies", now=own_house.clock.now())
        for figure, page in (("what-happened", "overview"), ("claims", "people"), ("funnel", "funnel")):
            told = owner.browser.get(f"/reports/replies/{figure}.csv?page={page}").text
            assert told == view.csv(figure)
            assert len(told.splitlines()) > 1, figure


def test_an_export_leaves_no_file_behind(house: House) -> None:
    house.client.get("/v1/export/slates", headers=house.secret)
    folder = house.application.settings.data_dir / "exports"
    assert not list(folder.glob("*"))


def test_auto_without_a_certificate_is_refused_and_the_policy_says_what_is_missing(house: House) -> None:
    refused = house.client.put("/v1/surfaces/replies/policy", json={"mode": "auto"}, headers=house.secret)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/problems/not-certified")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/mode"]
    policy = house.client.get("/v1/surfaces/replies/policy", headers=house.secret).json()
    assert policy["auto"]["threshold"] is None
    assert policy["auto"]["why"]
    assert (policy["next_mode"]["mode"], policy["next_mode"]["ready"]) == ("auto", False)
    assert policy["live"]["precision"]["n"] == 0


def test_a_surface_of_a_moment_ago_says_how_many_labels_acting_alone_needs(house: House) -> None:
    house.client.put("/v1/surfaces/of-now", json={}, headers=house.secret)
    policy = house.client.get("/v1/surfaces/of-now/policy", headers=house.secret).json()
    assert policy["auto"]["n_needed"] == policy["next_mode"]["n_needed"] == 45
    assert "no labels yet" in policy["auto"]["why"]


def test_nothing_was_applied_without_asking(house: House) -> None:
    told = house.client.get("/v1/surfaces/replies/automatic", headers=house.secret)
    assert told.json() == {"decisions": []}
    assert house.client.get("/v1/surfaces/replies/automatic?limit=0", headers=house.secret).status_code == 422


@pytest.mark.parametrize("path", ["secrets", "candidates", "cas", "..%2Fx", "meta", "outcomes"])
def test_nothing_else_is_exported(house: House, path: str) -> None:
    assert house.client.get(f"/v1/export/{path}", headers=house.secret).status_code == 404


def test_an_unknown_format_is_refused(house: House) -> None:
    assert house.client.get("/v1/export/slates?format=xlsx", headers=house.secret).status_code == 422


def test_the_numbers_of_a_surface_can_be_asked_for_a_span_of_time(house: House) -> None:
    surface = house.a_surface("counted")
    house.a_slate(surface)
    house.clock.advance(seconds=1)
    everything = house.client.get(f"/v1/surfaces/{surface}/metrics", headers=house.secret).json()
    assert everything["requests"] == 1
    before = "?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00%2B01:00"
    assert house.client.get(f"/v1/surfaces/{surface}/metrics{before}", headers=house.secret).json()["requests"] == 0


def test_a_person_is_erased(own_house: House) -> None:
    context = {"text": "my very own words", "user": "ann/1"}
    ask = {"surface": "replies", "context": context}
    assert own_house.client.post("/v1/suggest", json=ask, headers=own_house.secret).is_success
    assert "my very own words" in own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text
    erased = own_house.client.delete("/v1/users/ann%2F1", headers=own_house.secret)
    assert erased.status_code == 200
    assert erased.json()["erased"] >= 1
    left = own_house.client.get("/v1/export/slates?format=csv", headers=own_house.secret).text
    assert "my very own words" not in left
