"""What a visitor reads while the service starts."""

from __future__ import annotations

from suggest.demo.progress import Phase, Progress, Stage


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_it_begins_with_starting() -> None:
    progress = Progress(monotonic_s=Clock())
    assert progress.stage.phase is Phase.STARTING
    assert progress.stage.text
    assert progress.ready_after_s is None


def test_time_runs_from_the_start() -> None:
    clock = Clock()
    progress = Progress(monotonic_s=clock)
    clock.now_s += 2.5
    assert progress.elapsed_s() == 2.5


def test_the_time_to_ready_is_that_of_the_first_time() -> None:
    clock = Clock()
    progress = Progress(monotonic_s=clock)
    clock.now_s += 4
    progress.move(Stage(phase=Phase.READY, text="Ready"))
    clock.now_s += 60
    progress.move(Stage(phase=Phase.STOPPED, text="gone"))
    progress.move(Stage(phase=Phase.READY, text="Ready"))
    assert progress.ready_after_s == 4


def test_counting_keeps_the_words() -> None:
    progress = Progress(monotonic_s=Clock())
    progress.move(Stage(phase=Phase.PACK, text="Loading", total=10))
    progress.count(3, 10)
    assert progress.stage.as_json() == {"phase": "pack", "text": "Loading", "done": 3, "total": 10}
