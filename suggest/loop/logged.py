"""Slates of the log as they stood when they were served: what another bundle or policy is valued on.

A slate keeps its whole pool with columns, logits and probabilities, so that any ranking can be laid over it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from suggest.loop.reading import Reads
from suggest.policy.arrange import one_per_cluster
from suggest.rank.features import widened
from suggest.rank.traits import NO_TRAITS, Traits, traits_of
from suggest.retrieve.candidates import CandidateIndex

Floats = NDArray[np.float64]
MOST_SLATES = 10_000  # the latest are valued; more cost minutes and change little


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedSlate:
    """One slate whose outcome is known, or whose silence has lasted."""

    id: str
    sequence: int
    bundle: str
    tau: float  # exploration of the policy that served it; 0 = deterministic
    encoder: str | None
    embedding: NDArray[np.float32] | None  # (d,) unit
    context_key: str
    feature_version: int
    ids: tuple[str, ...]  # the pool, n options, best first
    logits: Floats  # (n,) as served, instant head included
    p: Floats  # (n,) chance of each of being the right one, as served
    columns: NDArray[np.float32]  # (n, len(COLUMNS)); empty where they are of another version
    order: tuple[int, ...]  # places in the pool of the k options that were shown, top first
    propensities: Floats  # (k,) of each slot given those above
    reward: Floats  # (k,) 1 at the option that was selected
    supplied: bool  # the caller named the options: no twins were merged
    context: Traits = NO_TRAITS
    at: datetime | None = None  # when it was served
    options: tuple[Traits, ...] = ()  # (n,) what the fields of the options say; none where there are none

    def __post_init__(self) -> None:
        n, k = len(self.ids), len(self.order)
        if not len(self.logits) == len(self.p) == n or not len(self.propensities) == len(self.reward) == k:
            raise ValueError("a pool's columns have one length, and so have a slate's")


class Twins:
    """Which options of a pool take part: of those that say the same only the best, as when the slate was served."""

    def __init__(self, ids: Sequence[str], texts: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        self._index = CandidateIndex(embeddings.shape[1] if embeddings.ndim == 2 and len(ids) else 1)
        self._index.upsert(ids, texts, embeddings)
        leader = self._index.clusters() if len(ids) else {}
        shared = {first for each, first in leader.items() if each != first}
        self._twinned = frozenset(each for each, first in leader.items() if first in shared)

    def eligible(self, ids: Sequence[str], logits: Floats, *, supplied: bool = False) -> list[int]:
        """Places best first; -inf logits never take part."""
        if supplied or not self._twinned:
            order = np.argsort(-logits, kind="stable")
            return [int(i) for i in order[np.isfinite(logits[order])]]
        there = [i for i in range(len(ids)) if np.isfinite(logits[i])]
        clusters: Mapping[str, str] | None = None
        twins = [i for i in there if ids[i] in self._twinned]
        if len(twins) > 1:
            best_first = sorted(twins, key=lambda i: (-logits[i], ids[i]))
            clusters = self._index.clusters(ids=[ids[i] for i in best_first])
        kept = one_per_cluster([ids[i] for i in there], logits[there], clusters)
        return [there[i] for i in kept]


def read_twins(reads: Reads, surface: str, *, encoder: str, dim: int) -> Twins:
    """Of every candidate a surface ever had: a retired one may stand in an old slate."""
    rows = [
        r
        for r in reads.select("latest_candidates", surface=surface)
        if r["encoder"] == encoder and r["embedding"] is not None
    ]
    matrix = np.array([unit_row(r["embedding"]) for r in rows], np.float32).reshape(len(rows), dim)
    return Twins([str(r["id"]) for r in rows], [str(r["text"]) for r in rows], matrix)


def read_traits(reads: Reads, surface: str) -> Mapping[str, Traits]:
    """What the fields of every candidate a surface ever had say."""
    rows = reads.select("latest_candidates", surface=surface)
    return {str(r["id"]): traits_of(_mapping(r["fields"]), cast("list[str]", r["tags"] or [])) for r in rows}


def read_logged(
    reads: Reads,
    surface: str,
    *,
    after: int = 0,
    limit: int = MOST_SLATES,
    traits: Mapping[str, Traits] = MappingProxyType({}),
) -> list[LoggedSlate]:
    """The latest slates that can be valued, oldest first.

    Whether a slate was shown may hang on the very options that were drawn; taken in is therefore every slate of which
    the best ones would have been shown, and those that exploration kept back count as shown to nobody."""
    explored = {0: 0.0}
    for row in reads.select("policy_history", surface=surface):
        policy = cast("Mapping[str, Any]", row["policy"] or {})
        explored[int(cast("int", row["revision"]))] = float(policy.get("exploration") or 0.0)
    rows = reads.select("valued_slates", surface=surface, after=after, limit=limit)
    slates = (_slate(row, explored, traits) for row in rows)
    return [slate for slate in slates if slate is not None]


def unit_row(stored: object) -> NDArray[np.float32]:
    """A stored float16 vector as a unit row."""
    row = np.frombuffer(cast("bytes", stored), np.float16).astype(np.float32)
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), np.float32)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _slate(
    row: Mapping[str, object], explored: Mapping[int, float], traits: Mapping[str, Traits]
) -> LoggedSlate | None:
    shown = sorted(cast("list[dict[str, Any]]", row["shown"] or []), key=lambda option: int(option["position"]))
    ids = tuple(cast("list[str]", row["pool_ids"]))
    place = {each: i for i, each in enumerate(ids)}
    p = np.asarray(row["pool_p"], np.float64)
    was_shown = row["decision"] in {"show", "auto"}
    if not shown or any(option["id"] not in place for option in shown) or any("team" in option for option in shown):
        return None
    if not was_shown and float(p[: len(shown)].sum()) < float(cast("float", row["threshold"])):
        return None
    features = np.frombuffer(cast("bytes", row["features"] or b""), np.float16)
    whole = bool(ids) and features.size % len(ids) == 0
    is_taken = row["outcome"] == "selected"
    return LoggedSlate(
        id=str(row["id"]),
        sequence=int(cast("int", row["sequence"])),
        bundle=str(row["bundle"]),
        tau=explored.get(int(cast("int", row["policy_revision"])), 0.0),
        encoder=cast("str | None", row["encoder"]),
        embedding=unit_row(row["embedding"]) if row["embedding"] is not None else None,
        context_key=str(row["context_key"]),
        feature_version=int(cast("int", row["feature_version"])),
        ids=ids,
        logits=np.asarray(row["pool_logits"], np.float64),
        p=p,
        columns=widened(features.astype(np.float32).reshape(len(ids), -1)) if whole else np.zeros((0, 0), np.float32),
        order=tuple(place[option["id"]] for option in shown),
        propensities=np.array([float(option["propensity"]) for option in shown]),
        reward=np.array([float(is_taken and option["id"] == row["item"]) for option in shown]),
        supplied=bool(row["supplied"]),
        at=cast("datetime | None", row.get("at")),
        context=traits_of(_mapping(row.get("fields"))),
        options=tuple(_option(i, _mapping(row.get("options")), traits) for i in ids),
    )


def _option(id: str, supplied: Mapping[str, object], traits: Mapping[str, Traits]) -> Traits:
    """Of its own request where the caller supplied it, else of the catalogue."""
    return traits_of(_mapping(supplied[id])) if id in supplied else traits.get(id, NO_TRAITS)
