"""A shop whose bundles are made by hand: the shipped prior with other weights, registered as if they had been built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from online.world import World

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import BundleRecord
from suggest.loop.archive import pack
from suggest.store.records import bundle_record


class Shop(World):
    """The surface `shop` with everything shown, and bundles on demand."""

    def __init__(self, folder: Path, **policy: object) -> None:
        shown = {"target": {"kind": "p_any", "value": 0.0}, "trigger": False}
        super().__init__(folder, policy={**shown, **policy})

    def bundle(self, id: str, choice: ChoiceModel) -> Mapping[str, bytes]:
        """Register a bundle that passed the gate; returns its files."""
        files = {
            "choice.json": json.dumps(choice.to_json()).encode(),
            "evidence.json": json.dumps({"p_any": [], "correct": []}).encode(),
            "scores.json": b"{}",
        }
        manifest = {"data_until": 1, "encoder": ""}
        record = BundleRecord(
            id=id,
            surface="shop",
            at=self.clock.now(),
            state="promoted",
            blob=self.app.store.blobs.put(pack(files, manifest)),
            gate={"verdict": "promote", "why": "made by hand"},
            manifest=manifest,
        )
        self.app.store.append([bundle_record(record)])
        return files

    def model(self, id: str) -> dict[str, object]:
        told = self.app.loop.models("shop")["models"]
        return next(each for each in told if each["id"] == id)  # type: ignore[attr-defined]

    def pass_time(self, seconds: float = 6) -> None:
        self.clock.advance(seconds=seconds)
        self.app.tick()


def upside_down() -> ChoiceModel:
    """What the prior likes best comes last."""
    prior = shipped_prior()
    return replace(prior, theta=-prior.theta)


def boastful() -> ChoiceModel:
    """The prior's order, and always certain that the right option is there."""
    return replace(shipped_prior(), bias=np.array([-30.0, -30.0]))
