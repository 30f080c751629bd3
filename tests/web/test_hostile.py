"""Hostile input: the answer is a 4xx that names the field, or a plain success; nothing is half-written."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from web.house import House

NASTY_TEXTS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "sql": "'; drop table slates; --",
    "bidi": "\u202eevil\u202c \u2066x\u2069",
    "zero width": "pay\u200bpal\ufeff",
    "combining": "Z" + "\u0301" * 2_000,
    "astral": "𝕎𝕙𝕖𝕣𝕖 👨‍👩‍👧‍👦",
    "newlines": "a\r\nSet-Cookie: x=1\r\n\r\nb\u2028c",
    "format": "%s %n {0} ${jndi:ldap://x}",
    "control": "a\x01b\x1b[31m",
    "long word": "x" * 32_768,
    "not normal": "ﬁ Å Å",
    "non-character": "\uffff\ufffe",
}


@pytest.mark.parametrize("text", NASTY_TEXTS.values(), ids=NASTY_TEXTS.keys())
def test_a_strange_text_is_served_and_comes_back_as_it_was_sent(house: House, text: str) -> None:
    option = {"id": "odd", "text": text}
    slate = house.a_slate(text=text, candidates=[option], fields={"x": 1})
    assert slate["items"][0]["text"] == text


@pytest.mark.parametrize("text", NASTY_TEXTS.values(), ids=NASTY_TEXTS.keys())
def test_a_strange_candidate_is_stored_as_it_was_sent(house: House, text: str) -> None:
    surface = house.a_surface("strange")
    sent = {"candidates": [{"id": "odd", "text": text, "fields": {"note": text[:100]}, "tags": ["<b>"]}]}
    assert house.client.post(f"/v1/surfaces/{surface}/candidates", json=sent, headers=house.secret).status_code == 200
    listed = house.client.get(f"/v1/surfaces/{surface}/candidates?limit=1000", headers=house.secret).json()
    stored = {each["id"]: each for each in listed["candidates"]}
    assert stored["odd"]["text"] == text
    assert stored["odd"]["fields"] == {"note": text[:100]}


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 1e999},
        {"n": 2**63},
        {"n": -(2**200)},
        nested(9),
        {f"k{i}": i for i in range(600)},
        {"a": [0] * 600},
        {"": 1},
        {"a\x00b": 1},
        {"a": "x\x00y"},
        {"x" * 201: 1},
        {"a": "x" * 40_000},
    ],
    ids=lambda fields: next(iter(fields))[:10] or "empty",
)
def test_free_fields_are_bounded_in_size_depth_and_kind(house: House, fields: dict[str, Any]) -> None:
    body = json.dumps({"surface": "replies", "context": {"text": "hi", "fields": fields}})
    headers = {**house.secret, "Content-Type": "application/json"}
    refused = house.client.post("/v1/suggest", content=body.encode(), headers=headers)
    assert refused.status_code in {400, 422}, refused.text
    if refused.status_code == 422:
        assert refused.json()["errors"][0]["pointer"].startswith("/context/fields")


@pytest.mark.parametrize("control", ["\x00", "\x1f", "a\nb", "\x7f"])
def test_a_role_without_controls_and_a_tag_without_controls(house: House, control: str) -> None:
    asked = {"surface": "replies", "context": {"text": "hi", "turns": [{"role": control, "text": "x"}]}}
    refused = house.client.post("/v1/suggest", json=asked, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/context/turns/0/role"
    sent = {"candidates": [{"id": "tagged", "text": "x", "tags": ["fine", control]}]}
    refused = house.client.post("/v1/surfaces/replies/candidates", json=sent, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/candidates/0/tags/1"


@pytest.mark.parametrize(
    "origin", ["https://a\x00b.example", "https://a b.example", "https://a\n.example", "https://a\u2028b"]
)
def test_an_origin_is_made_of_what_can_be_read(house: House, origin: str) -> None:
    refused = house.client.post("/v1/keys", json={"kind": "pk", "origins": [origin]}, headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/origins/0"


def test_the_longest_token_there_is_fits_the_published_schema(house: House) -> None:
    """50 options with ids of 200 characters of four bytes each: what we give out, we take back."""
    options = [{"id": "😀" * 198 + f"{n:02}", "text": f"option {n}"} for n in range(50)]
    slate = house.a_slate(candidates=options, k=50)
    assert len(slate["token"]) > 50_000
    document = house.client.get("/openapi.json").json()["components"]["schemas"]["EventRow"]["properties"]["token"]
    assert len(slate["token"]) <= next(kind["maxLength"] for kind in document["anyOf"] if kind["type"] == "string")
    event = {"eid": "longest", "impression": slate["impression"], "token": slate["token"], "type": "view"}
    told = house.client.post("/v1/feedback", json={"events": [event]}, headers=house.secret)
    assert told.json()["accepted"] == 1, told.text


def test_ordinary_free_fields_are_fine(house: House) -> None:
    fields = {"order": 7, "vip": True, "basket": [{"sku": "a", "price": 9.5}], "note": None, "größe": "42"}
    body = {"surface": "replies", "context": {"text": "hi", "fields": fields}}
    assert house.client.post("/v1/suggest", json=body, headers=house.secret).status_code == 200


HUGE = b"9" * 100_000
RAW_BODIES = {
    "deep list": b'{"surface":"replies","context":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep object": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "huge integer": b'{"surface":"replies","k":' + HUGE + b',"context":{"text":"x"}}',
    "huge integer nobody reads": b'{"surface":"replies","z":' + HUGE + b',"context":{"text":"x"}}',
    "infinite float": b'{"surface":"replies","k":1e999,"context":{"text":"x"}}',
    "NaN nobody reads": b'{"surface":"replies","z":{"y":[NaN]},"context":{"text":"x"}}',
    "lone surrogate": b'{"surface":"replies","context":{"text":"\\udc00"}}',
    "lone surrogate in a key": b'{"\\ud800":1,"surface":"replies","context":{"text":"x"}}',
    "broken utf-8": b'{"surface":"replies","context":{"text":"\xc3\x28"}}',
    "overlong utf-8": b'{"surface":"replies","context":{"text":"\xc0\x80"}}',
    "raw NUL": b'{"surface":"replies","context":{"text":"\x00"}}',
    "utf-16": '{"surface":"replies"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"surface":"replies","context":{"text":"x"}}',
    "twice the same key": b'{"surface":"replies","surface":7,"context":{"text":"x"}}',
    "two documents": b'{"surface":"replies","context":{"text":"x"}}{"a":1}',
    "binary": bytes(range(256)) * 20,
    "nothing": b"",
    "blank": b"   \n",
    "form": b"surface=replies&text=x",
}


@pytest.mark.parametrize("body", RAW_BODIES.values(), ids=RAW_BODIES.keys())
@pytest.mark.parametrize("path", ["/v1/suggest", "/v1/feedback", "/v1/labels", "/v1/suggest/batch"])
def test_a_broken_body_is_refused_whole(house: House, path: str, body: bytes) -> None:
    before = {table: house.n_rows(table) for table in ("slates", "events", "labels")}
    headers = {**house.secret, "Content-Type": "text/plain"}
    refused = house.client.post(path, content=body, headers=headers)
    assert 400 <= refused.status_code < 500, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert {table: house.n_rows(table) for table in before} == before


def test_a_million_keys_within_the_limit_are_dealt_with_quickly(house: House) -> None:
    body = b"{" + b",".join(b'"%d":0' % n for n in range(700_000)) + b"}"
    assert len(body) < 8 * 1024 * 1024
    for path in ("/v1/labels", "/v1/surfaces/replies/candidates"):
        began = time.process_time()
        refused = house.client.post(path, content=body, headers={**house.secret, "Content-Type": "application/json"})
        assert refused.status_code == 422
        assert len(refused.content) < 20_000
        assert time.process_time() - began < 5


def test_a_thousand_wrong_fields_are_not_all_listed(house: House) -> None:
    body = {"candidates": [{"id": 7}] * 1000}
    refused = house.client.post("/v1/surfaces/replies/candidates", json=body, headers=house.secret)
    assert refused.status_code == 422
    assert len(refused.content) < 20_000


HOSTILE_EVENTS: dict[str, Any] = {
    "no object": 7,
    "a list": [],
    "null": None,
    "empty": {},
    "eid is a number": {"eid": 1, "impression": "x", "token": "y", "type": "view"},
    "eid with control": {"eid": "a\x01", "impression": "x", "token": "y", "type": "view"},
    "eid too long": {"eid": "x" * 129, "impression": "x", "token": "y", "type": "view"},
    "unknown type": {"eid": "h1", "impression": "x", "token": "y", "type": "ignored"},
    "type is a list": {"eid": "h2", "impression": "x", "token": "y", "type": ["view"]},
    "type is an object": {"eid": "h3", "impression": "x", "token": "y", "type": {"view": 1}},
    "forged token": {"eid": "h4", "impression": "x", "token": "e30.AAAA", "type": "view"},
    "token is not text": {"eid": "h5", "impression": "x", "token": {"a": 1}, "type": "view"},
    "token is not ascii": {"eid": "h6", "impression": "x", "token": "ü.ü", "type": "view"},
    "huge": {"eid": "h7", "impression": "x" * 100_000, "token": "y" * 200_000, "type": "view"},
    "nested": {"eid": nested(50), "impression": nested(50), "token": nested(50), "type": nested(50)},
}


@pytest.mark.parametrize("event", HOSTILE_EVENTS.values(), ids=HOSTILE_EVENTS.keys())
def test_a_malformed_event_is_rejected_alone_beside_a_good_one(house: House, event: object) -> None:
    slate = house.a_slate()
    good = {"eid": f"good-{slate['impression']}", "impression": slate["impression"], "token": slate["token"]}
    before = house.n_rows("events")
    sent = {"events": [event, {**good, "type": "view"}]}
    answer = house.client.post("/v1/feedback", json=sent, headers=house.secret)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["accepted"] == 1
    assert [each["index"] for each in body["rejected"]] == [0]
    assert body["rejected"][0]["type"]
    assert body["rejected"][0]["detail"]
    assert house.n_rows("events") == before + 1


@pytest.mark.parametrize(
    "change",
    [
        {"position": "0"},
        {"position": -1},
        {"position": 2**70},
        {"visible_ms": 1e300},
        {"visible_ms": "long"},
        {"at": "yesterday"},
        {"at": 12},
        {"at": "0000-00-00T00:00:00Z"},
        {"at": "9999-12-31T23:59:59-23:59"},
        {"text": 7},
        {"text": "a\x00b"},
        {"text": "x" * 40_000},
        {"edited": "yes"},
        {"edit_ratio": -5},
        {"edit_ratio": "half"},
        {"item": 7},
        {"item": "not-on-the-slate"},
        {"impression": "another"},
    ],
    ids=str,
)
def test_a_wrong_member_of_an_event_never_breaks_the_batch(house: House, change: dict[str, Any]) -> None:
    slate = house.a_slate()
    event = {"eid": "e", "impression": slate["impression"], "token": slate["token"], "type": "select", "item": "track"}
    answer = house.client.post("/v1/feedback", json={"events": [{**event, **change}]}, headers=house.secret)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] + len(answer.json()["rejected"]) == 1


HOSTILE_LABELS: dict[str, Any] = {
    "no object": 7,
    "empty": {},
    "no surface": {"context": {"text": "x"}, "item": None},
    "surface is a list": {"surface": [], "context": {"text": "x"}, "item": None},
    "no item": {"surface": "replies", "context": {"text": "x"}},
    "unknown item": {"surface": "replies", "context": {"text": "x"}, "item": "nothing-like-it"},
    "item is a number": {"surface": "replies", "context": {"text": "x"}, "item": 7},
    "context is text": {"surface": "replies", "context": "x", "item": None},
    "text is blank": {"surface": "replies", "context": {"text": " "}, "item": None},
    "text has NUL": {"surface": "replies", "context": {"text": "a\x00"}, "item": None},
    "turns are text": {"surface": "replies", "context": {"text": "x", "turns": "y"}, "item": None},
    "turn is a number": {"surface": "replies", "context": {"text": "x", "turns": [7]}, "item": None},
    "fields is a list": {"surface": "replies", "context": {"text": "x", "fields": [1]}, "item": None},
    "fields not finite": {"surface": "replies", "context": {"text": "x", "fields": {"n": 2**80}}, "item": None},
    "fields too deep": {"surface": "replies", "context": {"text": "x", "fields": nested(60)}, "item": None},
    "user is a list": {"surface": "replies", "context": {"text": "x", "user": []}, "item": None},
    "at is no time": {"surface": "replies", "context": {"text": "x"}, "item": None, "at": "soon"},
}


@pytest.mark.parametrize("label", HOSTILE_LABELS.values(), ids=HOSTILE_LABELS.keys())
def test_a_malformed_label_is_rejected_alone_beside_a_good_one(house: House, label: object) -> None:
    good = {"surface": "replies", "context": {"text": f"a good one {label}"}, "item": "track"}
    answer = house.client.post("/v1/labels", json={"labels": [label, good]}, headers=house.secret)
    if answer.status_code == 404:  # an unknown surface speaks for the whole request
        return
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] + answer.json()["duplicates"] == 1, answer.text
    assert [each["index"] for each in answer.json()["rejected"]] == [0]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1e3", "limit=99999999999", "limit=-1", "after=%00"])
def test_a_wrong_query_is_named(house: House, query: str) -> None:
    refused = house.client.get(f"/v1/surfaces/replies/candidates?{query}", headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/query/")


WRONG_TIMES = [
    "from=soon",
    "to=2026-13-01T00:00:00Z",
    "from=2026-01-01",
    "to=%00",
    "from=0001-01-01T00:00:00%2B01:00",  # no such moment in UTC
    "to=9999-12-31T23:59:59-01:00",
]


@pytest.mark.parametrize("query", WRONG_TIMES)
@pytest.mark.parametrize("what", ["metrics", "report"])
def test_a_wrong_time_in_the_query_is_named(house: House, query: str, what: str) -> None:
    refused = house.client.get(f"/v1/surfaces/replies/{what}?{query}", headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/query/")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/page.py", "site.css%00", "/etc/passwd"]
)
@pytest.mark.parametrize("under", ["/static/", "/embed/v1/"])
def test_no_path_leads_out_of_the_folder_of_static_files(house: House, under: str, name: str) -> None:
    answer = house.client.get(under + name)
    assert answer.status_code == 404
    assert "root:" not in answer.text
