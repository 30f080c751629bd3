"""A sentence-transformers folder on disk, read without importing the library: enough to name it and to run it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # all-MiniLM-L6-v2


class NotMeanPooled(ValueError):
    """The folder holds something other than one transformer, mean pooling and (perhaps) normalisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceFolder:
    """One transformer with mean pooling: the shape of model that we run ourselves."""

    path: Path
    dim: int  # numbers a text
    max_tokens: int  # longer texts are cut here, [CLS] and [SEP] included
    pad_token_id: int
    weights_sha256: str

    @classmethod
    def read(cls, path: Path, *, weights_sha256: str | None = None) -> SentenceFolder:
        """Read the folder's settings; hash its weights unless their hash is given.

        Raises NotMeanPooled where the folder is of another kind, which is no error of the user's.
        """
        try:
            modules = [module["type"].rsplit(".", 1)[-1] for module in _json(path / "modules.json")]
            if modules not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
                raise NotMeanPooled(f"{path} is made of {modules}")
            if not _pools_by_mean(_json(path / "1_Pooling" / "config.json")):
                raise NotMeanPooled(f"{path} does not pool by the mean of its tokens")
            if not (path / "tokenizer.json").is_file():
                raise NotMeanPooled(f"{path} has no tokenizer.json")
            config = _json(path / "config.json")
            return cls(
                path=path,
                dim=int(config["hidden_size"]),  # mean pooling keeps the width
                max_tokens=_max_tokens(path, config),
                pad_token_id=int(config.get("pad_token_id") or 0),
                weights_sha256=weights_sha256 or sha256_of(path / "model.safetensors"),
            )
        except (OSError, KeyError, IndexError, TypeError, json.JSONDecodeError) as error:
            raise NotMeanPooled(f"{path} cannot be read as a sentence-transformers folder: {error}") from error

    @property
    def fingerprint(self) -> str:
        """Twelve hex characters naming the space its vectors live in: weights, pooling and length limit."""
        name = f"{self.weights_sha256}|mean|unit|{self.max_tokens}"
        return hashlib.sha256(name.encode()).hexdigest()[:12]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _pools_by_mean(pooling: dict[str, Any]) -> bool:
    if "pooling_mode" in pooling:  # as sentence-transformers >= 6 writes it
        return bool(pooling["pooling_mode"] == "mean")
    chosen = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on}
    return chosen == {"pooling_mode_mean_tokens"}


def _max_tokens(path: Path, config: dict[str, Any]) -> int:
    """As sentence-transformers decides it: its own setting, else what the tokenizer and the positions allow."""
    settings = path / "sentence_bert_config.json"
    own = _json(settings).get("max_seq_length") if settings.is_file() else None
    if own:
        return int(own)
    tokenizer = path / "tokenizer_config.json"
    allowed = _json(tokenizer).get("model_max_length", 512) if tokenizer.is_file() else 512
    return int(min(allowed, config.get("max_position_embeddings", 512)))
