"""The playground: any surface, a request as a page would make it, no trace of it, and lines that ask the same."""

from __future__ import annotations

import html
import json
import re
import shlex

import pytest

from web.house import House
from web.people import Person

HERE = "/admin/playground"
FORM = {"surface": "replies", "text": "where is my parcel", "fields": "", "k": "", "layout": "chips"}


@pytest.fixture
def owner(house: House) -> Person:
    return Person(house, "owner", "Olga")


def tried(owner: Person, **changes: str) -> str:
    owner.look(HERE)
    answer = owner.send(HERE, **{**FORM, **changes})
    assert answer.status_code == 200
    return answer.text


def pasted(panel: str, name: str) -> str:
    found = re.search(rf'<pre id="{name}"[^>]*><code>(.*?)</code>', panel, re.DOTALL)
    assert found, panel
    return html.unescape(found[1])


def test_only_owners_play(house: House) -> None:
    assert house.client.get(HERE).status_code == 401
    assert Person(house, "reviewer").browser.get(HERE).status_code == 403


def test_it_shows_the_slate_its_odds_why_and_what_to_paste_and_leaves_no_trace(house: House, owner: Person) -> None:
    before = house.n_rows("slates")
    panel = tried(owner)
    assert "tracking link" in panel
    assert "best cosine" in panel
    assert re.search(r"\d+% sure", panel)
    assert 'surface="replies"\n' in pasted(panel, "snippet")
    assert house.n_rows("slates") == before
    assert house.app.state.parts.arrivals.after() == ()


def test_what_to_paste_asks_just_that(house: House, owner: Person) -> None:
    text = 'it\'s "late" & <b>lost</b>'
    panel = tried(owner, text=text, fields='{"plan": "gold"}', k="2", layout="list")
    assert panel.count("tried-text") == 2
    assert 'surface="replies" layout="list" count="2"' in pasted(panel, "snippet")
    command = shlex.split(pasted(panel, "call"))
    assert command[:2] == ["curl", "http://testserver/v1/suggest"]
    body = json.loads(command[command.index("-d") + 1])
    assert body == {"surface": "replies", "context": {"text": text, "fields": {"plan": "gold"}}, "k": 2}
    assert house.client.post("/v1/suggest", json=body, headers=house.secret).status_code == 200


def test_a_typeahead_takes_its_context_from_its_field(owner: Person) -> None:
    assert "context-from" not in pasted(tried(owner, layout="typeahead"), "snippet")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fields": "[1]"}, "JSON object"),
        ({"fields": "{" * 3000}, "JSON object"),
        ({"k": "0"}, "from 1 to 50"),
        ({"k": "²"}, "from 1 to 50"),
        ({"text": "  "}, "text"),
        ({"surface": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words_and_nothing_typed_is_lost(
    owner: Person, changes: dict[str, str], says: str
) -> None:
    assert says in tried(owner, **changes)
    owner.look(HERE)
    whole = owner.send(HERE, by_script=False, **{**FORM, **changes})
    assert whole.status_code == 422
    assert (changes.get("fields") or "where is my parcel")[:20] in whole.text or "text" in changes


def test_without_a_script_the_page_comes_back_with_the_answer(owner: Person) -> None:
    owner.look(HERE)
    whole = owner.send(HERE, by_script=False, **FORM).text
    assert whole.startswith("<!doctype html>")
    assert "tracking link" in whole
    assert ">where is my parcel</textarea>" in whole


def test_without_a_surface_it_says_what_comes_first(tmp_path) -> None:
    house = House.open(tmp_path / "bare")
    assert "There is no surface yet" in Person(house, "owner").look(HERE)
    house.close()
