"""From people only to acting alone: what must be shown before the next mode is worth trying.

People only -> shadow -> assist -> auto. Only the last step is refused where its test fails; the others are advice."""

from __future__ import annotations

from dataclasses import dataclass

from suggest.domain.policy import Mode
from suggest.policy.alone import Alone
from suggest.policy.solve import InForce

FEWEST_ANSWERS = 30  # known right answers before there is anything to learn from
_ORDER = (Mode.REVIEW_ALL, Mode.SHADOW, Mode.ASSIST, Mode.AUTO)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextMode:
    mode: Mode
    missing: tuple[str, ...]  # what stands in the way; empty: nothing
    n_needed: int | None = None  # of that, answers

    @property
    def is_ready(self) -> bool:
        return not self.missing


def next_mode(mode: Mode, *, n_candidates: int, n_known: int, assist: InForce, auto: Alone) -> NextMode | None:
    """The mode after this one and what is missing for it; None where there is none after it.

    `assist` is the line that a promised precision comes to, `auto` the one for acting alone.

    >>> new = InForce(threshold=0.95, why="too few labels", certified=False, n_needed=65)
    >>> next_mode(Mode.SHADOW, n_candidates=5, n_known=3, assist=new, auto=Alone(threshold=None, why="")).n_needed
    65
    """
    if mode is Mode.AUTO:
        return None
    following = _ORDER[_ORDER.index(mode) + 1]
    missing: list[str] = []
    n_needed: int | None = None
    if n_candidates < 2:
        missing.append("at least two candidates")
    if following is Mode.SHADOW and n_known < FEWEST_ANSWERS:
        n_needed = FEWEST_ANSWERS - n_known
        missing.append(f"{n_needed} more answers of people to learn from")
    if following is Mode.ASSIST and not assist.certified:
        n_needed = assist.n_needed
        missing.append(f"a certified line for what is shown ({assist.why})")
    if following is Mode.AUTO and auto.threshold is None:
        n_needed = auto.n_needed
        missing.append(f"a certified line for the top option ({auto.why})")
    return NextMode(mode=following, missing=tuple(missing), n_needed=n_needed)
