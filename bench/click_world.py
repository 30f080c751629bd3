"""Worlds in which people click: what they look at, what they take, and what a log of it looks like.

A person reads a slate from the top. Slot k is examined with chance theta_k; an examined option is taken with chance
RIGHT if it is right, and by mistake with chance WRONG (in a world of trust, more so near the top). The first one taken
ends the reading. Who takes nothing dismisses with chance DISMISSES, else says nothing, and nothing is learned of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suggest.domain import weight as weights
from suggest.loop.examples import Catalog, Example, ExampleSet
from suggest.online.suggester import Suggester
from suggest.policy.arrange import arrange, impression_rng
from suggest.rank.habits import Asker

Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]
RIGHT, WRONG, DISMISSES = 0.95, 0.10, 0.5
SLOTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How people of a world read a slate."""

    name: str
    theta: Floats  # (SLOTS,) chance that a slot is examined once it is reached
    wrong: Floats  # (SLOTS,) chance that a wrong option is taken once it is examined


def _flat(value: float) -> Floats:
    return np.full(SLOTS, value)


_RANK = np.arange(1, SLOTS + 1, dtype=np.float64)
READERS = (
    Reader(name="PBM eta 1", theta=1 / _RANK, wrong=_flat(WRONG)),
    Reader(name="PBM eta 2", theta=1 / _RANK**2, wrong=_flat(WRONG)),
    Reader(name="cascade .75", theta=0.75 ** (_RANK - 1), wrong=_flat(WRONG)),
    Reader(name="PBM eta 1, trust .15", theta=1 / _RANK, wrong=WRONG + 0.15 / _RANK),
)
UNBIASED = Reader(name="no bias", theta=_flat(1.0), wrong=_flat(WRONG))
LOGS = {"deterministic": 0.0, "Plackett-Luce .3": 0.3}  # temperature of the logging policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    texts: Sequence[str]
    embeddings: Embeddings  # (n, d) unit rows
    right: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One logged slate."""

    request: int
    ids: tuple[str, ...]
    p_select: tuple[float, ...]
    propensities: tuple[float, ...]


def logged(catalog: Catalog, requests: Requests, *, tau: float) -> list[Shown]:
    """The slates that a surface with names alone would have served, without learning anything on the way."""
    suggester = fresh(catalog)
    slates = []
    for n, (text, embedding) in enumerate(zip(requests.texts, requests.embeddings, strict=True)):
        ranking = suggester.rank(embedding, text)
        rng = impression_rng(f"impression-{n}", 0) if tau > 0 else None
        drawn = arrange(ranking.ids, ranking.logits, SLOTS, tau=tau, rng=rng)
        slates.append(
            Shown(
                request=n,
                ids=tuple(ranking.ids[i] for i in drawn.order),
                p_select=tuple(float(ranking.p_select[i]) for i in drawn.order),
                propensities=drawn.propensities,
            )
        )
    return slates


def read(slates: Sequence[Shown], requests: Requests, reader: Reader, *, seed: int) -> list[int | None]:
    """Of each slate the slot that was taken, -1 where it was dismissed, None where nothing was said.

    The same numbers are drawn in every world, so that worlds differ by what they are and not by luck."""
    rng = np.random.default_rng([seed, 7])
    taken: list[int | None] = []
    for slate in slates:
        looks, takes, dismisses = rng.random(SLOTS), rng.random(SLOTS), rng.random() < DISMISSES
        right = np.array([i == requests.right[slate.request] for i in slate.ids])
        chance = np.where(right, RIGHT, reader.wrong)
        hits = np.flatnonzero((looks < reader.theta) & (takes < chance))
        taken.append(int(hits[0]) if len(hits) else -1 if dismisses else None)
    return taken


def examples(
    catalog: Catalog,
    requests: Requests,
    slates: Sequence[Shown],
    taken: Sequence[int | None],
    *,
    habits: bool = False,
) -> ExampleSet:
    """The log as a retrain reads it. `habits`: who asked is a stranger, but how often an option is taken counts."""
    found = []
    for order, (slate, slot) in enumerate(zip(slates, taken, strict=True)):
        if slot is None:
            continue
        found.append(
            Example(
                key=f"request-{slate.request}",
                text=requests.texts[slate.request],
                row=slate.request,
                right=(slate.ids[slot],) if slot >= 0 else (),
                weight=weights.CLICK,
                order=float(order),
                click=True,
                examined=slate.ids[:slot] if slot >= 0 else slate.ids,
                slot=max(slot, 0),
                shown=slate.ids,
                asker=asker_at(order) if habits else None,
            )
        )
    return ExampleSet(examples=tuple(found), embeddings=requests.embeddings, catalog=catalog)


def asker_at(order: int) -> Asker:
    """Nobody we know, a minute after the one before."""
    return Asker(at=60.0 * order)


def fresh(catalog: Catalog) -> Suggester:
    """A surface with these candidates and nothing learned."""
    suggester = Suggester("bench", dim=catalog.embeddings.shape[1])
    suggester.candidates.upsert(catalog.ids, catalog.texts, catalog.embeddings)
    suggester.lexical.upsert(catalog.ids, catalog.texts)
    return suggester
