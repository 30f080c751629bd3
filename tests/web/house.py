"""A whole house for the tests of its front door: real log, real service, a small encoder, a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from suggest.config.application import Application, open_application
from suggest.config.settings import Settings
from suggest.domain.clock import ManualClock
from suggest.online.webhooks import Sends
from suggest.retrieve.hashing import HashingEncoder
from suggest.web.app import create_app
from suggest.web.limits import Limits
from web.answers import check_answer

SECRET = "sk_the_first_secret_key"
SHOP = "https://shop.example"
REPLIES = (
    {"id": "track", "text": "You can follow your parcel with the tracking link in your mail."},
    {"id": "refund", "text": "We refund the money within five days."},
    {"id": "size", "text": "The size chart tells you which shoe fits."},
    {"id": "odd/id ü", "text": "Gift cards never expire."},
)
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Monotonic:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(slots=True, kw_only=True)
class House:
    application: Application
    app: Starlette
    client: TestClient
    clock: ManualClock
    monotonic: Monotonic
    secret: Mapping[str, str]

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        limits: Limits | None = None,
        frame_ancestors: tuple[str, ...] = (),
        send: Sends | None = None,
        **settings: Any,
    ) -> House:
        clock, monotonic = ManualClock(START), Monotonic()
        application = open_application(
            Settings(data_dir=folder, secret_key=SECRET, **settings),
            clock=clock,
            encoder=HashingEncoder(),
            ticking=False,
            send=send,
        )
        app = create_app(application, limits=limits, frame_ancestors=frame_ancestors, monotonic_s=monotonic)
        client = TestClient(app, raise_server_exceptions=False)
        client.event_hooks = {"response": [check_answer]}
        secret = {"Authorization": f"Bearer {SECRET}"}
        return cls(application=application, app=app, client=client, clock=clock, monotonic=monotonic, secret=secret)

    def close(self) -> None:
        self.client.close()
        self.app.state.parts.close()
        self.application.close()

    def a_surface(self, name: str = "replies", **settings: object) -> str:
        made = self.client.put(f"/v1/surfaces/{name}", json=settings, headers=self.secret)
        assert made.status_code in {200, 201}, made.text
        sent = {"candidates": list(REPLIES)}
        filled = self.client.post(f"/v1/surfaces/{name}/candidates", json=sent, headers=self.secret)
        assert filled.status_code == 200, filled.text
        return name

    def a_key(self, kind: str, **more: object) -> str:
        made = self.client.post("/v1/keys", json={"kind": kind, **more}, headers=self.secret)
        assert made.status_code == 201, made.text
        return str(made.json()["key"])

    def a_slate(self, surface: str = "replies", text: str = "where is my parcel", **more: object) -> dict[str, Any]:
        body = {"surface": surface, "context": {"text": text}, **more}
        asked = self.client.post("/v1/suggest", json=body, headers=self.secret)
        assert asked.status_code == 200, asked.text
        return dict(asked.json())

    def an_escalation(self, surface: str, text: str = "can I pay in shells", **more: object) -> dict[str, Any]:
        """A slate that went to people; the surface sends everything there from now on."""
        self.client.put(f"/v1/surfaces/{surface}/policy", json={"mode": "review_all"}, headers=self.secret)
        slate = self.a_slate(surface, text, **more)
        assert slate["decision"] == "escalate"
        return slate

    def n_rows(self, table: str) -> int:
        """How many rows of a table are in the log."""
        export = self.client.get(f"/v1/export/{table}?format=csv", headers=self.secret)
        assert export.status_code == 200, export.text
        return len(export.text.splitlines()) - 1
