"""May the top option be applied without asking anybody, and from which probability on?

Only above a line that is certified for the top option alone: a right option further down the slate is no excuse."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from suggest.policy.threshold import Certified, certify
from suggest.policy.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The line for acting alone. Without a threshold nothing is applied."""

    threshold: float | None  # the top option is applied from this p_select on
    why: str
    n_needed: int | None = None  # more labels until there is a line; None where there is one, or labels will not do


NOT_YET = Alone(threshold=None, why="nothing is certified yet")


def alone(p_top1: ArrayLike, first: ArrayLike, *, target: float, delta: float = 0.1) -> Alone:
    """The line that held-out labels certify: of what is applied at least `target` is right, wrong at most `delta` of
    the times this is computed.

    >>> import numpy as np
    >>> p = np.linspace(0.5, 1.0, 400)
    >>> alone(p, np.ones(400), target=0.95).threshold < 0.6
    True
    >>> alone([], [], target=0.95).n_needed
    45
    """
    found = certify(p_top1, first, target=target, delta=delta)
    if isinstance(found, Certified):
        why = f"at least {target:.1%} of what is applied is right: {found.errors} errors in {found.n} labelled requests"
        return Alone(threshold=found.threshold, why=f"{why} (bound {found.bound:.1%})")
    return Alone(threshold=None, why=found.why, n_needed=found.n_needed)


def kept(base: Alone, watch: Watch, *, bundle: str) -> Alone:
    """The line in force: what was judged lately overrules what the bundle was held out to know.

    An alarm suspends acting alone until answers certify it anew; nothing is applied on hope.

    >>> kept(Alone(threshold=0.9, why="held out"), Watch(target=0.95), bundle="b1").threshold
    0.9
    """
    if watch.is_in_doubt(bundle, alone=True):
        return Alone(threshold=None, why=f"suspended: {watch.why}", n_needed=watch.tight_left or None)
    line = watch.threshold(0.0 if base.threshold is None else base.threshold, bundle=bundle, alone=True)
    if watch.has_line(bundle, alone=True):
        return Alone(threshold=line, why=watch.why)
    return base if base.threshold is None else replace(base, threshold=line)
