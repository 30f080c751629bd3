"""kill -9 while it writes: nothing acknowledged is gone or counts twice, and a torn log opens to a clean prefix."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from suggest.domain.clock import SystemClock
from suggest.store.embedded import FILE_NAME, EmbeddedStore
from suggest.store.ports import Record, Table

pytestmark = pytest.mark.faults

ROUNDS = 40 if os.environ.get("SUGGEST_FULL") else 10

# Four threads append events of their own and count one versioned value up together; each prints what was acknowledged.
# Now and then a thread sends again what was acknowledged before; a small threshold keeps checkpoints coming.
WRITER = """
import os, random, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from suggest.domain.clock import SystemClock
from suggest.domain.errors import Conflict
from suggest.store import database
database.CHECKPOINT_BYTES = 2**20
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import CasWrite, Record, Table

store = EmbeddedStore.open(Path(sys.argv[1]), clock=SystemClock())
round, rng = sys.argv[2], random.Random(int(sys.argv[3]))
print_lock = threading.Lock()

def say(*words):
    with print_lock:
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def event(eid):
    values = {"eid": eid, "impression": "i", "surface": "s", "type": "view", "text": "x" * 200,
              "received_at": datetime.now(UTC)}
    return Record(Table.EVENTS, eid, values)

def write(thread):
    n, old = 0, []
    while True:
        eids = [f"{round}-{thread}-{n + i}" for i in range(rng.choice([1, 1, 3, 40]))]
        n += len(eids)
        again = rng.sample(old, min(len(old), 2))
        present = store.get("counter")
        step = 1 + (present.value["n"] if present else 0)
        write = CasWrite("counter", {"n": step}, present.revision if present else 0)
        try:
            appended = store.append([event(e) for e in eids + again], writes=[write])
            say("both", step, appended.revisions[0], *eids)
        except Conflict:
            appended = store.append([event(e) for e in eids + again])
            say("rows", 0, 0, *eids)
        assert appended.fresh == (True,) * len(eids) + (False,) * len(again), appended
        old = (old + eids)[-500:]

say("open", 0, 0)
for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""


class Round:
    """One life of the writer: what it acknowledged before it was killed."""

    def __init__(self, folder: Path, number: int, rng: random.Random) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(number), str(rng.random())[2:10]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(rng.uniform(0.05, 0.6))  # the moment of death: real time is what is tested here
        child.send_signal(signal.SIGKILL)
        rest, complaints = child.communicate()
        lines = (first + rest).decode().split("\n")
        assert lines.pop() == "" or child.returncode == -signal.SIGKILL
        assert first == b"open 0 0\n", complaints.decode()
        words = [line.split() for line in lines[1:]]
        self.eids = [eid for line in words for eid in line[3:]]
        self.steps = {int(line[1]): int(line[2]) for line in words if line[0] == "both"}


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    rng = random.Random(20260301)
    acknowledged: list[str] = []
    highest = (0, 0)
    slowest_open_s = 0.0
    for number in range(ROUNDS):
        life = Round(folder, number, rng)
        acknowledged += life.eids
        highest = max([highest, *life.steps.items()])
        started = time.process_time()
        with EmbeddedStore.open(folder, clock=SystemClock()) as store:
            slowest_open_s = max(slowest_open_s, time.process_time() - started)
            counts = Counter(stored.record.id for stored in store.read(Table.EVENTS, limit=10**7))
            assert [eid for eid in acknowledged if eid not in counts] == []
            assert [eid for eid, n in counts.items() if n > 1] == []
            present = store.get("counter")
            assert present is not None
            assert (present.value["n"], present.revision) >= highest
            # every step was taken once, by one writer
            with store.database.reading() as cursor:
                rows = cursor.execute(
                    "select revision, cast(value ->> 'n' as bigint) from cas where key = 'counter' order by sequence"
                ).fetchall()
            assert rows == [(n, n) for n in range(1, len(rows) + 1)]
            highest = (present.revision, present.revision)
            n_rows = len(counts)
    print(
        f"\n{ROUNDS} kills: {len(acknowledged)} acknowledged, {n_rows} rows, 0 lost, 0 doubled, "
        f"{highest[0]} steps, slowest open {slowest_open_s:.2f} s of processor time"
    )
    assert len(acknowledged) > 20 * ROUNDS
    assert slowest_open_s < 2


def test_a_log_cut_anywhere_opens_to_a_clean_prefix(tmp_path: Path) -> None:
    """Submissions of three rows and a write: whatever the cut, each is there whole or not at all, without gaps."""
    folder = tmp_path / "live"
    rng = random.Random(7)
    store = EmbeddedStore.open(folder, clock=SystemClock())
    for n in range(60):
        rows = [
            Record(Table.EVENTS, f"{n}-{i}", {"eid": f"{n}-{i}", "text": "y" * rng.randrange(300)}) for i in range(3)
        ]
        store.append(rows, writes=[])
        store.update("n", {"n": n + 1}, expected=n)
    wal = folder / f"{FILE_NAME}.wal"
    whole, database = wal.read_bytes(), (folder / FILE_NAME).read_bytes()
    store.close()
    kept = []
    for round in range(20):
        torn = tmp_path / f"torn{round}"
        torn.mkdir()
        (torn / FILE_NAME).write_bytes(database)
        (torn / f"{FILE_NAME}.wal").write_bytes(whole[: rng.randrange(len(whole))])
        with EmbeddedStore.open(torn, clock=SystemClock()) as opened:
            eids = [stored.record.id for stored in opened.read(Table.EVENTS)]
            present = opened.get("n")
            n_steps = present.revision if present else 0
            assert eids == [f"{n}-{i}" for n in range(len(eids) // 3) for i in range(3)]
            assert n_steps in (len(eids) // 3, len(eids) // 3 - 1)
            again = [Record(Table.EVENTS, eid, {"eid": eid}) for eid in ("0-0", "new")]
            assert opened.append(again).fresh == ("0-0" not in eids, True)
        kept.append(len(eids))
        shutil.rmtree(torn)
    assert len(set(kept)) > 5  # the cuts really fell at different places
    assert min(kept) < max(kept) <= 180


def test_a_disk_that_takes_no_more_is_an_error_and_not_a_loss(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk; when it is lifted, writing goes on by itself."""
    program = """
import resource, sys, time
from pathlib import Path
from suggest.domain.clock import SystemClock
from suggest.domain.errors import StorageUnavailable
from suggest.store.embedded import EmbeddedStore
from suggest.store.ports import Record, Table

store = EmbeddedStore.open(Path(sys.argv[1]), clock=SystemClock())
event = lambda n: Record(Table.EVENTS, f"e{n}", {"eid": f"e{n}", "text": "z" * 20_000})
acknowledged = [n for n in range(20) if store.append([event(n)]).fresh[0]]
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, resource.RLIM_INFINITY))
refused = 0
for n in range(20, 200):
    try:
        store.append([event(n)])
        acknowledged.append(n)
    except StorageUnavailable:
        refused += 1
        if refused > 2:
            break
assert refused, "the limit was never met"
assert not store.health().writable or refused
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for _ in range(100):
    try:
        store.append([event(1000)])
        break
    except StorageUnavailable:
        time.sleep(0.1)
assert store.health().writable
held = {stored.record.id for stored in store.read(Table.EVENTS)}
assert {f"e{n}" for n in [*acknowledged, 1000]} <= held, "acknowledged rows are gone"
print("kept", len(acknowledged), "refused", refused)
store.close()
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "live")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("kept")
