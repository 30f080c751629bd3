"""The rehearsal: whatever is wrong with a bundle happens in a child, and the process that serves goes on."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.calibrate.prior import shipped_prior
from suggest.loop import children
from suggest.loop.archive import pack, unpack
from suggest.loop.build import build
from suggest.loop.children import ChildFailed, rehearse, run_trial
from suggest.loop.record import golden_json

pytestmark = pytest.mark.slow
N_MUTATIONS = 30
Mutation = Callable[[str, random.Random], str]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A small bundle whose booster has a say in every probability."""
    world = ClusteredWorld(n_items=12)
    made = build(
        ExampleWriter(world).labels(14).all(),
        shipped_prior(),
        background=world.background(20),
        seed=0,
        report=lambda *_: None,
    )
    theta = np.where([name == "booster" for name in made.choice.option_names], 1.0, made.choice.theta)
    voting = replace(made, choice=replace(made.choice, theta=theta))
    assert voting.ranker.booster is not None
    return voting.ranker.files() | {
        "choice.json": json.dumps(voting.choice.to_json()).encode(),
        "golden.json": golden_json(voting),
    }


def cut_short(text: str, rng: random.Random) -> str:
    """The file ends in the middle of its trees."""
    return text[: rng.randrange(len(text) // 20, text.index("end of trees") - 200)]


def child_out_of_range(text: str, rng: random.Random) -> str:
    """A node points far beyond the tree's nodes: a naive reader runs through memory that is not its own."""
    places = list(re.finditer(r"(?m)^(?:left|right)_child=.*$", text))
    hit = rng.choice(places[: len(places) // 2])
    name, numbers = hit.group().split("=")
    changed = numbers.split(" ")
    changed[0] = str(rng.choice([10**6, 2**31 - 1, -(2**30), len(changed) + 50]))
    return text[: hit.start()] + f"{name}={' '.join(changed)}" + text[hit.end() :]


def other_leaves(text: str, rng: random.Random) -> str:
    """Every leaf of some trees says something else."""
    scale = rng.choice([-1.0, 3.0, 0.0])

    def scaled(hit: re.Match[str]) -> str:
        return "leaf_value=" + " ".join(str(float(v) * scale) for v in hit.group(1).split(" "))

    return re.sub(r"(?m)^leaf_value=(.*)$", scaled, text, count=rng.randrange(5, 40))


def other_digits(text: str, rng: random.Random) -> str:
    """Leaves say something else in as many letters: the file is sound in every way but what it says."""
    swapped = str.maketrans("123456789", "987654321")
    first = rng.randrange(3)
    places = list(re.finditer(r"(?m)^leaf_value=.*$", text))[first : first + 40]
    for hit in places:
        mantissas = re.sub(r"(?<!e-)(?<!e)[0-9]+", lambda n: n.group().translate(swapped), hit.group())
        text = text[: hit.start()] + mantissas + text[hit.end() :]
    return text


def wrong_count(text: str, rng: random.Random) -> str:
    """A tree says it has more or fewer leaves than it lists."""
    hit = rng.choice(list(re.finditer(r"(?m)^num_leaves=(\d+)$", text)))
    n = int(hit.group(1))
    return text[: hit.start()] + f"num_leaves={rng.choice([0, n - 1, n + 1, 10**6])}" + text[hit.end() :]


def noise(text: str, rng: random.Random) -> str:
    """A block of a tree is overwritten with what is no number."""
    start = rng.randrange(text.index("Tree=0"), text.index("end of trees") - 400)
    return text[:start] + "".join(rng.choice("xyz#@ =\n") for _ in range(300)) + text[start + 300 :]


MUTATIONS: tuple[Mutation, ...] = (cut_short, child_out_of_range, other_leaves, other_digits, wrong_count, noise)


def test_a_sound_bundle_passes(files: dict[str, bytes], tmp_path: Path) -> None:
    sound = tmp_path / "sound.bundle"
    sound.write_bytes(pack(files, {}))
    assert rehearse(sound)


# Loading LightGBM costs two seconds a process; a process that has it forks one for each mutant in a hundredth of that.
FORKING = """
import os, resource, sys
from pathlib import Path
import lightgbm
from suggest.loop.rehearsal import holds
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (15, 15))  # trees that lead in a circle are scored for ever
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        os._exit(0 if holds(Path(name)) else 3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def mutants(files: dict[str, bytes], folder: Path, n: int, seed: int) -> list[tuple[str, Path]]:
    """Damaged models, each packed properly, so that its hashes are right: only loading and the golden rows can tell."""
    rng = random.Random(seed)
    text = files["booster.txt"].decode()
    made: list[tuple[str, Path]] = []
    for number in range(n):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        changed = mutate(text, rng)
        assert changed != text
        path = folder / f"{number}.bundle"
        path.write_bytes(pack({**files, "booster.txt": changed.encode()}, {}))
        made.append((mutate.__name__, path))
    return made


def test_mutated_trees_are_refused_however_they_are_mutated(files: dict[str, bytes], tmp_path: Path) -> None:
    """A text whose lengths do not fit ends the process that loads it by a signal, which is why a child loads it first;
    what loads is told by its golden rows. A refusal is any end but a sound one."""
    made = mutants(files, tmp_path, N_MUTATIONS, seed=11)
    sound = tmp_path / "sound.bundle"
    sound.write_bytes(pack(files, {}))
    paths = [str(path) for _, path in made]
    told = subprocess.run(
        [sys.executable, "-c", FORKING, str(sound), *paths],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    codes = [int(line) for line in told.stdout.split()]
    by_signal = {name for (name, _), code in zip(made, codes[1:], strict=False) if code < 0}
    by_golden_rows = {name for (name, _), code in zip(made, codes[1:], strict=False) if code == 3}
    print(f"ended by a signal: {sum(code < 0 for code in codes)} of {N_MUTATIONS}, {sorted(by_signal)}")
    print(f"loaded, and said something else: {sorted(by_golden_rows)}")
    assert codes[0] == 0, "the sound one passes"
    assert len(codes) == N_MUTATIONS + 1
    assert [name for (name, _), code in zip(made, codes[1:], strict=True) if code == 0] == []
    assert "other_digits" in by_golden_rows


def test_one_of_each_kind_is_refused_by_the_rehearsal_itself_and_the_parent_survives(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    made = mutants(files, tmp_path, len(MUTATIONS), seed=12)
    with ThreadPoolExecutor(2) as pool:
        assert not any(pool.map(lambda mutant: rehearse(mutant[1]), made))


@pytest.mark.parametrize("name", ["choice.json", "booster.txt"])
def test_an_emptied_part_is_refused(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    path = tmp_path / "part.bundle"
    path.write_bytes(pack({**files, name: b""}, {}))
    assert not rehearse(path)


def test_other_weights_than_when_it_was_built_are_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    choice = json.loads(files["choice.json"])
    choice["bias"][0] += 0.01
    path = tmp_path / "moved.bundle"
    path.write_bytes(pack({**files, "choice.json": json.dumps(choice).encode()}, {}))
    assert not rehearse(path)


def test_a_flipped_bit_and_a_missing_file_are_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(pack(files, {}))
    content[len(content) // 2] ^= 4
    flipped = tmp_path / "flipped.bundle"
    flipped.write_bytes(bytes(content))
    assert not rehearse(flipped)
    assert not rehearse(tmp_path / "there is none.bundle")
    assert unpack(pack(files, {})).files == files


def test_a_rehearsal_that_never_ends_is_a_refusal(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = tmp_path / "sound.bundle"
    sound.write_bytes(pack(files, {}))
    monkeypatch.setattr(children, "REHEARSAL_S", 0.01)
    assert not rehearse(sound)


def test_a_trial_that_fails_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"task\.json"):
        run_trial(tmp_path, threads=1, report=lambda *_: None, longest_s=60)


def test_a_child_of_another_server_ends_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was told a parent that is not its parent: the server that started it has died in between."""
    (tmp_path / "task.json").write_text("{}")
    monkeypatch.setattr(children, "_environment", lambda threads: {**os.environ, "SUGGEST_PARENT_PID": "1"})
    with pytest.raises(ChildFailed, match="gone"):
        run_trial(tmp_path, threads=1, report=lambda *_: None, longest_s=60)
