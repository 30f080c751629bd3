"""A visitor's table as a surface: answers become candidates, messages history, and the snippet works as pasted."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from demo.waiting import Service
from suggest.demo.calls import CallFailed, call
from suggest.demo.own import Own, answer_id, make_surface, snippet, surface_name
from suggest.demo.tickets import Pairs, choose, read_sheet

ORIGIN = "http://127.0.0.1:9999"
SAMPLE = Path(__file__).parents[2] / "examples" / "tickets.csv"


@pytest.fixture(scope="module")
def sample() -> Pairs:
    return choose(read_sheet(SAMPLE.read_bytes()), message=0, answer=1)


@pytest.fixture(scope="module")
def made(service: Service, sample: Pairs) -> Own:
    return make(service, sample)


def make(service: Service, pairs: Pairs, name: str = "tickets.csv", heard: list[tuple[int, int]] | None = None) -> Own:
    return make_surface(
        service.client,
        pairs,
        name=name,
        service=service.address,
        origin=ORIGIN,
        on_progress=lambda done, total: heard.append((done, total)) if heard is not None else None,
    )


def test_every_answer_is_a_candidate_and_every_message_a_label(service: Service, made: Own, sample: Pairs) -> None:
    found = call(service.client, "GET", f"/v1/surfaces/{made.surface}/candidates", limit="1000")["candidates"]
    assert {row["text"] for row in found} == set(sample.answers)
    assert (made.n_answers, made.n_messages) == (len(sample.answers), len(sample.pairs))


def test_a_message_of_theirs_gets_its_answer_first(service: Service, made: Own, sample: Pairs) -> None:
    message, answer = sample.pairs[7]
    body = {"surface": made.surface, "context": {"text": message}}
    slate = call(service.client, "POST", "/v1/suggest", body)
    assert slate["items"][0]["text"] == answer


def test_the_key_of_the_snippet_works_on_this_page_and_on_no_other(service: Service, made: Own) -> None:
    found = re.search(r'site-key="(pk_[^"]+)" surface="([^"]+)"', made.snippet)
    assert found is not None
    key, surface = found.groups()
    body = {"surface": surface, "context": {"text": "flat tyre"}}
    here = httpx.post(f"{service.address}/v1/suggest?key={key}", json=body, headers={"Origin": ORIGIN})
    elsewhere = httpx.post(
        f"{service.address}/v1/suggest?key={key}", json=body, headers={"Origin": "http://evil.example"}
    )
    other = httpx.post(
        f"{service.address}/v1/suggest?key={key}", json={**body, "surface": "x"}, headers={"Origin": ORIGIN}
    )
    assert (here.status_code, elsewhere.status_code) == (200, 403)
    assert other.status_code in {403, 404}


def test_the_script_of_the_snippet_is_there(service: Service, made: Own) -> None:
    found = re.search(r'src="([^"]+)"', made.snippet)
    assert found is not None
    script = httpx.get(found.group(1))
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]


def test_the_same_table_makes_the_same_surface_and_a_fresh_key(service: Service, made: Own, sample: Pairs) -> None:
    n_before = service.n_rows("labels")
    again = make(service, sample)
    assert again.surface == made.surface
    assert again.site_key != made.site_key
    assert service.n_rows("labels") == n_before


def test_progress_runs_from_nothing_to_all(service: Service, sample: Pairs) -> None:
    heard: list[tuple[int, int]] = []
    make(service, sample, heard=heard)
    total = len(sample.answers) + len(sample.pairs)
    assert heard[0] == (0, total)
    assert heard[-1] == (total, total)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)


def test_one_answer_for_everything_is_nothing_to_rank(service: Service) -> None:
    with pytest.raises(CallFailed, match="choose another column"):
        make(service, Pairs(pairs=(("a", "yes"), ("b", "yes")), problems=()))


@pytest.mark.parametrize("name", ["Tickets 2026 (final).csv", "../../etc/passwd", "", "日本.csv", "a" * 300 + ".csv"])
def test_any_file_name_makes_a_name_the_service_takes(service: Service, name: str) -> None:
    pairs = Pairs(pairs=((f"q {name}", "one"), ("r", "two")), problems=())
    made = make(service, pairs, name=name)
    assert re.fullmatch(r"own-[a-z0-9-]+-[0-9a-f]{6}", made.surface)


def test_another_table_of_the_same_name_is_another_surface() -> None:
    one, two = (Pairs(pairs=((text, "a"),), problems=()) for text in ("x", "y"))
    assert surface_name("t.csv", one) != surface_name("t.csv", two)
    assert surface_name("t.csv", one) == surface_name("t.csv", one)


def test_ids_follow_from_the_answer() -> None:
    assert answer_id("a") != answer_id("b")
    assert "\n" not in snippet("http://s", "pk_1", "own-x").splitlines()[0]
