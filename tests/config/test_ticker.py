"""The thread that lets time pass: it begins once, outlives what it calls, and ends when told."""

from __future__ import annotations

import logging
from threading import Event

import pytest

from suggest.config.ticker import Ticker


def test_it_calls_again_and_again_until_it_is_closed() -> None:
    ticks: list[int] = []
    enough = Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) >= 3:
            enough.set()

    ticker = Ticker(every_s=0.001)
    ticker.start(tick)
    assert enough.wait(30)
    ticker.close()
    n = len(ticks)
    ticker.close()
    assert len(ticks) == n, "no tick after it was closed"


def test_one_bad_second_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    enough = Event()

    def tick() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a bad second")
        enough.set()

    ticker = Ticker(every_s=0.001)
    with caplog.at_level(logging.ERROR):
        ticker.start(tick)
        assert enough.wait(30)
    ticker.close()
    assert "a tick failed" in caplog.text
    assert "a bad second" in caplog.text


def test_it_begins_once() -> None:
    first, second, ticked = [], [], Event()

    def note() -> None:
        first.append(1)
        ticked.set()

    ticker = Ticker(every_s=0.001)
    ticker.start(note)
    ticker.start(lambda: second.append(1))
    assert ticked.wait(30)
    ticker.close()
    assert first
    assert second == []


def test_closing_one_that_never_began_is_harmless() -> None:
    Ticker().close()
