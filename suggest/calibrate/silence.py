"""Silence is missing, and for a reason: who sees nothing right says so less often than who sees it takes it.

Of those who look, all take what is right, but only some dismiss what is not; the others go without a word. Among the
decided impressions right slates are therefore over-represented, by the odds

    1/r,   r = P(dismissed | nothing right) / P(selected | something right)

How many people look at all cancels out. A dismissal stands for 1/r of what happened; weighing it so is the same as
correcting the odds afterwards, q' = q r / (q r + 1 - q), where q is fitted on decided impressions alone. Random audits
tell which share pi of the shown slates holds something right, whatever their users did; all impressions tell how many
were selected (S) and dismissed (D). With D = (1 - pi) n P(dismissed | nothing right) and S likewise

    r = (D / S) · pi / (1 - pi)

whose error is almost that of pi alone: counting what became of the audited slates themselves is twice as uncertain. The
logarithm is drawn to 0 by a normal prior of variance .64; without audits r is 1.

It misleads where looking depends on whether something right is there (then r holds for this mixture only), and where
people take what is not right. Selection bias by the odds: Elkan, IJCAI 2001."""

from __future__ import annotations

import math
from dataclasses import dataclass

PRIOR_VARIANCE = 0.64  # of log r: nine in ten surfaces between .27 and 3.7
LEAST, MOST = 0.1, 4.0  # r beyond these would let a handful of dismissals speak for a crowd


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """Shown slates whose users have had their time: what an audit found in some of them, what users did with all."""

    right: int = 0  # audited, something right was there
    wrong: int = 0  # audited, nothing was
    selected: int = 0  # of all
    dismissed: int = 0

    def __post_init__(self) -> None:
        if min(self.right, self.wrong, self.selected, self.dismissed) < 0:
            raise ValueError("counts are not negative")

    @property
    def odds(self) -> float:
        """r.

        >>> Audited().odds, Audited(selected=90, dismissed=10).odds
        (1.0, 1.0)
        >>> round(Audited(right=1600, wrong=400, selected=9200, dismissed=920).odds, 2)
        0.4
        """
        if not self.right + self.wrong or not self.selected + self.dismissed:
            return 1.0
        right, wrong, selected, dismissed = (n + 0.5 for n in (self.right, self.wrong, self.selected, self.dismissed))
        log_odds = math.log(dismissed / selected * right / wrong)
        doubt = sum(1.0 / n for n in (right, wrong, selected, dismissed))
        drawn = log_odds * PRIOR_VARIANCE / (PRIOR_VARIANCE + doubt)
        return min(max(math.exp(drawn), LEAST), MOST)
