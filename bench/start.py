"""How long does it take to see something? From a clone, from a warm start, from one's own table, and with a long log.

    python -m bench.start [--repeats 5] [--skip-clone]

- *clone*: `git clone`, `make run` in an empty home: until the address is printed, until the first chip. No cache is
  used; the bytes received meanwhile are counted at the network interfaces, so nothing else should be downloading.
  Packages that pip takes from a folder of this machine are counted by their files.
- *warm*: `make run` again: until the address, until the first chip.
- *own table*: examples/tickets.csv through the page's own calls: until the first suggestion on the new surface.
- *long log*: `suggest serve` with 100,000 events, the default encoder exported already: until /readyz is 200.

A chip is taken to be there when the service answers the page's first message, with the page's key and from its origin,
by a slate that was ranked with the encoder; drawing it takes the browser some milliseconds more."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from bench.machine import described
from suggest.retrieve.encoder import load_encoder
from suggest.starter import load_prepared

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # what makes a long log, and how a server is started, are shared with the tests
from faults.seeding import seed  # noqa: E402
from faults.serving import Server  # noqa: E402

PATIENCE_S = 1_200.0
EMPTY_CACHES = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}


class Demo:
    """`make run` in a folder, until it is stopped."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.address = self._wait_for_address()
        self.address_s = time.perf_counter() - self.began
        self.page = httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=120)

    def first_chip_s(self) -> float:
        while (state := self.page.get("/api/state").json())["phase"] != "ready":
            self._not_too_long()
            if state["phase"] == "stopped":
                raise RuntimeError("the demonstration's service has stopped")
            time.sleep(0.02)
        text = load_prepared()["messages"][0]["text"]
        wait_for_slate(self.page, self.service(), str(state["site_key"]), "support", text)
        return time.perf_counter() - self.began

    def service(self) -> str:
        """Where the page says that the service is."""
        policy = self.page.get("/").headers["content-security-policy"]
        return policy.split("frame-src ", 1)[1].split(";", 1)[0]

    def own_table_s(self, table: Path) -> float:
        began = time.perf_counter()
        seen = self.page.post("/api/tables", params={"name": table.name}, content=table.read_bytes()).json()
        chosen = {name: seen[name] for name in ("table", "message", "answer")}
        self.page.post("/api/own", json=chosen).raise_for_status()
        while (own := self.page.get("/api/own").json())["state"] != "done":
            if own["state"] == "failed":
                raise RuntimeError(own["detail"])
            time.sleep(0.02)
        text = seen["rows"][0][seen["message"]]
        wait_for_slate(self.page, self.service(), str(own["own"]["site_key"]), str(own["own"]["surface"]), text)
        return time.perf_counter() - began

    def stop(self) -> None:
        self.page.close()
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.communicate(timeout=60)

    def _wait_for_address(self) -> str:
        said = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said.append(line)
            if line.strip().startswith("Open http"):
                return line.split()[1]
        raise RuntimeError("make run ended: " + "".join(said[-20:]))

    def _not_too_long(self) -> None:
        if time.perf_counter() - self.began > PATIENCE_S:
            raise RuntimeError(f"nothing to see after {PATIENCE_S:.0f} s")


def wait_for_slate(page: httpx.Client, service: str, key: str, surface: str, text: str) -> None:
    """Until the service ranks options for this text with the encoder."""
    body = json.dumps({"surface": surface, "context": {"text": text}})
    for _ in range(500):
        answer = page.post(f"{service}/v1/suggest", params={"key": key}, content=body)
        if answer.status_code == 200:
            slate = answer.json()
            if slate["items"] and slate.get("reason") != "degraded":
                return
        time.sleep(0.02)
    raise RuntimeError(f"no slate: {answer.status_code} {answer.text[:300]}")


@contextmanager
def stopped(demo: Demo) -> Iterator[Demo]:
    try:
        yield demo
    finally:
        demo.stop()


def received_bytes() -> int:
    """By all network interfaces but the loopback one."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return sum(int(line.split(":", 1)[1].split()[0]) for line in lines if line.split(":", 1)[0].strip() != "lo")


def from_local_folders(folder: Path) -> int:
    """Bytes of installed packages that pip took from a file of this machine, by the sizes of those files."""
    total = 0
    for told in (folder / ".venv").glob("lib/*/site-packages/*.dist-info/direct_url.json"):
        url = json.loads(told.read_text()).get("url", "")
        path = Path(url.removeprefix("file://"))
        total += path.stat().st_size if url.startswith("file://") and path.is_file() else 0
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        wheels = [file for file in Path(place).glob("torch-2.13.0*.whl") if file.is_file()]
        total += sum(file.stat().st_size for file in wheels[:1])
    return total


def clone_and_run(scratch: Path, repeats: int) -> dict[str, object]:
    """A clone of this repository's last commit, in a home where nothing was ever cached."""
    folder, home = scratch / "clone", scratch / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment = {**kept, **EMPTY_CACHES, "HOME": str(home), "SUGGEST_CACHE": str(home / "suggest")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, began = received_bytes(), time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    clone_s = time.perf_counter() - began
    with stopped(Demo(folder, environment)) as demo:
        first_chip_s = demo.first_chip_s()
        downloaded = received_bytes() - before
        own_s = demo.own_table_s(ROOT / "examples" / "tickets.csv")
        address_s = demo.address_s
    warm: list[tuple[float, float]] = []
    for _ in range(repeats):
        with stopped(Demo(folder, environment)) as demo:
            warm.append((demo.address_s, demo.first_chip_s()))
    return {
        "clone_s": round(clone_s, 1),
        "clone_to_address_s": round(clone_s + address_s, 1),
        "clone_to_first_chip_s": round(clone_s + first_chip_s, 1),
        "received_mb": round(downloaded / 1e6),
        "from_local_files_mb": round(from_local_folders(folder) / 1e6),
        "own_table_to_suggestion_s": round(own_s, 1),
        "warm_to_address_s": _spread([address for address, _ in warm]),
        "warm_to_first_chip_s": _spread([chip for _, chip in warm]),
    }


def long_log(scratch: Path, repeats: int) -> dict[str, object]:
    encoder = load_encoder(cache_dir=Path.home() / ".cache" / "suggest")
    folder = scratch / "long"
    n_events = seed(folder, encoder=encoder)
    starts = []
    for _ in range(repeats + 1):
        with Server(folder, encoder="default") as server:
            starts.append(server.started)
    starts = starts[1:]  # the first one compiles what was never imported
    return {
        "events": n_events,
        "ready_s": _spread([start.wall_s for start in starts]),
        "ready_cpu_s": _spread([start.cpu_s for start in starts]),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(float(np.median(seconds)), 2),
        "low": round(min(seconds), 2),
        "high": round(max(seconds), 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--skip-clone", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "start.json")
    asked = parser.parse_args()
    told: dict[str, object] = {"machine": described()}
    with tempfile.TemporaryDirectory() as scratch:
        told["long_log"] = long_log(Path(scratch), asked.repeats)
        print(told["long_log"], flush=True)
        if not asked.skip_clone:
            told["make_run"] = clone_and_run(Path(scratch), asked.repeats)
            print(told["make_run"], flush=True)
    told["load_at_end"] = round(os.getloadavg()[0], 1)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
