"""A process hangs when it does nothing, or works without getting on; never because the machine is busy."""

from __future__ import annotations

import pytest

from suggest.web.hanging import LONGEST_S, MOST_CPU_S, STILL_S, Watch


def test_what_does_nothing_hangs_after_a_while() -> None:
    watch = Watch(0.0, 5.0)
    assert watch.why(STILL_S, 5.0) == ""
    assert "did nothing" in watch.why(STILL_S + 1, 5.0)


def test_what_gets_a_little_of_the_processor_now_and_then_does_not() -> None:
    watch, cpu_s = Watch(0.0, 5.0), 5.0
    for minute in range(1, 600):
        cpu_s += 0.01
        assert watch.why(59.0 * minute, cpu_s) == ""


def test_what_works_without_end_hangs_by_its_own_time_however_fast_the_clock_is() -> None:
    watch = Watch(0.0, 5.0)
    assert watch.why(1e5, 5.0 + MOST_CPU_S) == ""
    assert "without getting on" in watch.why(1e5 + 1, 5.1 + MOST_CPU_S)


def test_a_sign_of_life_begins_anew() -> None:
    watch = Watch(0.0, 0.0)
    for step in range(1, 50):
        assert watch.why(100.0 * step, 100.0 * step) == ""
        watch.goes_on(100.0 * step, 100.0 * step)
    assert watch.why(4_900.0 + STILL_S, 4_900.0) == ""


@pytest.mark.parametrize(("began", "now"), [(None, None), (None, 3.0), (3.0, None)])
def test_where_its_time_cannot_be_told_the_clock_decides(began: float | None, now: float | None) -> None:
    watch = Watch(0.0, began)
    assert watch.why(LONGEST_S, now) == ""
    assert "said nothing" in watch.why(LONGEST_S + 1, now)
