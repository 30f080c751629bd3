"""What an owner alarms on: counted beside the scrape, never by it, and the dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analytics.orders import Order
from suggest.web.snapshots import Snapshots
from web.house import House
from web.people import Person

ROOT = Path(__file__).parents[2]


def scrape(house: House) -> str:
    return house.client.get("/metrics").text


def value(text: str, name: str, **labels: str) -> float | None:
    """The sample of `replies`; None where there is none."""
    found = ",".join(f'{label}="{said}"' for label, said in {"surface": "replies", **labels}.items())
    line = next((line for line in text.splitlines() if line.startswith(f"suggest_report_{name}{{{found}}} ")), None)
    return None if line is None else float(line.rsplit(" ", 1)[1])


def select(house: House) -> None:
    slate = house.a_slate("replies")
    event = {"eid": f"e-{slate['impression']}", "impression": slate["impression"], "token": slate["token"]}
    sent = {"events": [{**event, "type": "select", "item": slate["items"][0]["id"], "position": 0}]}
    assert house.client.post("/v1/feedback", json=sent, headers=house.secret).json()["accepted"] == 1
    house.clock.advance(seconds=1)


def pass_time(house: House, seconds: float) -> None:
    house.clock.advance(seconds=seconds)
    house.monotonic.now_s += seconds
    house.application.report()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every time a snapshot is read."""
    seen: list[object] = []
    draw = Snapshots.draw

    def counting(self: Snapshots, order: Order) -> bytes | None:
        seen.append(type(order).__name__)
        return draw(self, order)

    monkeypatch.setattr(Snapshots, "draw", counting)
    return seen


def test_a_scrape_counts_nothing_and_what_it_asked_for_is_there_at_the_next(
    own_house: House, reads: list[object]
) -> None:
    select(own_house)
    first = scrape(own_house)
    assert reads == []
    assert "# TYPE suggest_report_acceptance gauge" in first
    assert value(first, "acceptance") is None
    pass_time(own_house, 1)
    second = scrape(own_house)
    assert reads == ["SummaryOrder"]
    assert (value(second, "requests"), value(second, "acceptance")) == (1.0, 1.0)
    assert value(second, "without_people_share") in {0.0, 1.0}
    assert value(second, "automation_share") == 0.0
    assert value(second, "live_precision_low") is None, "nothing was audited"
    age = re.search(r"^suggest_report_age_seconds (\S+)$", second, re.MULTILINE)
    assert age
    assert float(age.group(1)) == 0.0


def test_they_are_counted_again_after_a_quarter_of_an_hour_and_only_for_who_asks(
    own_house: House, reads: list[object]
) -> None:
    pass_time(own_house, 3600)
    assert reads == [], "nobody has asked"
    scrape(own_house)
    pass_time(own_house, 1)
    select(own_house)
    pass_time(own_house, 890)
    assert value(scrape(own_house), "requests") == 0.0
    assert len(reads) == 1
    pass_time(own_house, 20)
    assert value(scrape(own_house), "requests") == 1.0
    pass_time(own_house, 3601)
    assert len(reads) == 2, "the last scrape was more than an hour ago"


def test_people_who_wait_and_audits_are_in_them(own_house: House) -> None:
    own_house.an_escalation("replies")
    ann = Person(own_house, "worker")
    ann.look()
    own_house.clock.advance(seconds=90)
    ann.answer(none="1")
    scrape(own_house)
    pass_time(own_house, 1)
    told = scrape(own_house)
    assert value(told, "review_wait_seconds", quantile="0.5") == 90.0
    assert value(told, "review_wait_seconds", quantile="0.9") == 90.0
    assert value(told, "without_people_share") == 0.0


def test_the_dashboard_asks_only_for_what_is_told(own_house: House) -> None:
    select(own_house)
    own_house.client.get("/metrics")
    told = scrape(own_house)
    names = set(re.findall(r"^# TYPE (\w+) ", told, re.MULTILINE))
    dashboard = json.loads((ROOT / "examples" / "grafana" / "suggest.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for query in asked:
        found = re.findall(r"suggest_[a-z0-9_]+", query)
        assert found, query
        assert {name.removesuffix("_bucket") for name in found} <= names, query
    owners = {name for name in names if name.startswith("suggest_report_")} - {"suggest_report_requests"}
    assert {name for query in asked for name in re.findall(r"suggest_report_[a-z_]+", query)} == owners
    ids = [panel["id"] for panel in dashboard["panels"]]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]}
    assert len(ids) == len(set(ids)) == len(places) >= 14
    assert all(panel["description"] for panel in dashboard["panels"])


def test_every_metric_is_documented_and_nothing_else(own_house: House) -> None:
    names = set(re.findall(r"^# TYPE (\w+) ", scrape(own_house), re.MULTILINE))
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert set(re.findall(r"suggest_[a-z0-9_]+", page)) == names
