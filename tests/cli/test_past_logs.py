"""`suggest import --kind log`: what was shown, in which order, and what was chosen, as slates and events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.shell import Server, Shell
from cli.test_import import a_shop, rows_of

SLATES: list[dict[str, Any]] = [
    {
        "slate_id": "s1",
        "text": "where is it",
        "shown": [{"id": "refund"}, {"id": "track"}],
        "chosen": "track",
        "at": "2025-05-01T10:00:00Z",
    },
    {
        "slate_id": "s2",
        "text": "is it art",
        "shown": ["size", "refund"],
        "chosen": None,
        "outcome": "closed",
        "at": 1746093600000,
    },
    {
        "slate_id": "s3",
        "text": "hello",
        "shown": [{"text": "Something we no longer say."}, {"id": "size"}],
        "at": "2025-05-01T12:00:00+02:00",
    },
]


def a_log(shell: Shell, slates: list[dict[str, Any]] = SLATES) -> str:
    return str(shell.file("log.jsonl", "".join(json.dumps(slate) + "\n" for slate in slates)))


def imported(shell: Shell, *options: str) -> Any:
    said = shell.on_data("import", a_log(shell), "--surface", "shop", "--kind", "log", "--json", *options)
    assert said.code == 0, said.out + said.err
    return said.json


def test_slates_keep_their_order_their_time_and_what_was_chosen(shell: Shell) -> None:
    assert imported(a_shop(shell))["accepted"] == 3
    slates = rows_of(shell, "slates")
    shown = [[option["id"] for option in json.loads(slate["shown"])] for slate in slates]
    assert shown[0] == ["refund", "track"]
    assert shown[1] == ["size", "refund"]
    assert shown[2][1] == "size"
    assert slates[0]["at"].startswith("2025-05-01 10:00:00")
    assert slates[1]["at"].startswith("2025-05-01 10:00:00")
    assert {slate["bundle"] for slate in slates} == {"imported"}
    assert all(option["propensity"] == 1 for slate in slates for option in json.loads(slate["shown"]))
    events = {(event["type"], event["item"], event["position"]) for event in rows_of(shell, "events")}
    assert events == {("select", "track", "1"), ("dismiss", "", ""), ("view", "", "")}


def test_silence_is_missing_and_a_close_is_a_dismissal(shell: Shell) -> None:
    imported(a_shop(shell))
    said = shell.on_data("report", "shop", "--json")
    assert said.json["outcomes"] == {"dismissed": 1, "ignored": 1, "selected": 1}
    assert said.json["selected_by_position"] == {"1": 1}
    assert said.json["mean_p_any"] is None, "nobody gave a probability then"


def test_importing_a_log_again_adds_nothing(shell: Shell) -> None:
    imported(a_shop(shell))
    again = imported(shell)
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    assert len(rows_of(shell, "slates")) == len(rows_of(shell, "events")) == 3


def test_rows_without_ids_are_told_apart_and_still_count_once(shell: Shell) -> None:
    twice = [{key: value for key, value in SLATES[0].items() if key != "slate_id"}] * 2
    for expected in ((2, 0), (0, 2)):
        said = a_shop(shell).on_data("import", a_log(shell, twice), "--surface", "shop", "--kind", "log", "--json")
        assert (said.json["accepted"], said.json["duplicates"]) == expected


def test_a_row_an_option_is_gathered_by_its_slate(shell: Shell) -> None:
    file = shell.file(
        "log.csv",
        "slate_id,position,item,message,clicked,timestamp\n"
        "a,1,track,where is it,1,2025-05-01T10:00:00Z\n"
        "b,0,size,too small,0,2025-05-01T11:00:00Z\n"
        "a,0,refund,where is it,0,2025-05-01T10:00:00Z\n"
        "b,1,track,too small,0,2025-05-01T11:00:00Z\n",
    )
    said = a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "log", "--json")
    assert said.code == 0, said.out
    assert said.json["accepted"] == 2
    first = rows_of(shell, "slates")[0]
    assert [option["id"] for option in json.loads(first["shown"])] == ["refund", "track"]
    chosen = [event for event in rows_of(shell, "events") if event["type"] == "select"]
    assert [(event["item"], event["position"]) for event in chosen] == [("track", "1")]


def test_words_become_the_candidates_they_are_or_may_become_new_ones(shell: Shell) -> None:
    slate = {"text": "hm", "shown": [{"text": "We refund the money within five days."}, {"text": "Brand new."}]}
    a_shop(shell).on_data(
        "import",
        a_log(shell, [{**slate, "chosen": "Brand new."}]),
        "--surface",
        "shop",
        "--kind",
        "log",
        "--create-candidates",
    )
    shown = json.loads(rows_of(shell, "slates")[0]["shown"])
    assert shown[0]["id"] == "refund"
    assert shown[1]["id"].startswith("brand-new")
    assert rows_of(shell, "slates")[0]["supplied"] == "false"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"shown": []}, "shown"),
        ({"shown": "no json"}, "shown"),
        ({"chosen": "size"}, "chosen"),
        ({"chosen": True}, "chosen"),
        ({"outcome": "vanished"}, "outcome"),
        ({"outcome": "dismissed"}, "outcome"),
        ({"text": " "}, "text"),
        ({"at": "last week"}, "at"),
        ({"shown": [{"id": "track", "propensity": 2}]}, "propensity"),
    ],
)
def test_a_slate_that_cannot_be_meant_is_named(shell: Shell, change: dict[str, object], field: str) -> None:
    said = a_shop(shell).on_data(
        "import", a_log(shell, [SLATES[0], {**SLATES[0], **change}]), "--surface", "shop", "--kind", "log", "--json"
    )
    assert said.code == 3
    assert [(fault["line"], fault["field"]) for fault in said.json["faults"]] == [(2, field)]


@pytest.mark.parametrize(
    "change",
    [
        {"shown": [{"id": "nobody-knows"}, {"id": "track"}]},
        {"shown": [{"id": "track"}, {"id": "track"}]},
        {"at": "2999-01-01T00:00:00Z"},
    ],
)
def test_what_only_the_service_can_know_is_named_too(shell: Shell, change: dict[str, object]) -> None:
    said = a_shop(shell).on_data(
        "import",
        a_log(shell, [{**SLATES[0], **change, "slate_id": "other"}, SLATES[0]]),
        "--surface",
        "shop",
        "--kind",
        "log",
        "--json",
    )
    assert said.code == 3
    assert [fault["line"] for fault in said.json["faults"]] == [1]


def test_a_writing_assistants_log_is_read_by_its_own_names(shell: Shell) -> None:
    """The shape of a public log: suggestions in a list, the chosen one by its place, times in milliseconds."""
    rows = [
        {
            "list_id": "ca1",
            "session": "x",
            "worker": "w1",
            "shown_at_ms": 1629072624550,
            "context": "Once upon a time",
            "suggestions": [{"pos": 1, "text": "a cat sat."}, {"pos": 0, "text": "a dog ran."}],
            "outcome": "select",
            "selected_pos": 1,
        },
        {
            "list_id": "ca2",
            "session": "x",
            "worker": "w1",
            "shown_at_ms": 1629072724550,
            "context": "The end",
            "suggestions": [{"pos": 0, "text": "is near."}],
            "outcome": "rerequest",
            "selected_pos": None,
        },
    ]
    said = shell.on_data("import", a_log(shell, rows), "--surface", "writing", "--kind", "log", "--create", "--json")
    assert said.code == 0, said.out
    slate = rows_of(shell, "slates")[0]
    assert [option["text"] for option in json.loads(slate["shown"])] == ["a dog ran.", "a cat sat."]
    assert slate["at"].startswith("2021-08-16")
    assert slate["supplied"] == "true"
    assert [event["type"] for event in rows_of(shell, "events")] == ["select", "dismiss"]
    assert rows_of(shell, "events")[0]["position"] == "1"


def test_the_running_service_learns_from_a_log_at_once(shell: Shell, server: Server) -> None:
    a_shop(shell)
    slates = [{"text": "my heels hurt in these", "shown": ["refund", "size"], "chosen": "size"}]
    said = shell.on_data("import", a_log(shell, slates), "--surface", "shop", "--kind", "log")
    assert said.code == 0, said.out
    asked = {"surface": "shop", "context": {"text": "my heels hurt in these"}}
    assert server.client.post("/v1/suggest", json=asked).json()["items"][0]["id"] == "size"
