"""What other people's pages load from us, and the files of our own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest

from suggest.web.app import STATIC_FOLDER
from suggest.web.assets import Shelf
from suggest.web.embed import PARTS, Embed
from web.house import House

WIDGET = (STATIC_FOLDER / "suggest-box.js").read_bytes()
PLAIN = {"Accept-Encoding": "identity"}


def test_the_widget_may_be_loaded_by_every_page_without_a_redirect(house: House) -> None:
    answer = house.client.get("/embed/v1/suggest-box.js", headers=PLAIN, follow_redirects=False)
    assert answer.status_code == 200
    assert answer.content == WIDGET
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_one_allow_origin_even_when_a_page_says_who_it_is(house: House) -> None:
    answer = house.client.get("/embed/v1/suggest-box.js", headers={"Origin": "https://shop.example"})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize(("coding", "undo"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_it_is_sent_compressed_to_whoever_accepts_it(house: House, coding: str, undo: object) -> None:
    with house.client.stream("GET", "/embed/v1/suggest-box.js", headers={"Accept-Encoding": coding}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == coding
    assert "Accept-Encoding" in answer.headers["vary"]
    assert undo(raw) == WIDGET  # type: ignore[operator]
    assert len(raw) < len(WIDGET) / 2


def test_a_coding_that_is_ruled_out_is_not_used(house: House) -> None:
    answer = house.client.get("/embed/v1/suggest-box.js", headers={"Accept-Encoding": "br;q=0, gzip; q=0.0"})
    assert "content-encoding" not in answer.headers


def test_who_has_it_already_gets_304(house: House) -> None:
    etag = house.client.get("/embed/v1/suggest-box.js").headers["etag"]
    for said in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = house.client.get("/embed/v1/suggest-box.js", headers={"If-None-Match": said})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["access-control-allow-origin"] == "*"
    assert house.client.get("/embed/v1/suggest-box.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_pinned_address_is_for_ever_and_has_an_integrity(house: House) -> None:
    path, integrity = Embed(Shelf(STATIC_FOLDER)).snippet()
    answer = house.client.get(path, headers=PLAIN)
    assert "immutable" in answer.headers["cache-control"]
    assert integrity == "sha256-" + base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers.get_list("access-control-allow-origin") == ["*"], "integrity is checked in CORS mode only"
    assert house.client.get("/embed/v1/0123456789abcdef/suggest-box.js").status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_found_by_the_name_that_the_box_has_for_it(house: House, part: str) -> None:
    found = re.search(rf'[{{,]{part}:"([0-9a-f]+)"', WIDGET.decode())
    assert found
    answer = house.client.get(f"/embed/v1/{found[1]}/suggest-{part}.js", headers=PLAIN)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert house.client.get(f"/embed/v1/{found[1][:5]}/suggest-{part}.js").status_code == 404


def test_what_was_pinned_outlives_the_upgrade_of_the_server(tmp_path: Path) -> None:
    present, kept = tmp_path / "static", tmp_path / "kept"
    present.mkdir()
    (present / "suggest-list.js").write_text("export const list = 1;")
    first = Embed(Shelf(present), kept).snippet("suggest-list.js")[0].split("/")[-2]
    (present / "suggest-list.js").write_text("export const list = 2;")
    after = Embed(Shelf(present), kept)
    assert after._earlier("suggest-list.js", first).content == b"export const list = 1;"
    assert after._earlier("suggest-list.js", first[:8]).content == b"export const list = 1;", "parts go by a few digits"
    assert after._find("suggest-list.js").content == b"export const list = 2;"


def test_only_so_much_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggest.web.embed.MOST_KEPT", 3)
    present, kept = tmp_path / "static", tmp_path / "kept"
    present.mkdir()
    for version in range(6):
        (present / "client.js").write_text(f"export const n = {version};")
        last = Embed(Shelf(present), kept).snippet("client.js")[0].split("/")[-2]
    assert len(list(kept.iterdir())) == 3
    assert (kept / last).is_dir()


@pytest.mark.parametrize("hash_", ["..", "*", "0" * 15, "........", "%2e%2e", "????????"])
def test_no_hash_leads_out_of_the_folder(house: House, hash_: str) -> None:
    assert house.client.get(f"/embed/v1/{hash_}/suggest-box.js").status_code == 404


@pytest.mark.parametrize("name", ["site.css", "suggest-box.txt", "..", "client.py"])
def test_only_what_is_meant_to_be_embedded_is(house: House, name: str) -> None:
    assert house.client.get(f"/embed/v1/{name}").status_code == 404


def test_the_client_under_the_widget_can_be_loaded_alone(house: House) -> None:
    client = house.client.get("/embed/v1/client.js", headers=PLAIN)
    assert client.content == (STATIC_FOLDER / "client.js").read_bytes()


def test_our_own_files_are_for_our_own_pages(house: House) -> None:
    answer = house.client.get("/static/site.css")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cache-control"] == "no-cache"


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "a.css").write_text("one")
    shelf = Shelf(folder)
    first = shelf.find("a.css")
    (folder / "a.css").write_text("other")
    second = shelf.find("a.css")
    assert first is not None
    assert second is not None
    assert (first.content, second.content) == (b"one", b"other")
    assert first.etag != second.etag


@pytest.mark.parametrize("name", ["../a.css", "/a.css", "a.css\x00", "a\\b.css", "missing.css", "a.py", "", "."])
def test_the_shelf_gives_nothing_from_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder.parent / "a.css").write_text("outside")
    (folder / "a.py").write_text("code")
    assert Shelf(folder).find(name) is None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder.parent / "secret.css").write_text("outside")
    (folder / "link.css").symlink_to(folder.parent / "secret.css")
    assert Shelf(folder).find("link.css") is None
