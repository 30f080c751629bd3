"""Fill an empty data folder with the starter shop: its replies, and half of what its customers once asked.

The other half is kept back, and everything about one reply of the story, so that a visitor can see the service learn
something that it did not know."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from suggest.demo.calls import CallFailed, call, send_candidates, send_labels
from suggest.demo.progress import Phase, Progress, Stage
from suggest.starter import ExampleRow, load_candidates, load_examples, load_prepared, load_unanswerable

SURFACE = "support"
MARK_FILE = "demo.json"  # in the data folder: which pack it holds, and whether all of it arrived
LEARNED_LIVE = frozenset({"repair-service"})  # the story's reply: nothing is known of it but its text
HISTORY_PER_REPLY = 4
# A random audit in the visitor's queue would be a riddle. And four answered messages a reply are too few to retrain on:
# what holds for every shop serves better, at once. Retraining is shown on the simulated surface, which has the traffic.
POLICY = {"audit_rate": 0.0, "retrain_every": 0, "retrain_nightly": False}


def seed(client: httpx.Client, *, folder: Path, progress: Progress) -> bool:
    """Load the pack, unless this folder has it already. Returns whether anything was loaded.

    A load that was cut short is made good by the next start; a surface of somebody else's is left alone."""
    mark = folder / MARK_FILE
    pack = pack_digest()
    state = _read_mark(mark)
    if state == {"pack": pack, "is_whole": True} or (state is None and _exists(client, SURFACE)):
        return False
    _write_mark(mark, {"pack": pack, "is_whole": False})
    candidates, labels = load_candidates(), list(history())
    total = len(candidates) + len(labels)
    done = 0

    def on_sent(n: int) -> None:
        nonlocal done
        done += n
        progress.count(done, total)

    progress.move(Stage(phase=Phase.PACK, text="Loading the starter shop", done=0, total=total))
    call(client, "PUT", f"/v1/surfaces/{SURFACE}", {"title": f"{load_prepared()['shop']['name']} support"})
    call(client, "PUT", f"/v1/surfaces/{SURFACE}/policy", POLICY)
    send_candidates(client, SURFACE, candidates, on_sent=on_sent)
    rejected = send_labels(client, labels, on_sent=on_sent)
    if rejected:
        raise CallFailed(f"The starter pack was not taken whole: {rejected[0]['detail']}")
    _write_mark(mark, {"pack": pack, "is_whole": True})
    return True


def history() -> Iterator[Mapping[str, object]]:
    """What the shop's support has answered before: labels, with or without an item."""
    for example in _first_of_each(load_examples()):
        yield _label(example["text"], example["item"], example.get("turns", ()))
    for message in load_unanswerable()[::2]:
        yield _label(message["text"], None)


def _first_of_each(examples: Sequence[ExampleRow]) -> Iterator[ExampleRow]:
    seen: Counter[str] = Counter()
    for example in examples:
        seen[example["item"]] += 1
        if example["item"] not in LEARNED_LIVE and seen[example["item"]] <= HISTORY_PER_REPLY:
            yield example


def _label(text: str, item: str | None, turns: Iterable[Mapping[str, object]] = ()) -> Mapping[str, object]:
    return {"surface": SURFACE, "context": {"text": text, "turns": list(turns)}, "item": item}


def pack_digest() -> str:
    """Names what would be loaded, so that a newer pack is loaded over an older one."""
    content = json.dumps([load_candidates(), list(history()), POLICY], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _exists(client: httpx.Client, surface: str) -> bool:
    return client.get(f"/v1/surfaces/{surface}").status_code == 200


def _read_mark(mark: Path) -> Mapping[str, object] | None:
    try:
        found = json.loads(mark.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write_mark(mark: Path, state: Mapping[str, object]) -> None:
    part = mark.with_suffix(".part")
    part.write_text(json.dumps(state) + "\n")
    part.replace(mark)
