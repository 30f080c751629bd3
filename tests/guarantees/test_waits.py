"""The range of waits that a person is told holds four of five waits, whatever the crew does beside its queue.

Simulated queues whose every wait is known: arrivals that come in waves (a rate that rises and falls within two hours,
above what the crew can do at its height), answers of lognormal length, people who look only now and then or go away.
Ranges are told at arrival from what was known then, with the same functions as the service. 0.80 is promised; the
tolerance is what waits of one hour, which resemble each other, leave of it over 3 seeds of 700 requests: measured 0.79
to 0.84 over nine kinds of crews, where the plain quantiles came to 0.76 to 0.80."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass

import pytest

from suggest.policy.waiting import FEWEST_HANDLED, SHARE, Miss, Wait, modelled, told

MEAN_S = 60.0
MEMORY = 300  # latest waits
HANDLED = 50  # latest answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    workers: int = 2
    load: float = 0.7  # arrivals against what the crew can do, on average
    sigma: float = 0.6  # of the log of an answer's length
    look_s: float = 0.0  # so long somebody who is idle may not look
    away: float = 0.0  # chance that who would begin has gone away for ten minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    wait: Wait
    waited_s: float
    ahead: int

    @property
    def holds(self) -> bool:
        return self.wait.low_s <= self.waited_s <= self.wait.high_s


def simulated(crew: Crew, *, seed: int, n: int = 700) -> list[Asked]:
    rng = random.Random(seed)
    free = [0.0] * crew.workers
    came: list[float] = []
    begun: list[float] = []
    ended: list[float] = []
    now = 0.0
    for _ in range(n):
        rate = crew.load * crew.workers / MEAN_S * (1.0 + 0.8 * math.sin(2 * math.pi * now / 7200.0))
        now += rng.expovariate(rate)
        first = heapq.heappop(free)
        begin = max(now, first)
        if crew.look_s and first < now:
            begin += rng.random() * crew.look_s
        if rng.random() < crew.away:
            begin += rng.expovariate(1 / 600.0)
        end = begin + rng.lognormvariate(math.log(MEAN_S) - crew.sigma**2 / 2, crew.sigma)
        heapq.heappush(free, end)
        came.append(now)
        begun.append(begin)
        ended.append(end)
    asked: list[Asked] = []
    models = []
    is_counted: list[bool] = []
    for k, at in enumerate(came):
        lately = range(max(0, k - MEMORY), k)
        done = sorted((ended[j], ended[j] - begun[j]) for j in lately if ended[j] <= at)
        ahead, held = sum(begun[j] > at for j in lately), sum(begun[j] <= at < ended[j] for j in lately)
        handled = [length for _, length in done[-HANDLED:]] or [MEAN_S]
        models.append(modelled(handled, ahead=ahead, held=held, workers=crew.workers))
        is_counted.append(len(done) >= FEWEST_HANDLED)
        misses = [
            Miss(spreads=models[j].miss(min(ended[j], at) - came[j]), is_over=ended[j] <= at)
            for j in lately
            if is_counted[j]
        ]
        wait = told(models[k], misses, longest_s=86_400.0)
        asked.append(Asked(wait=wait, waited_s=ended[k] - at, ahead=ahead))
    return asked


def share_held(asked: list[Asked]) -> float:
    return sum(each.holds for each in asked) / len(asked)


@pytest.mark.parametrize(
    "crew",
    [
        Crew(),
        Crew(load=0.3),
        Crew(load=0.9),
        Crew(workers=1, load=0.6),
        Crew(workers=6, load=0.8),
        Crew(look_s=60.0, load=0.5),
        Crew(away=0.1, load=0.4),
        Crew(sigma=1.0, load=0.5),
    ],
    ids=str,
)
def test_four_of_five_waits_end_within_the_range_that_was_told(crew: Crew) -> None:
    asked = [each for seed in range(3) for each in simulated(crew, seed=seed)]
    own, guessed = ([e for e in asked if (e.wait.n_known > 0) is known] for known in (True, False))
    print(f"{crew}: {share_held(own):.3f} of {len(own)} held, guessed {share_held(guessed):.3f} of {len(guessed)}")
    assert SHARE - 0.03 < share_held(own) < SHARE + 0.07
    if not crew.away:  # which nobody can guess
        assert share_held(guessed) > SHARE, "what is said while little is known is wide"


def test_the_range_holds_for_short_and_for_long_queues_alike() -> None:
    asked = [e for seed in range(3) for e in simulated(Crew(load=0.9), seed=seed) if e.wait.n_known]
    short, long = ([e for e in asked if (e.ahead >= 3) is is_long] for is_long in (False, True))
    print(f"fewer than 3 ahead {share_held(short):.3f} of {len(short)}, more {share_held(long):.3f} of {len(long)}")
    assert min(share_held(short), share_held(long)) > SHARE - 0.05
