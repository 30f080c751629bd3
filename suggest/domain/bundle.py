"""The immutable unit of promotion: what serves, where it came from and what it was measured to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

PRIOR_BUNDLE = "prior"  # the shipped prior: serves every surface until its first own bundle is promoted
IMPORTED_BUNDLE = "imported"  # no bundle of ours: what another system showed before, as its log tells


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRef:
    """The encoder whose vectors a bundle reads; bundles that share one share its blob."""

    fingerprint: str
    dim: int
    blob: str | None = None  # SHA-256 of the tuned encoder's archive; None: the one that is configured

    def to_json(self) -> dict[str, object]:
        return {"fingerprint": self.fingerprint, "dim": self.dim, "blob": self.blob}

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> EncoderRef:
        blob = told.get("blob")
        return cls(
            fingerprint=str(told["fingerprint"]), dim=int(str(told["dim"])), blob=None if blob is None else str(blob)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRecord:
    """One row of the bundle registry; the files themselves lie in the blob store under `blob`."""

    id: str
    surface: str
    at: datetime
    state: str  # promoted | kept | failed | rolled-back-to
    blob: str  # sha-256 of the archive
    parent: str | None = None
    encoder: str = ""
    manifest: Mapping[str, object] = field(default_factory=dict)
    gate: Mapping[str, object] = field(default_factory=dict)
