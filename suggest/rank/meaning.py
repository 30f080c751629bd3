"""Has an option come to mean something else? A cumulative sum of surprise per option, from what people did with it.

While p_select is calibrated, an option served with p is passed over with chance 1 - p. After a change it is taken with
chance CHANGED whatever p says. The log-likelihood ratio of the two is summed up, never below 0 (Page 1954); where it
reaches LIMIT the option's past speaks against it, and counting starts anew. Four passes over at p = .95 suffice, seven
at .8, and one taking in between makes up for one. However sure a model is, one person in twenty passes over what is
right, so no few acts can reach the limit. It misleads where p_select is too high for other reasons: a neighbour that
nobody answers is passed over as a changed option is, which is why the limit is high (docs/decisions/0020)."""

from __future__ import annotations

from math import log

CHANGED, SUREST = 0.1, 0.95  # chance of being taken after a change; the most that p_select is believed
LIMIT = log(10_000)  # while nothing changes, the mean number of acts between two false alarms of an option
DOUBTED = log(100)  # the same of doubting it, which only lets it be tried (docs/decisions/0055)


class Meanings:
    """
    >>> meanings = Meanings()
    >>> [meanings.passed_over("refund", 0.95) for _ in range(5)]
    [False, False, False, True, False]
    """

    def __init__(self) -> None:
        self._surprise: dict[str, float] = {}

    def passed_over(self, item: str, p: float, *, weight: float = 1.0) -> bool:
        """Someone looked at `item`, served with `p`, and did not want it. True: its past no longer speaks for it."""
        if p <= CHANGED:
            return False
        gained = weight * log((1.0 - CHANGED) / (1.0 - min(p, SUREST)))
        total = self._surprise.get(item, 0.0) + gained
        if total >= LIMIT:
            del self._surprise[item]
            return True
        self._surprise[item] = total
        return False

    def taken(self, item: str, p: float, *, weight: float = 1.0) -> None:
        """Someone took `item`, served with `p`."""
        known = self._surprise.get(item)
        if known is not None and p > CHANGED:
            left = known + weight * log(CHANGED / min(p, SUREST))
            if left > 0.0:
                self._surprise[item] = left
            else:
                del self._surprise[item]

    def is_doubted(self, item: str) -> bool:
        """Whether so much was surprising that it may mean something else, a hundredth of what the limit asks."""
        return self._surprise.get(item, 0.0) >= DOUBTED

    def forget(self, item: str) -> None:
        self._surprise.pop(item, None)
