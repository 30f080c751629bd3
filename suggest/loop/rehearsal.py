"""Load a bundle in a throw-away process and let it score its golden rows, before it may serve.

    python -m suggest.loop.rehearsal FILE [ENCODER]

ENCODER is the folder of its tuned encoder, where it has one. A damaged model text can end the process that parses it,
so that must not be the one that serves. Exit code 0: it loads and says what it said when it was built."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from suggest.calibrate.choice import ChoiceModel
from suggest.domain.bundle import EncoderRef
from suggest.loop.archive import unpack
from suggest.loop.manners import behave
from suggest.loop.record import golden_holds
from suggest.rank.ranker import Ranker
from suggest.retrieve.encoder import Encoder
from suggest.retrieve.encoders import Load, load_from
from suggest.retrieve.vectors import unit

LEAST_COSINE = 0.9999  # of a golden text's vector to the one that was stored


def holds(file: Path, encoder: Path | None = None, *, load: Load = load_from) -> bool:
    """Raises DamagedBundle or ValueError where it cannot even be loaded."""
    bundle = unpack(file.read_bytes())
    choice = ChoiceModel.from_json(json.loads(bundle.files["choice.json"]))
    if not golden_holds(Ranker.from_files(bundle.files), choice, bundle.files["golden.json"]):
        return False
    ref = EncoderRef.from_json(json.loads(bundle.files["encoder.json"])) if "encoder.json" in bundle.files else None
    if ref is None or ref.blob is None:
        return True
    return encoder is not None and _encodes(load(encoder, encoder), ref, bundle.files["golden_vectors.json"])


def _encodes(encoder: Encoder, ref: EncoderRef, stored: bytes) -> bool:
    golden = json.loads(stored)
    rows = encoder.encode(golden["texts"])
    if encoder.fingerprint != ref.fingerprint or rows.shape != (len(golden["texts"]), ref.dim):
        return False
    cosines = (rows * unit(np.array(golden["vectors"], np.float32))).sum(axis=1)
    return bool((cosines >= LEAST_COSINE).all())


if __name__ == "__main__":
    behave()
    file, *encoder = sys.argv[1:]
    raise SystemExit(0 if holds(Path(file), *(Path(folder) for folder in encoder)) else 3)
