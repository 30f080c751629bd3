"""Surfaces: made and changed by merging, refused by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from suggest.domain.errors import Invalid, UnknownSurface
from suggest.domain.policy import Mode, TargetKind
from suggest.domain.surface import Surface
from tests.online.world import World


def test_a_new_surface_starts_in_assist_at_one_half(world: World) -> None:
    surface, is_new = world.online.put_surface("help", {})
    view = world.online.get_policy("help")
    assert (surface, is_new) == (Surface(name="help"), True)
    assert (view.policy.mode, view.policy.target.kind, view.policy.target.value) == (Mode.ASSIST, TargetKind.P_ANY, 0.5)
    assert (view.threshold, view.revision) == (0.5, 0)
    assert view.policy.exploration == 0


def test_absent_keys_keep_their_value(world: World) -> None:
    world.online.put_surface("help", {"title": "Help", "k": 5})
    surface, is_new = world.online.put_surface("help", {"k": 4})
    assert (surface.title, surface.k, is_new) == ("Help", 4, False)
    assert world.online.get_surface("help") == surface


def test_surfaces_survive_a_restart(world: World) -> None:
    world.online.put_surface("help", {"title": "Help", "retention_days": 30, "simulated": True})
    world.restart()
    kept = world.online.get_surface("help")
    assert (kept.title, kept.retention_days, kept.simulated) == ("Help", 30, True)
    assert [surface.name for surface in world.online.list_surfaces()] == ["help", "shop"]


def test_retention_can_be_taken_back(world: World) -> None:
    world.online.put_surface("help", {"retention_days": 30})
    assert world.online.put_surface("help", {"retention_days": None})[0].retention_days is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"k": 0}, "/k"),
        ({"k": 51}, "/k"),
        ({"k": "3"}, "/k"),
        ({"k": True}, "/k"),
        ({"title": 5}, "/title"),
        ({"title": "x" * 300}, "/title"),
        ({"redact": "yes"}, "/redact"),
        ({"retention_days": 0}, "/retention_days"),
        ({"colour": "red"}, "/colour"),
        ({"name": "other"}, "/name"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_by_its_pointer(world: World, changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.put_surface("shop", changes)
    assert [fault.pointer for fault in refused.value.errors] == [pointer]
    assert world.online.get_surface("shop") == Surface(name="shop")


def test_every_fault_is_named_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.put_surface("shop", {"k": 0, "redact": 1, "unknown": 1})
    assert {fault.pointer for fault in refused.value.errors} == {"/k", "/redact", "/unknown"}


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb"])
def test_a_name_must_be_one(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        world.online.put_surface(name, {})
    assert len(world.online.list_surfaces()) == 1


def test_what_was_never_made_is_unknown(world: World) -> None:
    with pytest.raises(UnknownSurface):
        world.online.get_surface("nowhere")


def test_changes_from_many_sides_are_all_kept(world: World) -> None:
    changes: list[dict[str, object]] = [{"title": "Help"}, {"k": 7}, {"simulated": True}]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda each: world.online.put_surface("help", each), changes))
    kept = world.online.get_surface("help")
    world.restart()
    assert world.online.get_surface("help") == Surface(name="help", title="Help", k=7, simulated=True)
    assert kept.name == "help"
