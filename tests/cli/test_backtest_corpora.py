"""`suggest backtest` on public corpora written as CSV, with the real encoder, at a size a test can afford."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.shell import Shell

DATA = Path(os.environ.get("SUGGEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
N_ANSWERS, N_EACH = 8, 12

pytestmark = [
    pytest.mark.encoder,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public corpora are not at {DATA}; set SUGGEST_DATA"),
]


def pairs(corpus: str) -> Iterator[tuple[str, str]]:
    if corpus == "sgd":
        with gzip.open(DATA / "sgd" / "replies_train.jsonl.gz", "rt") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["context"][-1][1], row["template"]
        return
    with (DATA / corpus / "train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            yield row["text"], row.get("category") or row["intent"]


def small(corpus: str) -> list[tuple[str, str]]:
    """The first messages of the commonest answers."""
    read = list(pairs(corpus))
    common = {answer for answer, _ in Counter(answer for _, answer in read).most_common(N_ANSWERS)}
    taken: Counter[str] = Counter()
    kept = []
    for text, answer in read:
        if answer in common and taken[answer] < N_EACH:
            taken[answer] += 1
            kept.append((text, answer))
    return kept


@pytest.mark.parametrize(("corpus", "least_top3"), [("banking77", 0.85), ("hwu64", 0.85), ("sgd", 0.5)])
def test_a_public_corpus_in_one_command(corpus: str, least_top3: float, tmp_path: Path, request: Any) -> None:
    file = tmp_path / f"{corpus}.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "answer"])
        writer.writerows(small(corpus))
    shell = Shell(folder=tmp_path, env={})
    said = shell.run("backtest", str(file), "--json", "--out", str(tmp_path / "page.html"))
    assert said.code == 0, said.err
    told = said.json
    print(f"{corpus}: right in three {told['top3']['mid']:.3f} of {told['judged']}, first {told['top1']['mid']:.3f}")
    assert told["candidates"] == N_ANSWERS
    assert told["top3"]["mid"] >= least_top3
    assert told["top1"]["mid"] <= told["top3"]["mid"]
    assert told["curve"][0]["top3"]["mid"] <= told["top3"]["mid"] + 0.1
    assert "What would go to people" in (tmp_path / "page.html").read_text()
