"""What every handler may reach: the application below, and the web layer's own short memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request

from suggest.web.arrivals import Arrivals
from suggest.web.gauges import ReportGauges
from suggest.web.limits import Limits, RateLimiter
from suggest.web.meters import Meters
from suggest.web.replay import Replays
from suggest.web.snapshots import Snapshots
from suggest.web.threads import Lanes

if TYPE_CHECKING:
    from suggest.config.application import Application
    from suggest.loop.service import LoopService
    from suggest.online.service import OnlineService


@dataclass(slots=True, kw_only=True)
class Parts:
    application: Application
    limits: Limits
    limiter: RateLimiter
    impression_limiter: RateLimiter  # its own: names that callers make up must push nobody's key out
    replays: Replays
    meters: Meters
    lanes: Lanes
    monotonic_s: Callable[[], float]
    static: Path  # components/static
    snapshots: Snapshots
    gauges: ReportGauges
    arrivals: Arrivals = field(default_factory=Arrivals)
    heartbeat_s: float = 15.0
    in_flight: int = 0
    streams: int = 0
    is_stopping: bool = False
    on_stop: list[Callable[[], None]] = field(default_factory=list)  # wakes open event streams, so that they end

    @property
    def online(self) -> OnlineService:
        return self.application.online

    @property
    def loop(self) -> LoopService:
        return self.application.loop

    def stop(self) -> None:
        """Let open event streams end, so that a stop need not wait for them."""
        self.is_stopping = True
        for wake in list(self.on_stop):
            wake()

    def close(self) -> None:
        """No request is served any more: its threads may go, and whoever draws reports."""
        self.lanes.close()
        self.snapshots.close()


def parts_of(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts
