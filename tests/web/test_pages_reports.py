"""The reports over HTTP: who may read them, that they speak of one moment, and never stand in anybody's way."""

from __future__ import annotations

import csv
import io
import re
from html import unescape as html_unescape
from pathlib import Path

import pytest

from web.house import House
from web.people import OURS, Person


def select(house: House, text: str = "where is my parcel") -> None:
    slate = house.a_slate("replies", text)
    event = {"eid": f"e-{slate['impression']}", "impression": slate["impression"], "token": slate["token"]}
    sent = {"events": [{**event, "type": "select", "item": slate["items"][0]["id"], "position": 0}]}
    assert house.client.post("/v1/feedback", json=sent, headers=house.secret).json()["accepted"] == 1
    house.clock.advance(seconds=1)  # a report ends before now


def snapshots(house: House) -> list[Path]:
    return list((house.application.settings.data_dir / "snapshots").rglob("*.duckdb"))


def requests_said(page: str) -> int:
    found = re.search(r">(\d+) requests?\. As of", page)
    assert found, page
    return int(found.group(1))


def test_reports_are_for_those_who_are_signed_in_or_hold_a_secret_key(own_house: House) -> None:
    select(own_house)
    browser = own_house.client
    for path in ("/reports", "/reports/replies", "/reports/replies/outcomes.csv"):
        assert browser.get(path).status_code == 401
        assert browser.get(path, headers={"Authorization": "Bearer sk_wrong_key"}).status_code == 401
        publishable = own_house.a_key("pk")
        assert browser.get(path, headers={"Authorization": f"Bearer {publishable}"}).status_code == 403
    for role in ("worker", "reviewer", "owner"):
        assert "replies" in Person(own_house, role).look("/reports")
    assert browser.get("/reports/replies", headers=own_house.secret).status_code == 200


def test_the_list_leads_to_each_surface(own_house: House) -> None:
    own_house.application.online.put_surface("odd name/ü", {})
    page = Person(own_house).look("/reports")
    assert 'href="/reports/replies"' in page
    assert 'href="/reports/odd%20name%2F%C3%BC"' in page
    assert Person(own_house).browser.get("/reports/odd%20name%2F%C3%BC").status_code == 200


def test_a_report_measures_what_happened_and_each_figure_has_its_rows(own_house: House) -> None:
    for number in range(3):
        select(own_house, f"where is parcel {number}")
    ann = Person(own_house)
    page = ann.look("/reports/replies")
    assert requests_said(page) == 3
    links = re.findall(r'href="(/reports/replies/[a-z-]+\.csv\?[^"]+)"', page)
    assert len(links) >= 5
    for link in links:
        rows = ann.browser.get(link.replace("&amp;", "&"))
        assert rows.status_code == 200, link
        assert rows.headers["content-type"] == "text/csv; charset=utf-8"
        assert rows.headers["content-disposition"].startswith('attachment; filename="replies-')
        assert len(list(csv.reader(io.StringIO(rows.text)))) >= 1


def test_a_report_speaks_of_one_moment_for_up_to_a_minute(own_house: House) -> None:
    select(own_house)
    ann = Person(own_house)
    assert requests_said(ann.look("/reports/replies")) == 1
    (taken,) = snapshots(own_house)
    select(own_house, "another")
    own_house.monotonic.now_s += 59
    assert requests_said(ann.look("/reports/replies")) == 1
    assert snapshots(own_house) == [taken]
    own_house.monotonic.now_s += 2
    own_house.clock.advance(seconds=61)
    assert requests_said(ann.look("/reports/replies")) == 2
    assert len(snapshots(own_house)) == 1
    assert snapshots(own_house) != [taken]


def test_a_snapshot_that_erasure_removed_is_taken_again(own_house: House) -> None:
    own_house.a_slate("replies", "a secret of mine", user="u-1")
    body = {"surface": "replies", "context": {"text": "my secret word xyzzy", "user": "u-1"}}
    assert own_house.client.post("/v1/suggest", json=body, headers=own_house.secret).status_code == 200
    ann = Person(own_house)
    ann.look("/reports/replies")
    assert own_house.client.delete("/v1/users/u-1", headers=own_house.secret).status_code in {200, 204}
    assert snapshots(own_house) == []
    for file in own_house.application.settings.data_dir.rglob("*"):
        assert not file.is_file() or b"xyzzy" not in file.read_bytes(), file
    ann.look("/reports/replies?from=2026-01-01T00:00:00Z")


def test_a_period_is_taken_from_the_address(own_house: House) -> None:
    select(own_house)
    ann = Person(own_house)
    own_house.clock.advance(seconds=3600)
    own_house.monotonic.now_s += 100
    assert "No request in this period" in ann.look("/reports/replies?from=2026-03-01T09:30:00Z")
    assert requests_said(ann.look("/reports/replies?from=2026-03-01T08:30:00%2B00:00&to=2026-03-01T09:20:00Z")) == 1


@pytest.mark.parametrize(
    "query", ["from=yesterday", "from=2027-01-01T00:00:00Z", "to=2020-01-01T00:00:00Z&from=2021-01-01T00:00:00Z"]
)
def test_a_period_that_cannot_be_is_a_client_error(own_house: House, query: str) -> None:
    ann = Person(own_house)
    assert ann.browser.get(f"/reports/replies?{query}").status_code in {400, 422}


@pytest.mark.parametrize("path", ["/reports/nowhere", "/reports/replies/nothing.csv", "/reports/nowhere/outcomes.csv"])
def test_what_is_not_there_is_said_as_a_page_to_a_person(own_house: House, path: str) -> None:
    ann = Person(own_house)
    missing = ann.browser.get(path, headers={"Accept": "text/html"})
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/html")
    assert ann.browser.get(path, headers={"Accept": "application/json"}).json()["status"] == 404


def test_a_surface_that_was_never_asked_says_what_to_do(own_house: House) -> None:
    assert "Nothing has been asked here yet" in Person(own_house).look("/reports/replies")


def test_a_left_over_snapshot_of_a_killed_server_is_removed(own_house: House) -> None:
    folder = own_house.application.settings.data_dir / "snapshots" / "reports"
    folder.mkdir(parents=True)
    (folder / "snapshot-old.duckdb").write_bytes(b"old")
    Person(own_house).look("/reports")
    assert [path.name for path in snapshots(own_house)] != ["snapshot-old.duckdb"]
    assert len(snapshots(own_house)) == 1


def test_a_bar_leads_to_its_slates_and_those_to_people(own_house: House) -> None:
    shows_all = {"target": {"kind": "p_any", "value": 0.0}, "audit_rate": 0.0}  # so that nobody was asked before
    changed = own_house.client.put("/v1/surfaces/replies/policy", json=shows_all, headers=own_house.secret)
    assert changed.status_code == 200, changed.text
    for number in range(3):
        select(own_house, f"where is parcel {number}")
    rita = Person(own_house, "reviewer")
    page = rita.look("/reports/replies/funnel")
    link = next(each for each in re.findall(r'href="(/reports/replies/impressions\?[^"]+)"', page) if "kept" in each)
    slates = rita.look(html_unescape(link))
    assert slates.count("(taken)") == 3
    assert "where is parcel 2" in slates
    ids = re.findall(r'name="(impression-[^"]+)" value="([^"]+)"', slates)
    assert len(ids) == 3
    csrf = re.search(r'name="csrf" value="([^"]+)"', slates)
    assert csrf
    sent = {"csrf": csrf.group(1), **dict(ids)}
    action = re.search(r'action="(/reports/replies/second-look[^"]*)"', slates)
    assert action
    for expected in ("3 slates sent to people", "0 slates sent to people"):
        answer = rita.browser.post(html_unescape(action.group(1)), data=sent, headers=OURS, follow_redirects=True)
        assert answer.status_code == 200
        assert expected in answer.text
        assert "stage unedited" in answer.text, "one comes back to the slates one was looking at"
    handed = own_house.application.store.select("reviews_of_impressions", ids=[id for _, id in ids])
    assert [row["reason"] for row in handed] == ["learning"] * len(ids)


def test_the_rows_of_a_figure_come_as_csv_json_and_parquet(own_house: House, tmp_path: Path) -> None:
    import duckdb

    for number in range(3):
        select(own_house, f"where is parcel {number}")
    owner = Person(own_house, "owner")
    told = owner.browser.get("/reports/replies/funnel.json?page=funnel")
    assert told.headers["content-type"] == "application/json"
    assert told.json()[0] == {"stage": "requested", "slates": 3, "of_all": 1.0, "of_before": 1.0} | {
        name: told.json()[0][name] for name in ("low", "high", "of_all_low", "of_all_high")
    }
    (tmp_path / "f.parquet").write_bytes(owner.browser.get("/reports/replies/funnel.parquet?page=funnel").content)
    rows = duckdb.connect().execute(f"select stage, slates from '{tmp_path}/f.parquet'").fetchall()
    assert rows == [(row["stage"], row["slates"]) for row in told.json()]
    assert owner.browser.get("/reports/replies/funnel.xlsx").status_code == 404


def test_every_figure_is_defined_with_its_query_on_one_page(own_house: House) -> None:
    page = own_house.client.get("/docs/figures")
    assert page.status_code == 200
    assert "select" in page.text
    assert "From request to what was kept" in page.text


def test_slates_are_not_for_everybody_who_reads_figures(own_house: House) -> None:
    select(own_house)
    worker = Person(own_house, "worker")
    assert worker.browser.get("/reports/replies/impressions").status_code == 403
    assert worker.browser.post("/reports/replies/second-look", data={}, headers=OURS).status_code in {401, 403}
    assert worker.browser.get("/reports/replies/people").status_code == 403
    assert worker.browser.get("/reports/replies/workers.csv?page=people").status_code == 403
    assert worker.browser.get("/reports/replies/unanswered.csv").status_code == 404
    assert worker.browser.get("/reports/replies/funnel").status_code == 200


@pytest.mark.parametrize(
    "query", ["field=a%22b&value=x", "field=language", "outcome=" + "x" * 201, "bundle=" + "b" * 201]
)
def test_a_lens_that_is_none_is_refused_with_its_name(own_house: House, query: str) -> None:
    select(own_house)
    owner = Person(own_house, "owner")
    for path in ("/reports/replies/impressions", "/reports/replies/funnel"):
        if "outcome" in query and "impressions" not in path:
            continue
        assert owner.browser.get(f"{path}?{query}").status_code in {400, 422}


def test_every_page_of_a_report_is_there_and_no_other(own_house: House) -> None:
    from analytics.pages.registry import PAGES

    select(own_house)
    owner = Person(own_house, "owner")
    for page in PAGES:
        assert requests_said(owner.look(f"/reports/replies/{page.name}")) == 1
    assert owner.browser.get("/reports/replies/nothing").status_code == 404


def test_what_was_written_down_stands_where_it_happened(own_house: House) -> None:
    select(own_house)
    written = {"text": "New templates\n went live"}
    answer = own_house.client.post("/v1/surfaces/replies/annotations", json=written, headers=own_house.secret)
    assert answer.status_code == 201
    assert answer.json()["text"] == "New templates went live"
    long_ago = written | {"at": "2020-01-01T00:00:00+02:00", "text": "before all this"}
    own_house.client.post("/v1/surfaces/replies/annotations", json=long_ago, headers=own_house.secret)
    own_house.clock.advance(seconds=1)
    page = Person(own_house, "owner").look("/reports/replies")
    assert "New templates went live" in page
    assert "before all this" not in page


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x" * 501}, {"text": "x", "at": "yesterday"}, {"text": 1}])
def test_what_cannot_be_written_down_is_refused(own_house: House, body: dict[str, object]) -> None:
    answer = own_house.client.post("/v1/surfaces/replies/annotations", json=body, headers=own_house.secret)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
