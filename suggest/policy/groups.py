"""Lines of their own for groups of requests: what is certified for all of them together may be broken for some.

A surface's line keeps its promise on average over the traffic; easy requests pay for the hard ones. Where a group has
answers enough, its own line is tested on those alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suggest.metrics.arrays import Floats
from suggest.policy.threshold import Certified, certify

FEWEST = 100  # answers from which on a group is tested
MOST = 20  # groups that are, those with the most answers; each further one costs all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """What a group's own answers come to. Without a threshold the surface's line holds for it."""

    group: str
    n: int  # answers of it
    threshold: float | None  # its requests are shown from this p_any on
    why: str
    n_needed: int | None = None  # more answers of it until there is a line; None where there is, or they will not do


def group_lines(
    p_any: Floats,
    correct: Floats,
    groups: Sequence[str],
    *,
    target: float,
    delta: float = 0.1,
) -> tuple[GroupLine, ...]:
    """A line for each group that has answers enough, largest group first; "" is no group.

    Which groups are tested hangs on how many answers each has, never on what they say. Each is tested at delta over
    their number (Bonferroni), so that all certified lines together are wrong at most `delta` of the times.

    >>> p = np.tile(np.linspace(0.5, 1.0, 400), 2)
    >>> lines = group_lines(p, (p > 0.2).astype(float), ["a"] * 400 + ["b"] * 400, target=0.9)
    >>> [(line.group, line.n, line.threshold is not None) for line in lines]
    [('a', 400, True), ('b', 400, True)]
    """
    named = np.array(groups, dtype=np.str_)
    counts = Counter(group for group in groups if group)
    tested = [group for group, n in counts.most_common(MOST) if n >= FEWEST]
    return tuple(
        _line(p_any[named == group], correct[named == group], group, target, delta / len(tested)) for group in tested
    )


def _line(p_any: Floats, correct: Floats, group: str, target: float, delta: float) -> GroupLine:
    found = certify(p_any, correct, target=target, delta=delta)
    if not isinstance(found, Certified):
        why = f"the surface's line: {found.why}"
        return GroupLine(group=group, n=p_any.size, threshold=None, why=why, n_needed=found.n_needed)
    why = (
        f"at least {target:.1%} of what is shown here contains a right option: {found.errors} errors in {found.n} "
        f"answers (bound {found.bound:.1%})"
    )
    return GroupLine(group=group, n=p_any.size, threshold=found.threshold, why=why)
