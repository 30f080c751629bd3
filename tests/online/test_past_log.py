"""Past logs: stored as slates of their own time, learned by position, never judged by probabilities they had not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suggest.domain.bundle import IMPORTED_BUNDLE
from suggest.domain.clock import rfc3339
from suggest.domain.errors import UnknownSurface
from suggest.online.messages import ABSENT, RawPastSlate
from suggest.online.past_log import id_of_text, past_slate_id
from suggest.store.ports import Table
from tests.online.world import START, UNKNOWN, World


def a_row(id: object = "r1", **changes: object) -> RawPastSlate:
    row: dict[str, object] = {
        "id": id,
        "context": {"text": UNKNOWN},
        "shown": [{"id": "cancel"}, {"id": "refund"}, {"id": "size"}],
        "chosen": "refund",
        "at": rfc3339(START - timedelta(days=90)),
        **changes,
    }
    return RawPastSlate(**row)


def rows(world: World, table: Table) -> list[dict[str, object]]:
    return [dict(stored.record.values) for stored in world.app.store.read(table)]


def test_a_slate_and_its_event_stand_at_their_own_time(world: World) -> None:
    said = world.online.import_log("shop", [a_row()])
    assert (said.accepted, said.duplicates, said.rejected) == (1, 0, ())
    slate = rows(world, Table.SLATES)[0]
    event = rows(world, Table.EVENTS)[0]
    assert slate["at"] == event["at"] == START - timedelta(days=90)
    assert event["received_at"] == START
    assert slate["bundle"] == IMPORTED_BUNDLE
    assert slate["supplied"] is False
    assert slate["embedding"] is not None
    assert (event["type"], event["item"], event["position"]) == ("select", "refund", 1)


def test_the_next_request_knows_what_was_chosen_then(world: World) -> None:
    before = world.ask(UNKNOWN).slate.items[0].id
    other = next(item for item in ("refund", "size") if item != before)
    world.online.import_log("shop", [a_row(chosen=other)])
    assert world.ask(UNKNOWN).slate.items[0].id == other


def test_what_was_learned_survives_a_restart(world: World) -> None:
    world.online.import_log("shop", [a_row(chosen="size")])
    learned = [item.id for item in world.ask(UNKNOWN).slate.items]
    world.restart()
    assert [item.id for item in world.ask(UNKNOWN).slate.items] == learned
    assert learned[0] == "size"


def test_many_rows_at_once_teach_too(world: World) -> None:
    many = [a_row(f"r{n}", context={"text": f"{UNKNOWN} {n}"}, chosen="size") for n in range(120)]
    assert world.online.import_log("shop", many).accepted == 120
    assert world.ask(f"{UNKNOWN} 7").slate.items[0].id == "size"


def test_a_repeat_adds_nothing_and_teaches_nothing(world: World) -> None:
    world.online.import_log("shop", [a_row()])
    before = [(item.id, item.p_select) for item in world.ask(UNKNOWN).slate.items]
    again = world.online.import_log("shop", [a_row()])
    assert (again.accepted, again.duplicates) == (0, 1)
    assert [(item.id, item.p_select) for item in world.ask(UNKNOWN).slate.items] == before


def test_the_same_name_on_another_surface_is_another_row() -> None:
    assert past_slate_id("a", "1") != past_slate_id("b", "1")
    assert past_slate_id("a", "1") == past_slate_id("a", "1")


def test_an_option_is_found_by_its_words_or_kept_by_them(world: World) -> None:
    shown = [{"text": "  the REFUND reaches your account within five days."}, {"text": "Never said again."}]
    world.online.import_log("shop", [a_row(shown=shown, chosen="Never said again.")])
    slate = rows(world, Table.SLATES)[0]
    options = slate["shown"]
    assert isinstance(options, list)
    assert [option["id"] for option in options] == ["refund", id_of_text("Never said again.")]
    assert slate["supplied"] is True, "an option that is no candidate: its selection has no vote in the catalogue"


def test_given_propensities_are_kept_and_others_are_1(world: World) -> None:
    world.online.import_log("shop", [a_row(shown=[{"id": "refund", "propensity": 0.25}, {"id": "size"}])])
    options = rows(world, Table.SLATES)[0]["shown"]
    assert isinstance(options, list)
    assert [option["propensity"] for option in options] == [0.25, 1.0]


@pytest.mark.parametrize(
    ("outcome", "chosen", "kind"),
    [
        (None, "size", "select"),
        ("selected", "size", "select"),
        ("dismissed", None, "dismiss"),
        ("ignored", None, "view"),
        (None, None, "view"),
        (None, ABSENT, "view"),
    ],
)
def test_what_became_of_it(world: World, outcome: str | None, chosen: object, kind: str) -> None:
    world.online.import_log("shop", [a_row(outcome=outcome, chosen=chosen)])
    assert [event["type"] for event in rows(world, Table.EVENTS)] == [kind]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"id": None}, "invalid-slate"),
        ({"id": "x" * 129}, "invalid-slate"),
        ({"context": {"text": " "}}, "invalid-slate"),
        ({"shown": []}, "invalid-slate"),
        ({"shown": "refund"}, "invalid-slate"),
        ({"shown": [{}]}, "invalid-slate"),
        ({"shown": [{"id": "refund"}, {"id": "refund"}]}, "invalid-slate"),
        ({"shown": [{"id": "refund", "propensity": 0}]}, "invalid-slate"),
        ({"shown": [{"id": "refund", "propensity": True}]}, "invalid-slate"),
        ({"shown": [{"id": f"o{n}", "text": "t"} for n in range(51)]}, "invalid-slate"),
        ({"shown": [{"id": "nobody"}]}, "unknown-item"),
        ({"chosen": "track"}, "item-not-shown"),
        ({"outcome": "selected", "chosen": None}, "invalid-slate"),
        ({"outcome": "dismissed"}, "invalid-slate"),
        ({"outcome": "lost"}, "invalid-slate"),
        ({"at": "2999-01-01T00:00:00Z"}, "invalid-slate"),
        ({"at": "yesterday"}, "invalid-slate"),
    ],
)
def test_a_bad_row_is_refused_alone(world: World, changes: dict[str, object], slug: str) -> None:
    said = world.online.import_log("shop", [a_row(**{"id": "bad", **changes}), a_row()])
    assert said.accepted == 1
    assert [(each.index, each.type) for each in said.rejected] == [(0, slug)]
    assert said.rejected[0].detail.endswith(".")


def test_an_unknown_surface_refuses_the_whole(world: World) -> None:
    with pytest.raises(UnknownSurface):
        world.online.import_log("nowhere", [a_row()])


def test_probabilities_that_were_never_given_are_not_averaged(world: World) -> None:
    world.online.import_log("shop", [a_row()])
    told = world.online.metrics("shop")
    assert told["outcomes"] == {"selected": 1}
    assert told["mean_p_any"] is None
    assert told["selected_by_position"] == {"1": 1}


def test_who_asked_is_stored_as_a_hash_only(world: World) -> None:
    world.online.import_log("shop", [a_row(context={"text": UNKNOWN, "user": "ann@shop.example"})])
    slate = rows(world, Table.SLATES)[0]
    assert slate["user_key"]
    assert "ann@" not in str(slate)
