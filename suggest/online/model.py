"""What a bundle holds, ready to serve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suggest.calibrate.choice import ChoiceModel, Floats
from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import PRIOR_BUNDLE, EncoderRef
from suggest.policy.trigger import Trigger
from suggest.rank.ranker import Ranker
from suggest.retrieve.memory import Worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    bundle: str
    ranker: Ranker
    choice: ChoiceModel
    evidence: tuple[Floats, NDArray[np.bool_]]  # held-out (p_any, a right option was in the slate) of calibration
    evidence_top1: tuple[Floats, NDArray[np.bool_]]  # likewise (p of the top option, it was right)
    evidence_of: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # likewise (the top option, the language)
    worth: Worth = field(default_factory=dict)  # what the clicks it was made from turned out to count
    doubts: Mapping[str, str | None] = field(default_factory=dict)  # answers it hardly believes by context key, gravest
    # first; None: that none was right
    trigger: Trigger | None = None  # what the surface's people taught about which contexts want an answer

    @classmethod
    def prior(cls) -> Model:
        return cls(
            bundle=PRIOR_BUNDLE,
            ranker=Ranker(),
            choice=shipped_prior(),
            evidence=(np.zeros(0), np.zeros(0, np.bool_)),
            evidence_top1=(np.zeros(0), np.zeros(0, np.bool_)),
        )

    @classmethod
    def from_files(cls, bundle: str, files: Mapping[str, bytes]) -> Model:
        held_out = json.loads(files["evidence.json"])
        return cls(
            bundle=bundle,
            ranker=Ranker.from_files(files),
            choice=ChoiceModel.from_json(json.loads(files["choice.json"])),
            evidence=(np.asarray(held_out["p_any"], np.float64), np.asarray(held_out["correct"], np.bool_)),
            evidence_top1=(
                np.asarray(held_out.get("p_top1", []), np.float64),  # bundles of before have none
                np.asarray(held_out.get("first", []), np.bool_),
            ),
            evidence_of=(tuple(held_out.get("top", ())), tuple(held_out.get("language", ()))),
            worth={(key, item): float(w) for key, item, w in json.loads(files.get("worth.json", b"[]"))},
            doubts={key: item for key, item, _ in json.loads(files.get("doubts.json", b"[]"))},
            trigger=Trigger.from_json(json.loads(files["trigger.json"])) if "trigger.json" in files else None,
        )


def encoder_of(files: Mapping[str, bytes]) -> EncoderRef | None:
    """The encoder whose vectors a bundle's model reads; None: the configured one, as before bundles named theirs."""
    stored = files.get("encoder.json")
    return None if stored is None else EncoderRef.from_json(json.loads(stored))
