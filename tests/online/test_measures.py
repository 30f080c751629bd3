"""The numbers behind the reports: counted from the log, silence included, nothing made up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suggest.domain.errors import UnknownSurface
from tests.online.world import KNOWN, UNKNOWN, World


def test_nothing_served_is_no_share_of_anything(world: World) -> None:
    numbers = world.online.metrics("shop")
    assert numbers["requests"] == 0
    assert numbers["acceptance"] is None
    assert numbers["escalation_share"] is None
    assert numbers["mean_p_any"] is None


def test_requests_decisions_and_outcomes_are_counted(world: World) -> None:
    chosen, dismissed, ignored = world.ask(KNOWN), world.ask(KNOWN), world.ask(KNOWN)
    world.ask(UNKNOWN)
    world.select(chosen, chosen.slate.items[0].id)
    world.tell(world.event(dismissed, "dismiss"), world.event(ignored, "view"))
    world.clock.advance(seconds=1800)
    numbers = world.online.metrics("shop")
    assert numbers["requests"] == 4
    assert numbers["decisions"] == {"escalate": 1, "show": 3}
    assert numbers["outcomes"] == {"dismissed": 1, "ignored": 1, "selected": 1, "unseen": 1}
    assert numbers["escalation_share"] == 0.25
    assert numbers["acceptance"] == pytest.approx(1 / 3, abs=1e-4)
    assert numbers["selected_by_position"] == {"0": 1}


def test_what_is_still_open_is_not_yet_refused(world: World) -> None:
    chosen = world.ask(KNOWN)
    world.ask(KNOWN)
    world.select(chosen, "track")
    assert world.online.metrics("shop")["acceptance"] == 1.0


def test_a_span_holds_its_beginning_and_not_its_end(world: World) -> None:
    start = world.clock.now()
    world.ask(KNOWN)
    world.clock.advance(seconds=60)
    world.ask(KNOWN)
    minute = timedelta(seconds=60)
    assert world.online.metrics("shop", start, start + minute)["requests"] == 1
    assert world.online.metrics("shop", start + minute, start + 2 * minute)["requests"] == 1
    assert world.online.metrics("shop", start + 2 * minute)["requests"] == 0


def test_only_this_surface_counts(world: World) -> None:
    world.online.put_surface("other", {})
    world.ask(KNOWN, surface="other")
    world.clock.advance(seconds=1)
    assert world.online.metrics("shop")["requests"] == 0
    with pytest.raises(UnknownSurface):
        world.online.metrics("nowhere")
