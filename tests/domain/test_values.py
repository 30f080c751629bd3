"""If it can be built, it is valid: each value of the domain refuses what it cannot mean."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain import errors
from suggest.domain.candidate import Candidate
from suggest.domain.context import Context, Turn
from suggest.domain.errors import SuggestError
from suggest.domain.event import TERMINAL, Event, EventType, Outcome, outcome
from suggest.domain.policy import Mode, Policy, Target, TargetKind
from suggest.domain.review import Verdict
from suggest.domain.slate import Decision, Slate, SlateItem
from suggest.domain.surface import Surface
from suggest.domain.weight import ANONYMOUS_SHARE, CLICK, DISMISSAL, LABEL

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEST = settings(max_examples=60, deadline=None, derandomize=True)


# -- contexts and candidates ------------------------------------------------------------------------------------------


def test_a_context_is_named_by_what_was_said_and_not_by_who_said_it() -> None:
    ann = Context(text="Where is it?", user="ann", session="s1", fields={"plan": "gold"})
    assert ann.key == Context(text=" where  IS it? ", fields={"plan": "gold"}).key
    assert ann.key != Context(text="Where is it?").key, "who has another plan may need another answer"
    assert ann.key != Context(text="Where is it?", turns=(Turn(role="agent", text="Hello"),)).key


@pytest.mark.parametrize("text", ["", "  ", "a\x00", "x" * 40_000])
def test_a_context_and_a_candidate_have_a_text(text: str) -> None:
    with pytest.raises(ValueError, match="context text"):
        Context(text=text)
    with pytest.raises(ValueError, match="candidate text"):
        Candidate(id="a", text=text)


def test_a_candidate_has_an_id_of_up_to_200_characters() -> None:
    assert Candidate(id="ü" * 200, text="x").id == "ü" * 200
    with pytest.raises(ValueError, match="candidate id"):
        Candidate(id="ü" * 201, text="x")


# -- slates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.0001, math.nan, math.inf])
def test_a_propensity_is_above_nothing_and_at_most_certain(propensity: float) -> None:
    with pytest.raises(ValueError, match="propensity"):
        SlateItem(id="a", text="a", position=0, p_select=0.5, propensity=propensity)


@pytest.mark.parametrize("p", [-1e-9, 1.0001, math.nan])
def test_probabilities_are_probabilities(p: float) -> None:
    with pytest.raises(ValueError, match="p_select"):
        SlateItem(id="a", text="a", position=0, p_select=p, propensity=1.0)
    with pytest.raises(ValueError, match="p_any"):
        Slate(
            id="i",
            surface="s",
            at=NOON,
            context=Context(text="x"),
            items=(),
            decision=Decision.SHOW,
            reason=None,
            p_any=p,
            p_none_raw=0.0,
            p_accept=0.0,
            threshold=0.5,
            k=3,
            mode="assist",
            bundle="prior",
            policy_revision=0,
            supplied=False,
        )


# -- events and outcomes ----------------------------------------------------------------------------------------------


def an_event(type: EventType, **more: Any) -> Event:
    return Event(eid="e", impression="i", surface="s", type=type, received_at=NOON, **more)


def test_a_select_names_its_item_and_a_reward_its_value() -> None:
    with pytest.raises(ValueError, match="names the item"):
        an_event(EventType.SELECT)
    with pytest.raises(ValueError, match="has a value"):
        an_event(EventType.REWARD, name="resolved")
    assert an_event(EventType.SELECT, item="a").item == "a"
    assert an_event(EventType.REWARD, value=0.0).value == 0.0


@pytest.mark.parametrize("eid", ["", "x" * 129, "a\nb"])
def test_an_eid_is_1_to_128_characters_without_controls(eid: str) -> None:
    with pytest.raises(ValueError, match="eid"):
        Event(eid=eid, impression="i", surface="s", type=EventType.VIEW, received_at=NOON)


def test_the_highest_of_select_dismiss_override_is_the_outcome_whatever_the_order() -> None:
    for kinds in itertools.permutations(EventType, 3):
        found = outcome(kinds, waited_s=10_000, reward_wait_s=1)
        ranked = [Outcome.SELECTED, Outcome.DISMISSED, Outcome.OVERRIDDEN]
        reached = [each for each in ranked if any(TERMINAL.get(kind) is each for kind in kinds)]
        assert found is (reached[0] if reached else Outcome.IGNORED if EventType.VIEW in kinds else Outcome.UNSEEN)


@MODEST
@given(
    st.lists(st.sampled_from(list(EventType)), max_size=8),
    st.floats(0, 5000),
    st.floats(1, 5000),
)
def test_silence_is_pending_until_its_wait_is_over_and_a_terminal_event_never_waits(
    kinds: list[EventType], waited_s: float, reward_wait_s: float
) -> None:
    found = outcome(kinds, waited_s=waited_s, reward_wait_s=reward_wait_s)
    if any(kind in TERMINAL for kind in kinds):
        assert found in TERMINAL.values()
    else:
        assert (found is Outcome.PENDING) == (waited_s < reward_wait_s)
    assert found is outcome([*reversed(kinds), *kinds], waited_s=waited_s, reward_wait_s=reward_wait_s)


def test_clients_cannot_say_ignored() -> None:
    words = {kind.value for kind in EventType}
    assert not words & {each.value for each in Outcome}


# -- policies and surfaces --------------------------------------------------------------------------------------------


def test_a_new_surface_starts_as_the_contract_says() -> None:
    policy = Policy()
    assert policy.mode is Mode.ASSIST
    assert policy.target == Target(kind=TargetKind.P_ANY, value=0.5)
    assert policy.exploration == 0
    assert policy.promotion == "offline"
    assert (policy.reward_wait_s, policy.retrain_every, policy.retrain_nightly) == (1800, 200, True)
    assert policy.trigger
    assert Surface(name="new").k == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"audit_rate": -0.1},
        {"audit_rate": 1.1},
        {"audit_rate": math.nan},
        {"exploration": -1},
        {"exploration": 10.5},
        {"promotion": "never"},
        {"reward_wait_s": 0},
        {"retrain_every": -1},
    ],
    ids=str,
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Policy(**wrong)


@pytest.mark.parametrize("kind", [TargetKind.PRECISION, TargetKind.REVIEW_SHARE, TargetKind.P_ANY])
def test_a_target_that_is_a_share_lies_in_the_unit_range_and_a_price_has_no_top(kind: TargetKind) -> None:
    for value in (0.0, 0.5, 1.0):
        assert Target(kind=kind, value=value).value == value
    for value in (-0.01, 1.01, math.nan):
        with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
            Target(kind=kind, value=value)
    assert Target(kind=TargetKind.COST, value=5000.0).value == 5000.0
    with pytest.raises(ValueError, match="cost"):
        Target(kind=TargetKind.COST, value=-1)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 51}, {"retention_days": 0}, {"name": ""}, {"name": "x" * 101}])
def test_a_surface_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Surface(**({"name": "s"} | wrong))


# -- verdicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", list(itertools.product([None, "track"], [None, "words"], [False, True])), ids=str)
def test_a_verdict_is_exactly_one_answer_or_takes_one_back(given: tuple[str | None, str | None, bool]) -> None:
    item, text, none = given
    said: dict[str, Any] = {"eid": "v", "review": "r", "surface": "s", "impression": "i", "worker": "ann", "at": NOON}
    is_one = (item is not None) + (text is not None) + none == 1
    if is_one:
        assert Verdict(**said, item=item, text=text, none=none).worker == "ann"
    else:
        with pytest.raises(ValueError, match="exactly one"):
            Verdict(**said, item=item, text=text, none=none)
    assert Verdict(**said, undoes="v0").undoes == "v0"


# -- weights and errors -----------------------------------------------------------------------------------------------


def test_who_knows_more_weighs_more() -> None:
    assert LABEL > CLICK > DISMISSAL > 0
    assert 0 < ANONYMOUS_SHARE < 1


def every_error() -> list[type[SuggestError]]:
    return [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, SuggestError) and each is not SuggestError
    ]


def test_every_error_has_a_slug_and_a_title_of_its_own() -> None:
    kinds = every_error()
    assert len({each.slug for each in kinds}) == len({each.title for each in kinds}) == len(kinds)
    for each in kinds:
        assert each.slug == each.slug.lower()
        assert " " not in each.slug
        assert each("what to do").detail == "what to do"
