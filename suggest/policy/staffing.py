"""How long people wait, and how many people it takes: the queue's side of the slider.

Erlang's formula: requests arrive at random, each takes about as long as answers lately took, whoever is free takes the
next. It misleads where requests come in bursts (the real wait is longer) or workers do other things meanwhile."""

from __future__ import annotations

import math

LONGEST_WAIT_S = 60.0  # that a person should be waited for, on average, before anybody is with it
_MOST_WORKERS = 10_000


def wait_s(*, per_hour: float, handling_s: float, workers: int) -> float | None:
    """Mean seconds until an answer: the wait for a worker and the time it takes them; None where the queue only grows.

    Erlang C: P(wait) from the offered load a = arrivals * handling time; then wait = P(wait) * handling / (c - a).
    Erlang 1917; Gross & Harris, Fundamentals of Queueing Theory.

    >>> wait_s(per_hour=0.0, handling_s=60.0, workers=1)
    60.0
    >>> round(wait_s(per_hour=30.0, handling_s=60.0, workers=1))  # half of the time somebody is before you
    120
    >>> wait_s(per_hour=60.0, handling_s=60.0, workers=1) is None
    True
    """
    if per_hour < 0.0 or handling_s <= 0.0 or workers < 0:
        raise ValueError("arrivals and workers are >= 0, handling takes some time")
    load = per_hour / 3600.0 * handling_s
    if load >= workers:
        return None
    return _erlang_c(load, workers) * handling_s / (workers - load) + handling_s


def people_needed(*, per_hour: float, handling_s: float, longest_wait_s: float = LONGEST_WAIT_S) -> int:
    """Fewest people so that nobody waits longer than this, on average, before somebody is with them.

    >>> people_needed(per_hour=0.0, handling_s=60.0), people_needed(per_hour=240.0, handling_s=60.0)
    (0, 5)
    """
    if per_hour <= 0.0:
        return 0
    workers = max(1, math.floor(per_hour / 3600.0 * handling_s))
    while workers < _MOST_WORKERS:
        found = wait_s(per_hour=per_hour, handling_s=handling_s, workers=workers)
        if found is not None and found - handling_s <= longest_wait_s:
            return workers
        workers += 1
    return workers


def _erlang_c(load: float, workers: int) -> float:
    """P(all workers are busy), by the stable recursion for Erlang B."""
    blocked = 1.0
    for c in range(1, workers + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked / (1.0 - load / workers * (1.0 - blocked))
