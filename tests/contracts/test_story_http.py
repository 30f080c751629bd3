"""The contract's numbered meanings 1 to 9, told over HTTP to a real server: its own process, its own file, real bytes.

The encoder hashes words, so a text made of a reply's words is certain and one without any of them is unknown."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from contracts.story import KNOWN, REPLIES, SHOP, UNKNOWN, Running, Shop, check_problem, unknowns

CERTAIN = 1e-9


@pytest.fixture(scope="module")
def shop(running: Running) -> Shop:
    return running.shop


# -- 1. what a suggestion is ------------------------------------------------------------------------------------------


def test_1_a_suggestion_is_in_the_log_before_it_is_answered(shop: Shop) -> None:
    surface = shop.surface("durable")
    slates = [shop.ask(surface, text) for text in (KNOWN, UNKNOWN)]
    logged = {row["id"]: row for row in shop.rows_of("slates", surface)}
    assert [slate["impression"] in logged for slate in slates] == [True, True]
    reviews = {row["impression"] for row in shop.rows_of("reviews", surface)}
    assert reviews == {slates[1]["impression"]}, "and the review of an escalation with it"


@pytest.mark.parametrize(
    ("text", "policy", "decision"),
    [
        (KNOWN, {}, "show"),
        (UNKNOWN, {}, "escalate"),
        (UNKNOWN, {"escalation": False}, "abstain"),
        (KNOWN, {"mode": "review_all"}, "escalate"),
    ],
    ids=["known", "unknown", "nobody may be asked", "all to people"],
)
def test_1_items_p_any_and_token_are_there_whatever_is_decided(
    shop: Shop, text: str, policy: dict[str, object], decision: str
) -> None:
    slate = shop.ask(shop.surface(f"decides {decision} {sorted(policy)}".replace(" ", "-"), **policy), text)
    assert slate["decision"] == decision
    assert [item["position"] for item in slate["items"]] == [0, 1, 2]
    assert all(item.keys() == {"id", "text", "position", "p_select", "propensity"} for item in slate["items"])
    assert 0 <= slate["p_any"] <= 1
    assert slate["token"]
    assert slate["model"] == "prior"
    assert ("escalation" in slate) == (decision == "escalate")


def test_1_in_assist_a_slate_is_shown_exactly_where_p_any_reaches_the_threshold(shop: Shop) -> None:
    surface = shop.surface("threshold")
    texts = [KNOWN, UNKNOWN, *REPLIES.values(), "refund", "my shoes", "the order", "delivery address please", "money"]
    for value in (0.0, 0.2, 0.6, 0.95, 1.0):
        shop.ok("PUT", f"/v1/surfaces/{surface}/policy", {"target": {"kind": "p_any", "value": value}})
        threshold = shop.ok("GET", f"/v1/surfaces/{surface}/policy")["threshold"]
        for text in texts:
            slate = shop.ask(surface, text)
            assert (slate["decision"] == "show") == (slate["p_any"] >= threshold), (text, value, slate["p_any"])


def test_1_review_all_always_escalates_with_an_escalation(shop: Shop) -> None:
    surface = shop.surface("all-to-people", mode="review_all", escalation=False)
    for text in (KNOWN, UNKNOWN):
        slate = shop.ask(surface, text)
        assert slate["decision"] == "escalate"
        assert shop.escalation(slate)["state"] == "waiting"


def test_1_auto_needs_a_certified_bound(shop: Shop) -> None:
    surface = shop.surface("hopeful")
    refused = shop.call("PUT", f"/v1/surfaces/{surface}/policy", {"mode": "auto"})
    problem = check_problem(refused, 409, "not-certified")
    assert [each["pointer"] for each in problem["errors"]] == ["/mode"]
    assert "labels" in problem["detail"], "how many more it needs, never a guess"
    assert shop.ok("GET", f"/v1/surfaces/{surface}/policy")["mode"] == "assist"
    assert shop.ask(surface)["decision"] == "show"


def test_1_a_surface_without_a_model_or_a_candidate_works_with_people_alone(shop: Shop) -> None:
    slate = shop.ask(shop.surface("bare", {}, mode="review_all"), UNKNOWN)
    assert (slate["items"], slate["p_any"], slate["decision"]) == ([], 0.0, "escalate")


# -- 2. p_any ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 5, 50])
def test_2_the_p_select_of_the_items_sum_to_p_any(shop: Shop, k: int) -> None:
    surface = shop.surface("sums")
    for text in (KNOWN, UNKNOWN, "refund of my shoes", "order", "Where is the delivery address of my parcel?"):
        slate = shop.ask(surface, text, k=k)
        assert len(slate["items"]) == min(k, len(REPLIES))
        assert math.isclose(sum(item["p_select"] for item in slate["items"]), slate["p_any"], abs_tol=CERTAIN)
        assert all(0 <= item["p_select"] <= 1 for item in slate["items"])


def test_2_a_longer_slate_is_at_least_as_likely_to_hold_a_right_option(shop: Shop) -> None:
    surface = shop.surface("longer")
    for text in ("refund of my shoes", "order", UNKNOWN):
        p_any = [shop.ask(surface, text, k=k)["p_any"] for k in (1, 2, 3, 4, 5)]
        assert p_any == sorted(p_any), text


def test_2_what_a_person_will_do_is_reported_beside_it_and_decides_nothing(shop: Shop) -> None:
    slate = shop.ask(shop.surface("beside"), KNOWN)
    assert 0 <= slate["p_accept"] <= slate["p_any"]
    assert slate["p_accept"] < 0.9 < slate["p_any"], "people do not take all that is right"
    assert slate["decision"] == "show"


def test_2_the_share_of_unanswerable_requests_is_estimated_anew_without_a_label_or_a_train_call(shop: Shop) -> None:
    surface = shop.surface("shifts", escalation=False)
    asked = "refund of my shoes"
    before = shop.ask(surface, asked)["p_any"]
    texts = list(unknowns(230))
    requests = [{"surface": surface, "context": {"text": text}} for text in texts]
    first = shop.ok("POST", "/v1/suggest/batch", {"requests": requests[:150]})["results"]
    assert len(first) == 150
    assert shop.ask(surface, asked)["p_any"] == pytest.approx(before, abs=0.02), "150 requests are too few to tell"
    shop.ok("POST", "/v1/suggest/batch", {"requests": requests[150:]})
    assert shop.ask(surface, asked)["p_any"] < before - 0.05


# -- 3. exploration and diversity -------------------------------------------------------------------------------------


def test_3_a_new_surface_does_not_explore(shop: Shop) -> None:
    surface = shop.surface("calm")
    assert shop.ok("GET", f"/v1/surfaces/{surface}/policy")["exploration"] == 0
    slates = [shop.ask(surface, "refund of my shoes") for _ in range(3)]
    assert len({tuple(item["id"] for item in slate["items"]) for slate in slates}) == 1
    assert {item["propensity"] for slate in slates for item in slate["items"]} == {1.0}


def test_3_exploration_logs_the_propensity_of_each_place(shop: Shop) -> None:
    surface = shop.surface("bold", exploration=5.0)
    slates = [shop.ask(surface, "refund of my shoes") for _ in range(12)]
    assert len({tuple(item["id"] for item in slate["items"]) for slate in slates}) > 1
    for slate in slates:
        assert all(0 < item["propensity"] < 1 for item in slate["items"])
        assert math.isclose(sum(item["p_select"] for item in slate["items"]), slate["p_any"], abs_tol=CERTAIN)


def test_3_near_identical_candidates_are_merged_and_a_callers_own_never_are(shop: Shop) -> None:
    twins = {"a": "We refund the money today.", "b": "We refund the  money today.", "c": "Our shop opens at nine."}
    surface = shop.surface("twins", twins)
    assert {item["id"] for item in shop.ask(surface, twins["a"])["items"]} in ({"a", "c"}, {"b", "c"})
    options = [{"id": id, "text": text} for id, text in twins.items()]
    assert {item["id"] for item in shop.ask(surface, twins["a"], candidates=options)["items"]} == {"a", "b", "c"}


# -- 4. training ------------------------------------------------------------------------------------------------------


def test_4_train_with_wait_answers_200_with_the_job_and_its_gate_and_a_refusal_is_no_error(shop: Shop) -> None:
    surface = shop.surface("too-little")
    answer = shop.call("POST", f"/v1/surfaces/{surface}/train?wait=1")
    assert answer.status_code == 200
    job = answer.json()
    assert {"id", "state", "bundle", "gate"} <= job.keys()
    assert (job["state"], job["bundle"]) == ("kept", None)
    assert "at least 30" in job["gate"]["why"], "how many more labels it needs, never a guess"
    assert shop.ok("GET", f"/v1/jobs/{job['id']}")["state"] == "kept"


def test_4_calls_during_another_run_queue_behind_it_and_never_conflict(shop: Shop) -> None:
    surface = shop.surface("queued")
    path = f"/v1/surfaces/{surface}/train"
    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(lambda wait: shop.call("POST", path + wait, {"encoder": "off"}), ("", "?wait=1")))
    assert [answer.status_code for answer in answers] == [202, 200]
    assert answers[0].json()["id"] != answers[1].json()["id"]


@pytest.mark.slow
def test_4_and_7_a_bundle_is_judged_on_labels_it_had_not_seen_promoted_rolled_back_and_promoted_again(
    shop: Shop,
) -> None:
    """Labels without `at` have no order: each is judged out of fold, so all of them are. Rollback is one call."""
    surface = shop.surface("school", {id: REPLIES[id] for id in ("track", "refund", "size")})
    said = {"track": "lost box depot", "refund": "cash bank payment", "size": "narrow wide boots"}
    rows = [
        {"surface": surface, "context": {"text": f"{words} {n} {'please' if n % 2 else 'hello'}"}, "item": item}
        for n in range(12)
        for item, words in said.items()
    ]
    assert shop.call("POST", "/v1/labels", {"labels": rows}).json()["accepted"] == 36
    job = shop.ok("POST", f"/v1/surfaces/{surface}/train?wait=1", {"encoder": "off"})
    assert job["state"] in {"promoted", "kept"}, job
    assert job["gate"]["n_pairs"] == 36
    models = shop.ok("GET", f"/v1/surfaces/{surface}/models")
    assert [model["id"] for model in models["models"]] == [job["bundle"]]
    if job["state"] == "kept":
        refused = shop.call("POST", f"/v1/surfaces/{surface}/models/{job['bundle']}/promote")
        check_problem(refused, 422)
        return
    assert shop.ask(surface)["model"] == models["champion"] == job["bundle"]
    assert shop.ok("POST", f"/v1/surfaces/{surface}/models/rollback")["bundle"] == "prior"
    assert shop.ask(surface)["model"] == "prior", "in force with the next request"
    check_problem(shop.call("POST", f"/v1/surfaces/{surface}/models/rollback"), 409)
    shop.ok("POST", f"/v1/surfaces/{surface}/models/{job['bundle']}/promote")
    assert shop.ask(surface)["model"] == job["bundle"]


# -- 5. feedback ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eid", ["x", "x" * 128, "🙂" * 128, "a b/ü?%00", "\u200b"])
def test_5_an_eid_is_any_1_to_128_characters_and_counts_once(shop: Shop, eid: str) -> None:
    surface = shop.surface("eids")
    event = {**shop.event(shop.ask(surface), "view"), "eid": eid}
    assert shop.tell(event) == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert shop.tell(event, event) == {"accepted": 0, "duplicates": 2, "rejected": []}
    assert [row["eid"] for row in shop.rows("events")].count(eid) == 1


def test_5_what_is_acknowledged_is_in_the_log(shop: Shop) -> None:
    surface = shop.surface("acknowledged")
    slate = shop.ask(surface)
    events = [shop.event(slate, kind, item=slate["items"][0]["id"]) for kind in ("view", "select", "commit", "leave")]
    assert shop.tell(*events) == {"accepted": 4, "duplicates": 0, "rejected": []}, "several of one impression at once"
    logged = [(row["eid"], row["type"]) for row in shop.rows_of("events", surface)]
    assert logged == [(event["eid"], event["type"]) for event in events], "a row an event, in order, nothing derived"


def test_5_a_malformed_envelope_is_refused_and_a_malformed_event_is_listed(shop: Shop) -> None:
    for body in ({}, {"events": []}, {"events": "x"}, [], {"events": None}):
        check_problem(shop.call("POST", "/v1/feedback", body), 422)
    slate = shop.ask(shop.surface("malformed"))
    good = shop.event(slate, "view")
    told = shop.tell(
        "not an object",
        {**shop.event(slate, "view"), "token": "forged"},
        shop.event(slate, "ignored"),
        shop.event(slate, "select"),
        shop.event(slate, "select", item="never-shown"),
        shop.event(slate, "view", position=-1),
        good,
    )
    assert told["accepted"] == 1
    assert [each["index"] for each in told["rejected"]] == [0, 1, 2, 3, 4, 5]
    assert all(each.keys() >= {"eid", "type", "detail"} and each["detail"] for each in told["rejected"])
    assert [each["type"] for each in told["rejected"][1:5]] == [
        "token-invalid",
        "unknown-event-type",
        "invalid-event",
        "item-not-shown",
    ]


def test_5_the_outcome_is_the_highest_of_select_dismiss_override_in_any_order(shop: Shop) -> None:
    surface = shop.surface("outcomes")
    for kinds in (["override", "dismiss", "select"], ["dismiss", "override"], ["override"], ["select", "dismiss"]):
        slate = shop.ask(surface)
        item = slate["items"][0]["id"]
        for kind in kinds:
            shop.tell(shop.event(slate, kind, **({"item": item} if kind == "select" else {})))
    counted = shop.ok("GET", f"/v1/surfaces/{surface}/metrics")["outcomes"]
    assert {name: counted.get(name, 0) for name in ("selected", "dismissed", "overridden")} == {
        "selected": 2,
        "dismissed": 1,
        "overridden": 1,
    }


def test_5_commit_says_how_much_was_edited(shop: Shop) -> None:
    surface = shop.surface("edited")
    slate = shop.ask(surface)
    shop.tell(shop.event(slate, "commit", edited=True, edit_ratio=0.25))
    (row,) = shop.rows_of("events", surface)
    assert (row["edited"], float(row["edit_ratio"])) == ("true", 0.25)
    wrong = shop.tell(shop.event(slate, "commit", edit_ratio=1.5))
    assert "edit_ratio" in wrong["rejected"][0]["detail"]


def test_5_a_reward_is_a_servers_to_give(shop: Shop) -> None:
    surface = shop.surface("rewards")
    slate = shop.ask(surface)
    reward = {"eid": f"r-{slate['impression']}", "impression": slate["impression"], "type": "reward"}
    by_page = shop.page_tells(shop.key("pk"), {**reward, "value": 1, "name": "resolved", "token": slate["token"]})
    assert [each["type"] for each in by_page["rejected"]] == ["forbidden"]
    assert shop.tell({**reward, "value": 1, "name": "resolved"})["accepted"] == 1
    (row,) = shop.rows_of("events", surface)
    assert (row["type"], row["name"], float(row["value"])) == ("reward", "resolved", 1.0)


def test_5_caps_hold_for_pages_and_not_for_servers(shop: Shop) -> None:
    """One voice selects the same thing again and again: from a page it teaches once, from a server each time."""
    pk = shop.key("pk")
    texts = {"page": "umber violet walnut", "server": "umber violet walnut"}
    for who, text in texts.items():
        surface = shop.surface(f"caps-{who}")
        for _ in range(8):
            slate = shop.ask(surface, text, k=5)
            event = shop.event(slate, "select", item="size")
            told = shop.page_tells(pk, event) if who == "page" else shop.tell(event)
            assert told["accepted"] == 1, "every event is kept; the caps decide what is learned"
        assert len(shop.rows_of("events", surface)) == 8
    p_select = {
        who: next(i["p_select"] for i in shop.ask(f"caps-{who}", texts[who], k=5)["items"] if i["id"] == "size")
        for who in texts
    }
    assert p_select["server"] > p_select["page"]


# -- 6. labels --------------------------------------------------------------------------------------------------------


def test_6_a_label_teaches_the_next_request_without_a_train_call(shop: Shop) -> None:
    surface = shop.surface("taught")
    assert shop.ask(surface, UNKNOWN)["decision"] == "escalate"
    assert shop.label(surface, UNKNOWN, "size") == {"accepted": 1, "duplicates": 0, "rejected": []}
    slate = shop.ask(surface, UNKNOWN)
    assert (slate["decision"], slate["items"][0]["id"], slate["model"]) == ("show", "size", "prior")


def test_6_labels_are_one_by_surface_context_and_item(shop: Shop) -> None:
    one, other = shop.surface("deduped"), shop.surface("deduped-too")
    assert shop.label(one, "Where Is it?", "track")["accepted"] == 1
    assert shop.label(one, "  where is  IT? ", "track")["duplicates"] == 1, "the same context in another spelling"
    assert shop.label(one, "Where Is it?", "track", user="ann", session="s")["duplicates"] == 1, "whoever asks"
    assert shop.label(one, "Where Is it?", "refund")["accepted"] == 1
    assert shop.label(one, "Where Is it?", None)["accepted"] == 1
    assert shop.label(other, "Where Is it?", "track")["accepted"] == 1
    turned = shop.label(one, "Where Is it?", "track", turns=[{"role": "agent", "text": "Your parcel?"}])
    assert turned["accepted"] == 1, "after another turn it is another context"


def test_6_an_unknown_surface_is_404_and_an_unknown_item_is_rejected_alone(shop: Shop) -> None:
    surface = shop.surface("known-items")
    rows = [
        {"surface": surface, "context": {"text": "one"}, "item": "track"},
        {"surface": surface, "context": {"text": "two"}, "item": "nobody"},
        {"surface": surface, "context": {"text": "three"}},
    ]
    told = shop.call("POST", "/v1/labels", {"labels": rows}).json()
    assert (told["accepted"], [each["type"] for each in told["rejected"]]) == (1, ["unknown-item", "invalid-label"])
    nowhere = [*rows[:1], {"surface": "nowhere", "context": {"text": "x"}, "item": None}]
    check_problem(shop.call("POST", "/v1/labels", {"labels": nowhere}), 404, "unknown-surface")


def test_6_the_right_items_of_a_context_are_the_union_of_its_labels(shop: Shop) -> None:
    surface = shop.surface("union")
    shop.label(surface, UNKNOWN, "size")
    shop.label(surface, UNKNOWN, "refund")
    assert {item["id"] for item in shop.ask(surface, UNKNOWN, k=2)["items"]} == {"size", "refund"}


def test_6_a_later_verdict_replaces_an_earlier_one(shop: Shop) -> None:
    surface = shop.surface("replaces", mode="review_all")
    shop.ask(surface, UNKNOWN)
    shop.judged(shop.claim(surface), item="size")
    assert shop.top(surface, UNKNOWN) == "size"
    # the request just made waits too, and so does the next one
    for review in (shop.claim(surface), shop.claim(surface) if shop.ask(surface, UNKNOWN) else None):
        shop.judged(review, item="refund")
    assert shop.top(surface, UNKNOWN) == "refund"


def test_6_a_none_label_speaks_only_of_the_candidates_that_existed_then(shop: Shop) -> None:
    surface = shop.surface("none-then")
    for n in range(3):
        shop.label(surface, f"{UNKNOWN} {n}", None)
    assert shop.ask(surface, UNKNOWN)["decision"] == "escalate"
    shop.add(surface, {"late": f"Here is what {UNKNOWN} means."})
    slate = shop.ask(surface, UNKNOWN)
    assert slate["items"][0]["id"] == "late"
    assert slate["decision"] == "show", "nobody ever said that this one was wrong"


def test_6_a_select_says_nothing_of_what_stood_below_it(shop: Shop) -> None:
    surface = shop.surface("below")
    slate = shop.ask(surface, "refund of my shoes", k=3)
    first, _, last = (item["id"] for item in slate["items"])
    before = {item["id"]: item["p_select"] for item in slate["items"]}
    shop.tell(shop.event(slate, "select", item=first))
    elsewhere = shop.ask(surface, REPLIES[last], k=3)["items"][0]
    assert elsewhere["id"] == last
    assert elsewhere["p_select"] > 0.9, "it was not passed over"
    after = {item["id"]: item["p_select"] for item in shop.ask(surface, "refund of my shoes", k=3)["items"]}
    assert after[first] >= before[first]


# -- 8. candidates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["a/b c", "%2F", "..", "ü?#&=", "日本", "🙂" * 50, "x" * 200, '"<b>"'])
def test_8_an_id_of_any_characters_is_percent_encoded_in_paths(shop: Shop, id: str) -> None:
    surface = shop.surface("any-id", {id: "Umbrellas are sold out.", "other": "We open at nine."})
    slate = shop.ask(surface, "umbrellas sold out", k=1)
    assert slate["items"][0]["id"] == id
    assert shop.tell(shop.event(slate, "select", item=id))["accepted"] == 1
    encoded = quote(id, safe="").replace(".", "%2E")
    assert shop.call("DELETE", f"/v1/surfaces/{surface}/candidates/{encoded}").status_code == 204
    assert shop.ask(surface, "umbrellas sold out", k=1)["items"][0]["id"] == "other"


def test_8_a_retired_candidate_leaves_at_once_and_its_tokens_stay_valid(shop: Shop) -> None:
    surface = shop.surface("retires")
    shop.label(surface, UNKNOWN, "size")
    slate = shop.ask(surface, UNKNOWN)
    assert slate["items"][0]["id"] == "size"
    assert shop.call("DELETE", f"/v1/surfaces/{surface}/candidates/size").status_code == 204
    assert "size" not in {item["id"] for item in shop.ask(surface, UNKNOWN, k=50)["items"]}
    assert shop.tell(shop.event(slate, "select", item="size"))["accepted"] == 1, "a page that was served it may say so"
    assert len(shop.rows_of("labels", surface)) == 1, "history is kept"
    after = shop.ask(surface, UNKNOWN, k=50)
    assert "size" not in {item["id"] for item in after["items"]}
    assert after["decision"] == "escalate", "but it has no vote any more"
    listed = shop.ok("GET", f"/v1/surfaces/{surface}/candidates?limit=100")["candidates"]
    assert {each["id"] for each in listed} == REPLIES.keys() - {"size"}


def test_8_the_same_id_with_new_text_is_found_by_the_new_text(shop: Shop) -> None:
    surface = shop.surface("rewritten")
    shop.label(surface, UNKNOWN, "size")
    shop.add(surface, {"size": "Our lighthouse is painted orange."})
    assert shop.top(surface, "lighthouse painted orange") == "size"
    assert shop.top(surface, UNKNOWN) == "size", "what was learned about it stays"
    (row,) = [
        each for each in shop.ok("GET", f"/v1/surfaces/{surface}/candidates")["candidates"] if each["id"] == "size"
    ]
    assert row["revision"] == 2


def test_8_reset_forgets_what_was_learned(shop: Shop) -> None:
    surface = shop.surface("reset")
    shop.label(surface, UNKNOWN, "size")
    assert shop.ask(surface, UNKNOWN)["decision"] == "show"
    shop.add(surface, {"size": REPLIES["size"]}, reset=True)
    slate = shop.ask(surface, UNKNOWN)
    assert slate["decision"] == "escalate"


def test_8_a_new_candidate_is_suggestible_in_the_next_request(shop: Shop) -> None:
    surface = shop.surface("fresh")
    shop.add(surface, {"new": "Our lighthouse is painted orange."})
    slate = shop.ask(surface, "lighthouse painted orange")
    assert (slate["items"][0]["id"], slate["decision"]) == ("new", "show")


def test_8_what_one_surface_learns_changes_no_other(shop: Shop) -> None:
    one, other = shop.surface("apart"), shop.surface("apart-too")
    before = shop.ask(other, UNKNOWN)
    shop.label(one, UNKNOWN, "size")
    slate = shop.ask(one, UNKNOWN)
    shop.tell(shop.event(slate, "select", item="size"))
    after = shop.ask(other, UNKNOWN)
    same = ("items", "p_any", "p_accept", "decision")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_8_supplied_candidates_are_ranked_exactly_and_need_not_be_known(shop: Shop) -> None:
    surface = shop.surface("ranking", {})
    options = [{"id": f"o{n}", "text": text, "fields": {"n": n}} for n, text in enumerate(REPLIES.values())]
    slate = shop.ask(surface, KNOWN, candidates=options, k=5)
    assert sorted(item["id"] for item in slate["items"]) == ["o0", "o1", "o2", "o3", "o4"]
    assert slate["items"][0]["id"] == "o0"
    assert shop.tell(shop.event(slate, "select", item="o0"))["accepted"] == 1
    shop.ok("POST", "/v1/suggest", {"surface": surface, "context": {"text": KNOWN}, "candidates": []})


# -- 9. merging -------------------------------------------------------------------------------------------------------


def test_9_put_surface_and_put_policy_keep_what_is_not_sent(shop: Shop) -> None:
    surface = shop.surface("merges")
    shop.ok("PUT", f"/v1/surfaces/{surface}", {"title": "Replies", "k": 2, "retention_days": 30})
    shop.ok("PUT", f"/v1/surfaces/{surface}", {"k": 4})
    told = shop.ok("GET", f"/v1/surfaces/{surface}")
    assert (told["title"], told["k"], told["retention_days"]) == ("Replies", 4, 30)
    assert len(shop.ask(surface)["items"]) == 4
    path = f"/v1/surfaces/{surface}/policy"
    shop.ok("PUT", path, {"mode": "shadow", "target": {"kind": "precision", "value": 0.9}, "exploration": 0.5})
    shop.ok("PUT", path, {"target": {"value": 0.95}})
    policy = shop.ok("PUT", path, {"reward_wait_s": 60})
    assert (policy["mode"], policy["exploration"], policy["reward_wait_s"]) == ("shadow", 0.5, 60)
    assert policy["target"] == {"kind": "precision", "value": 0.95}
    assert shop.ok("GET", path) == policy


@pytest.mark.parametrize("mode", ["shadow", "assist"])
def test_9_raising_to_review_all_is_always_allowed(shop: Shop, mode: str) -> None:
    surface = shop.surface(f"raised-{mode}", mode=mode, target={"kind": "precision", "value": 1.0})
    assert shop.ok("PUT", f"/v1/surfaces/{surface}/policy", {"mode": "review_all"})["mode"] == "review_all"
    assert shop.ask(surface)["decision"] == "escalate"


def test_9_a_new_surface_starts_in_assist_at_one_half(shop: Shop) -> None:
    made = shop.call("PUT", "/v1/surfaces/starts")
    assert made.status_code == 201
    policy = shop.ok("GET", "/v1/surfaces/starts/policy")
    assert (policy["mode"], policy["target"], policy["threshold"]) == ("assist", {"kind": "p_any", "value": 0.5}, 0.5)
    assert policy["why"]


def test_9_a_preview_says_what_would_happen_and_changes_nothing(shop: Shop) -> None:
    surface = shop.surface("previews")
    for text in (KNOWN, UNKNOWN, "refund", "shoes"):
        shop.ask(surface, text)
    before: Any = shop.ok("GET", f"/v1/surfaces/{surface}/policy")
    told = shop.ok("POST", f"/v1/surfaces/{surface}/policy/preview", {"target": {"kind": "review_share", "value": 0.5}})
    assert told["expected"].keys() >= {"precision", "review_share", "wait_s", "cost"}
    assert 0 <= told["expected"]["review_share"] <= 1
    assert told["frontier"]
    assert shop.ok("GET", f"/v1/surfaces/{surface}/policy") == before


def test_a_page_of_a_listed_origin_needs_no_preflight_and_reads_the_answer(shop: Shop) -> None:
    """The browser's side of 1 and 5: key in the address, text/plain, an Origin that is on the list."""
    surface = shop.surface("browser")
    pk = shop.key("pk", origins=[SHOP], surface=surface)
    sent = f'{{"surface": "{surface}", "context": {{"text": "shoes"}}}}'
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": SHOP}
    answer = shop.http.post(f"/v1/suggest?key={pk}", content=sent, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in answer.headers
    told = shop.page_tells(pk, shop.event(answer.json(), "view", visible_ms=1200))
    assert told["accepted"] == 1
    stranger = shop.http.post(f"/v1/suggest?key={pk}", content=sent, headers={**headers, "Origin": "https://x.example"})
    check_problem(stranger, 403, "origin-not-allowed")
