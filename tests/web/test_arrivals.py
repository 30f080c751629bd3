"""What arrives is told to the owner: each refusal with its reason and its mend, and nothing that is somebody's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from suggest.web.arrivals import MOST_OF_A_KIND, Arrival, Arrivals, mend_of
from suggest.web.heard import MOST_ROWS
from suggest.web.limits import Limits
from suggest.web.problem import KINDS
from web.house import SHOP, House
from web.people import Person
from web.streams import listen

AT = datetime(2026, 3, 1, tzinfo=UTC)
STREAM = "/admin/events/stream"
SECRET_WORDS = "my daughter's medicine"  # what a person wrote
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"


@pytest.fixture
def house(own_house: House) -> House:
    return own_house


def told(house: House, *, only_refused: bool = False) -> list[Arrival]:
    """The oldest first."""
    return list(reversed(house.app.state.parts.arrivals.after(only_refused=only_refused)))


def last(house: House) -> Arrival:
    return told(house)[-1]


def ask(house: House, key: str, origin: str = SHOP, **more: object) -> int:
    body = {"surface": "replies", "context": {"text": SECRET_WORDS, "user": "u-77"}, **more}
    return house.client.post(f"/v1/suggest?key={key}", json=body, headers={"Origin": origin}).status_code


def report(house: House, *events: dict[str, object]) -> None:
    house.client.post("/v1/feedback", json={"events": list(events)}, headers=house.secret).raise_for_status()


def test_a_slate_is_told_with_who_asked_and_what_came_of_it(house: House) -> None:
    key = house.a_key("pk", name="shop front", origins=[SHOP])
    assert ask(house, key) == 200
    arrival = last(house)
    assert (arrival.call, arrival.key, arrival.origin, arrival.surface) == (
        "suggest",
        "pk_… shop front",
        SHOP,
        "replies",
    )
    assert re.search(r"options?, \d+% sure", arrival.said)
    assert not arrival.is_refused


def test_each_way_to_be_refused_says_why_and_what_to_do(house: House) -> None:
    key = house.a_key("pk", name="front", origins=[SHOP])
    ask(house, "pk_nobody_knows_this_one_at_all")
    ask(house, key, "https://evil.example")
    ask(house, key, surface="nowhere")
    ask(house, key, user_token="a.b.c")
    house.client.post(f"/v1/suggest?key={key}", content="{", headers={"Origin": SHOP})
    slate = house.a_slate()
    event = {"eid": "e1", "impression": slate["impression"], "token": slate["token"], "type": "select"}
    report(house, {**event, "item": "forged"}, {**event, "eid": "e2", "token": "x.y", "item": "track"})
    report(house, {**event, "eid": "e3", "type": "ignored"})
    report(house, {"eid": "e4", "impression": "nobody", "type": "reward", "value": 1})
    house.clock.advance(seconds=25 * 3600)
    report(house, {**event, "eid": "e5", "item": slate["items"][0]["id"]})
    refusals = told(house, only_refused=True)
    assert [each.slug for each in refusals] == [
        "unauthorized", "origin-not-allowed", "unknown-surface", "user-token-invalid", "malformed-json",
        "item-not-shown", "token-invalid", "unknown-event-type", "unknown-impression", "token-expired",
    ]  # fmt: skip
    assert all(each.mend and each.said for each in refusals)
    assert "https://evil.example" in refusals[1].said
    assert [each.key for each in refusals[:3]] == ["", "pk_… front", "pk_… front"]
    assert refusals[5].said.startswith("select: ")
    assert refusals[5].impression == slate["impression"][-8:]


def test_whoever_asks_too_often_is_named(tmp_path: Path) -> None:
    house = House.open(tmp_path, limits=Limits(address_burst=1, address_per_s=0.01))
    house.a_surface()
    key = house.a_key("pk", name="loop", origins=[SHOP])
    assert [ask(house, key), ask(house, key)] == [200, 429]
    assert (last(house).slug, last(house).key) == ("too-many-requests", "pk_… loop")
    house.close()


def test_acts_and_labels_are_counted_by_batch_and_refused_rows_stand_alone(house: House) -> None:
    slate = house.a_slate()
    event = {"impression": slate["impression"], "token": slate["token"]}
    acts = [{**event, "eid": "v", "type": "view"}, {**event, "eid": "d", "type": "dismiss"}]
    report(house, *acts)
    assert last(house).said == "2 taken (1 view, 1 dismiss)"
    report(house, *acts)
    assert last(house).said == "0 taken, 2 sent before (1 view, 1 dismiss)"
    label = {"surface": "replies", "context": {"text": SECRET_WORDS}}
    sent = {"labels": [{**label, "item": "track"}, {**label, "item": "none-such"}]}
    house.client.post("/v1/labels", json=sent, headers=house.secret).raise_for_status()
    taken, refused = told(house)[-2:]
    assert (taken.said, taken.surface) == ("1 taken", "replies")
    assert refused.slug == "unknown-item"


def test_a_batch_of_rubbish_is_summed_up(house: House) -> None:
    report(house, *({"eid": f"e{n}", "type": "select"} for n in range(MOST_ROWS + 30)))
    refusals = told(house, only_refused=True)
    assert len(refusals) == MOST_ROWS + 1
    assert refusals[-1].said.startswith("30 more")


def test_nothing_of_a_person_and_no_key_is_kept(house: House) -> None:
    key = house.a_key("pk", name="front", origins=[SHOP])
    ask(house, key)
    ask(house, key, context={"text": SECRET_WORDS, "user": {"name": "u-77"}})
    ask(house, key, "https://evil.example")
    slate = house.a_slate(text=SECRET_WORDS, k=3)
    report(house, {"eid": "e", "impression": slate["impression"], "token": slate["token"], "type": "override"})
    everything = repr(told(house)) + Person(house, "owner").look("/admin/events")
    for secret in (SECRET_WORDS, SECRET_WORDS.split()[-1], "u-77", key, slate["token"], "testclient"):
        assert secret not in everything


def test_a_busy_day_does_not_push_out_a_refusal_and_the_rings_are_bounded() -> None:
    known = Arrivals()
    known.add(Arrival(at=AT, call="suggest", said="no", slug="unauthorized"))
    for _ in range(3 * MOST_OF_A_KIND):
        known.add(Arrival(at=AT, call="suggest", said="x" * 5000))
    assert len(known.after()) == MOST_OF_A_KIND + 1
    assert [each.slug for each in known.after(only_refused=True)] == ["unauthorized"]
    assert max(len(each.said) for each in known.after()) <= 300


def test_a_mark_gives_what_came_later_and_one_of_another_process_gives_all() -> None:
    known = Arrivals()
    for n in range(3):
        known.add(Arrival(at=AT, call="suggest", said=str(n)))
    mark = known.mark
    known.add(Arrival(at=AT, call="suggest", said="new"))
    assert [each.said for each in known.after(mark)] == ["new"]
    assert len(known.after("0ther-99")) == len(known.after("rubbish")) == len(known.after(f"{known.epoch}-x")) == 4


def test_every_refusal_that_is_documented_has_a_mend() -> None:
    table = REFERENCE.read_text(encoding="utf-8").split("## Why an event is rejected")[1]
    documented = {
        slug for line in re.findall(r"^\| (`.*?) \|", table, re.M) for slug in re.findall(r"`([a-z-]+)`", line)
    }
    assert len(documented) >= 10
    assert [slug for slug in (*documented, *KINDS) if not mend_of(slug)] == []


@pytest.mark.parametrize("path", ["/admin/events", "/admin/events/stream"])
def test_only_the_owner_sees_it(house: House, path: str) -> None:
    assert house.client.get(path).status_code == 401
    for role in ("worker", "reviewer"):
        assert Person(house, role).browser.get(path).status_code == 403
    assert house.client.get(path, headers={"Authorization": f"Bearer {house.a_key('pk')}"}).status_code == 403


def test_the_page_shows_what_is_kept_and_nothing_yet_has_steps(house: House) -> None:
    olga = Person(house, "owner")
    assert "Nothing has arrived yet" in olga.look("/admin/events")
    ask(house, "pk_nobody_knows_this_one_at_all")
    page = olga.look("/admin/events")
    assert "This key is not known here" in page
    assert 'href="/problems/unauthorized"' in page
    house.a_slate()
    assert "suggest</strong>" in olga.look("/admin/events")
    assert olga.look("/admin/events?only=refused").count('id="arrival-') == 1


def test_the_stream_says_what_came_while_away_then_what_comes(house: House) -> None:
    known: Arrivals = house.app.state.parts.arrivals
    house.a_slate()
    mark = known.mark
    known.add(Arrival(at=AT, call="suggest", said="<b>came while away</b>", slug="unauthorized"))

    def more() -> None:
        known.add(Arrival(at=AT, call="suggest", said="came\nlater"))

    headers = {**house.secret, "Last-Event-ID": mark}
    heard = listen(house, STREAM, until="later", then=more, headers=headers)
    assert heard.count("event: arrivals") == 2
    assert heard.index("&lt;b&gt;came while away") < heard.index("data: later")
    assert f"id: {known.mark}\n" in heard
    assert "options" not in heard, "what was seen before is not said again"
    assert house.app.state.parts.streams == 0


def test_a_quiet_stream_ends_when_its_session_has_ended(house: House) -> None:
    house.app.state.parts.heartbeat_s = 0.01
    olga = Person(house, "owner")
    house.clock.advance(seconds=365 * 86400)
    assert olga.browser.get("/admin/events/stream").status_code == 401
    cookie = "; ".join(f"{name}={value}" for name, value in olga.browser.cookies.items())
    house.clock.advance(seconds=-365 * 86400)

    later = partial(house.clock.advance, seconds=365 * 86400)
    headers = {"Cookie": cookie, "Host": "testserver"}
    assert "retry: " in listen(house, STREAM, until=None, then=later, headers=headers)
