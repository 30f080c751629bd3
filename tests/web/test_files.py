"""What an owner takes away over HTTP: the report as a file, a backup into the data folder, a past log handed in."""

from __future__ import annotations

import tarfile

import pytest

from web.house import House


def test_the_report_is_one_page_or_markdown(house: House) -> None:
    page = house.client.get("/v1/surfaces/replies/report", headers=house.secret)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "src=" not in page.text
    text = house.client.get("/v1/surfaces/replies/report?format=md", headers=house.secret)
    assert text.headers["content-type"].startswith("text/markdown")
    assert text.text.startswith("# ")
    assert list((house.application.settings.data_dir / "snapshots").iterdir()) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("format=pdf", "/query/format"),
        ("from=yesterday", "/query/from"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "/query/from"),
    ],
)
def test_a_report_that_cannot_be_meant_names_the_parameter(house: House, query: str, pointer: str) -> None:
    refused = house.client.get(f"/v1/surfaces/replies/report?{query}", headers=house.secret)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_a_backup_stays_in_the_data_folder(own_house: House) -> None:
    made = own_house.client.post("/v1/backups", headers=own_house.secret)
    assert made.status_code == 201
    archive = own_house.application.settings.data_dir / made.json()["file"]
    assert archive.stat().st_size == made.json()["bytes"]
    with tarfile.open(archive) as tar:
        assert "signing.json" in tar.getnames()


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/surfaces/replies/report"), ("POST", "/v1/backups")])
@pytest.mark.parametrize("kind", ["pk", "wk"])
def test_only_a_secret_key_takes_files_away(house: House, method: str, path: str, kind: str) -> None:
    key = {"Authorization": f"Bearer {house.a_key(kind)}"}
    assert house.client.request(method, path, headers=key).status_code in {401, 403}


def test_a_past_log_is_taken_row_by_row(own_house: House) -> None:
    good = {"id": "1", "context": {"text": "lost?"}, "shown": [{"id": "track"}, {"id": "size"}], "chosen": "size"}
    bad = [
        {**good, "id": "2", "context": {"text": ""}},
        {**good, "id": "3", "chosen": "nobody"},
        "no row at all",
    ]
    sent = {"slates": [bad[0], good, *bad[1:]]}
    answer = own_house.client.post("/v1/surfaces/replies/log", json=sent, headers=own_house.secret)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["accepted"], said["duplicates"]) == (1, 0)
    assert [each["index"] for each in said["rejected"]] == [0, 2, 3]
    again = own_house.client.post("/v1/surfaces/replies/log", json={"slates": [good]}, headers=own_house.secret)
    assert again.json()["duplicates"] == 1
    assert own_house.n_rows("slates") == 1


def test_a_past_log_for_an_unknown_surface_is_404(house: House) -> None:
    sent = {"slates": [{"id": "1", "context": {"text": "x"}, "shown": [{"id": "a", "text": "b"}]}]}
    assert house.client.post("/v1/surfaces/nowhere/log", json=sent, headers=house.secret).status_code == 404
