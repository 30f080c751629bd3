"""Sign-in links: once, soon, and then half a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from suggest.domain.errors import Invalid, Unauthorized
from suggest.online.links import ENDED, LINK_LIFETIME, PREFIX, SESSION_LIFETIME, Role
from tests.online.world import World


def test_a_link_signs_in_once(world: World) -> None:
    code = world.online.create_link("worker", "Ann")
    session, text = world.online.redeem_link(code)
    assert (session.role, session.name) == (Role.WORKER, "Ann")
    assert world.online.check_session(text) == session
    with pytest.raises(Unauthorized):
        world.online.redeem_link(code)


def test_of_many_who_open_a_link_at_once_one_is_signed_in(world: World) -> None:
    code = world.online.create_link("owner")

    def is_signed_in(_: int) -> bool:
        try:
            world.online.redeem_link(code)
        except Unauthorized:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(is_signed_in, range(8))) == 1


def test_a_link_is_too_old_after_a_quarter_of_an_hour(world: World) -> None:
    code = world.online.create_link("worker")
    world.clock.advance(seconds=LINK_LIFETIME.total_seconds())
    with pytest.raises(Unauthorized, match="15 minutes"):
        world.online.redeem_link(code)


def test_a_session_lasts_twelve_hours_and_survives_a_restart(world: World) -> None:
    session, text = world.online.redeem_link(world.online.create_link("reviewer"))
    world.restart()
    world.clock.advance(seconds=(SESSION_LIFETIME - timedelta(seconds=1)).total_seconds())
    assert world.online.check_session(text) == session
    world.clock.advance(seconds=1)
    assert world.online.check_session(text) is None


def test_who_has_signed_out_is_signed_out_everywhere_and_after_a_restart(world: World) -> None:
    _, text = world.online.redeem_link(world.online.create_link(Role.WORKER))
    _, other = world.online.redeem_link(world.online.create_link(Role.WORKER))
    session = world.online.check_session(text)
    assert session is not None
    world.online.end_session(session)
    world.online.end_session(session)
    assert world.online.check_session(text) is None
    world.restart()
    assert world.online.check_session(text) is None
    assert world.online.check_session(other) is not None


def test_an_ended_session_is_forgotten_when_it_would_be_over(world: World) -> None:
    session, text = world.online.redeem_link(world.online.create_link(Role.WORKER))
    world.online.end_session(session)
    world.online.tick()
    assert world.app.store.keys(ENDED)
    world.clock.advance(seconds=SESSION_LIFETIME.total_seconds())
    world.online.tick()
    assert not world.app.store.keys(ENDED)
    assert world.online.check_session(text) is None


def test_two_people_of_one_name_are_two_workers(world: World) -> None:
    one, _ = world.online.redeem_link(world.online.create_link("worker", "Ann"))
    two, _ = world.online.redeem_link(world.online.create_link("worker", "Ann"))
    assert one.worker != two.worker


@pytest.mark.parametrize("text", ["", "a.b", "..", "eyJrIjoxfQ.AAAA", "é.é"])
def test_what_we_did_not_sign_is_no_session(world: World, text: str) -> None:
    assert world.online.check_session(text) is None


def test_an_impression_token_is_no_session(world: World) -> None:
    assert world.online.check_session(world.ask().token) is None


def test_there_are_three_roles(world: World) -> None:
    with pytest.raises(Invalid):
        world.online.create_link("root")


def test_codes_nobody_opened_are_forgotten(world: World) -> None:
    world.online.create_link("worker")
    world.clock.advance(seconds=LINK_LIFETIME.total_seconds())
    world.online.tick()
    assert world.app.store.keys(PREFIX) == {}
