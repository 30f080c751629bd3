"""Lines of groups: a hard one does not live on an easy one, and all of them together keep the promise."""

from __future__ import annotations

import numpy as np

from suggest.metrics.arrays import Floats
from suggest.policy.groups import FEWEST, MOST, group_lines
from suggest.policy.threshold import Certified, certify

TARGET = 0.9


def answers(n: int, strength: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """p evenly spread; right with chance p ** strength, so that above 1 the group is harder than p says."""
    p = rng.random(n)
    return p, (rng.random(n) < p**strength).astype(np.float64)


def true_precision(threshold: float, strength: float) -> float:
    """Mean of p ** strength for p evenly spread over [threshold, 1]."""
    return (1 - threshold ** (strength + 1)) / (strength + 1) / max(1 - threshold, 1e-12)


def test_a_hard_group_gets_a_stricter_line_than_an_easy_one() -> None:
    """The easy one is always right, the hard one from .6 on: at the line of both it is right in about .8 of cases."""
    rng = np.random.default_rng(1)
    p = rng.random(4_000)
    right = np.append(np.ones(2_000), p[2_000:] > 0.6)
    names = ["easy"] * 2_000 + ["hard"] * 2_000
    found = {line.group: line.threshold for line in group_lines(p, right, names, target=TARGET)}
    easy, hard = found["easy"], found["hard"]
    assert easy is not None
    assert hard is not None
    assert easy < 0.1
    whole = certify(p, right, target=TARGET)
    assert isinstance(whole, Certified)
    assert right[2_000:][p[2_000:] >= whole.threshold].mean() < TARGET <= right[2_000:][p[2_000:] >= hard].mean()


def test_what_is_small_or_no_group_is_not_tested_and_what_cannot_be_certified_says_what_is_missing() -> None:
    rng = np.random.default_rng(3)
    p, right = answers(3 * FEWEST, 0.2, rng)
    names = ["a"] * FEWEST + [""] * (FEWEST + 1) + ["b"] * (FEWEST - 1)
    (line,) = group_lines(p, right, names, target=0.999)
    assert (line.group, line.n, line.threshold) == ("a", FEWEST, None)
    assert line.why.startswith("the surface's line: ")
    assert group_lines(p, right, [""] * len(p), target=TARGET) == ()


def test_only_so_many_are_tested_those_with_the_most_answers() -> None:
    sizes = [FEWEST + i for i in range(MOST + 3)]
    p = np.full(sum(sizes), 0.99)
    names = [f"g{i}" for i, n in enumerate(sizes) for _ in range(n)]
    lines = group_lines(p, np.ones(len(p)), names, target=TARGET)
    assert {line.group for line in lines} == {f"g{i}" for i in range(3, MOST + 3)}


def test_any_of_four_groups_breaks_the_promise_at_most_one_time_in_ten() -> None:
    """80 surfaces of four groups; the standard error of a share of .1 among them is .034."""
    strengths = (0.2, 0.4, 0.6, 0.8)
    broken = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        drawn = [answers(500, strength, rng) for strength in strengths]
        p, right = (np.concatenate(column) for column in zip(*drawn, strict=True))
        names = [str(strength) for strength in strengths for _ in range(500)]
        lines = group_lines(p, right, names, target=TARGET)
        shown = [(line.threshold, float(line.group)) for line in lines if line.threshold is not None]
        broken += any(true_precision(threshold, strength) < TARGET for threshold, strength in shown)
    assert broken / 80 <= 0.1 + 2 * 0.034
