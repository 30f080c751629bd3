"""What operations answer."""

from __future__ import annotations

from suggest.web.schemas.base import Open


class HealthOut(Open):
    status: str


class ReadyOut(Open):
    ready: bool
    reasons: list[str]


class DeletedOut(Open):
    erased: int  # rows


class BackupOut(Open):
    file: str  # inside the data folder
    bytes: int
