"""A champion that breaks its word is called back, and that is said; one that keeps it, or is merely ignored, is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from online.world import KNOWN, answer

from loop.shops import Shop, boastful
from suggest.loop.alarm import usual_offset
from suggest.online.webhooks import OUTBOX


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "data", audit_rate=1.0)
    yield opened
    opened.close()


def audit(shop: Shop, n: int, *, right: bool) -> None:
    """`n` slates that a person checks: the top option is right, or nothing is."""
    for i in range(n):
        proposed = shop.ask(f"{KNOWN} {i}")
        review = shop.claim()
        given = {"item": proposed.slate.items[0].id} if right else {"none": True}
        shop.online.verdict(review.id, answer(review, eid=f"{right}-{shop.clock.now():%H%M%S}-{i}", **given))


def test_a_broken_word_rolls_back_by_itself_and_is_told(shop: Shop) -> None:
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    audit(shop, 34, right=False)
    shop.pass_time()
    models = shop.app.loop.models("shop")
    assert models["champion"] == "prior"
    told = shop.model("boastful")
    assert told["state"] == "alarmed"
    assert "rolled back to prior" in str(told["gate"])
    assert shop.ask(KNOWN).slate.bundle == "prior"
    assert shop.app.loop.live.alarms == {"shop": 1}
    with pytest.raises(Exception, match="did not pass"):
        shop.app.loop.promote("shop", "boastful")


def test_a_kept_word_stays_and_its_watch_is_told(shop: Shop) -> None:
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    audit(shop, 34, right=True)
    shop.pass_time()
    told = shop.model("boastful")
    assert told["state"] == "champion"
    assert told["watch"]["n"] == 34  # type: ignore[index]
    assert told["watch"]["e"] < 1  # type: ignore[index]


def test_a_watch_survives_a_restart(shop: Shop) -> None:
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    audit(shop, 20, right=False)
    shop.restart()
    shop.clock.advance(seconds=10)
    audit(shop, 14, right=False)
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "prior"


def test_people_who_write_their_own_text_are_no_alarm_where_nothing_is_known_of_their_habits(shop: Shop) -> None:
    shop.online.put_policy("shop", {"audit_rate": 0.0}, by="owner")
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    for i in range(40):
        proposed = shop.ask(f"{KNOWN} {i}")
        shop.tell(shop.event(proposed, "override", text="my own words"))
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "boastful"


def test_acts_count_against_what_was_usual_before(shop: Shop) -> None:
    """Half dismissed what the prior showed; the next one is believed no more than that, and is called back for all."""
    shop.online.put_policy("shop", {"audit_rate": 0.0}, by="owner")
    for i in range(60):
        proposed = shop.ask(f"{KNOWN} {i}")
        if i % 2:
            shop.tell(shop.event(proposed, "dismiss"))
        else:
            shop.select(proposed, proposed.slate.items[0].id)
    shop.clock.advance(seconds=5)
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    for i in range(40):
        proposed = shop.ask(f"{KNOWN} again {i}")
        shop.tell(shop.event(proposed, "dismiss"))
    shop.pass_time()
    assert shop.app.loop.models("shop")["champion"] == "prior"


def test_the_usual_offset_makes_the_means_meet() -> None:
    assert usual_offset([0.9, 0.8], [True, True]) == 0.0
    assert usual_offset([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(2.197, abs=1e-3)
    assert usual_offset([0.9] * 10, [False] * 10) > 8


def test_a_webhook_hears_of_it_with_the_very_note_in_the_log(shop: Shop) -> None:
    shop.online.webhooks.create("https://desk.example/hook", events=["alert.rollback"])
    shop.bundle("boastful", boastful())
    shop.app.loop.promote("shop", "boastful")
    audit(shop, 34, right=False)
    shop.pass_time()
    (stored,) = shop.app.store.keys(OUTBOX).values()
    told = stored.value["data"]
    assert stored.value["event"] == "alert.rollback"
    assert (told["surface"], told["bundle"], told["state"]) == ("shop", "boastful", "raised")  # type: ignore[index]
    assert "rolled back to prior" in told["why"]  # type: ignore[index]
    shop.restart()
    shop.pass_time()
    assert len(shop.app.store.keys(OUTBOX)) == 1
