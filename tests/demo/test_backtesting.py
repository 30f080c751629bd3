"""The backtest of a visitor's table: in a process of its own, with its progress, and every way that it can end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from demo.waiting import wait_for
from suggest.demo import backtesting
from suggest.demo.backtesting import Backtested, Backtests, NothingToSay, run_backtest
from suggest.demo.site import page_policy
from suggest.demo.tickets import Pairs, choose, read_sheet
from suggest.loop.children import ChildFailed

SAMPLE = Path(__file__).parents[2] / "examples" / "tickets.csv"
SURFACE = "own-tickets-abc123"


@pytest.fixture(scope="module")
def sample() -> Pairs:
    return choose(read_sheet(SAMPLE.read_bytes()), message=0, answer=1)


def some(n: int, n_answers: int) -> Pairs:
    return Pairs(pairs=tuple((f"question {i}", f"answer {i % n_answers}") for i in range(n)), problems=())


def run(folder: Path, pairs: Pairs, heard: list[tuple[float, str]] | None = None) -> Path:
    steps: list[tuple[float, str]] = [] if heard is None else heard
    return run_backtest(
        folder,
        pairs,
        name="tickets.csv",
        surface=SURFACE,
        on_progress=lambda share, doing: steps.append((share, doing)),
    )


def test_it_tells_how_far_it_is_and_leaves_one_page_that_needs_nothing(tmp_path: Path, sample: Pairs) -> None:
    heard: list[tuple[float, str]] = []
    path = run(tmp_path, sample, heard)
    page = path.read_text()
    assert path == tmp_path / "backtests" / f"{SURFACE}.html"
    assert "Backtest of tickets.csv" in page
    assert 'src="' not in page
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert (heard[0][1], heard[-1]) == ("loading the encoder", (1.0, "done"))
    assert any(doing.startswith("learning from") for _, doing in heard)
    assert [each.name for each in path.parent.iterdir()] == [path.name], "the working folder is gone"
    assert "unsafe" not in page_policy()


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (some(49, 2), "49 tickets can be read, 50 are needed. Export more"),
        (some(60, 60), "nearly all different"),
        (some(60, 1), "all the same"),
    ],
)
def test_too_little_is_said_with_what_would_help(tmp_path: Path, pairs: Pairs, says: str) -> None:
    with pytest.raises(NothingToSay, match=says):
        run(tmp_path, pairs)
    assert list((tmp_path / "backtests").iterdir()) == []


def test_a_process_that_ends_early_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUGGEST_ENCODER", "/nowhere/such/a/folder")
    with pytest.raises(ChildFailed):
        run(tmp_path, some(60, 3))


def test_one_at_a_time_and_the_end_is_a_state(tmp_path: Path, sample: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, ends = threading.Event(), {"how": "done"}

    def pretended(data_dir: Path, pairs: Pairs, *, name: str, surface: str, on_progress: object) -> Path:
        on_progress(0.5, "learning")  # type: ignore[operator]
        assert goes_on.wait(30)
        if ends["how"] == "failed":
            raise ChildFailed("the training process ended with code 137")
        return tmp_path

    monkeypatch.setattr(backtesting, "run_backtest", pretended)
    tests = Backtests(tmp_path)
    assert tests.state == Backtested()
    assert tests.start(sample, name="a.csv", surface=SURFACE)
    assert not tests.start(sample, name="b.csv", surface=SURFACE)
    wait_for(lambda: tests.state.share == 0.5, "the progress")
    assert tests.state.as_json() == {"state": "running", "share": 0.5, "doing": "learning", "page": "", "detail": ""}
    goes_on.set()
    wait_for(lambda: tests.state.state == "done", "the end")
    assert tests.state.as_json()["page"] == f"/backtests/{SURFACE}.html"
    ends["how"] = "failed"
    assert tests.start(sample, name="a.csv", surface=SURFACE)
    wait_for(lambda: tests.state.state == "failed", "the failure")
    assert "137" in tests.state.detail


def test_only_pages_of_tables_are_given_out(tmp_path: Path) -> None:
    kept = tmp_path / "backtests"
    kept.mkdir()
    (kept / f"{SURFACE}.html").write_text("page")
    (tmp_path / "own-x.html").write_text("not this")
    tests = Backtests(tmp_path)
    assert tests.page(SURFACE) == kept / f"{SURFACE}.html"
    for other in ("own-other-1", "../own-x", "running-1", "", "own-" + "x" * 200):
        assert tests.page(other) is None
