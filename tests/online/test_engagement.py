"""p_accept in service: learned from what people do, silence included; it survives a restart and moves nothing else."""

from __future__ import annotations

from functools import partial

import pytest

from suggest.calibrate.sitting import Asked
from suggest.domain.candidate import Candidate
from suggest.online.engagement import Engagement, Note
from tests.online.world import KNOWN, World

WAIT_S = 1800.0
OTHERS = [f"{KNOWN} {n}" for n in range(40)]


def live_on(world: World, user: str, *, taken: bool, times: int = 12, session: str | None = None) -> None:
    """One person asks, and takes the first or dismisses all, again and again."""
    for n in range(times):
        proposed = world.ask(OTHERS[n % len(OTHERS)], user=user, session=session)
        world.clock.advance(seconds=20)
        if taken:
            world.select(proposed, proposed.slate.items[0].id)
        else:
            world.tell(world.event(proposed, "dismiss"))
        world.clock.advance(seconds=40)


def p_accept(world: World, user: str | None = None, session: str | None = None) -> float:
    return world.ask(KNOWN, user=user, session=session, learn=False).slate.p_accept


def test_a_user_who_takes_and_one_who_dismisses_are_told_apart_at_once(world: World) -> None:
    live_on(world, "ada", taken=True)
    live_on(world, "bob", taken=False)
    world.clock.advance(seconds=2 * WAIT_S)
    assert p_accept(world, "ada") > p_accept(world) > p_accept(world, "bob")


def of(at: float, *, session: str | None = None, user: str | None = None, fields: tuple[str, ...] = ()) -> Asked:
    return Asked(
        at=at, p_any=0.8, options=("track",), option_chars=30.0, context=str(at), text=KNOWN, session=session,
        user=user, fields=fields,
    )  # fmt: skip


def met(engagement: Engagement, asked: Asked, *, taken: bool) -> None:
    name = f"{asked.session}{asked.at}"
    engagement.served(name, asked)
    engagement.ended(name, taken=taken, at=asked.at + 5)


def test_it_follows_the_mood_of_a_sitting() -> None:
    engagement = Engagement()
    for n in range(40):
        for at in range(0, 600, 50):
            met(engagement, of(at, session=f"s{n}"), taken=n % 2 == 0)
    assert engagement.p(of(700, session="s38")) > engagement.p(of(700, session="s39")) + 0.3


def test_fields_of_the_context_are_heard() -> None:
    engagement = Engagement()
    for n in range(400):
        met(engagement, of(n, fields=("plan=pro" if n % 2 else "plan=free", "age=40")), taken=n % 2 == 1)
    pro, free, other = (engagement.p(of(999, fields=(f"plan={plan}",))) for plan in ("pro", "free", "never seen"))
    assert free < 0.35 < other < 0.65 < pro


def test_what_ended_before_or_was_never_served_teaches_nothing() -> None:
    engagement = Engagement()
    met(engagement, of(1, session="s"), taken=True)
    once = engagement.p(of(9, session="s"))
    engagement.ended("s1", taken=False, at=8)
    engagement.ended("unknown", taken=False, at=8)
    assert engagement.p(of(9, session="s")) == once


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggest.online.engagement.MOST_OPEN", 10)
    monkeypatch.setattr("suggest.online.engagement.MOST_SITTINGS", 5)
    engagement = Engagement()
    for n in range(50):
        engagement.served(f"i{n}", of(n, session=f"s{n}"))
    assert (len(engagement._open), len(engagement._sittings)) == (10, 5)


def test_silence_counts_when_it_has_lasted_and_leaves_p_any_alone(world: World) -> None:
    before = world.ask(KNOWN, learn=False).slate
    for _ in range(25):
        world.tell(world.event(world.ask(KNOWN), "view"))
    unchanged = world.ask(KNOWN, learn=False).slate
    assert unchanged.p_accept == pytest.approx(before.p_accept, abs=1e-9)
    world.clock.advance(seconds=WAIT_S)
    world.online.tick()
    after = world.ask(KNOWN, learn=False).slate
    assert after.p_accept < before.p_accept - 0.1
    assert after.p_any == pytest.approx(before.p_any, abs=1e-6)
    assert [i.id for i in after.items] == [i.id for i in before.items]


def seen_by(world: World, user: str | None, session: str | None) -> float:
    """p_accept of one and the same slate: what a restart makes of p_any is not asked here."""
    name = None if user is None else world.online._signing.user_key(user)
    now = Asked(
        at=world.clock.now().timestamp(), p_any=0.8, options=("track",), option_chars=30.0, context="k", text=KNOWN,
        user=name, session=session,
    )  # fmt: skip
    return world.online.suggester("shop").engagement.p(now)


def test_it_is_the_same_after_a_restart(world: World) -> None:
    live_on(world, "ada", taken=True, times=8, session="s1")
    live_on(world, "bob", taken=False, times=8)
    world.tell(world.event(world.ask(KNOWN, user="eve"), "view"))
    world.clock.advance(seconds=WAIT_S)
    world.online.tick()
    world.ask(KNOWN, user="ada", session="s1")  # open: nobody knows yet
    asked = [("ada", "s1"), ("ada", None), ("bob", None), ("eve", None), (None, None)]
    before = [seen_by(world, *each) for each in asked]
    world.restart()
    assert [seen_by(world, *each) for each in asked] == pytest.approx(before, abs=1e-9)


def test_what_was_open_at_a_restart_is_learned_when_it_is_decided(world: World) -> None:
    proposed = world.ask(KNOWN, user="ada")
    world.restart()
    before = p_accept(world, "ada")
    world.select(proposed, "track")
    assert p_accept(world, "ada") > before


def test_of_nothing_nothing_is_taken(world: World) -> None:
    slate = world.ask(KNOWN, candidates=[Candidate(id="x", text="y")], exclude=["x"]).slate
    assert (slate.items, slate.p_accept) == ((), 0.0)


def test_who_withholds_consent_teaches_nothing(world: World) -> None:
    before = p_accept(world, "ada")
    for _ in range(8):
        proposed = world.ask(KNOWN, user="ada", learn=False)
        world.tell(world.event(proposed, "dismiss"))
    assert p_accept(world, "ada") == pytest.approx(before)


def test_an_erased_user_has_no_habit_left(world: World) -> None:
    live_on(world, "ada", taken=True, session="s1")
    live_on(world, "bob", taken=False)
    world.online.delete_user("ada")
    engagement = world.online.suggester("shop").engagement
    left = [*engagement._model._effects, *engagement._sittings]
    assert not [each for each in left if "s1" in str(each)]
    world.clock.advance(seconds=2 * WAIT_S)
    assert p_accept(world, "ada") == pytest.approx(p_accept(world, "somebody"), abs=1e-9)


def test_what_came_while_the_past_was_read_is_told_after_it() -> None:
    in_order, late = Engagement(), Engagement()
    past: list[Note] = [partial(met, asked=of(n, session="s", user="ada"), taken=True) for n in range(0, 60, 10)]
    past.append(lambda engagement: engagement.served("open", of(70, session="s", user="ada")))
    since: list[Note] = [
        lambda engagement: engagement.ended("open", taken=False, at=75),
        lambda engagement: met(engagement, of(80, session="s", user="bob"), taken=False),
        lambda engagement: engagement.forget(user="ada"),
    ]
    for note in (*past, *since):
        note(in_order)
    late.await_past()
    for note in since:
        note(late)
    late.tell_past(past)
    for user in ("ada", "bob"):
        assert late.p(of(90, session="s", user=user)) == in_order.p(of(90, session="s", user=user))
    assert late.p(of(90, session="s", user="bob")) != Engagement().p(of(90, session="s", user="bob"))
    met(late, of(95, session="s"), taken=True)  # and from here on as ever
    met(in_order, of(95, session="s"), taken=True)
    assert late.p(of(99, session="s")) == in_order.p(of(99, session="s"))
