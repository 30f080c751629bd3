"""Training runs, models, promotion and rollback through the front door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.house import House

FINAL = {"promoted", "kept", "failed"}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a surface that has something to learn from."""
    house = House.open(Path(tmp_path_factory.mktemp("school")))
    house.a_surface()
    words = {"track": "where is my parcel", "refund": "give me my money back", "size": "which shoe size fits me"}
    rows = [
        {"surface": "replies", "context": {"text": f"{said} {n}"}, "item": item}
        for n in range(20)
        for item, said in words.items()
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    headers = {**house.secret, "Content-Type": "application/x-ndjson"}
    assert house.client.post("/v1/labels", content=lines, headers=headers).json()["accepted"] == len(rows)
    yield house
    house.close()


@pytest.mark.slow
def test_train_with_wait_answers_when_the_run_has_ended(school: House) -> None:
    body = {"encoder": "off"}
    job = school.client.post("/v1/surfaces/replies/train?wait=1", json=body, headers=school.secret)
    assert job.status_code == 200, job.text
    assert job.json()["state"] in FINAL
    assert job.json()["state"] != "failed", job.text
    assert job.json()["gate"] is not None
    again = school.client.get(f"/v1/jobs/{job.json()['id']}", headers=school.secret)
    assert again.json()["state"] == job.json()["state"]
    models = school.client.get("/v1/surfaces/replies/models", headers=school.secret).json()
    assert models["champion"]
    built = {model["id"] for model in models["models"]}
    assert built == ({job.json()["bundle"]} if job.json()["bundle"] else set())


@pytest.mark.slow
def test_a_call_during_another_run_queues_behind_it(school: House) -> None:
    body = {"encoder": "off"}
    first = school.client.post("/v1/surfaces/replies/train", json=body, headers=school.secret)
    second = school.client.post("/v1/surfaces/replies/train?wait=1", json=body, headers=school.secret)
    assert first.status_code in {200, 202}
    assert second.status_code == 200
    assert school.client.get(f"/v1/jobs/{first.json()['id']}", headers=school.secret).json()["state"] in FINAL


@pytest.mark.parametrize("body", [{"encoder": "fast"}, {"encoder": None}, {"epochs": 3}])
def test_a_wrong_wish_is_refused(school: House, body: dict[str, object]) -> None:
    refused = school.client.post("/v1/surfaces/replies/train", json=body, headers=school.secret)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/" + next(iter(body))


def test_what_was_never_made_cannot_be_found_or_promoted(school: House) -> None:
    assert school.client.get("/v1/jobs/no-such-job", headers=school.secret).status_code == 404
    promoted = school.client.post("/v1/surfaces/replies/models/no-such-model/promote", headers=school.secret)
    assert promoted.status_code == 404


def test_a_fresh_surface_has_nothing_to_roll_back_to(school: House) -> None:
    school.a_surface("fresh")
    refused = school.client.post("/v1/surfaces/fresh/models/rollback", headers=school.secret)
    assert 400 <= refused.status_code < 500
    assert school.client.get("/v1/surfaces/fresh/models", headers=school.secret).json()["models"] == []
