"""To the right person: by skill and language, softly; put off, overflowing, out of hours, in order of what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.errors import Invalid, LeaseLost
from suggest.domain.slate import Decision
from suggest.online.messages import Proposal, Proposed
from tests.online.conftest import OpenWorld
from tests.online.world import START, UNKNOWN, World

ALWAYS = {"mode": "review_all"}
NIGHT = {"duty_hours": "Mo-Fr 18:00-19:00"}  # the world begins on a Monday at nine


def person(world: World, name: str, *skills: str, languages: tuple[str, ...] = ()) -> str:
    """Somebody with an account, on duty."""
    made = world.online.workers.create({"name": name, "skills": list(skills), "languages": list(languages)})
    world.online.mark_present(made.id)
    return made.id


def ask(world: World, text: str = UNKNOWN, **fields: object) -> Proposed:
    return world.online.suggest(Proposal(surface="shop", context=Context(text=text, fields=fields)))


def test_a_review_goes_to_whoever_knows_its_matter(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    ann, bob = person(world, "Ann", "billing"), person(world, "Bob", "returns")
    ask(world, skill="Billing")
    assert world.online.claim(bob) is None
    held = world.claim(ann)
    assert held.needs is not None
    assert held.needs.skills == {"billing"}


def test_the_tags_of_what_would_be_offered_say_what_it_is_about(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    world.online.upsert_candidates("shop", [Candidate(id="fees", text="zymurgy hovercraft fees", tags=("Billing",))])
    ann, bob = person(world, "Ann", "billing"), person(world, "Bob", "returns")
    ask(world, "zymurgy hovercraft fees")
    assert world.online.claim(bob) is None
    assert world.online.claim(ann) is not None


def test_a_language_goes_to_whoever_speaks_it_and_who_names_none_speaks_any(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    ann, bob = person(world, "Ann", languages=("de",)), person(world, "Bob", languages=("fr",))
    ask(world, language="de-AT")
    assert world.online.claim(bob) is None
    assert world.online.claim(ann) is not None
    ask(world, language="de")
    assert world.online.claim(person(world, "Cleo")) is not None


def test_after_its_wait_anybody_gets_it(open_world: OpenWorld) -> None:
    world = open_world(policy={**ALWAYS, "routing_wait_s": 60})
    person(world, "Ann", "billing")
    bob = person(world, "Bob", "returns")
    ask(world, skill="billing")
    world.clock.advance(seconds=59)
    assert world.online.claim(bob) is None
    world.clock.advance(seconds=1)
    assert world.online.claim(bob) is not None


def test_nothing_waits_for_a_specialist_who_is_not_there(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    world.online.workers.create({"name": "Ann", "skills": ["billing"]})  # never heard of today
    ask(world, skill="billing")
    assert world.online.claim(person(world, "Bob")) is not None


def test_what_nobody_knows_asks_for_nobody(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    person(world, "Ann", "billing")
    ask(world, skill="astrology", language="tlh")
    assert world.claim("somebody").needs is None


def test_what_suits_nobody_here_does_not_stand_in_the_way_of_the_rest(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    person(world, "Ann", "billing")
    ask(world, skill="billing")
    world.clock.advance(seconds=1)
    other = ask(world)
    held = world.claim(person(world, "Bob"))
    assert held.impression == other.slate.id


def test_needs_and_postponing_survive_a_restart(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    ann = person(world, "Ann", "billing")
    ask(world, skill="billing")
    held = world.claim(ann)
    world.online.postpone(held.id, held.lease, START + timedelta(minutes=30))
    world.restart()
    world.online.mark_present(ann)
    assert world.online.claim(ann) is None
    world.clock.advance(seconds=30 * 60)
    assert world.claim(ann).needs == held.needs


def test_what_is_put_off_comes_back_by_itself_in_its_old_place(open_world: OpenWorld) -> None:
    world = open_world(policy=ALWAYS)
    ask(world)
    held = world.claim()
    world.clock.advance(seconds=100)
    ask(world)
    world.online.postpone(held.id, held.lease, world.clock.now() + timedelta(minutes=10))
    counts = world.online.queue_counts()
    assert (counts.waiting, counts.postponed) == (1, 1)
    waiting = world.online.escalation(held.id)
    assert waiting.expected_wait_s is not None
    assert waiting.expected_wait_s >= 600, "the one who waits is told"
    with pytest.raises(LeaseLost):
        world.online.heartbeat(held.id, held.lease)
    world.clock.advance(seconds=600)
    assert world.online.queue_counts().postponed == 0
    assert world.claim().id == held.id


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=-1), timedelta(hours=24), timedelta(days=400)])
def test_it_is_put_off_to_a_time_at_which_somebody_still_waits(open_world: OpenWorld, ahead: timedelta) -> None:
    world = open_world(policy=ALWAYS)
    ask(world)
    held = world.claim()
    with pytest.raises(Invalid) as refused:
        world.online.postpone(held.id, held.lease, world.clock.now() + ahead)
    assert refused.value.errors[0].pointer == "/until"
    assert world.online.heartbeat(held.id, held.lease)


def test_a_promise_that_is_due_goes_before_a_dear_one_that_is_not(open_world: OpenWorld) -> None:
    world = open_world()
    world.online.put_surface("vip", {})
    world.online.put_policy("vip", {"mode": "review_all", "answer_within_s": 60}, "owner")
    world.online.put_policy("shop", {"mode": "review_all", "answer_within_s": 3600}, "owner")
    ask(world)
    world.clock.advance(seconds=30)
    hurried = world.online.suggest(Proposal(surface="vip", context=Context(text=UNKNOWN)))
    assert world.claim().impression == hurried.slate.id


def test_among_equal_promises_the_dearer_error_goes_first(open_world: OpenWorld) -> None:
    world = open_world(policy={**ALWAYS, "error_cost": 1})
    ask(world)
    world.clock.advance(seconds=30)
    world.online.put_policy("shop", {"error_cost": 100}, "owner")
    dear = ask(world)
    assert world.claim().impression == dear.slate.id


def outcome(world: World) -> tuple[Decision, str | None, bool]:
    proposed = ask(world)
    return proposed.slate.decision, proposed.slate.reason, proposed.escalation is not None


def test_out_of_hours_people_wait_unless_the_owner_says_otherwise(open_world: OpenWorld) -> None:
    world = open_world(policy={**NIGHT, "target": {"kind": "p_any", "value": 0.999}, "out_of_hours": "Back at six."})
    world.online.mark_present("ann")
    proposed = ask(world)
    assert proposed.escalation is not None
    assert proposed.escalation.message == "Back at six."
    world.online.put_policy("shop", {"fallback": "show"}, "owner")
    assert outcome(world) == (Decision.SHOW, "out-of-hours", False)
    world.online.put_policy("shop", {"fallback": "abstain"}, "owner")
    assert outcome(world) == (Decision.ABSTAIN, "out-of-hours", False)
    world.clock.advance(seconds=9 * 3600)
    assert outcome(world)[0] is Decision.ESCALATE


def test_beyond_the_longest_queue_the_fallback_takes_over(open_world: OpenWorld) -> None:
    policy = {"longest_queue": 2, "fallback": "show", "target": {"kind": "p_any", "value": 0.999}}
    world = open_world(policy=policy)
    assert [outcome(world)[0] for _ in range(3)] == [Decision.ESCALATE, Decision.ESCALATE, Decision.SHOW]
    assert outcome(world)[1] == "overflow"
    world.claim()
    assert outcome(world)[0] is Decision.ESCALATE, "what somebody works on is not in the queue"


def test_mandatory_review_is_never_replaced(open_world: OpenWorld) -> None:
    for policy in ({"mode": "review_all"}, {"mode": "shadow"}, {"target": {"kind": "review_share", "value": 1.0}}):
        world = open_world(policy={**NIGHT, **policy, "fallback": "show", "longest_queue": 0})
        assert outcome(world)[0] is Decision.ESCALATE


def test_what_is_shown_below_the_line_is_no_audit_and_speaks_for_no_promise(open_world: OpenWorld) -> None:
    policy = {**NIGHT, "fallback": "show", "audit_rate": 1.0, "target": {"kind": "p_any", "value": 0.999}}
    world = open_world(policy=policy)
    shown = ask(world)
    assert world.online.queue_counts().waiting == 0
    world.select(shown, shown.slate.items[0].id)
    assert world.online.get_policy("shop").live.n_judged == 0
    world.restart()
    assert world.online.get_policy("shop").live.n_judged == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"duty_hours": "nine to five"}, "/duty_hours"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"review_plan": "slowly"}, "/review_plan"),
        ({"review_plan": "2027-01-01 20%; 2026-01-01 50%"}, "/review_plan"),
        ({"fallback": "panic"}, "/fallback"),
        ({"longest_queue": -1}, "/longest_queue"),
        ({"answer_within_s": 0}, "/answer_within_s"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_field(world: World, change: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.online.put_policy("shop", change, "owner")
    assert refused.value.errors[0].pointer == pointer
