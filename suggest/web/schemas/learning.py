"""Training runs and the bundles they make."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from suggest.web.schemas.base import Closed, OpaqueId, Open


class TrainIn(Closed):
    encoder: Literal["auto", "off", "tune"] = "auto"


class EvaluatedPolicyIn(Closed):
    exploration: Annotated[float, Field(ge=0, le=10)]


class EvaluateIn(Closed):
    bundle: OpaqueId | None = None
    policy: EvaluatedPolicyIn | None = None


class ValueOut(Open):
    estimate: float | None
    interval: tuple[float, float] | None


class WarningOut(Open):
    type: str
    detail: str


class EvaluationOut(Open):
    surface: str
    target: dict[str, Any]
    measure: str
    estimate: float | None
    interval: tuple[float, float] | None
    n: int
    ess: float | None
    logged: ValueOut
    difference: ValueOut
    item_position_snips: ValueOut
    bounds: tuple[float, float] | None
    agreement: float | None
    left_out: dict[str, int]
    warnings: list[WarningOut]


class JobOut(Open):
    model_config = ConfigDict(extra="allow")
    id: str
    state: str
    bundle: str | None
    gate: dict[str, Any] | None


class ModelOut(Open):
    model_config = ConfigDict(extra="allow")
    id: str
    surface: str
    at: str
    state: str
    parent: str | None


class ModelsOut(Open):
    champion: str
    models: list[ModelOut]


class ChampionOut(Open):
    surface: str
    bundle: str
