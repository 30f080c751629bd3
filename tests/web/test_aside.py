"""Work that gives way: a thread of its own, nicer than the rest of the process, whose result or fault is handed on."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from suggest.web.threads import GIVES_WAY, run_aside


def test_the_result_is_handed_on() -> None:
    assert run_aside(divmod, 7, 2) == (3, 1)


def test_the_fault_is_handed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        run_aside(divmod, 7, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
def test_it_is_nicer_than_everybody_else_and_nobody_else_is() -> None:
    def told() -> tuple[int, int]:
        return threading.get_ident(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    ours = told()
    theirs = run_aside(told)
    assert theirs[0] != ours[0]
    assert theirs[1] == min(19, ours[1] + GIVES_WAY)
    assert told() == ours
