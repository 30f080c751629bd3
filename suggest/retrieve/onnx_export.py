"""Turn a sentence-transformers folder into one ONNX file, once, in a process of its own.

Torch and transformers take seconds to import and hundreds of megabytes to hold; ONNX Runtime needs neither and encodes
a short text in less than half the time. So a child process exports, checks what it exported against torch, lets ONNX
Runtime fuse the graph, and leaves one file in the cache; the server only ever reads that file.

    python -m suggest.retrieve.onnx_export FOLDER FILE
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from suggest.retrieve.sentence_folder import SentenceFolder

_GRAPH = "1"  # raise when what `_sentence_model` computes changes
_OPSET = 17
_SLOWEST_EXPORT_S = 300
_LEAST_COSINE_TO_TORCH = 0.99999


class ExportFailed(RuntimeError):
    """The model could not be turned into an ONNX file that agrees with torch."""


def exported(folder: SentenceFolder, *, cache_dir: Path) -> Path:
    """The folder's ONNX file, made now if the cache has none. Safe when several processes ask at once.

    Raises ExportFailed.
    """
    file = exported_path(folder, cache_dir=cache_dir)
    if file.is_file():
        return file
    cache_dir.mkdir(parents=True, exist_ok=True)
    with _held(file.with_suffix(".lock")):
        if not file.is_file():
            _export_in_child(folder.path, file)
    return file


def exported_path(folder: SentenceFolder, *, cache_dir: Path) -> Path:
    # The fused graph uses operators of this very ONNX Runtime, so its version is part of the name.
    export_version = f"{_GRAPH}-ort{version('onnxruntime')}"
    return cache_dir / f"{folder.weights_sha256}-{export_version}.onnx"


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go of it when this process dies, however it dies
        yield


def _export_in_child(folder: Path, file: Path) -> None:
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".export-") as scratch:
        made = Path(scratch) / "model.onnx"
        command = [sys.executable, "-m", "suggest.retrieve.onnx_export", str(folder), str(made)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        try:
            child = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=_SLOWEST_EXPORT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportFailed(f"the export to ONNX did not finish: {error}") from error
        if child.returncode != 0 or not made.is_file():
            said = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ExportFailed(f"the export to ONNX failed (exit {child.returncode}): {said}")
        with made.open("rb") as finished:
            os.fsync(finished.fileno())
        made.replace(file)


def main() -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    raw = file.with_suffix(".raw.onnx")
    model = _sentence_model(folder)
    _write_onnx(model, raw)
    _fuse(raw, file)
    raw.unlink()
    _check(model, file)


def _end_with_parent() -> None:
    """Whoever asked for the export is gone: nobody will use it."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def _sentence_model(folder: Path) -> Any:
    import torch
    from transformers import AutoModel

    class SentenceModel(torch.nn.Module):
        """Token ids and mask -> unit sentence vectors: the mean over real tokens, divided by its length."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    return SentenceModel().eval()


def _example() -> tuple[Any, Any]:
    """Ragged token ids with their mask, of a shape unlike any real batch's."""
    import torch

    ids = torch.randint(5, 1000, (3, 11), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[0, 4:] = 0
    mask[1, 9:] = 0
    return ids, mask


def _write_onnx(model: Any, file: Path) -> None:
    import torch

    shape = {0: "texts", 1: "tokens"}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # dynamo=True makes the same graph in 13 s instead of 3; `_check` would notice if the tracer went wrong.
        torch.onnx.export(
            model,
            _example(),
            str(file),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": shape, "attention_mask": shape, "embedding": {0: "texts"}},
        )


def _fuse(raw: Path, file: Path) -> None:
    """Fuse once, here, instead of at every start: loading then takes 0.13 s instead of 0.3."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(raw), options, providers=["CPUExecutionProvider"])


def _check(model: Any, file: Path) -> None:
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    ids, mask = _example()
    for n_texts, n_tokens in ((3, 11), (1, 4), (2, 7)):
        some_ids, some_mask = ids[:n_texts, :n_tokens], mask[:n_texts, :n_tokens]
        with torch.no_grad():
            by_torch = model(some_ids, some_mask).numpy()
        by_onnx = session.run(None, {"input_ids": some_ids.numpy(), "attention_mask": some_mask.numpy()})[0]
        least = float((by_torch * by_onnx).sum(1).min())
        if not least >= _LEAST_COSINE_TO_TORCH:
            raise ExportFailed(f"the ONNX file disagrees with torch: cosine {least:.6f}")


if __name__ == "__main__":
    main()
