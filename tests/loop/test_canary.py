"""A canary from its first shared slate to its end: by people's choices alone, through a restart, told everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loop.shops import Shop, upside_down
from suggest.online.messages import Proposed


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop where a challenger that ranks everything the other way round shares the slates."""
    opened = Shop(tmp_path / "data", promotion="canary")
    files = opened.bundle("challenger", upside_down())
    opened.app.loop.live.begin("shop", "challenger", files, data_until=1)
    yield opened
    opened.close()


def people_take(shop: Shop, team: str, n: int) -> list[Proposed]:
    """`n` people who each take the first contested option of this team, where there is one."""
    served = []
    for _ in range(n):
        proposed = shop.ask("where is my parcel")
        mine = [item for item in proposed.slate.items if item.team == team and item.contested]
        if mine:
            shop.select(proposed, mine[0].id)
        served.append(proposed)
    return served


def test_slates_carry_teams_exact_propensities_and_the_champions_probabilities(shop: Shop) -> None:
    slates = [each.slate for each in people_take(shop, "nobody", 8)]
    for slate in slates:
        assert {item.team for item in slate.items} == {"prior", "challenger"}
        assert slate.bundle == "prior"
        assert slate.p_any == pytest.approx(sum(item.p_select for item in slate.items))
    assert {slate.items[0].propensity for slate in slates} == {0.5}
    assert len({slate.items[0].id for slate in slates}) == 2, "each team leads sometimes"


def test_people_promote_the_one_they_prefer(shop: Shop) -> None:
    people_take(shop, "challenger", 16)
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "challenger"
    told = shop.model("challenger")
    assert told["state"] == "champion"
    assert "people preferred it" in str(told["gate"])
    assert shop.ask("where is my parcel").slate.bundle == "challenger"
    assert shop.ask("where is my parcel").slate.items[0].team is None


def test_people_reject_the_one_they_do_not(shop: Shop) -> None:
    people_take(shop, "prior", 16)
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "prior"
    assert shop.model("challenger")["state"] == "kept"
    assert shop.ask("where is my parcel").slate.items[0].team is None
    assert shop.app.loop.live.canaries.all() == []


def test_how_it_stands_is_told_and_survives_a_restart(shop: Shop) -> None:
    people_take(shop, "challenger", 4)
    before = shop.model("challenger")["canary"]
    assert before["sessions"] == 4  # type: ignore[index]
    assert before["wins"] > 0  # type: ignore[index]
    assert before["losses"] == 0  # type: ignore[index]
    shop.restart()
    assert shop.model("challenger")["canary"] == before
    people_take(shop, "challenger", 14)
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "challenger"


def test_a_selection_that_both_rank_alike_counts_for_nobody(shop: Shop) -> None:
    for _ in range(6):
        proposed = shop.ask("where is my parcel")
        alike = [item for item in proposed.slate.items if not item.contested]
        if alike:
            shop.select(proposed, alike[0].id)
    told = shop.model("challenger")["canary"]
    assert told["sessions"] == 6  # type: ignore[index]
    assert told["wins"] == told["losses"] == 0  # type: ignore[index]


def test_one_person_is_no_crowd(shop: Shop) -> None:
    for _ in range(14):
        proposed = shop.ask("where is my parcel", user="ann")
        mine = [item for item in proposed.slate.items if item.team == "challenger" and item.contested]
        if mine:
            shop.select(proposed, mine[0].id)
    assert shop.model("challenger")["canary"]["wins"] == 3  # type: ignore[index]


def test_it_ends_where_another_champion_serves(shop: Shop) -> None:
    shop.bundle("other", upside_down())
    shop.app.loop.promote("shop", "other")
    assert shop.ask("where is my parcel").slate.items[0].team is None, "at once, not only at the next look"
    shop.pass_time()
    assert shop.app.loop.live.canaries.all() == []
    assert "another champion" in str(shop.model("challenger")["gate"])


def test_what_the_caller_ranks_and_what_must_not_teach_is_not_shared(shop: Shop) -> None:
    assert shop.ask("where is my parcel", learn=False).slate.items[0].team is None


def test_no_retrain_begins_by_itself_meanwhile(shop: Shop) -> None:
    shop.app.loop.note_outcomes("shop", 500)
    shop.pass_time()
    assert not shop.app.loop._jobs.pending("shop")


def test_an_owner_who_promotes_otherwise_stops_it(shop: Shop) -> None:
    people_take(shop, "challenger", 2)
    shop.online.put_policy("shop", {"promotion": "offline"}, by="owner")
    shop.pass_time()
    assert shop.app.loop.live.canaries.all() == []
    assert shop.app.loop.models("shop")["champion"] == "prior"
    assert "stopped" in str(shop.model("challenger")["gate"])
    assert shop.ask("where is my parcel").slate.items[0].team is None
