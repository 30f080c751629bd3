"""The contract's numbered meanings 10, 11, 13, 14 and 16, told over HTTP: people who answer, people who wait, people's
data, and what an operator may rely on. Where time must pass, the clock is moved: the house of the web tests has one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient
from web.house import SECRET, START, House

from contracts.story import KNOWN, UNKNOWN, Shop, check_problem, files_holding
from suggest.config.application import open_application
from suggest.config.settings import Settings
from suggest.domain.clock import ManualClock
from suggest.retrieve.hashing import HashingEncoder
from suggest.web.app import create_app
from tests.online.world import StuckEncoder


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House.open(Path(tmp_path_factory.mktemp("people")))
    yield house
    house.close()


@pytest.fixture(scope="module")
def shop(house: House) -> Shop:
    return Shop(house.client, SECRET)


# -- 10. reviews ------------------------------------------------------------------------------------------------------


def test_10_a_claim_returns_the_review_itself(shop: Shop) -> None:
    surface = shop.surface("claimed")
    turns = [{"role": "agent", "text": "Hello"}]
    slate = shop.ask(surface, UNKNOWN, context={"turns": turns, "fields": {"plan": "gold"}, "user": "ann"})
    review = shop.claim(surface)
    assert {"id", "lease", "surface", "context", "items", "reason", "escalation", "expires_at"} <= review.keys()
    assert review["id"] == review["escalation"] == slate["escalation"]["id"]
    assert (review["surface"], review["reason"]) == (surface, "escalated")
    assert review["context"] == {"text": UNKNOWN, "turns": turns, "fields": {"plan": "gold"}}, "never who asked"
    assert [item["id"] for item in review["items"]] == [item["id"] for item in slate["items"]]


def test_10_every_claim_is_a_new_lease_and_one_key_may_hold_many(shop: Shop) -> None:
    surface = shop.surface("many")
    for text in ("one zeppelin", "two zeppelins", "three zeppelins"):
        shop.ask(surface, text)
    key = shop.key("wk")
    held = [shop.claim(surface, key=key) for _ in range(3)]
    assert len({review["lease"] for review in held}) == len({review["id"] for review in held}) == 3
    assert shop.call("POST", "/v1/reviews/claim", {"surface": surface}, key=key).status_code == 204


def test_10_a_held_review_is_offered_to_nobody_and_a_released_one_to_everybody(shop: Shop) -> None:
    surface = shop.surface("held")
    shop.ask(surface, UNKNOWN)
    review = shop.claim(surface)
    other = shop.key("wk")
    assert shop.call("POST", "/v1/reviews/claim", {"surface": surface}, key=other).status_code == 204
    released = shop.call("POST", f"/v1/reviews/{review['id']}/release", {"lease": review["lease"]})
    assert released.status_code == 204
    again = shop.claim(surface, key=other)
    assert again["id"] == review["id"]
    assert again["lease"] != review["lease"]
    check_problem(shop.judge(review, none=True), 409, "lease-lost")


def test_10_a_lease_lasts_120_seconds_of_the_servers_time_unless_asked_otherwise(shop: Shop, house: House) -> None:
    surface = shop.surface("lasting")
    shop.ask(surface, UNKNOWN)
    review = shop.claim(surface)
    house.clock.advance(seconds=119)
    assert shop.call("POST", "/v1/reviews/claim", {"surface": surface}).status_code == 204
    house.clock.advance(seconds=2)
    assert shop.claim(surface, lease_s=1)["id"] == review["id"]
    house.clock.advance(seconds=1)
    assert shop.claim(surface)["id"] == review["id"]


@pytest.mark.parametrize("lease_s", [0, 0.99, -120, "120", 1e9, None])
def test_10_a_lease_is_at_least_a_second(shop: Shop, lease_s: object) -> None:
    problem = check_problem(shop.call("POST", "/v1/reviews/claim", {"lease_s": lease_s}), 422)
    assert problem["errors"][0]["pointer"] == "/lease_s"


def test_10_an_expired_lease_answers_409_lease_expired_for_every_step_of_its_holder(shop: Shop, house: House) -> None:
    surface = shop.surface("expired")
    shop.ask(surface, UNKNOWN)
    review = shop.claim(surface, lease_s=5)
    house.clock.advance(seconds=5)
    check_problem(shop.judge(review, item="track"), 409, "lease-expired")
    for step in ("heartbeat", "release"):
        refused = shop.call("POST", f"/v1/reviews/{review['id']}/{step}", {"lease": review["lease"]})
        check_problem(refused, 409, "lease-expired")
    assert shop.claim(surface)["id"] == review["id"]


def test_10_a_heartbeat_counts_from_when_it_comes(shop: Shop, house: House) -> None:
    surface = shop.surface("beating")
    shop.ask(surface, UNKNOWN)
    review = shop.claim(surface, lease_s=10)
    for _ in range(3):
        house.clock.advance(seconds=9)
        beat = {"lease": review["lease"], "lease_s": 10}
        assert shop.ok("POST", f"/v1/reviews/{review['id']}/heartbeat", beat)["lease"] == review["lease"]
    assert shop.judged(review, none=True)["state"] == "answered"


def test_10_a_verdict_may_bring_the_next_review(shop: Shop) -> None:
    surface = shop.surface("next")
    for text in ("one quokka", "two quokkas"):
        shop.ask(surface, text)
    first = shop.claim(surface)
    given = shop.judge(first, query="?next=1", none=True).json()
    assert given["next"]["id"] != first["id"]
    assert given["next"].keys() == first.keys()
    assert shop.judged(given["next"], none=True)["next"] is None


def test_10_the_same_eid_again_is_the_same_answer(shop: Shop) -> None:
    surface = shop.surface("again")
    slate = shop.ask(surface, UNKNOWN)
    review = shop.claim(surface)
    first = shop.judge(review, eid="verdict-again", item="size").json()
    second = shop.judge(review, eid="verdict-again", item="size").json()
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert second["answer"] == first["answer"]
    assert [row["eid"] for row in shop.rows_of("verdicts", surface)] == ["verdict-again"]
    assert shop.escalation(slate)["answer"]["item"] == "size"


def test_10_a_text_verdict_is_a_none_label_and_no_candidate(shop: Shop) -> None:
    surface = shop.surface("own-words")
    shop.ask(surface, UNKNOWN)
    shop.judged(shop.claim(surface), text="Only on Tuesdays.")
    (label,) = shop.rows_of("labels", surface)
    assert label["item"] == ""
    assert label["source"] == "verdict"
    after = shop.ask(surface, UNKNOWN, k=50)
    assert "Only on Tuesdays." not in {item["text"] for item in after["items"]}
    assert after["decision"] == "escalate"


def test_10_it_becomes_a_candidate_where_that_is_asked_for(shop: Shop) -> None:
    surface = shop.surface("own-candidate")
    shop.ask(surface, UNKNOWN)
    shop.judged(shop.claim(surface), text="Only on Tuesdays.", add_candidate=True)
    after = shop.ask(surface, UNKNOWN)
    assert (after["items"][0]["text"], after["decision"]) == ("Only on Tuesdays.", "show")
    listed = shop.ok("GET", f"/v1/surfaces/{surface}/candidates")["candidates"]
    assert "Only on Tuesdays." in {each["text"] for each in listed}
    refused = shop.judge({"id": "r", "lease": "l"}, item="track", add_candidate=True)
    assert refused.status_code in {404, 422}


def test_10_undo_takes_an_answer_back_and_what_it_taught(shop: Shop) -> None:
    surface = shop.surface("undone")
    slate = shop.ask(surface, UNKNOWN)
    shop.judge(shop.claim(surface), eid="to-be-undone", item="size")
    assert shop.ask(surface, UNKNOWN)["decision"] == "show"
    path = f"/v1/reviews/{slate['escalation']['id']}/undo"
    assert shop.ok("POST", path, {"eid": "to-be-undone"})["state"] == "waiting"
    assert shop.ask(surface, UNKNOWN)["decision"] == "escalate"
    assert shop.escalation(slate)["state"] == "waiting"
    assert "answer" not in shop.escalation(slate)
    assert len(shop.rows_of("verdicts", surface)) == 2, "both stay in the log"
    check_problem(shop.call("POST", path, {"eid": "never-given"}), 409)


def test_10_by_default_only_who_waits_is_in_the_queue(shop: Shop) -> None:
    """Defaults: no learning picks, no gold, one judgement each; audits only where the policy wants them."""
    surface = shop.surface("defaults")
    for text in (KNOWN, KNOWN, UNKNOWN):
        shop.ask(surface, text)
    counts = shop.ok("GET", f"/v1/reviews?surface={surface}")
    assert counts["by_reason"] == {"escalated": 1, "audit": 0, "learning": 0}
    audited = shop.surface("audited", audit_rate=1.0)
    slate = shop.ask(audited, KNOWN)
    review = shop.claim(audited)
    assert (review["reason"], review["escalation"]) == ("audit", None), "nobody waits for an audit"
    assert "escalation" not in slate
    check_problem(shop.call("GET", f"/v1/escalations/{review['id']}"), 404)


# -- 11. who waits ----------------------------------------------------------------------------------------------------


def events_of(text: str) -> list[dict[str, Any]]:
    """The events of a finished stream: each is `event: state` and one line of JSON."""
    told = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            assert fields["event"] == "state"
            told.append(json.loads(fields["data"]))
    return told


def test_11_the_state_is_one_json_and_the_stream_tells_the_same(shop: Shop) -> None:
    surface = shop.surface("states")
    slate = shop.ask(surface, UNKNOWN)
    waiting = shop.escalation(slate)
    assert (waiting["id"], waiting["state"]) == (slate["escalation"]["id"], "waiting")
    assert "expected_wait_s" in waiting
    assert "answer" not in waiting
    review = shop.claim(surface)
    assert shop.escalation(slate)["state"] == "claimed"
    shop.judged(review, item="size")
    answered = shop.escalation(slate)
    assert answered["state"] == "answered"
    assert answered["answer"]["item"] == "size"
    assert answered["expected_wait_s"] is None
    stream = shop.http.get(slate["escalation"]["url"])
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert events_of(stream.text) == [answered], "the present state first; a final one ends it"


@pytest.mark.parametrize(
    ("given", "told"),
    [({"text": "Ring us."}, {"text": "Ring us."}), ({"none": True}, {"none": True})],
    ids=["text", "none"],
)
def test_11_an_answer_is_an_item_a_text_or_none(shop: Shop, given: dict[str, Any], told: dict[str, Any]) -> None:
    surface = shop.surface("answers")
    slate = shop.ask(surface, f"{UNKNOWN} {told}")
    shop.judged(shop.claim(surface), **given)
    assert shop.escalation(slate)["answer"] == told


def test_11_a_bare_id_is_refused_and_only_its_own_token_or_staff_opens_it(shop: Shop) -> None:
    surface = shop.surface("guarded")
    slate, other = shop.ask(surface, UNKNOWN), shop.ask(surface, f"{UNKNOWN} too")
    path = f"/v1/escalations/{slate['escalation']['id']}"
    for way in (path, path + "/events"):
        check_problem(shop.http.get(way), 401)
        check_problem(shop.http.get(f"{way}?token={other['token']}"), 403, "token-invalid")
        check_problem(shop.http.get(f"{way}?key={shop.key('pk')}"), 401)
    as_json = {"Accept": "application/json"}
    assert shop.http.get(f"{path}?token={slate['token']}", headers=as_json).json()["state"] == "waiting"
    assert shop.http.get(slate["escalation"]["url"], headers=as_json).json()["state"] == "waiting"
    for kind in ("wk", "sk"):
        assert shop.call("GET", path, key=shop.key(kind)).status_code == 200


def test_11_with_nobody_on_duty_the_state_says_so_in_the_words_of_the_surface(shop: Shop, house: House) -> None:
    surface = shop.surface("out", out_of_hours="Back on Monday.")
    house.clock.advance(seconds=3600)  # whoever was here has left
    slate = shop.ask(surface, UNKNOWN)
    for told in (slate["escalation"], shop.escalation(slate)):
        assert (told["on_duty"], told["message"], told["expected_wait_s"]) == (False, "Back on Monday.", None)
    shop.ask(surface, f"{UNKNOWN} again")
    shop.claim(surface)  # someone is back
    told = shop.escalation(shop.ask(surface, f"{UNKNOWN} later"))
    assert told["on_duty"]
    assert told["expected_wait_s"] is not None
    assert "message" not in told


def test_11_a_session_finds_its_open_escalations_again(shop: Shop) -> None:
    surface = shop.surface("reload")
    shop.call("PUT", f"/v1/surfaces/{surface}/policy", {"mode": "review_all"})  # whoever asks waits
    session = "0123456789abcdef"
    open_one = shop.ask(surface, f"{UNKNOWN} open", context={"session": session})
    shop.ask(surface, f"{UNKNOWN} of another", context={"session": session[::-1]})
    pk = shop.key("pk")
    query = f"/v1/escalations?key={pk}&surface={surface}&session="
    found = shop.http.get(query + session).json()["escalations"]
    assert [each["id"] for each in found] == [open_one["escalation"]["id"]]
    followed = shop.http.get(found[0]["url"], headers={"Accept": "application/json"}).json()
    assert followed["state"] == "waiting"
    check_problem(shop.http.get(query + "guess"), 403)
    shop.judged(next(r for r in (shop.claim(surface), shop.claim(surface)) if r["id"] == found[0]["id"]), none=True)
    assert shop.http.get(query + session).json()["escalations"] == []


def test_11_an_escalation_nobody_answers_ends_after_a_day(shop: Shop, house: House) -> None:
    surface = shop.surface("stale")
    slate = shop.ask(surface, UNKNOWN)
    house.clock.advance(seconds=25 * 3600)
    house.application.tick()
    state = shop.escalation(slate)
    assert state["state"] == "expired"
    assert shop.call("POST", "/v1/reviews/claim", {"surface": surface}).status_code == 204


def test_5_and_11_a_token_lasts_a_day(shop: Shop, house: House) -> None:
    surface = shop.surface("aged")
    slate = shop.ask(surface, UNKNOWN)
    house.clock.advance(seconds=24 * 3600 - 1)
    assert shop.tell(shop.event(slate, "view"))["accepted"] == 1
    house.clock.advance(seconds=1)
    told = shop.tell(shop.event(slate, "view"))
    assert [each["type"] for each in told["rejected"]] == ["token-expired"]
    check_problem(shop.http.get(slate["escalation"]["url"]), 403, "token-expired")


# -- 13. under load ---------------------------------------------------------------------------------------------------


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[tuple[Shop, StuckEncoder]]:
    """A shop whose encoder can be made to hang."""
    encoder = StuckEncoder(HashingEncoder())
    settings = Settings(data_dir=tmp_path / "stuck", secret_key=SECRET)
    with open_application(settings, clock=ManualClock(START), encoder=encoder, ticking=False) as application:
        app = create_app(application)
        with TestClient(app) as client:
            yield Shop(client, SECRET), encoder
            encoder.may_go.set()


def test_13_a_request_degrades_before_it_fails(stuck: tuple[Shop, StuckEncoder]) -> None:
    shop, encoder = stuck
    surface = shop.surface("slow")
    encoder.may_go.clear()
    slate = shop.ask(surface, f"{KNOWN} now")
    assert slate["reason"] == "degraded"
    assert slate["items"][0]["id"] == "track", "ranked by its words"
    assert sum(item["p_select"] for item in slate["items"]) == pytest.approx(slate["p_any"], abs=1e-9)
    assert slate["token"]
    assert shop.tell(shop.event(slate, "view"))["accepted"] == 1
    supplied = [{"id": "a", "text": "parcel tracking link"}, {"id": "b", "text": "opening hours"}]
    ranked = shop.ask(surface, f"{KNOWN} now", candidates=supplied)
    assert ([item["id"] for item in ranked["items"]], ranked["reason"]) == (["a", "b"], "degraded")
    encoder.may_go.set()
    assert "reason" not in shop.ask(surface, f"{KNOWN} please")


def test_13_a_batch_waits_for_the_encoder(stuck: tuple[Shop, StuckEncoder]) -> None:
    shop, encoder = stuck
    surface = shop.surface("patient")
    encoder.may_go.clear()
    Timer(0.4, encoder.may_go.set).start()
    asked = {"requests": [{"surface": surface, "context": {"text": f"{KNOWN} {n}"}} for n in range(3)]}
    results = shop.ok("POST", "/v1/suggest/batch", asked)["results"]
    assert [result.get("reason") for result in results] == [None, None, None]


# -- 14. exports and readiness ----------------------------------------------------------------------------------------


def test_14_an_export_has_all_that_was_acknowledged_before_it(shop: Shop) -> None:
    surface = shop.surface("exported")
    slate = shop.ask(surface, UNKNOWN)
    event = shop.event(slate, "view", visible_ms=1234.6)
    shop.tell(event, event)
    shop.label(surface, "something else", "track")
    shop.judge(shop.claim(surface), eid="exported-verdict", item="size", note="easy")
    one_of = {table: shop.rows_of(table, surface) for table in ("slates", "events", "reviews", "verdicts")}
    assert {table: len(rows) for table, rows in one_of.items()} == dict.fromkeys(one_of, 1)
    (told,) = one_of["events"]
    assert (told["eid"], told["type"], told["visible_ms"]) == (event["eid"], "view", "1235")
    assert {row["source"] for row in shop.rows_of("labels", surface)} == {"label", "verdict"}
    assert one_of["verdicts"][0]["note"] == "easy"


def test_14_both_forms_of_an_export_hold_the_same_rows(shop: Shop, tmp_path: Path) -> None:
    answer = shop.call("GET", "/v1/export/slates")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    file = tmp_path / "slates.parquet"
    file.write_bytes(answer.content)
    ids = duckdb.connect().execute("select id from read_parquet(?)", [str(file)]).fetchall()
    assert [id for (id,) in ids] == [row["id"] for row in shop.rows("slates")]


def test_14_a_slate_keeps_the_embedding_it_was_ranked_by(shop: Shop) -> None:
    surface = shop.surface("kept")
    shop.ask(surface, KNOWN)
    (row,) = shop.rows_of("slates", surface)
    assert row["encoder"].startswith("hashing")
    assert row["embedding"]


# -- 16. people's data ------------------------------------------------------------------------------------------------


def test_16_a_user_is_stored_as_a_keyed_hash_and_erased_from_every_file(tmp_path: Path) -> None:
    house = House.open(tmp_path / "data")
    shop = Shop(house.client, SECRET)
    surface = shop.surface("personal")
    secret_words = "my xanthic marmalade allergy"
    for user in ("ann@example.org", "bob@example.org"):
        context = {"user": user, "session": f"session-of-{user[:3]}", "turns": [{"role": "user", "text": secret_words}]}
        slate = shop.ask(surface, f"{secret_words} of {user[:3]}", context=context)
        shop.tell(shop.event(slate, "override", text=f"{secret_words}, written by {user[:3]}"))
        shop.judged(shop.claim(surface), text=f"{secret_words}, says a worker to {user[:3]}")
        shop.label(surface, f"{secret_words} labelled by {user[:3]}", None, user=user)
    house.application.store.checkpoint()
    assert files_holding(tmp_path, "marmalade"), "the search finds what is there"
    assert files_holding(tmp_path, "ann@example.org") == [], "never in the form it was sent"
    erased = shop.ok("DELETE", "/v1/users/ann%40example.org")["erased"]
    assert erased >= 4
    for trace in ("marmalade allergy of ann", "written by ann", "worker to ann", "labelled by ann", "session-of-ann"):
        assert files_holding(tmp_path, trace) == [], trace
    for trace in ("marmalade allergy of bob", "written by bob", "worker to bob", "labelled by bob"):
        assert files_holding(tmp_path, trace), f"others stay as they were: {trace}"
    assert shop.ok("DELETE", "/v1/users/ann%40example.org")["erased"] == 0
    house.close()
    assert files_holding(tmp_path, "of ann") == [], "nor after a stop"


def test_16_a_redacting_surface_stores_no_addresses_and_numbers(tmp_path: Path) -> None:
    house = House.open(tmp_path / "data")
    shop = Shop(house.client, SECRET)
    surface = shop.surface("redacting")
    shop.ok("PUT", f"/v1/surfaces/{surface}", {"redact": True})
    slate = shop.ask(
        surface, "I am cleo@example.org, call +49 30 9018 2077", context={"fields": {"card": "4111111111111111"}}
    )
    shop.tell(shop.event(slate, "override", text="write to cleo@example.org"))
    house.application.store.checkpoint()
    for trace in ("cleo@example.org", "9018 2077", "4111111111111111"):
        assert files_holding(tmp_path, trace) == [], trace
    (row,) = shop.rows_of("slates", surface)
    assert json.loads(row["context"])["text"] == "I am <mail>, call <phone>"
    house.close()


def test_16_what_is_older_than_a_surface_keeps_is_gone_within_a_day(tmp_path: Path) -> None:
    house = House.open(tmp_path / "data")
    shop = Shop(house.client, SECRET)
    kept, short = shop.surface("kept"), shop.surface("short")
    shop.ok("PUT", f"/v1/surfaces/{short}", {"retention_days": 7})
    for surface in (kept, short):
        slate = shop.ask(surface, f"{UNKNOWN} on {surface}")
        shop.tell(shop.event(slate, "view"))
    house.clock.advance(seconds=8 * 24 * 3600)
    house.application.tick()
    assert [len(shop.rows_of("slates", surface)) for surface in (kept, short)] == [1, 0]
    assert [len(shop.rows_of("events", surface)) for surface in (kept, short)] == [1, 0]
    assert files_holding(tmp_path, f"{UNKNOWN} on short") == []
    house.close()
