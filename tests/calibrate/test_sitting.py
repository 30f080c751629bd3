"""The columns p_accept is learned from: known before the slate is shown, whatever is missing."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.calibrate.accept import Acceptance
from suggest.calibrate.sitting import ACCEPT_FEATURES, SITTING_ENDS_S, Asked, Sitting, moment, prior_weights


def asked(**more: object) -> Asked:
    usual = {"at": 1_000.0, "p_any": 0.9, "options": ("a", "b", "c"), "option_chars": 40.0, "context": "k"}
    return Asked(**{**usual, "text": "Where is my parcel?", "session": "s", **more})  # type: ignore[arg-type]


def column(name: str, now: Asked, before: Sitting | None = None) -> float:
    return float(moment(now, before).x[ACCEPT_FEATURES.index(name)])


def sitting(*taken: bool | None, options: tuple[str, ...] = ("a", "b")) -> Sitting:
    """A sitting in which one slate a minute was shown; the last at second 940."""
    held = Sitting()
    for n, each in enumerate(taken):
        at = 1_000.0 - 60 * (len(taken) - n)
        held = held.shown(asked(at=at, options=options), f"i{n}")
        if each is not None:
            held = held.decided(f"i{n}", each, at + 10)
    return held


@pytest.mark.parametrize("p_any", [0.05, 0.3, 0.7, 0.99])
def test_before_any_outcome_six_right_options_in_ten_are_taken(p_any: float) -> None:
    """Doubt draws the figure towards one half, by less than eight points."""
    assert Acceptance(prior_weights()).p(moment(asked(p_any=p_any), None)) == pytest.approx(0.6 * p_any, abs=0.08)


@pytest.mark.parametrize("p_any", [0.0, 1.0])
@pytest.mark.parametrize("text", ["x", " ", "\n", "é" * 50_000])
def test_every_column_is_finite_and_about_one(p_any: float, text: str) -> None:
    before = sitting(*[True, False, None] * 9)
    now = asked(p_any=p_any, text=text, at=1e12, option_chars=32_000.0, n_turns=100)
    x = moment(now, before).x
    assert len(x) == len(ACCEPT_FEATURES) == len(prior_weights())
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 8


def test_the_first_of_a_sitting_has_nothing_before_it() -> None:
    assert column("first", asked()) == column("first", asked(), Sitting()) == 1.0
    assert column("first", asked(), sitting(True)) == 0.0
    assert column("streak", asked()) == column("pause", asked()) == 0.0


def test_a_streak_of_taking_rises_and_the_latest_weighs_most() -> None:
    streaks = [
        column("streak", asked(), sitting(*each))
        for each in ((False, False), (True, False), (False, True), (True, True))
    ]
    assert streaks == sorted(streaks)
    assert column("streak", asked(), sitting(True)) < column("streak", asked(), sitting(True, True, True)), "shrunk"


def test_what_nobody_decided_before_asking_again_was_passed_over_so_far() -> None:
    assert column("last", asked(), sitting(None)) == column("last", asked(), sitting(False)) < 0
    assert column("last", asked(), sitting(None).decided("i0", True, 990.0)) > 0, "until it is"


def test_a_second_try_is_seen() -> None:
    assert column("asked_again", asked(), sitting(False)) == 1.0
    assert column("asked_again", asked(context="other"), sitting(False)) == 0.0
    assert column("shown_again", asked(), sitting(False)) == pytest.approx(2 / 3)


def test_where_the_text_ends_is_seen() -> None:
    ends = {
        text: [column(c, asked(text=text)) for c in ("open_word", "after_space", "after_line")]
        for text in ("and then", "and then ", "The end.", "The end.\n")
    }
    assert ends == {
        "and then": [1, 0, 0], "and then ": [1, 1, 0], "The end.": [0, 0, 0], "The end.\n": [0, 1, 1],
    }  # fmt: skip


def test_a_user_without_a_session_begins_anew_after_a_pause() -> None:
    ada, before = asked(session=None, user="ada"), sitting(True)
    later = asked(session=None, user="ada", at=ada.at + SITTING_ENDS_S)
    assert ada.sitting == later.sitting == "user ada"
    assert (column("first", ada, before), column("first", later, before)) == (0.0, 1.0)
    hosted = asked(at=ada.at + 10 * SITTING_ENDS_S)
    assert column("first", hosted, before) == 0.0, "a session of the host's lasts as long as the host says"


def test_effects_are_of_what_is_known_only() -> None:
    assert moment(asked(session=None), None).who == ()
    who = moment(asked(user="ada", fields=("plan=pro",)), None).who
    assert who == (("user", "ada"), ("sitting", "session s"), ("field", "plan=pro"))
