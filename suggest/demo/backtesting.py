"""What it would have said to a visitor's own table: the backtest of the command line, in a process of its own."""

from __future__ import annotations

import json
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread

from suggest.demo.tickets import Pairs
from suggest.loop.children import run_trial

log = logging.getLogger("suggest.demo")
FOLDER = "backtests"  # in the data folder of the demo
TASK, PAGE, REFUSED = "task.json", "page.html", "refused.txt"
LONGEST_S = 1800.0
_SURFACE = re.compile(r"own-[a-z0-9-]{1,80}")


class NothingToSay(ValueError):
    """The table is too small or its answers never come back; the message says what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtested:
    """A backtest as far as it has come."""

    state: str = "idle"  # idle, running, done, too-little, failed
    share: float = 0.0  # that is done
    doing: str = ""
    surface: str = ""  # whose page can be opened
    detail: str = ""

    def as_json(self) -> Mapping[str, object]:
        return {
            "state": self.state,
            "share": round(self.share, 3),
            "doing": self.doing,
            "page": f"/{FOLDER}/{self.surface}.html" if self.surface else "",
            "detail": self.detail,
        }


def run_backtest(
    data_dir: Path, pairs: Pairs, *, name: str, surface: str, on_progress: Callable[[float, str], None]
) -> Path:
    """Run it to its end and keep its page. Raises NothingToSay, or ChildFailed where the process ended early."""
    kept = data_dir / FOLDER
    kept.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=kept, prefix="running-"))
    try:
        (folder / TASK).write_text(json.dumps({"name": name, "pairs": pairs.pairs}), encoding="utf-8")
        run_trial(folder, threads=1, report=on_progress, longest_s=LONGEST_S, module="suggest.demo.backtest_child")
        if (folder / REFUSED).is_file():
            raise NothingToSay((folder / REFUSED).read_text(encoding="utf-8"))
        return (folder / PAGE).replace(kept / f"{surface}.html")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Backtests:
    """One backtest at a time, and the pages of those that have ended."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._state = Backtested()
        self._lock = Lock()

    @property
    def state(self) -> Backtested:
        return self._state

    def start(self, pairs: Pairs, *, name: str, surface: str) -> bool:
        """Returns at once; False while another one runs."""
        with self._lock:
            if self._state.state == "running":
                return False
            self._state = Backtested(state="running", doing="starting")
        work = Thread(target=self._run, args=(pairs, name, surface), name="backtest", daemon=True)
        work.start()
        return True

    def page(self, surface: str) -> Path | None:
        """The page of a surface's last backtest; None where there is none."""
        if not _SURFACE.fullmatch(surface):
            return None
        path = self._data_dir / FOLDER / f"{surface}.html"
        return path if path.is_file() else None

    def _run(self, pairs: Pairs, name: str, surface: str) -> None:
        try:
            run_backtest(self._data_dir, pairs, name=name, surface=surface, on_progress=self._moved)
            self._state = Backtested(state="done", surface=surface)
        except NothingToSay as little:
            self._state = Backtested(state="too-little", detail=str(little))
        except Exception as failed:  # of another process, so of any kind; the page must say that it is over
            log.exception("the backtest of %s", surface)
            self._state = Backtested(state="failed", detail=str(failed)[:300])

    def _moved(self, share: float, doing: str) -> None:
        self._state = replace(self._state, share=share, doing=doing)
