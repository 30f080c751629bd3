"""The figures go out once for each time they are due: by the clock, signed, over restarts, and as the page has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from suggest.online.webhooks import Sent, signature
from suggest.web.app import create_app
from web.house import House
from web.people import OURS, Person

HOURS = 3600.0
HOOK = "https://desk.example/hook"


class Receiver:
    """Keeps what it was sent."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, Any], Mapping[str, str], bytes]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        self.got.append((json.loads(body), headers, body))
        return Sent(is_taken=True, said="204 No Content")

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [body["data"] for body, _, _ in self.got if body["event"] == "report.summary"]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def house(tmp_path: Path, receiver: Receiver) -> Iterator[House]:
    """It is Sunday 1 March 2026, nine o'clock in UTC."""
    opened = House.open(tmp_path / "house", send=receiver)
    opened.a_surface()
    yield opened
    opened.close()


def schedule(house: House, **changes: object) -> dict[str, Any]:
    put = house.client.put("/v1/surfaces/replies/report-schedule", json=changes, headers=house.secret)
    assert put.status_code == 200, put.text
    return dict(put.json())


def hook(house: House, **more: object) -> str:
    made = house.client.post("/v1/webhooks", json={"url": HOOK, **more}, headers=house.secret)
    assert made.status_code == 201, made.text
    return str(made.json()["secret"])


def select(house: House) -> None:
    slate = house.a_slate("replies")
    event = {"eid": f"e-{slate['impression']}", "impression": slate["impression"], "token": slate["token"]}
    sent = {"events": [{**event, "type": "select", "item": slate["items"][0]["id"], "position": 0}]}
    assert house.client.post("/v1/feedback", json=sent, headers=house.secret).json()["accepted"] == 1


def pass_time(house: House, seconds: float) -> None:
    house.clock.advance(seconds=seconds)
    house.monotonic.now_s += seconds
    for _ in range(2):  # the second time there is nothing more
        house.application.report()
        house.application.tell()


def test_a_daily_report_goes_out_at_its_hour_and_speaks_of_the_day_before(house: House, receiver: Receiver) -> None:
    hook(house, events=["report.summary"])
    told = schedule(house, every="daily", hour=11, time_zone="Europe/Berlin")
    assert told["next_at"] == "2026-03-01T10:00:00.000Z"
    for _ in range(3):
        select(house)
    pass_time(house, 0.9 * HOURS)
    assert receiver.reports == []
    pass_time(house, 0.2 * HOURS)
    (report,) = receiver.reports
    assert (report["from"], report["to"]) == ("2026-02-28T10:00:00.000Z", "2026-03-01T10:00:00.000Z")
    assert (report["surface"], report["requests"], report["every"]) == ("replies", 3, "daily")
    assert report["shares"]["taken_when_seen"]["value"] == 1.0
    assert report["shares"]["taken_when_seen"]["low"] < 0.6
    assert report["shares"]["taken_when_seen"]["before"] is None
    pass_time(house, 23.8 * HOURS)
    assert len(receiver.reports) == 1
    pass_time(house, 0.2 * HOURS)
    assert [each["requests"] for each in receiver.reports] == [3, 0]


def test_its_link_opens_the_page_of_the_very_time_and_the_page_has_the_same_figures(
    house: House, receiver: Receiver
) -> None:
    hook(house)
    schedule(house, every="daily", hour=10)
    select(house)
    pass_time(house, 1.5 * HOURS)
    (report,) = receiver.reports
    link = urlsplit(report["link"])
    assert report["link"].startswith("http://testserver/reports/replies/overview?")
    assert parse_qs(link.query) == {"from": [report["from"]], "to": [report["to"]]}
    page = Person(house).look(f"{link.path}?{link.query}")
    assert ">1 request. As of" in page
    assert "100%" in page


def test_the_message_is_signed_with_the_secret_of_its_hook(house: House, receiver: Receiver) -> None:
    secret = hook(house)
    schedule(house, every="daily", hour=10)
    pass_time(house, 1.5 * HOURS)
    ((body, headers, raw),) = receiver.got
    moment, _, signed = headers["Suggest-Signature"].partition(",v1=")
    assert signature(secret, moment.removeprefix("t="), raw) == signed
    assert body["event"] == "report.summary"


def test_nothing_is_sent_twice_over_a_restart_nor_by_two_of_us_and_of_what_was_missed_the_last_is_sent(
    tmp_path: Path, receiver: Receiver
) -> None:
    house = House.open(tmp_path / "house", send=receiver)
    house.a_surface()
    hook(house)
    schedule(house, every="daily", hour=10)
    create_app(house.application, monotonic_s=house.monotonic)  # another who reports on the same data
    pass_time(house, 1.5 * HOURS)
    assert len(receiver.reports) == 1
    now = house.clock.now()
    house.close()

    again = House.open(tmp_path / "house", send=receiver)
    again.clock.advance(seconds=(now - again.clock.now()).total_seconds())
    pass_time(again, 1.0)
    assert len(receiver.reports) == 1
    pass_time(again, 72 * HOURS)  # three were due meanwhile
    assert [each["to"] for each in receiver.reports] == ["2026-03-01T10:00:00.000Z", "2026-03-04T10:00:00.000Z"]
    again.close()


def test_a_report_that_was_stored_and_not_sent_is_sent_after_the_restart(tmp_path: Path, receiver: Receiver) -> None:
    def is_down(url: str, body: bytes, headers: Mapping[str, str], /) -> Sent:
        return Sent(is_taken=False, said="503 Service Unavailable")

    house = House.open(tmp_path / "house", send=is_down)
    house.a_surface()
    hook(house)
    schedule(house, every="daily", hour=10)
    pass_time(house, 1.5 * HOURS)
    now = house.clock.now()
    house.close()
    again = House.open(tmp_path / "house", send=receiver)
    again.clock.advance(seconds=(now - again.clock.now()).total_seconds())
    pass_time(again, 60)
    assert len(receiver.reports) == 1
    again.close()


def test_a_snapshot_from_before_it_was_due_is_not_enough(house: House, receiver: Receiver) -> None:
    hook(house)
    schedule(house, every="daily", hour=10)
    pass_time(house, 1 * HOURS - 10)
    Person(house).look("/reports/replies")  # takes a snapshot, which serves for a minute
    select(house)
    pass_time(house, 15)
    assert receiver.reports == []
    pass_time(house, 50)
    (report,) = receiver.reports
    assert report["requests"] == 1


def test_where_nobody_hears_of_it_nothing_waits_for_who_comes_later(house: House, receiver: Receiver) -> None:
    schedule(house, every="daily", hour=10)
    pass_time(house, 2 * HOURS)
    hook(house)
    pass_time(house, 60)
    assert receiver.reports == []


def test_a_schedule_keeps_what_is_not_sent_and_refuses_by_name(house: House) -> None:
    schedule(house, every="weekly", weekday="We", hour=7, time_zone="Europe/Berlin")
    assert schedule(house, hour=8)["next_at"] == "2026-03-04T07:00:00.000Z"
    for wrong, pointer in (
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"hour": 24}, "/hour"),
        ({"every": "hourly"}, "/every"),
        ({"colour": "red"}, "/colour"),
    ):
        refused = house.client.put("/v1/surfaces/replies/report-schedule", json=wrong, headers=house.secret)
        assert refused.status_code in {400, 422}
        assert refused.json()["errors"][0]["pointer"] == pointer
    told = house.client.get("/v1/surfaces/replies/report-schedule", headers=house.secret).json()
    assert (told["every"], told["hour"], told["weekday"]) == ("weekly", 8, "We")
    assert house.client.get("/v1/surfaces/nowhere/report-schedule", headers=house.secret).status_code == 404


def test_an_owner_sets_it_in_the_administration(house: House) -> None:
    owner = Person(house, "owner")
    here = "/admin/surfaces/replies"
    assert "No webhook hears of this surface yet" in owner.look(here)
    hook(house, events=["report.summary"])
    assert "desk.example" in owner.look(here)
    action, to_berlin = f"{here}/report-schedule", {"weekday": "Fr", "hour": "16", "time_zone": "Europe/Berlin"}
    sent = owner.send(action, by_script=False, every="weekly", **to_berlin)
    assert sent.status_code == 303
    assert sent.headers["location"] == f"{here}?done=schedule#reporting"
    assert "Next: " in owner.look(here)
    told = house.client.get("/v1/surfaces/replies/report-schedule", headers=house.secret).json()
    assert told["next_at"] == "2026-03-06T15:00:00.000Z"
    refused = owner.send(action, by_script=False, time_zone="Mars/Base")
    assert refused.status_code == 422
    assert "Time_zone must be a name like Europe/Berlin" in refused.text


def test_only_an_owner_sets_it(house: House) -> None:
    ann = Person(house, "reviewer")
    page = ann.look("/admin/surfaces/replies")
    assert "report-schedule" not in page
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    data = {"csrf": csrf, "every": "daily", "hour": "1", "weekday": "Mo", "time_zone": "UTC"}
    refused = ann.browser.post("/admin/surfaces/replies/report-schedule", data=data, headers=OURS)
    assert refused.status_code == 403
