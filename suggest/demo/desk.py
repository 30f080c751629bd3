"""Everything behind the page: the service, its colleagues, a simulation, a visitor's table. All calls may block."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from suggest.demo.backtesting import Backtests
from suggest.demo.calls import CallFailed, call, connect, renew_key, wait_until_ready
from suggest.demo.child import Listening, ServiceProcess
from suggest.demo.colleagues import Colleagues
from suggest.demo.own import Own, make_surface
from suggest.demo.progress import Phase, Progress, Stage
from suggest.demo.seed import SURFACE, seed
from suggest.demo.simulation import Point, simulate
from suggest.demo.tickets import Pairs, Problem, Sheet, choose, told
from suggest.demo.truth import Truth

log = logging.getLogger("suggest.demo")

SIMULATED_CUSTOMERS = 500
SIMULATED_PACE_S = 0.13  # a bit over a minute in all: slow enough to watch, and to retrain meanwhile
N_COLLEAGUES = 2
WARM_S = 300.0
LOOK_EVERY_S = 1.0
LEAVES_WITHIN_S = 5.0


class Unfit(ValueError):
    """The page asked for something that cannot be done now; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulation as far as it has come."""

    state: str = "idle"  # idle, running, done, failed
    surface: str = ""
    n: int = SIMULATED_CUSTOMERS
    points: tuple[Point, ...] = ()
    detail: str = ""

    def as_json(self) -> Mapping[str, object]:
        return {
            "state": self.state,
            "surface": self.surface,
            "n": self.n,
            "points": [point.as_json() for point in self.points],
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A visitor's table on its way to being a surface."""

    state: str = "idle"  # idle, running, done, failed
    done: int = 0
    total: int = 0
    own: Own | None = None
    problems: tuple[Problem, ...] = ()
    detail: str = ""

    def as_json(self) -> Mapping[str, object]:
        return {
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "own": None if self.own is None else self.own.as_json(),
            "problems": told(self.problems),
            "n_problems": len(self.problems),
            "detail": self.detail,
        }


@dataclass(slots=True, kw_only=True)
class Opened:
    """What there is once the service takes connections."""

    client: httpx.Client
    address: str
    site_key: str = ""
    line: float | None = None  # the threshold in force
    n_waiting: int = 0
    workers: list[httpx.Client] = field(default_factory=list)
    colleagues: Colleagues | None = None


class Desk:
    def __init__(self, *, data_dir: Path, host: str, port: int, service: str, origin: str, seed: int = 0) -> None:
        """`service` is the address the service will have, `origin` the one of the page that shows this desk."""
        self.service = service
        self.origin = origin
        self.progress = Progress(monotonic_s=time.monotonic)
        self._data_dir = data_dir
        self._address = (host, port)
        self._seed = seed
        self._process: ServiceProcess | None = None
        self._opened: Opened | None = None
        self._is_leaving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._simulated = Simulated()
        self._imported = Imported()
        self._taken: tuple[str, Pairs] | None = None  # the table that was imported last: its file's name and its rows
        self.backtests = Backtests(data_dir)
        self._n_runs = 0
        self._run = uuid.uuid4().hex  # tells this start from others, so that a page knows where it is signed in

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the service; returns at once."""
        host, port = self._address
        self._process = ServiceProcess(
            data_dir=self._data_dir,
            host=host,
            port=port,
            frame_ancestors=[self.origin],
            on_loading=self._on_loading,
            on_listening=lambda listening: self._in_background("prepare", lambda: self._prepare(listening)),
            on_end=self._on_end,
        )

    def stop(self) -> None:
        self._is_leaving.set()
        opened = self._opened
        if opened is not None and opened.colleagues is not None:
            opened.colleagues.stop()
        if self._process is not None:
            self._process.stop()
        for thread in self._threads:  # whoever was asking gets no answer any more, and ends
            if thread is not threading.current_thread():
                thread.join(timeout=LEAVES_WITHIN_S)
        for client in [] if opened is None else [opened.client, *opened.workers]:
            client.close()

    def _on_loading(self, is_first: bool) -> None:
        text = "Preparing the encoder, once, about half a minute" if is_first else "Loading the encoder"
        self.progress.move(Stage(phase=Phase.ENCODER, text=text))

    def _on_end(self, code: int) -> None:
        log.error("the service ended with code %d", code)
        text = "The service has stopped. Look at the terminal for the reason, then start the demo again."
        self.progress.move(Stage(phase=Phase.STOPPED, text=text))

    def _prepare(self, listening: Listening) -> None:
        opened = Opened(client=connect(listening.address, listening.secret_key), address=listening.address)
        try:
            wait_until_ready(opened.client, patience_s=WARM_S, is_over=self._is_leaving.is_set)
            seed(opened.client, folder=self._data_dir, progress=self.progress)
            opened.site_key = renew_key(opened.client, "pk", "demo page", surface=SURFACE, origins=[self.origin])
            opened.workers = self._hire(opened)
            opened.colleagues = Colleagues(
                opened.workers,
                surface=SURFACE,
                truth=Truth(),
                rng=random.Random(self._seed),  # noqa: S311  # how long they think
                new_id=lambda: str(uuid.uuid4()),
            )
            opened.colleagues.start()
            self._look(opened)
        except CallFailed as failed:
            log.error("the demo could not be prepared: %s", failed)
            if not self._is_leaving.is_set() and self.progress.stage.phase is not Phase.STOPPED:
                self.progress.move(Stage(phase=Phase.STOPPED, text=str(failed)))
            return
        self._opened = opened
        self.progress.move(Stage(phase=Phase.READY, text="Ready"))
        self._watch(opened)

    def _hire(self, opened: Opened) -> list[httpx.Client]:
        names = [f"Automatic colleague {i}" for i in range(1, N_COLLEAGUES + 1)]
        return [connect(opened.address, renew_key(opened.client, "wk", name, surface=SURFACE)) for name in names]

    def _watch(self, opened: Opened) -> None:
        """Until the end: notice when the visitor takes a task, keep the line in force at hand."""
        while not self._is_leaving.wait(LOOK_EVERY_S):
            try:
                self._look(opened)
            except CallFailed as failed:
                log.debug("looking after the desk: %s", failed)

    def _look(self, opened: Opened) -> None:
        assert opened.colleagues is not None
        opened.colleagues.notice(lambda: self._count_claimed(opened))
        opened.line = call(opened.client, "GET", f"/v1/surfaces/{SURFACE}/policy")["threshold"]

    def _count_claimed(self, opened: Opened) -> int:
        queue = call(opened.client, "GET", "/v1/reviews", surface=SURFACE)
        opened.n_waiting = int(queue["waiting"])
        return int(queue["claimed"])

    # -- what the page asks -------------------------------------------------------------------------------------------

    def state(self) -> Mapping[str, object]:
        opened = self._opened
        shift = None if opened is None or opened.colleagues is None else opened.colleagues.shift
        return {
            **self.progress.stage.as_json(),
            "run": self._run,
            "elapsed_s": round(self.progress.elapsed_s(), 1),
            "ready_after_s": self.progress.ready_after_s,
            "site_key": "" if opened is None else opened.site_key,
            "line": None if opened is None else opened.line,
            "waiting": 0 if opened is None else opened.n_waiting,
            "colleagues": None if shift is None else shift.as_json(),
        }

    def console_url(self) -> str:
        """A one-time link that signs the visitor in. Raises Unfit before the service is ready."""
        link = call(self._ready().client, "POST", "/v1/links", {"role": "owner", "name": "You"})
        return f"{self.service}{link['path']}"

    def set_automatic(self, is_automatic: bool) -> None:
        """Whether the automatic colleagues answer, or the visitor does."""
        colleagues = self._ready().colleagues
        assert colleagues is not None
        if is_automatic:
            colleagues.hand_back()
        else:
            colleagues.take_over()

    @property
    def simulated(self) -> Simulated:
        return self._simulated

    def start_simulation(self) -> None:
        """Let 500 customers in, on a surface of their own. Raises Unfit while a run is on."""
        opened = self._ready()
        with self._lock:
            if self._simulated.state == "running":
                raise Unfit("The customers of the last run are still here.")
            self._n_runs += 1
            surface = f"simulated-{time.strftime('%m%d-%H%M%S', time.gmtime())}-{self._n_runs}"
            self._simulated = Simulated(state="running", surface=surface)
        self._in_background("simulation", lambda: self._simulate(opened, surface))

    def _simulate(self, opened: Opened, surface: str) -> None:
        def on_progress(point: Point) -> None:
            self._simulated = replace(self._simulated, points=(*self._simulated.points, point))
            if self._is_leaving.is_set():
                raise CallFailed("The demo is closing.")

        try:
            run = simulate(
                opened.client,
                surface,
                SIMULATED_CUSTOMERS,
                self._seed + self._n_runs,
                on_progress,
                pace_s=SIMULATED_PACE_S,
            )
            took = f"{run.n} customers in {run.took_s:.0f} s"
            self._simulated = replace(self._simulated, state="done", detail=took)
        except CallFailed as failed:
            self._simulated = replace(self._simulated, state="failed", detail=str(failed))

    @property
    def imported(self) -> Imported:
        return self._imported

    def start_import(self, sheet: Sheet, *, name: str, message: int, answer: int) -> None:
        """Make a surface of a table. Raises Unreadable or Unfit."""
        opened = self._ready()
        if message == answer or not {message, answer} <= set(range(len(sheet.columns))):
            raise Unfit("Choose two different columns: one with messages, one with answers.")
        pairs = choose(sheet, message=message, answer=answer)
        with self._lock:
            if self._imported.state == "running":
                raise Unfit("A table is being read at the moment.")
            self._imported = Imported(state="running", problems=pairs.problems)

        def on_progress(done: int, total: int) -> None:
            self._imported = replace(self._imported, done=done, total=total)

        def work() -> None:
            try:
                own = make_surface(
                    opened.client,
                    pairs,
                    name=name,
                    service=self.service,
                    origin=self.origin,
                    on_progress=on_progress,
                )
                self._taken = (name, pairs)
                self._imported = replace(self._imported, state="done", own=own)
            except CallFailed as failed:
                self._imported = replace(self._imported, state="failed", detail=str(failed))

        self._in_background("import", work)

    def start_backtest(self) -> None:
        """Try the table that was imported last on itself, in a process of its own. Raises Unfit."""
        taken, own = self._taken, self._imported.own
        if taken is None or own is None:
            raise Unfit("Make suggestions from a table first.")
        name, pairs = taken
        if not self.backtests.start(pairs, name=name, surface=own.surface):
            raise Unfit("A backtest is running at the moment.")

    def _ready(self) -> Opened:
        if self._opened is None or self.progress.stage.phase is not Phase.READY:
            raise Unfit("The service is not ready yet.")
        return self._opened

    def _in_background(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
