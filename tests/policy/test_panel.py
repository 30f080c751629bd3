"""When a panel has said enough: agreement settles, disagreement asks on, the likeliest stands, a sign-off is two."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.domain.policy import Policy
from suggest.domain.review import Panel, ReviewReason
from suggest.online.panels import panel_of
from suggest.policy.panel import SURE_ENOUGH, Voice, settle

quick = settings(derandomize=True, deadline=None, max_examples=60)
voices_of = st.lists(
    st.builds(lambda answer, p: Voice(answer=answer, p_right=p), st.sampled_from("abc"), st.floats(0.05, 0.99)),
    max_size=6,
)
panels = st.tuples(st.integers(1, 4), st.integers(0, 3)).map(lambda p: Panel(wanted=p[0], most=p[0] + p[1]))


def said(text: str, *p_right: float) -> list[Voice]:
    """One voice a letter, each right as often as given; four times in five unless told."""
    rates = p_right or (0.8,) * len(text)
    return [Voice(answer=letter, p_right=p) for letter, p in zip(text, rates, strict=True)]


def chance(voices: list[Voice], answer: object, k: int) -> float:
    """P(this answer is the right one) by going through every answer there could be."""
    answers = list(dict.fromkeys(voice.answer for voice in voices))
    answers += [f"unsaid {number}" for number in range(k - len(answers))]

    def weight(truth: object) -> float:
        return prod(v.p_right if v.answer == truth else (1 - v.p_right) / (len(answers) - 1) for v in voices)

    return weight(answer) / sum(map(weight, answers))


@quick
@given(voices_of, panels, st.integers(2, 8))
def test_it_settles_as_the_rules_say_and_on_the_likeliest(voices: list[Voice], panel: Panel, k: int) -> None:
    found = settle(voices, panel, n_answers=k)
    counts = Counter(voice.answer for voice in voices)
    if not voices or len(voices) < panel.wanted:
        assert found is None
        return
    chances = {answer: chance(voices, answer, max(k, len(counts), 2)) for answer in counts}
    best = max(chances.values())
    is_one_mind = len(counts) == 1
    if found is None:
        assert not is_one_mind
        assert len(voices) < panel.most
        assert best < SURE_ENOUGH + 1e-9
        return
    assert is_one_mind or len(voices) >= panel.most or best > SURE_ENOUGH - 1e-9
    assert chances[found.answer] == pytest.approx(best)
    assert found.p_right == pytest.approx(best)
    assert (found.agreed, found.of) == (counts[found.answer], len(voices))


@quick
@given(voices_of, panels)
def test_a_panel_never_asks_for_more_than_its_most(voices: list[Voice], panel: Panel) -> None:
    assert len(voices) < panel.most or settle(voices, panel, n_answers=4) is not None


@pytest.mark.parametrize("sign_off", [2, 3])
@quick
@given(voices=voices_of)
def test_a_sign_off_counts_heads_and_nothing_else(sign_off: int, voices: list[Voice]) -> None:
    found = settle(voices, Panel(sign_off=sign_off), n_answers=4)
    agreed = max(Counter(voice.answer for voice in voices).values(), default=0)
    assert (found is not None) == (agreed >= sign_off)
    if found is not None:
        assert (found.agreed, found.p_right) == (agreed, 1.0)


def test_nobody_has_said_anything_and_nothing_stands() -> None:
    assert settle([], Panel(), n_answers=4) is None
    assert settle([], Panel(sign_off=2), n_answers=4) is None


def test_two_equals_who_differ_are_both_as_likely_and_the_first_to_speak_stands() -> None:
    """Each is right with p = 0.8, five answers: 0.8 * 0.05 against the same, and three unsaid with 0.05 * 0.05 each."""
    found = settle(said("ab"), Panel(wanted=2, most=2), n_answers=5)
    assert found is not None
    assert (found.answer, found.agreed, found.of) == ("a", 1, 2)
    assert found.p_right == pytest.approx(0.04 / (0.04 + 0.04 + 3 * 0.0025))


def test_one_expert_outweighs_two_who_are_mostly_wrong() -> None:
    found = settle(said("abb", 0.99, 0.3, 0.3), Panel(wanted=3, most=3), n_answers=2)
    assert found is not None
    assert (found.answer, found.agreed) == ("a", 1)


def test_who_is_usually_wrong_speaks_against_what_they_say() -> None:
    found = settle(said("ab", 0.1, 0.5), Panel(wanted=2, most=2), n_answers=2)
    assert found is not None
    assert found.answer == "b"


def test_a_clear_majority_needs_no_further_voice_though_somebody_differs() -> None:
    """Three of four at 0.8 among four answers: 0.8^3 / 15 against 0.8 / 15^3 and two unsaid ones are 0.990."""
    found = settle(said("aaba"), Panel(wanted=2, most=9), n_answers=4)
    assert found is not None
    assert found.answer == "a"
    assert found.p_right > SURE_ENOUGH
    assert settle(said("ab"), Panel(wanted=2, most=9), n_answers=4) is None


def test_the_order_of_voices_decides_nothing_but_a_tie() -> None:
    voices = said("aab", 0.9, 0.6, 0.7)
    panel = Panel(wanted=3, most=3)
    answers = {getattr(settle(list(each), panel, n_answers=4), "answer", None) for each in permutations(voices)}
    assert answers == {"a"}


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_whoever_was_never_or_always_right_still_leaves_a_number(p: float) -> None:
    found = settle(said("ab", p, p), Panel(wanted=2, most=2), n_answers=3)
    assert found is not None
    assert 0 <= found.p_right <= 1


# -- which panel a policy asks for ------------------------------------------------------------------------------------


@quick
@given(
    st.integers(1, 9), st.integers(1, 9), st.booleans(), st.sampled_from([1, 2]), st.sampled_from(list(ReviewReason))
)
def test_a_policy_asks_for_a_panel_only_where_it_says_so(
    overlap: int, most: int, second: bool, sign_off: int, reason: ReviewReason
) -> None:
    policy = Policy(overlap=overlap, most_overlap=most, second_opinion=second, sign_off=sign_off)
    panel = panel_of(policy, reason)
    signs = sign_off == 2 and reason is ReviewReason.ESCALATED  # nobody waits for the others
    doubts = second and reason is ReviewReason.AUDIT  # only an audit speaks for what was promised
    if overlap == 1 and not signs and not doubts:
        assert panel is None
        return
    assert panel is not None
    assert (panel.wanted, panel.sign_off, panel.doubts) == (overlap, 2 if signs else 1, doubts)
    assert panel.most == max(overlap, most), "a policy whose most is below its overlap means its overlap"


@pytest.mark.parametrize("wrong", [{"wanted": 0}, {"wanted": 4, "most": 3}, {"sign_off": 0}])
def test_a_panel_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 <= wanted <= most"):
        Panel(**wrong)  # type: ignore[arg-type]  # whole numbers only
