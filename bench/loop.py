"""Does the loop learn, end to end? BANKING77 as a support desk, driven through HTTP by simulated people.

77 categories are the candidates, 1,000 training rows the history. 2,000 further rows, mixed with a tenth of requests
that nothing answers (CLINC150 out-of-scope, training part), come one by one: a simulated person looks at the slate from
the top, picks a right option where there is one, else dismisses or says nothing. Retrains happen as they do by default,
every 200 outcomes. Before, after 500, after 2,000 and after one more retrain, the held-out BANKING77 test rows and
CLINC150 `oos_val` are asked through the batch call; nothing of them is ever fed back.

    python -m bench.loop [--world far|near|near-natural] [--seed 0] [--out bench/results/loop-far.json]

`far`: as above. `near`: 20 of the 77 categories are held out everywhere; their test rows are what must be known as
unanswerable. `near-natural`: the same, but their rows come in the stream too, as in a shop that cannot answer
them. The encoder gets as long as it needs, so that a busy machine is slow and not wrong. BANKING77 (CC BY 4.0,
Casanueva et al. 2020) and CLINC150 (CC BY 3.0, Larson et al. 2019), from SUGGEST_DATA."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.machine import described
from suggest.metrics.calibration import debiased_ece, ece, ece_noise_floor
from suggest.metrics.discrimination import auroc

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
N_HISTORY, N_STREAM, FAR_SHARE, N_HELD_OUT = 1_000, 2_000, 0.10, 20
P_DISMISS = 0.5  # of a person who sees nothing right; the others say nothing
KEY = "sk_bench_0123456789abcdef0123456789abcdef"
BATCH = 128
SUGGEST = str(Path(sys.executable).with_name("suggest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    text: str
    right: str | None  # None: nothing on this surface answers it


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    candidates: tuple[str, ...]
    history: tuple[Message, ...]
    stream: tuple[Message, ...]
    test: tuple[Message, ...]  # answerable
    far: tuple[Message, ...]
    near: tuple[Message, ...]


def build_world(name: str, seed: int) -> World:
    rng = random.Random(seed)
    rows = {part: list(csv.DictReader((DATA / "banking77" / f"{part}.csv").open())) for part in ("train", "test")}
    categories = sorted({row["category"] for row in rows["train"]})
    held_out = set(rng.sample(categories, N_HELD_OUT)) if name != "far" else set()

    def message(row: dict[str, str]) -> Message:
        return Message(text=row["text"], right=None if row["category"] in held_out else row["category"])

    train = [message(row) for row in rows["train"]]
    rng.shuffle(train)
    answerable = [m for m in train if m.right is not None]
    history = answerable[:N_HISTORY]
    used = {m.text for m in history}
    further = [m for m in (train if name == "near-natural" else answerable) if m.text not in used][:N_STREAM]
    plus = json.loads((DATA / "clinc150" / "oos_train_plus.json").read_text())
    whole = json.loads((DATA / "clinc150" / "clinc150_train_val.json").read_text())
    strangers = sorted({text for text, _ in [*plus, *whole["oos_train"]]})
    rng.shuffle(strangers)
    stream = further + [Message(text=t, right=None) for t in strangers[: int(N_STREAM * FAR_SHARE)]]
    rng.shuffle(stream)
    test = [message(row) for row in rows["test"]]
    return World(
        candidates=tuple(c for c in categories if c not in held_out),
        history=tuple(history),
        stream=tuple(stream),
        test=tuple(m for m in test if m.right is not None),
        far=tuple(Message(text=t, right=None) for t, _ in whole["oos_val"]),
        near=tuple(m for m in test if m.right is None),
    )


class Server:
    """The real server, in a process of its own, on a free port and an empty folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [SUGGEST, "serve", "--data", str(folder / "data"), "--port", "0"],
            env={"SUGGEST_ENCODE_MS": "20000", **os.environ, "SUGGEST_SECRET_KEY": KEY},
            stdout=self._log,
            stderr=self._log,
        )
        told = folder / "data" / "server.json"
        self.client = self._connect(told)

    def _connect(self, told: Path) -> httpx.Client:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SystemExit("the server ended at once; see its log")
            try:
                address = str(json.loads(told.read_text())["address"])
                client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=900)
                if client.get("/readyz").status_code == 200:
                    return client
            except (OSError, ValueError, httpx.HTTPError):
                pass
            time.sleep(0.2)
        raise SystemExit("the server was not ready within three minutes")

    def imports(self, kind: str, surface: str, rows: Sequence[dict[str, str]]) -> None:
        """Run `suggest import` on these rows as a CSV file; it must take them all."""
        file = self._folder / f"{kind}.csv"
        with file.open("w", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        command = [SUGGEST, "import", str(file), "--surface", surface, "--kind", kind, "--create"]
        done = subprocess.run(
            [*command, "--data", str(self._folder / "data"), "--key", KEY], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"import of {kind} ended with {done.returncode}: {done.stdout}{done.stderr}")

    def stop(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(timeout=300)
        self._log.close()


def post(client: httpx.Client, path: str, body: object) -> dict[str, Any]:
    """The answer; where the machine is too busy for a commit in time (503), asked again as the service says."""
    while True:
        answer = client.post(path, json=body)
        if answer.status_code != 503:
            told: dict[str, Any] = answer.raise_for_status().json()
            return told
        time.sleep(float(answer.headers.get("Retry-After", 1)))


def teach_history(server: Server, surface: str, world: World) -> None:
    """`suggest import`, as an owner would: the candidates, then the labelled history."""
    candidates = [{"id": c, "text": c.replace("_", " ")} for c in world.candidates]
    server.imports("candidates", surface, candidates)
    server.imports("labels", surface, [{"text": m.text, "item": m.right or ""} for m in world.history])


def live(client: httpx.Client, surface: str, message: Message, rng: random.Random) -> tuple[float, str]:
    """One simulated person; returns seconds of the suggest call and the decision."""
    asked = time.perf_counter()
    slate = post(client, "/v1/suggest", {"surface": surface, "context": {"text": message.text}})
    took = time.perf_counter() - asked
    ids = [item["id"] for item in slate["items"]]
    event: dict[str, object] = {"impression": slate["impression"], "token": slate["token"], "eid": slate["impression"]}
    if message.right in ids:
        event |= {"type": "select", "item": message.right, "position": ids.index(message.right)}
    elif rng.random() < P_DISMISS:
        event |= {"type": "dismiss"}
    else:
        event |= {"type": "view"}
    done = post(client, "/v1/feedback", {"events": [event]})
    assert done["accepted"] + done["duplicates"] == 1, done
    return took, str(slate["decision"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    p_any: np.ndarray
    correct: np.ndarray  # a right option was in the slate
    first: np.ndarray  # the top option was right
    p_items: np.ndarray
    right_items: np.ndarray
    escalated: np.ndarray


def answered(client: httpx.Client, requests: Sequence[object]) -> list[dict[str, Any]]:
    """One slate each; a request of a batch may be refused alone."""
    while True:
        results: list[dict[str, Any]] = post(client, "/v1/suggest/batch", {"requests": requests})["results"]
        if all("items" in each for each in results):
            return results
        time.sleep(1)


def ask(client: httpx.Client, surface: str, messages: Sequence[Message]) -> Asked:
    """Ask without ever answering, through the batch call."""
    slates: list[dict[str, Any]] = []
    for start in range(0, len(messages), BATCH):
        requests = [{"surface": surface, "context": {"text": m.text}} for m in messages[start : start + BATCH]]
        slates += answered(client, requests)
    p_items, right_items, correct, first = [], [], [], []
    for slate, message in zip(slates, messages, strict=True):
        items = slate["items"]
        hits = [item["id"] == message.right for item in items]
        p_items += [item["p_select"] for item in items]
        right_items += hits
        correct.append(any(hits))
        first.append(bool(hits) and hits[0])
    return Asked(
        p_any=np.array([s["p_any"] for s in slates], float),
        correct=np.array(correct, float),
        first=np.array(first, float),
        p_items=np.array(p_items, float),
        right_items=np.array(right_items, float),
        escalated=np.array([s["decision"] == "escalate" for s in slates], float),
    )


def measure(client: httpx.Client, surface: str, world: World, stage: str) -> dict[str, object]:
    # asked in one shuffled mix, so that what the service makes of recent traffic is the same for all of them
    everything = [*world.test, *world.far, *world.near]
    order = list(range(len(everything)))
    random.Random(1).shuffle(order)
    mixed = ask(client, surface, [everything[i] for i in order])
    back = np.argsort(order)
    n_test, n_far = len(world.test), len(world.far)
    p_any, correct, first, escalated = (
        getattr(mixed, name)[back] for name in ("p_any", "correct", "first", "escalated")
    )
    inside, far, near = slice(0, n_test), slice(n_test, n_test + n_far), slice(n_test + n_far, None)
    rng = np.random.default_rng(0)
    told: dict[str, object] = {
        "stage": stage,
        "top1": first[inside].mean(),
        "top3": correct[inside].mean(),
        "auroc_far": auroc(np.concatenate([p_any[inside], p_any[far]]), _truth(n_test, n_far)),
        "ece_p_any": ece(p_any, correct),
        "ece_p_any_debiased": debiased_ece(p_any, correct),
        "ece_p_any_floor_p95": ece_noise_floor(p_any, 200, rng).p95,
        "ece_p_select": ece(mixed.p_items, mixed.right_items),
        "ece_p_select_floor_p95": ece_noise_floor(mixed.p_items, 200, rng).p95,
        "escalated_in_scope": escalated[inside].mean(),
        "escalated_far": escalated[far].mean(),
    }
    if world.near:
        told["auroc_near"] = auroc(np.concatenate([p_any[inside], p_any[near]]), _truth(n_test, len(world.near)))
        told["escalated_near"] = escalated[near].mean()
    done = {name: value if isinstance(value, str) else round(float(value), 4) for name, value in told.items()}
    print("  ".join(f"{name} {value}" for name, value in done.items()), flush=True)
    return done


def _truth(n_true: int, n_false: int) -> np.ndarray:
    return np.concatenate([np.ones(n_true), np.zeros(n_false)])


def ceiling(world: World) -> dict[str, float]:
    """Logistic regression on the same embeddings with the true labels of history and stream."""
    from sklearn.linear_model import LogisticRegression

    from suggest.retrieve.encoder import load_encoder

    encoder = load_encoder(cache_dir=Path.home() / ".cache" / "suggest")
    known = [m for m in [*world.history, *world.stream] if m.right is not None]
    model = LogisticRegression(C=30, max_iter=300).fit(
        encoder.encode([m.text for m in known]), [m.right for m in known]
    )
    scores = model.decision_function(encoder.encode([m.text for m in world.test]))
    best = np.argsort(-scores, axis=1)[:, :3]
    right = [[model.classes_[c] == m.right for c in row] for row, m in zip(best, world.test, strict=True)]
    return {
        "top1": round(float(np.mean([r[0] for r in right])), 4),
        "top3": round(float(np.mean([any(r) for r in right])), 4),
    }


def run(name: str, seed: int) -> dict[str, object]:
    world, rng = build_world(name, seed), random.Random(seed + 1)
    surface = f"bank-{name}"
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            client = server.client
            teach_history(server, surface, world)
            stages = [measure(client, surface, world, "before")]
            seconds: list[float] = []
            for n, message in enumerate(world.stream, start=1):
                seconds.append(live(client, surface, message, rng)[0])
                if n == 500:
                    stages.append(measure(client, surface, world, "after 500"))
            stages.append(measure(client, surface, world, f"after {len(world.stream)}"))
            job = client.post(f"/v1/surfaces/{surface}/train?wait=1").raise_for_status().json()
            print(f"retrain: {job['state']}", flush=True)
            stages.append(measure(client, surface, world, "after retrain"))
            models = client.get(f"/v1/surfaces/{surface}/models").json()
        finally:
            server.stop()
    told = np.array(seconds) * 1000
    return {
        "world": name,
        "seed": seed,
        "machine": described(),
        "stages": stages,
        "ceiling_lr_true_labels": ceiling(world),
        "suggest_ms": {"p50": round(float(np.median(told)), 1), "p99": round(float(np.percentile(told, 99)), 1)},
        "retrain": {"state": job["state"], "gate": job["gate"]},
        "bundles": [{"state": m["state"], "at": m["at"]} for m in models["models"]],
        "licences": "BANKING77 CC BY 4.0; CLINC150 CC BY 3.0",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", choices=["far", "near", "near-natural"], default="far")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not (DATA / "banking77").exists():
        print(f"The data folder {DATA} is absent; set SUGGEST_DATA. Nothing was measured.", file=sys.stderr)
        return 1
    told = run(asked.world, asked.seed)
    out = asked.out or Path(__file__).parent / "results" / f"loop-{asked.world}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"ceiling {told['ceiling_lr_true_labels']}  suggest {told['suggest_ms']}  written to {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
