"""The trigger that knows small talk when it sees it, fitted for whatever encoder serves, and kept beside it.

Fitting encodes some hundred short messages once, about two seconds; every later start reads a file."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suggest.policy.trigger import Trigger, fit_trigger
from suggest.retrieve.batcher import Batcher
from suggest.retrieve.vectors import Embeddings
from suggest.starter import load_trigger

log = logging.getLogger(__name__)

_READS_WORDS_ONLY = "hashing"  # an encoder without meaning: what it would call small talk is chance


def open_trigger(batcher: Batcher, *, cache_dir: Path) -> Trigger | None:
    """The trigger for this encoder; None where the encoder carries no meaning to judge by."""
    if batcher.fingerprint.startswith(_READS_WORDS_ONLY):
        return None
    messages = load_trigger()
    path = cache_dir / f"trigger-{batcher.fingerprint}-{len(messages)}.json"
    try:
        return Trigger.from_json(json.loads(path.read_text()))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError):
        log.warning("the cached trigger %s is damaged; fitting it again", path.name)
    needs = np.array([message["needs_answer"] for message in messages], np.bool_)
    rows = batcher.encode_bulk([message["text"] for message in messages])
    trigger = fit_trigger(rows, needs, encoder=batcher.fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(trigger.to_json()))
    part.replace(path)
    return trigger


def background_requests(batcher: Batcher) -> tuple[list[str], Embeddings, NDArray[np.bool_]]:
    """Requests about many other things, what is far from a surface, for its calibrator to know; and, where the encoder
    can tell, messages that need no answer, for its trigger. Texts, unit rows (n, d), (n,) whether each needs one."""
    messages = [m for m in load_trigger() if m["needs_answer"] or not batcher.fingerprint.startswith(_READS_WORDS_ONLY)]
    texts = [message["text"] for message in messages]
    return texts, batcher.encode_bulk(texts), np.array([message["needs_answer"] for message in messages], np.bool_)


def idle_texts() -> list[str]:
    return [message["text"] for message in load_trigger() if not message["needs_answer"]]


def background_texts() -> list[str]:
    return [message["text"] for message in load_trigger() if message["needs_answer"]]
