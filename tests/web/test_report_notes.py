"""Owners write down what happened where they see the figures, and compare any two times by an address."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest

from web.house import House
from web.people import OURS, Person, forms_of

HERE = "/reports/replies"
NOTES = f"{HERE}/annotations"


@pytest.fixture
def house(own_house: House) -> House:
    own_house.a_slate("replies")
    own_house.clock.advance(seconds=1)
    return own_house


def fresh(house: House) -> None:
    """The next page is of a new snapshot."""
    house.clock.advance(seconds=61)
    house.monotonic.now_s += 61


def happenings(person: Person, query: str = "") -> list[list[str]]:
    rows = person.browser.get(f"{HERE}/what-happened.csv?page=overview{query}").text
    return list(csv.reader(io.StringIO(rows)))[1:]


def note(person: Person, path: str = HERE, **fields: str) -> str:
    """Send the form that stands on a page; where one is led to."""
    person.look(path)
    (form,) = [each for each in forms_of(person.page) if each.action.startswith(NOTES)]
    sent = person.browser.post(unescape(form.action), data={**form.fields, **fields}, headers=OURS)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def test_what_an_owner_writes_down_stands_beside_the_figures_from_the_next_snapshot_on(house: House) -> None:
    owner = Person(house, "owner")
    back = note(owner, text="<b>New</b> templates went live", at="2026-03-01T08:30")
    assert back == f"{HERE}/overview?noted=1#changes"
    page = owner.look(back.partition("#")[0])
    assert "Written down" in page
    fresh(house)
    note(owner, text="Now")
    fresh(house)
    query = "&from=2026-03-01&to=2026-03-01"
    assert [row[1:] for row in happenings(owner, query) if row[1] == "note"] == [
        ["note", "<b>New</b> templates went live"],
        ["note", "Now"],
    ]
    page = owner.look(f"{HERE}?from=2026-03-01&to=2026-03-01")
    assert "&lt;b&gt;New&lt;/b&gt; templates went live" in page
    assert "<b>New</b>" not in page


def test_one_comes_back_to_what_one_was_looking_at(house: House) -> None:
    back = note(Person(house, "owner"), f"{HERE}?from=2026-03-01T00:00:00Z&bundle=prior", text="Campaign")
    assert "from=2026-03-01T00%3A00%3A00.000Z" in back
    assert "bundle=prior" in back


def test_it_is_written_down_on_any_page_and_one_stays_there(house: House) -> None:
    owner = Person(house, "owner")
    back = note(owner, f"{HERE}/drift?bundle=prior", text="Campaign")
    assert back == f"{HERE}/drift?bundle=prior&noted=1#happened"
    fresh(house)
    page = owner.look(f"{HERE}/drift?bundle=prior&noted=1")
    assert "Written down" in page
    assert "Campaign" in page
    owner.look(f"{HERE}/drift")
    (form,) = [each for each in forms_of(owner.page) if each.action.startswith(NOTES)]
    refused = owner.browser.post(unescape(form.action), data={**form.fields, "text": ""}, headers=OURS)
    assert refused.status_code == 422
    assert 'aria-current="page">Drift' in refused.text
    elsewhere = owner.browser.post(f"{NOTES}?on=nowhere", data={**form.fields, "text": "x"}, headers=OURS)
    assert elsewhere.status_code == 422


@pytest.mark.parametrize("role", ["worker", "reviewer"])
def test_who_may_only_read_finds_no_form_and_is_refused(house: House, role: str) -> None:
    ann = Person(house, role)
    assert NOTES not in ann.look(HERE)
    csrf = re.search(r'name="csrf" value="([^"]+)"', ann.look("/console"))
    assert csrf
    refused = ann.browser.post(NOTES, data={"csrf": csrf.group(1), "text": "x"}, headers=OURS)
    assert refused.status_code == 403


def test_without_the_token_of_the_page_nothing_is_written(house: House) -> None:
    owner = Person(house, "owner")
    for csrf in ({}, {"csrf": "wrong"}):
        assert owner.browser.post(NOTES, data={"text": "x", **csrf}, headers=OURS).status_code == 403
    foreign = {**OURS, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    owner.look(HERE)
    (form,) = [each for each in forms_of(owner.page) if each.action.startswith(NOTES)]
    assert owner.browser.post(NOTES, data={**form.fields, "text": "x"}, headers=foreign).status_code == 403
    fresh(house)
    assert happenings(owner) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text": "   "}, "Text"),
        ({"text": "x" * 501}, "at most 500"),
        ({"text": "x", "at": "soon"}, "2026-03-04T10:00"),
    ],
)
def test_what_cannot_be_written_down_is_said_and_kept_in_the_form(
    house: House, fields: dict[str, str], says: str
) -> None:
    owner = Person(house, "owner")
    owner.look(HERE)
    (form,) = [each for each in forms_of(owner.page) if each.action.startswith(NOTES)]
    refused = owner.browser.post(unescape(form.action), data={**form.fields, **fields}, headers=OURS)
    assert refused.status_code == 422
    assert "Nothing was written down" in refused.text
    assert says in refused.text
    (again,) = [each for each in forms_of(refused.text) if each.action.startswith(NOTES)]
    assert again.fields["text"] == fields["text"]


# -- two times --------------------------------------------------------------------------------------------------------


def changed(person: Person, query: str) -> tuple[str, list[list[str]]]:
    page = person.look(f"{HERE}/overview?{query}")
    link = re.search(r'href="([^"]+what-changed\.csv[^"]*)"', page)
    assert link
    return page, list(csv.reader(io.StringIO(person.browser.get(unescape(link.group(1))).text)))


def test_any_two_times_are_compared_by_an_address_and_so_are_the_rows(house: House) -> None:
    house.clock.advance(seconds=3 * 86_400)
    house.a_slate("replies", "how do I return it")
    house.a_slate("replies", "what size am I")
    house.clock.advance(seconds=60)
    ann = Person(house)
    page, rows = changed(ann, "from=2026-03-04&to=2026-03-04&vs_from=2026-03-01&vs_to=2026-03-02")
    assert "Against 1 Mar 2026, 00:00 UTC to 3 Mar 2026, 00:00 UTC." in page
    shown = dict(zip(rows[0], rows[2], strict=True))
    assert (shown["share"], shown["n"], shown["n_before"]) == ("shown", "2", "1")
    assert "Now and then" in page


def test_the_form_is_that_address_and_says_what_is_compared(house: House) -> None:
    ann = Person(house)
    ann.look(f"{HERE}/overview?from=2026-03-01&to=2026-03-01&vs_from=2026-02-01&vs_to=2026-02-07&bundle=prior")
    (form,) = [each for each in forms_of(ann.page) if each.action == f"{HERE}/overview"]
    assert form.fields == {
        "bundle": "prior",
        "from": "2026-03-01",
        "to": "2026-03-01",
        "vs_from": "2026-02-01",
        "vs_to": "2026-02-07",
    }
    assert ann.browser.get(form.action, params=form.fields).status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("vs_from=2026-02-01", "vs_to"),
        ("vs_to=2026-02-01", "vs_from"),
        ("vs_from=2026-02-02&vs_to=2026-02-01", "vs_from"),
        ("vs_from=2026-02-30&vs_to=2026-03-01", "vs_from"),
        ("vs_from=9999-12-30&vs_to=9999-12-31", "vs_to"),
        ("vs_from=2026-02-01&vs_to=2026-02-02&versus=prior", "versus"),
    ],
)
def test_half_a_time_or_two_kinds_of_comparison_are_refused_by_name(house: House, query: str, names: str) -> None:
    refused = house.client.get(f"{HERE}?{query}", headers=house.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].endswith(names)
