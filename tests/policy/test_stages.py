"""From people only to acting alone: what each step needs."""

from __future__ import annotations

import pytest

from suggest.domain.policy import Mode
from suggest.policy.alone import NOT_YET, Alone
from suggest.policy.solve import InForce
from suggest.policy.stages import NextMode, next_mode

LINE = InForce(threshold=0.8, why="as promised", certified=True)
NO_LINE = InForce(threshold=0.95, why="too few labels", certified=False, n_needed=65)
ACTS = Alone(threshold=0.9, why="held out")


def after(mode: Mode, *, n: int = 5, n_known: int = 100, line: InForce = LINE, acts: Alone = ACTS) -> NextMode | None:
    return next_mode(mode, n_candidates=n, n_known=n_known, assist=line, auto=acts)


@pytest.mark.parametrize(
    ("mode", "following"),
    [(Mode.REVIEW_ALL, Mode.SHADOW), (Mode.SHADOW, Mode.ASSIST), (Mode.ASSIST, Mode.AUTO)],
)
def test_one_follows_the_other_and_is_ready_when_its_test_passes(mode: Mode, following: Mode) -> None:
    found = after(mode)
    assert found is not None
    assert (found.mode, found.is_ready) == (following, True)


def test_there_is_nothing_after_auto() -> None:
    assert after(Mode.AUTO) is None


def test_people_only_must_have_answered_enough_to_learn_from() -> None:
    found = after(Mode.REVIEW_ALL, n_known=12)
    assert found is not None
    assert (found.is_ready, found.n_needed) == (False, 18)


def test_shadow_ends_with_a_certified_line() -> None:
    found = after(Mode.SHADOW, line=NO_LINE)
    assert found is not None
    assert (found.is_ready, found.n_needed) == (False, 65)


def test_assist_ends_with_a_certified_top_option() -> None:
    found = after(Mode.ASSIST, acts=NOT_YET)
    assert found is not None
    assert not found.is_ready


@pytest.mark.parametrize("mode", [Mode.REVIEW_ALL, Mode.SHADOW, Mode.ASSIST])
def test_nothing_is_ready_without_candidates(mode: Mode) -> None:
    found = after(mode, n=1)
    assert found is not None
    assert "candidates" in found.missing[0]
