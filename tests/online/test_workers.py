"""Accounts: who somebody is, what they may do, and that it is gone when it is taken away."""

from __future__ import annotations

import pytest

from suggest.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from suggest.online.links import Role
from tests.online.world import World


def test_an_account_is_made_changed_and_survives_a_restart(world: World) -> None:
    made = world.online.workers.create({"name": "Änn ", "skills": ["Billing", "billing "], "languages": ["de-AT"]})
    assert (made.name, made.role, made.skills, made.languages) == ("Änn", Role.WORKER, {"billing"}, {"de"})
    assert made.id.startswith("ann-")
    world.online.workers.change(made.id, {"role": "reviewer"})
    world.restart()
    kept = world.online.workers.get(made.id)
    assert (kept.role, kept.skills, kept.created_at) == (Role.REVIEWER, {"billing"}, made.created_at)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"name": "Ann", "role": "root"}, "/role"),
        ({"name": "Ann", "skills": "billing"}, "/skills"),
        ({"name": "Ann", "skills": [""]}, "/skills"),
        ({"name": "Ann", "login": "x\x00"}, "/login"),
        ({"name": "Ann", "shoe": 42}, "/shoe"),
    ],
)
def test_what_no_account_can_be_is_named(world: World, changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.workers.create(changes)
    assert refused.value.errors[0].pointer == pointer
    assert world.online.workers.list() == []


def test_a_link_of_an_account_signs_in_as_it_and_keeps_one_name_over_sittings(world: World) -> None:
    ann = world.online.workers.create({"name": "Ann", "role": "reviewer"})
    one, _ = world.online.redeem_link(world.online.create_link(account=ann.id))
    two, _ = world.online.redeem_link(world.online.create_link(account=ann.id))
    assert one.id != two.id
    assert (one.worker, two.worker, one.role) == (ann.id, ann.id, Role.REVIEWER)


def test_rights_that_are_taken_away_are_gone_at_once(world: World) -> None:
    ann = world.online.workers.create({"name": "Ann", "role": "owner"})
    _, text = world.online.redeem_link(world.online.create_link(account=ann.id))
    world.online.workers.change(ann.id, {"role": "worker"})
    found = world.online.check_session(text)
    assert found is not None
    assert found.role is Role.WORKER
    unused = world.online.create_link(account=ann.id)
    world.online.workers.leave(ann.id)
    assert world.online.check_session(text) is None
    with pytest.raises(Unauthorized, match="closed"):
        world.online.redeem_link(unused)
    with pytest.raises(Conflict, match="closed"):
        world.online.create_link(account=ann.id)
    with pytest.raises(NotFound):
        world.online.create_link(account="nobody")


def test_a_login_is_of_one_open_account_only(world: World) -> None:
    ann = world.online.workers.create({"name": "Ann", "login": "ann@shop.example"})
    with pytest.raises(Conflict, match="already that of Ann"):
        world.online.workers.create({"name": "Anna", "login": "ann@shop.example"})
    bob = world.online.workers.create({"name": "Bob"})
    with pytest.raises(Conflict):
        world.online.workers.change(bob.id, {"login": "ann@shop.example"})
    world.online.workers.leave(ann.id)
    world.online.workers.change(bob.id, {"login": "ann@shop.example"})
    session = world.online.session_of_login("ann@shop.example")
    assert session is not None
    assert session.worker == bob.id
    assert world.online.session_of_login("ANN@shop.example") is None


def test_to_be_more_careful_is_anybodys_and_to_be_less_is_an_owners(world: World) -> None:
    for careful in ({"mode": "review_all"}, {"audit_rate": 0.2}, {"target": {"value": 0.9}}, {"error_cost": 5}):
        world.online.put_policy("shop", careful, "Rita", may_loosen=False)
    before = world.online.get_policy("shop")
    for loose, named in (
        ({"mode": "assist"}, "/mode"),
        ({"audit_rate": 0.1}, "/audit_rate"),
        ({"target": {"value": 0.8}}, "/target"),
        ({"target": {"kind": "precision", "value": 0.99}}, "/target"),
        ({"error_cost": None}, "/error_cost"),
        ({"escalation": False}, "/escalation"),
        ({"exploration": 1.0}, "/exploration"),
    ):
        with pytest.raises(Forbidden, match="owner") as refused:
            world.online.put_policy("shop", loose, "Rita", may_loosen=False)
        assert [each.pointer for each in refused.value.errors] == [named]
    assert world.online.get_policy("shop") == before
    assert world.online.put_policy("shop", {"mode": "assist"}, "Olga").policy.mode == "assist"
