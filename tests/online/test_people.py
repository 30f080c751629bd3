"""What is known of the people who ask is used by their next request, is theirs alone, and outlives a restart."""

from __future__ import annotations

import pytest

from online.world import KNOWN, UNKNOWN, World
from suggest.domain.candidate import Candidate
from suggest.rank.habits import Asker


def p_any(world: World, user: str | None = None, session: str | None = None) -> float:
    return world.ask(KNOWN, user=user, session=session, learn=False).slate.p_any


def dismissed(world: World, user: str | None, *, times: int, session: str | None = None) -> None:
    for n in range(times):  # of contexts that have nothing to do with the known one
        asked = world.ask(f"{UNKNOWN} {user} {n}", user=user, session=session)
        world.tell(world.event(asked, "dismiss"))


def test_who_never_found_anything_is_believed_in_their_next_request(world: World) -> None:
    before = p_any(world, "ada")
    for n in range(6):
        world.tell(world.event(world.ask(KNOWN, user="eve", session=f"s{n}"), "dismiss"))
    assert p_any(world, "eve") < p_any(world, "ada"), "the memory of the context is everybody's, the effect is not"
    assert p_any(world, "stranger") == pytest.approx(p_any(world))
    assert before > 0


def test_a_sitting_has_an_effect_of_its_own(world: World) -> None:
    for _ in range(6):
        world.tell(world.event(world.ask(KNOWN, session="lost"), "dismiss"))
    assert p_any(world, session="lost") < p_any(world, session="another")


def test_it_is_the_same_after_a_restart(world: World) -> None:
    asked = [("ada", "s1"), ("ada", None), ("bob", None), (None, "s1"), (None, None)]
    for n in range(5):
        world.select(world.ask(KNOWN, user="ada", session="s1"), "track")
        dismissed(world, "bob", times=n % 2)
    names = [None if user is None else world.online._signing.user_key(user) for user, _ in asked]
    askers = [
        Asker(user=name, session=session, at=world.clock.now().timestamp())
        for name, (_, session) in zip(names, asked, strict=True)
    ]

    def said() -> list[float]:
        people = world.online.suggester("shop").people
        rows = [people.habits(asker, ["track", "refund"]) for asker in askers]
        assert all(row is not None for row in rows)
        return [
            *(people.none_shift(asker) for asker in askers),
            *(float(value) for row in rows if row is not None for value in row.ravel()),
        ]

    before = said()
    assert before[0] < 0 < before[2], "ada finds what she asks for, bob does not"
    world.restart()
    assert said() == pytest.approx(before, abs=1e-9)


def test_an_erased_user_has_no_effect_and_no_habit_left(world: World) -> None:
    dismissed(world, "bob", times=5, session="s9")
    world.select(world.ask(KNOWN, user="ada"), "track")
    world.online.delete_user("bob")
    people = world.online.suggester("shop").people
    left = [*people._effects._effects, *people._habits._persons]
    assert left
    assert not [each for each in left if each != ("user", world.online._signing.user_key("ada"))]


def test_a_user_is_known_by_a_keyed_hash_alone(world: World) -> None:
    world.select(world.ask(KNOWN, user="ada@example.org"), "track")
    people = world.online.suggester("shop").people
    assert "ada" not in repr([people._effects._effects, people._habits._persons])


def test_who_withholds_consent_is_not_got_to_know(world: World) -> None:
    world.tell(world.event(world.ask(KNOWN, user="ada", learn=False), "dismiss"))
    assert not world.online.suggester("shop").people._effects._effects


def test_options_that_a_caller_brought_are_stored_with_their_fields(world: World) -> None:
    options = [Candidate(id="x", text="one", fields={"price": 3}), Candidate(id="y", text="two")]
    proposed = world.ask(KNOWN, candidates=options, k=1)
    (stored,) = world.app.store.select("slates_by_id", ids=[proposed.slate.id])
    assert stored["context"]["options"] == {"x": {"price": 3}}  # type: ignore[index]
