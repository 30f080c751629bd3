"""Keys: seen once, stored as a hash, refused when revoked; origins keep other people's pages away."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from suggest.domain.errors import Invalid, NotFound
from suggest.online.keys import SECRET_KEY_FILE, Key, KeyKind, first_secret_key
from tests.online.world import World


@pytest.mark.parametrize("kind", ["sk", "pk", "wk"])
def test_a_new_key_opens_what_it_was_made_for(world: World, kind: str) -> None:
    key, text = world.online.create_key(kind, name="till", surface="shop")
    assert text.startswith(f"{kind}_")
    assert len(text) == 3 + 32
    assert world.online.check_key(text) == key
    assert (key.kind, key.name, key.surface) == (KeyKind(kind), "till", "shop")


def test_an_unknown_key_is_nobody_s(world: World) -> None:
    assert world.online.check_key("sk_" + "x" * 32) is None
    assert world.online.check_key("") is None


def test_a_revoked_key_is_nobody_s_from_then_on(world: World) -> None:
    key, text = world.online.create_key("wk")
    revoked = world.online.revoke_key(key.id)
    assert revoked.revoked_at == world.clock.now()
    assert world.online.check_key(text) is None
    world.clock.advance(seconds=60)
    assert world.online.revoke_key(key.id) == revoked


def test_keys_survive_a_restart(world: World) -> None:
    _, text = world.online.create_key("pk", origins=["https://shop.example"])
    revoked, gone = world.online.create_key("sk")
    world.online.revoke_key(revoked.id)
    world.restart()
    kept = world.online.check_key(text)
    assert kept is not None
    assert kept.origins == ("https://shop.example",)
    assert world.online.check_key(gone) is None


def test_the_key_itself_is_in_no_file(world: World) -> None:
    _, text = world.online.create_key("sk")
    world.close()
    for file in world.folder.rglob("*"):
        assert not file.is_file() or text.encode() not in file.read_bytes()


def test_keys_are_listed_without_their_text(world: World) -> None:
    key, _ = world.online.create_key("sk", name="backend")
    assert world.online.list_keys() == [key]


def test_what_is_no_kind_of_key_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.create_key("admin")
    assert refused.value.errors[0].pointer == "/kind"


def test_revoking_what_never_was_says_so(world: World) -> None:
    with pytest.raises(NotFound):
        world.online.revoke_key("nothing")


def test_the_first_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    text, is_new = first_secret_key(tmp_path, configured=None)
    assert is_new
    assert stat.S_IMODE((tmp_path / SECRET_KEY_FILE).stat().st_mode) == 0o600
    assert first_secret_key(tmp_path, configured=None) == (text, False)


def test_a_configured_secret_key_is_the_first_one(tmp_path: Path) -> None:
    assert first_secret_key(tmp_path, configured="correct horse") == ("correct horse", False)
    assert not (tmp_path / SECRET_KEY_FILE).exists()


def test_the_first_secret_key_opens_everything(world: World) -> None:
    key = world.online.check_key(world.app.secret_key)
    assert key is not None
    assert (key.kind, key.surface) == (KeyKind.SECRET, None)


def a_publishable(*origins: str) -> Key:
    return Key(id="1", kind=KeyKind.PUBLISHABLE, origins=origins)


@pytest.mark.parametrize(
    ("allowed", "origin", "is_allowed"),
    [
        ("https://shop.example", "https://shop.example", True),
        ("https://shop.example", "https://SHOP.example", True),
        ("https://shop.example", "http://shop.example", False),
        ("https://shop.example", "https://shop.example:8443", False),
        ("https://shop.example", "https://www.shop.example", False),
        ("https://shop.example", "https://shop.example.evil.example", False),
        ("https://*.shop.example", "https://www.shop.example", True),
        ("https://*.shop.example", "https://a.b.shop.example", True),
        ("https://*.shop.example", "https://shop.example", False),
        ("https://*.shop.example", "https://evilshop.example", False),
        ("https://*.shop.example", "https://.shop.example", False),
        ("https://shop.example", "null", False),
    ],
)
def test_origins_are_compared_whole(allowed: str, origin: str, is_allowed: bool) -> None:
    assert a_publishable(allowed).allows(origin) is is_allowed


def test_a_caller_without_an_origin_is_no_page(world: World) -> None:
    assert a_publishable("https://shop.example").allows(None)


def test_an_empty_list_allows_every_page() -> None:
    assert a_publishable().allows("https://anywhere.example")


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://shop.example/path",
        "https://*",
        "ftp://a.example",
        "https://u@h",
        "*",
        "https://a.*.b",
        "https://[",
    ],
)
def test_what_is_no_origin_is_refused_by_its_place(world: World, origin: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.create_key("pk", origins=["https://fine.example", origin])
    assert [fault.pointer for fault in refused.value.errors] == ["/origins/1"]


def test_only_publishable_keys_have_origins(world: World) -> None:
    with pytest.raises(Invalid):
        world.online.create_key("sk", origins=["https://shop.example"])
