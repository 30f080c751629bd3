"""Waits and crews by Erlang's formula, held against a simulated queue."""

from __future__ import annotations

import numpy as np
import pytest

from suggest.policy.staffing import people_needed, wait_s


def simulated_wait(per_hour: float, handling_s: float, workers: int, n: int = 20_000) -> float:
    rng = np.random.default_rng(0)
    arrivals = np.cumsum(rng.exponential(3600.0 / per_hour, n))
    free, waits = [0.0] * workers, 0.0
    for at, takes in zip(arrivals.tolist(), rng.exponential(handling_s, n).tolist(), strict=True):
        first = free.index(min(free))
        begins = max(at, free[first])
        free[first] = begins + takes
        waits += begins + takes - at
    return waits / n


@pytest.mark.parametrize(("per_hour", "workers"), [(40.0, 1), (150.0, 4)])
def test_the_formula_agrees_with_a_simulated_queue(per_hour: float, workers: int) -> None:
    found = wait_s(per_hour=per_hour, handling_s=60.0, workers=workers)
    assert found == pytest.approx(simulated_wait(per_hour, 60.0, workers), rel=0.15)


def test_a_crew_that_cannot_keep_up_has_no_wait_to_tell() -> None:
    assert wait_s(per_hour=120.0, handling_s=60.0, workers=2) is None
    assert wait_s(per_hour=1.0, handling_s=60.0, workers=0) is None


def test_the_fewest_people_are_enough_and_one_less_is_not() -> None:
    crew = people_needed(per_hour=600.0, handling_s=60.0, longest_wait_s=20.0)
    enough = wait_s(per_hour=600.0, handling_s=60.0, workers=crew)
    fewer = wait_s(per_hour=600.0, handling_s=60.0, workers=crew - 1)
    assert enough is not None
    assert enough - 60.0 <= 20.0
    assert fewer is None or fewer - 60.0 > 20.0


def test_no_requests_need_nobody() -> None:
    assert people_needed(per_hour=0.0, handling_s=60.0) == 0
