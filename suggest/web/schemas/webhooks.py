"""Who else hears of what happens, how telling them went, and when reports are due. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suggest.online.webhooks import EventName
from suggest.web.schemas.base import Closed, Open, SurfaceName


class WebhookIn(Closed):
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[tuple[EventName, ...], Field(max_length=10)] = ()  # none: all
    surface: SurfaceName | None = None


class WebhookOut(Open):
    id: str
    url: str
    events: list[str]
    surface: str | None
    created_at: str


class NewWebhookOut(WebhookOut):
    secret: str  # shown once


class WebhooksOut(Open):
    webhooks: list[WebhookOut]


class DeliveryOut(Open):
    id: str
    event: str
    at: str
    attempts: int
    state: Literal["waiting", "delivered", "given-up"]
    said: str
    next_at: str | None


class DeliveriesOut(Open):
    deliveries: list[DeliveryOut]


class ScheduleIn(Closed):
    every: Literal["never", "daily", "weekly"] | None = None
    hour: Annotated[int, Field(ge=0, le=23, strict=True)] | None = None
    weekday: Literal["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] | None = None
    time_zone: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class ScheduleOut(Open):
    surface: str
    every: Literal["never", "daily", "weekly"]
    hour: int
    weekday: str
    time_zone: str
    next_at: str | None
