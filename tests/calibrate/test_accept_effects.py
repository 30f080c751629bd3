"""What p_accept's model owes whoever asks it: bounds, order, and a step that is never larger than what is not known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suggest.calibrate.accept import EFFECT_DRIFT, EFFECT_VARIANCE, LEVEL_VARIANCE, WEIGHT_VARIANCE, Acceptance, Moment
from suggest.calibrate.sitting import ACCEPT_FEATURES, REMEMBERED, SITTING_ENDS_S, Asked, Sitting, moment, prior_weights

MODEST = settings(max_examples=50, deadline=None, derandomize=True)
OUTCOMES = st.lists(st.booleans(), min_size=1, max_size=30)
ADA = ("user", "ada")


def ones(*who: tuple[str, str], n: int = 1) -> Moment:
    return Moment(np.ones(n), who)


@given(outcomes=OUTCOMES)
@MODEST
def test_an_outcome_moves_the_figure_its_own_way(outcomes: list[bool]) -> None:
    seen = Acceptance(np.zeros(1))
    for taken in outcomes:
        before = seen.p(ones(ADA))
        seen.learn(ones(ADA), taken=taken)
        assert (seen.p(ones(ADA)) > before) is taken


@given(outcomes=OUTCOMES)
@MODEST
def test_taking_and_passing_over_are_mirror_images(outcomes: list[bool]) -> None:
    one, other = Acceptance(np.zeros(1)), Acceptance(np.zeros(1))
    for taken in outcomes:
        one.learn(ones(ADA), taken=taken)
        other.learn(ones(ADA), taken=not taken)
    assert one.p(ones(ADA)) + other.p(ones(ADA)) == pytest.approx(1.0)
    assert one.effect(ADA)[0] == pytest.approx(-other.effect(ADA)[0])
    assert one.effect(ADA)[1] == pytest.approx(other.effect(ADA)[1])


@pytest.mark.parametrize("level", [-1e6, -40.0, 40.0, 1e6])
@pytest.mark.parametrize("taken", [True, False])
def test_a_logit_beyond_all_measure_is_still_a_probability(level: float, taken: bool) -> None:
    seen = Acceptance(np.array([level]))
    seen.learn(ones(ADA), taken=taken)
    assert 0.0 < seen.p(ones(ADA)) < 1.0
    assert np.isfinite(seen.weights).all()


def test_a_surprise_at_the_edge_does_not_throw_the_level_across() -> None:
    """Curvature is bounded from below: one surprise at p = .9999 is a correction, not a new opinion."""
    seen = Acceptance(np.array([9.0]))
    seen.learn(ones(), taken=False)
    assert 7.0 < seen.weights[0] < 9.0


@pytest.mark.parametrize("kind", sorted(EFFECT_VARIANCE))
def test_a_stranger_has_no_habit_and_all_the_doubt_of_its_kind(kind: str) -> None:
    assert Acceptance(np.zeros(1)).effect((kind, "nobody")) == (0.0, EFFECT_VARIANCE[kind])


def test_what_is_no_kind_of_effect_is_an_error_and_not_a_habit() -> None:
    with pytest.raises(KeyError):
        Acceptance(np.zeros(1)).p(ones(("planet", "mars")))


def test_a_user_moves_more_than_the_sitting_and_that_more_than_a_field() -> None:
    seen, who = Acceptance(np.zeros(1)), [("user", "a"), ("sitting", "s"), ("field", "f")]
    seen.learn(ones(*who), taken=True)
    moved = [seen.effect(each)[0] for each in who]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] / moved[1] == pytest.approx(EFFECT_VARIANCE["user"] / EFFECT_VARIANCE["sitting"])
    assert moved[-1] > 0


def test_the_doubt_of_an_effect_never_exceeds_that_of_a_stranger() -> None:
    seen = Acceptance(np.array([8.0]))
    for _ in range(300):
        seen.learn(ones(("field", "a=b")), taken=True)
        assert 0 < seen.effect(("field", "a=b"))[1] <= EFFECT_VARIANCE["field"]


def test_the_level_is_doubted_more_than_a_column() -> None:
    seen = Acceptance(np.zeros(3))
    seen.learn(Moment(np.ones(3)), taken=True)
    level, *columns = seen.weights
    assert columns[0] == pytest.approx(columns[1])
    assert level / columns[0] == pytest.approx(LEVEL_VARIANCE / WEIGHT_VARIANCE, rel=0.01)


def test_a_column_that_was_nothing_says_nothing() -> None:
    seen = Acceptance(np.zeros(2))
    for taken in (True, True, False, True):
        seen.learn(Moment(np.array([1.0, 0.0])), taken=taken)
    assert seen.weights[1] == 0.0


def test_what_somebody_reads_does_not_change_under_them() -> None:
    seen = Acceptance(np.zeros(2))
    read = seen.weights
    seen.learn(ones(ADA, n=2), taken=True)
    assert read.tolist() == [0.0, 0.0]
    assert seen.weights.tolist() != [0.0, 0.0]


def test_the_prior_that_was_handed_over_is_left_as_it_was() -> None:
    prior = prior_weights()
    seen = Acceptance(prior)
    seen.learn(ones(n=len(prior)), taken=False)
    assert prior.tolist() == prior_weights().tolist()


def test_to_forget_a_stranger_is_nothing_to_do() -> None:
    seen = Acceptance(np.zeros(1))
    seen.learn(ones(ADA), taken=True)
    before = seen.effect(ADA)
    seen.forget([("user", "bob"), ("sitting", "s")])
    seen.forget([])
    assert seen.effect(ADA) == before


def test_doubt_returns_with_every_outcome_and_no_faster() -> None:
    seen = Acceptance(np.array([-30.0]))  # nothing to learn: what was expected has come
    for _ in range(20):
        seen.learn(ones(ADA), taken=True)
    settled = seen.effect(ADA)[1]
    seen.learn(ones(("user", "bob")), taken=True)
    assert seen.effect(ADA)[1] == settled, "only one's own outcomes bring doubt back"
    seen.learn(ones(ADA), taken=True)
    assert seen.effect(ADA)[1] < settled + EFFECT_DRIFT


# -- a sitting --------------------------------------------------------------------------------------------------------


def asked(**more: object) -> Asked:
    usual = {"at": 1_000.0, "p_any": 0.9, "options": ("a", "b"), "option_chars": 40.0, "context": "k"}
    return Asked(**{**usual, "text": "Where is it?", **more})  # type: ignore[arg-type]


def column(name: str, now: Asked, before: Sitting | None = None) -> float:
    return float(moment(now, before).x[ACCEPT_FEATURES.index(name)])


def test_a_sitting_remembers_the_last_few_and_counts_all() -> None:
    held = Sitting()
    for n in range(REMEMBERED + 5):
        held = held.shown(asked(at=float(n)), f"i{n}")
    assert held.n == REMEMBERED + 5
    assert [name for name, _ in held.last] == [f"i{n}" for n in range(5, REMEMBERED + 5)]
    assert column("place", asked(session="s"), held) == pytest.approx(np.log1p(REMEMBERED + 5) / 2)


def test_a_decision_on_what_is_no_longer_remembered_changes_nothing() -> None:
    held = Sitting().shown(asked(), "i0")
    assert held.decided("long ago", taken=True, at=2_000.0) == held
    assert Sitting().decided("i0", taken=True, at=2_000.0) == Sitting()


def test_a_late_decision_on_an_earlier_slate_is_remembered_without_ending_the_pause() -> None:
    held = Sitting().shown(asked(at=100.0), "i0").shown(asked(at=160.0), "i1")
    later = held.decided("i0", taken=True, at=170.0)
    assert later.last == (("i0", True), ("i1", None))
    assert later.quiet_since == 160.0
    assert later.decided("i1", taken=False, at=180.0).quiet_since == 180.0


def test_a_sitting_is_of_the_session_before_it_is_of_the_user() -> None:
    assert asked(user="ada", session="s").sitting == "session s"
    assert asked(user="ada").sitting == "user ada"
    assert asked().sitting is None
    assert asked(user="s").sitting != asked(session="s").sitting


@pytest.mark.parametrize(("pause_s", "goes_on"), [(0.0, True), (SITTING_ENDS_S - 1, True), (SITTING_ENDS_S, False)])
def test_a_user_goes_on_until_the_pause_is_half_an_hour(pause_s: float, goes_on: bool) -> None:
    held = Sitting().shown(asked(user="ada"), "i0")
    assert held.goes_on(asked(user="ada", at=1_000.0 + pause_s)) is goes_on
    assert held.goes_on(asked(session="s", at=1_000.0 + pause_s)) is True


@given(p_any=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2))
@MODEST
def test_confidence_rises_with_p_any_and_is_nothing_where_it_is_usual(p_any: list[float]) -> None:
    low, high = sorted(p_any)
    assert column("confidence", asked(p_any=low)) <= column("confidence", asked(p_any=high))
    assert column("confidence", asked(p_any=0.9)) == pytest.approx(0.0)


@given(pause_s=st.floats(-1e6, 1e9))
@MODEST
def test_a_pause_is_bounded_even_where_a_clock_went_back(pause_s: float) -> None:
    held = Sitting().shown(asked(session="s"), "i0")
    assert -2.0 <= column("pause", asked(session="s", at=1_000.0 + pause_s), held) <= 3.0


def test_a_slate_without_options_and_a_text_without_letters_have_columns() -> None:
    held = Sitting().shown(asked(session="s", options=()), "i0")
    now = moment(asked(session="s", options=(), option_chars=0.0, text=""), held)
    assert np.isfinite(now.x).all()
    assert column("shown_again", asked(session="s", options=()), held) == 0.0


@pytest.mark.parametrize("ended", [".", "!", "?", "…", '"', "'", "”"])
def test_a_sentence_that_ends_leaves_no_word_open(ended: str) -> None:
    assert column("open_word", asked(text=f"It is here{ended}")) == 0.0
    assert column("open_word", asked(text=f"It is{ended} here")) == 1.0


def test_fields_are_effects_in_their_order_and_each_once() -> None:
    who = moment(asked(fields=("plan=pro", "lang=ar")), None).who
    assert who == (("field", "plan=pro"), ("field", "lang=ar"))
