"""Each rung stands beside the one before it, on the same examples."""

from __future__ import annotations

import pytest

from suggest.loop.ladder import Rung, told


def ranks(*values: int) -> dict[str, int]:
    return {f"c{n}": value for n, value in enumerate(values)}


def test_a_rung_says_what_it_gained_on_the_one_before() -> None:
    first, then = told([Rung(name="names", ranks=ranks(0, 4, 2, -1)), Rung(name="all", ranks=ranks(0, 0, 2, -1))])
    assert first == {"rung": "names", "top1": 0.25, "top3": 0.5, "n": 4}
    assert (then["top1"], then["top3"]) == (0.5, 0.75)
    gained = then["gained"]
    assert isinstance(gained, dict)
    assert gained["top1"]["mid"] == gained["top3"]["mid"] == 0.25
    assert gained["top1"]["low"] < 0.25 < gained["top1"]["high"]


def test_a_rung_that_changes_nothing_gains_nothing() -> None:
    _, then = told([Rung(name="a", ranks=ranks(0, 1, 5)), Rung(name="b", ranks=ranks(0, 2, 5))])
    assert then["gained"] == {
        "top1": {"low": 0.0, "mid": 0.0, "high": 0.0},
        "top3": {"low": 0.0, "mid": 0.0, "high": 0.0},
    }


def test_what_only_one_of_two_judged_says_nothing_of_their_difference() -> None:
    _, then = told([Rung(name="a", ranks=ranks(0, 0)), Rung(name="b", ranks=ranks(0, 0, 9, 9))])
    assert then["top1"] == 0.5
    gained = then["gained"]
    assert isinstance(gained, dict)
    assert gained["top1"]["mid"] == 0.0


@pytest.mark.parametrize("rungs", [[], [Rung(name="nothing", ranks={})]])
def test_what_judged_nothing_is_no_rung(rungs: list[Rung]) -> None:
    assert told(rungs) == []


def test_a_rung_beside_a_stranger_claims_no_gain() -> None:
    _, then = told([Rung(name="a", ranks={"x": 0}), Rung(name="b", ranks={"y": 0})])
    assert "gained" not in then
