"""The experiment: kill a busy server again and again, then ask it for everything that it acknowledged."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx

from faults.history import Account, History, settle
from faults.serving import HEADERS, Server, Started
from faults.traffic import EID_PREFIX, Client, Crowd

N_CLIENTS = 6
LONGEST_LIFE_S = 0.8
BUSY_SHARE = 0.85  # of the lives in which something is acknowledged before the end; the others may die young
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    account: Account
    history: History
    starts: tuple[Started, ...]  # the first one is of a folder that nobody killed
    rows: dict[str, int]


def kill_again_and_again(folder: Path, *, rounds: int, rng_seed: int, encoder: str = "hashing") -> Lives:
    """`rounds` times: start, wait until ready, put under load, SIGKILL the process group at a random moment."""
    rng = random.Random(rng_seed)
    history = History()
    clients = [Client(name, history, rng.randrange(10**9)) for name in range(N_CLIENTS)]
    starts = []
    for _ in range(rounds):
        with Server(folder, encoder=encoder) as server:
            starts.append(server.started)
            crowd = Crowd(clients, server.address, history)
            if rng.random() < BUSY_SHARE:
                crowd.wait_until_heard(PATIENCE_S)
            time.sleep(rng.uniform(0.0, LONGEST_LIFE_S))  # the moment of death: real time is what is tested
            server.kill()
            crowd.leave()
    with Server(folder, encoder=encoder) as server:
        starts.append(server.started)
        for client in clients:
            client.deliver_all(server.address)
        tables = {name: _exported(server, name, folder.parent) for name in ("events", "slates", "labels")}
    labels = [(str(text), str(item)) for text, item in tables["labels"]]
    account = settle(
        history,
        events=[str(eid) for (eid,) in tables["events"]],
        slates=[str(id) for (id,) in tables["slates"]],
        labels=labels,
        is_ours=EID_PREFIX,
    )
    return Lives(
        account=account, history=history, starts=tuple(starts), rows={name: len(rows) for name, rows in tables.items()}
    )


_COLUMNS = {"events": "eid", "slates": "id", "labels": "context ->> '$.text', item"}


def _exported(server: Server, table: str, scratch: Path) -> list[tuple[object, ...]]:
    """A table as GET /v1/export tells it."""
    path = scratch / f"{table}.parquet"
    with httpx.stream("GET", f"{server.address}/v1/export/{table}", headers=HEADERS, timeout=120) as answer:
        answer.raise_for_status()
        with path.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)
    with duckdb.connect() as connection:
        return connection.execute(f"select {_COLUMNS[table]} from read_parquet('{path}')").fetchall()
