"""The accounts of the people who work here, and how they sign in. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suggest.domain.worker import MOST_SKILLS
from suggest.web.schemas.base import Closed, Note, OpaqueId, Open, Tag

Words = Annotated[tuple[Tag, ...], Field(max_length=MOST_SKILLS)]
RoleName = Literal["worker", "reviewer", "owner"]


class WorkerIn(Closed):
    """What is not sent keeps its value, or takes this default where the account is new."""

    name: Annotated[Note, Field(max_length=80)] = ""
    role: RoleName = "worker"
    skills: Words = ()
    languages: Words = ()
    login: Annotated[Note, Field(max_length=200)] | None = None


class WorkerOut(Open):
    id: str
    name: str
    role: RoleName
    skills: list[str]
    languages: list[str]
    login: str | None
    created_at: str | None
    left_at: str | None
    on_duty: bool


class RightOut(Open):
    low: float
    mid: float
    high: float
    n: int


class QualityOut(Open):
    n_answered: int
    median_handling_s: float | None
    right: RightOut


class OneWorkerOut(WorkerOut):
    quality: QualityOut


class WorkersOut(Open):
    workers: list[WorkerOut]


class LinkIn(Closed):
    """For an account, or for somebody without one: then a role and a name."""

    worker: OpaqueId | None = None
    role: RoleName = "worker"
    name: Annotated[Note, Field(max_length=80)] = ""


class LinkOut(Open):
    path: str
    code: str
