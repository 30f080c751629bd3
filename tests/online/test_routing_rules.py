"""Who should answer, from what the request says and what people know; and what a worker is never given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.clock import ManualClock
from suggest.domain.context import Context
from suggest.domain.policy import Policy
from suggest.domain.review import Needs, Panel, Review, ReviewReason
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.domain.worker import Worker
from suggest.online.messages import Answer
from suggest.online.presence import ON_DUTY_FOR, Presence
from suggest.online.routing import Routing
from suggest.online.task import Given, Task
from suggest.online.workers import Workers

quick = settings(derandomize=True, deadline=None, max_examples=60)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SKILLS = ("billing", "returns", "shoes")


class Crew:
    """The accounts there are, as routing asks for them."""

    def __init__(self, *people: Worker) -> None:
        self._people = {each.id: each for each in people}

    def active_ones(self) -> list[Worker]:
        return [each for each in self._people.values() if each.is_active]

    def find(self, worker: str) -> Worker | None:
        return self._people.get(worker)


def person(id: str, *skills: str, languages: tuple[str, ...] = (), left_at: datetime | None = None) -> Worker:
    return Worker(id=id, name=id, skills=frozenset(skills), languages=frozenset(languages), left_at=left_at)


def routing(*people: Worker, present: tuple[str, ...] = (), clock: ManualClock | None = None) -> Routing:
    presence = Presence(clock or ManualClock(NOW))
    for each in present:
        presence.mark(each)
    return Routing(cast("Workers", Crew(*people)), presence)


def a_slate(fields: Mapping[str, object], *items: str) -> Slate:
    return Slate(
        id="i1",
        surface="shop",
        at=NOW,
        context=Context(text="Where is it?", fields=fields),
        items=tuple(
            SlateItem(id=each, text=each, position=place, p_select=0.1, propensity=1.0)
            for place, each in enumerate(items)
        ),
        decision=Decision.ESCALATE,
        reason="below-threshold",
        p_any=0.2,
        p_none_raw=0.8,
        p_accept=0.1,
        threshold=0.5,
        k=3,
        mode="assist",
        bundle="none",
        policy_revision=1,
        supplied=False,
    )


def needs(
    crew: Routing, fields: Mapping[str, object], tags: Mapping[str, tuple[str, ...]] | None = None, *, wait_s: int = 120
) -> Needs | None:
    known = tags or {}
    policy = Policy(routing_wait_s=wait_s)
    return crew.needs(a_slate(fields, *known), policy, tags_of=lambda id: known.get(id, ()))


def a_task(needed: Needs | None = None, *, panel: Panel | None = None, voices: tuple[str, ...] = ()) -> Task:
    review = Review(
        id="r1", surface="shop", impression="i1", reason=ReviewReason.ESCALATED, at=NOW, priority=1.0
    )  # fmt: skip
    spoken = tuple(Given(eid=each, answer=Answer(none=True), worker=each, at=NOW) for each in voices)
    return Task(review=review, p_any=0.2, needs=needed, panel=panel, voices=spoken)


# -- what a review needs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["skill", "skills", "tags", "topic"])
@pytest.mark.parametrize("value", ["Billing", ["Billing"], ("x", " billing "), ["Billing", 7, None]])
def test_a_request_says_its_matter_in_any_of_these_fields(field: str, value: object) -> None:
    found = needs(routing(person("ann", "billing")), {field: value})
    assert found == Needs(skills=frozenset({"billing"}), until=NOW + timedelta(seconds=120))


@pytest.mark.parametrize("field", ["language", "lang", "locale"])
def test_a_request_says_its_language_in_any_of_these_fields(field: str) -> None:
    found = needs(routing(person("ann", languages=("de",))), {field: "DE_at"})
    assert found is not None
    assert (found.language, found.skills) == ("de", frozenset())


@pytest.mark.parametrize("value", [None, 7, True, {"skill": "billing"}, "", [], ["", None], "astrology"])
def test_what_is_no_skill_of_anybody_here_asks_for_nobody(value: object) -> None:
    assert needs(routing(person("ann", "billing", languages=("de",))), {"skill": value}) is None


def test_what_the_request_says_goes_before_what_its_options_are_about() -> None:
    crew = routing(person("ann", "billing"), person("bob", "returns"))
    tags = {"a": ("Returns",), "b": ("Billing", "astrology")}
    both, said = needs(crew, {}, tags), needs(crew, {"skill": "billing"}, tags)
    unknown = needs(crew, {"skill": "astrology"}, tags)
    assert both is not None
    assert both.skills == {"billing", "returns"}
    assert said is not None
    assert said.skills == {"billing"}
    assert unknown == both, "a word that nobody knows says nothing"


def test_what_only_somebody_knows_who_has_left_asks_for_nobody() -> None:
    gone = person("ann", "billing", languages=("de",), left_at=NOW)
    assert needs(routing(gone, person("bob")), {"skill": "billing", "language": "de"}) is None


def test_where_nobody_says_what_they_speak_a_language_asks_for_nobody() -> None:
    assert needs(routing(person("ann", "billing")), {"language": "de"}) is None


def test_without_a_wait_nothing_is_kept_for_anybody() -> None:
    crew = routing(person("ann", "billing"))
    assert needs(crew, {"skill": "billing"}, wait_s=0) is None
    found = needs(crew, {"skill": "billing"}, wait_s=1)
    assert found is not None
    assert found.until == NOW + timedelta(seconds=1)


# -- who gets it ------------------------------------------------------------------------------------------------------

skills_of = st.frozensets(st.sampled_from(SKILLS), max_size=2)
crews = st.lists(st.tuples(skills_of, st.booleans(), st.booleans()), min_size=1, max_size=4)  # skills, present, left


@quick
@given(crews, skills_of, st.integers(-1, 1))
def test_a_task_is_kept_only_for_somebody_better_who_is_there(
    told: list[tuple[frozenset[str], bool, bool]], asked: frozenset[str], late_s: int
) -> None:
    people = [
        person(f"w{i}", *skills, left_at=NOW if has_left else None) for i, (skills, _, has_left) in enumerate(told)
    ]
    crew = routing(*people, present=tuple(f"w{i}" for i, (_, is_here, _) in enumerate(told) if is_here))
    now = NOW + timedelta(seconds=120 + late_s)
    task = a_task(Needs(skills=asked, until=NOW + timedelta(seconds=120)))
    for i, (skills, _, _) in enumerate(told):
        someone_better = any(
            is_here and not has_left and (not asked or asked & others)
            for j, (others, is_here, has_left) in enumerate(told)
            if j != i
        )
        fits = not asked or bool(asked & skills)
        assert crew.suits(f"w{i}", now=now)(task) == (late_s >= 0 or fits or not someone_better)


@quick
@given(crews, skills_of)
def test_as_long_as_anybody_is_there_somebody_gets_it(
    told: list[tuple[frozenset[str], bool, bool]], asked: frozenset[str]
) -> None:
    here = [person(f"w{i}", *skills) for i, (skills, _, _) in enumerate(told)]
    crew = routing(*here, present=tuple(each.id for each in here))
    task = a_task(Needs(skills=asked, until=NOW + timedelta(hours=1)))
    assert any(crew.suits(each.id, now=NOW)(task) for each in here)


def test_whoever_was_last_heard_of_five_minutes_ago_is_waited_for_no_longer() -> None:
    clock = ManualClock(NOW)
    crew = routing(person("ann", "billing"), person("bob"), present=("ann",), clock=clock)
    task = a_task(Needs(skills=frozenset({"billing"}), until=NOW + timedelta(hours=1)))
    clock.advance(seconds=ON_DUTY_FOR.total_seconds() - 1)
    assert not crew.suits("bob", now=clock.now())(task)
    clock.advance(seconds=1)
    assert crew.suits("bob", now=clock.now())(task)


def test_somebody_without_an_account_gets_what_nobody_knows_better() -> None:
    crew = routing(person("ann", "billing"), present=("ann",))
    assert crew.suits("passer-by", now=NOW)(a_task())
    assert not crew.suits("passer-by", now=NOW)(
        a_task(Needs(skills=frozenset({"billing"}), until=NOW + timedelta(hours=1)))
    )


# -- voices of a panel ------------------------------------------------------------------------------------------------


@quick
@given(st.lists(st.sampled_from(["ann", "bob"]), unique=True, max_size=2), st.booleans(), st.booleans())
def test_nobody_speaks_twice_and_only_who_is_known_signs_off(
    spoken: list[str], has_account: bool, is_sign_off: bool
) -> None:
    crew = routing(*([person("ann")] if has_account else []))
    panel = Panel(sign_off=2) if is_sign_off else Panel(wanted=2)
    task = a_task(panel=panel, voices=tuple(spoken))
    may = crew.suits("ann", now=NOW)(task)
    if is_sign_off:  # who proposed first may sign another's proposal, never their own
        assert may == (has_account and spoken[-1:] != ["ann"])
    else:
        assert may == ("ann" not in spoken)
