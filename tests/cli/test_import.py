"""`suggest import`: what is in the file is in the service, and every row that is not is named with its line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from cli.shell import Server, Shell

TICKETS = Path(__file__).parents[2] / "examples" / "tickets.csv"
REPLIES = """id,text,tags
track,You can follow your parcel with the link in your mail.,"post, parcel"
refund,We refund the money within five days.,money
size,The size chart tells which shoe fits.,
"""


def a_shop(shell: Shell) -> Shell:
    said = shell.on_data(
        "import", shell.file("replies.csv", REPLIES), "--surface", "shop", "--kind", "candidates", "--create"
    )
    assert said.code == 0, said.err
    return shell


def rows_of(shell: Shell, table: str) -> list[dict[str, str]]:
    out = shell.folder / f"{table}.csv"
    said = shell.on_data("export", table, "--format", "csv", "--out", out)
    assert said.code == 0, said.err
    with out.open(newline="") as file:
        csv.field_size_limit(2**20)
        return list(csv.DictReader(file))


# -- candidates --------------------------------------------------------------------------------------------------------


def test_candidates_come_from_csv(shell: Shell) -> None:
    said = a_shop(shell).on_data(
        "import", shell.folder / "replies.csv", "--surface", "shop", "--kind", "candidates", "--json"
    )
    assert said.code == 0
    assert said.json["accepted"] == 3
    assert said.json["skipped"] == 0


def test_a_row_with_words_only_gets_an_id_and_one_with_an_id_only_gets_words(shell: Shell) -> None:
    file = shell.file("c.csv", "id,text\n,A reply of its own.\ncard_arrival,\n")
    shell.on_data("import", file, "--surface", "s", "--kind", "candidates", "--create")
    labels = shell.file("l.csv", "text,item\nanything,A reply of its own.\nwhere is my card,card_arrival\n")
    said = shell.on_data("import", labels, "--surface", "s", "--kind", "labels", "--json")
    assert said.json["accepted"] == 2
    assert {row["item"] for row in rows_of(shell, "labels")} >= {"card_arrival"}


def test_a_missing_surface_is_not_made_unasked(shell: Shell) -> None:
    said = a_shop(shell).on_data("import", "replies.csv", "--surface", "shpo", "--kind", "candidates")
    assert said.code == 2
    assert "--create" in said.err
    assert "shop" in said.err


def test_a_mistyped_data_folder_is_not_made(shell: Shell) -> None:
    file = shell.file("replies.csv", REPLIES)
    said = shell.run("import", file, "--surface", "shop", "--kind", "candidates", "--data", shell.folder / "typo")
    assert said.code == 4
    assert not (shell.folder / "typo").exists()


# -- labels ------------------------------------------------------------------------------------------------------------


def test_labels_name_candidates_by_id_or_by_their_words(shell: Shell) -> None:
    file = shell.file(
        "labels.csv",
        "message,answer\nwhere is it,track\nmoney back please,we refund  the money within FIVE days.\n",
    )
    said = a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "labels", "--json")
    assert said.code == 0
    assert [row["item"] for row in rows_of(shell, "labels")] == ["track", "refund"]


def test_every_bad_row_is_named_with_its_line_and_the_good_ones_are_taken(shell: Shell) -> None:
    text = 'text,item\nwhere is it,track\n"two\nlines",track\n,refund\nhm,nonsense\none,two,three\nlast,size\n'
    said = a_shop(shell).on_data(
        "import",
        shell.file("labels.csv", text),
        "--surface",
        "shop",
        "--kind",
        "labels",
        "--report",
        "faults.csv",
        "--json",
    )
    assert said.code == 3
    assert said.json["accepted"] == 3
    assert [(fault["line"], fault["field"]) for fault in said.json["faults"]] == [(5, "text"), (6, "item"), (7, "")]
    with (shell.folder / "faults.csv").open(newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["5", "6", "7"]


def test_people_see_the_first_twenty_faults_and_how_many_more_there_are(shell: Shell) -> None:
    text = "text,item\nwhere is it,track\n" + "".join(f"row {n},nonsense\n" for n in range(30))
    said = a_shop(shell).on_data("import", shell.file("labels.csv", text), "--surface", "shop", "--kind", "labels")
    assert said.code == 3
    assert said.out.count("    line ") == 20
    assert "10 more" in said.out


def test_nothing_taken_is_exit_code_1(shell: Shell) -> None:
    said = a_shop(shell).on_data(
        "import", shell.file("l.csv", "text,item\nhello,nonsense\n"), "--surface", "shop", "--kind", "labels"
    )
    assert said.code == 1
    assert rows_of(shell, "labels") == []


def test_importing_again_adds_nothing(shell: Shell) -> None:
    file = shell.file("l.csv", "text,item\nwhere is it,track\nwhich size,size\n")
    a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "labels")
    said = shell.on_data("import", file, "--surface", "shop", "--kind", "labels", "--json")
    assert said.code == 0
    assert (said.json["accepted"], said.json["duplicates"]) == (0, 2)
    assert len(rows_of(shell, "labels")) == 2


def test_answers_become_candidates_where_that_is_asked_for(shell: Shell) -> None:
    said = shell.on_data(
        "import", TICKETS, "--surface", "bikes", "--kind", "labels", "--create", "--create-candidates", "--json"
    )
    assert said.code == 0, said.err
    assert said.json["accepted"] == 60
    assert said.json["candidates_created"] == 10
    assert len({row["item"] for row in rows_of(shell, "labels")}) == 10


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("l.csv", "text,item\nwhat is love,oos\nwhere is it,track\n", ["--none", "oos"]),
        ("l.csv", "text,item\nwhat is love,\nwhere is it,track\n", ["--none", ""]),
        ("l.jsonl", '{"text": "what is love", "item": null}\n{"text": "where is it", "item": "track"}\n', []),
    ],
)
def test_none_of_them_is_an_answer(shell: Shell, name: str, content: str, options: list[str]) -> None:
    said = a_shop(shell).on_data("import", shell.file(name, content), "--surface", "shop", "--kind", "labels", *options)
    assert said.code == 0, said.out
    assert [row["item"] for row in rows_of(shell, "labels")] == ["", "track"]


def test_an_empty_answer_is_a_fault_and_not_a_none(shell: Shell) -> None:
    file = shell.file("l.csv", "text,item\nwhat is love,\n")
    said = a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "labels")
    assert said.code == 1
    assert '--none ""' in said.out


def test_jsonl_keeps_turns_fields_people_and_times(shell: Shell) -> None:
    row = {
        "context": {"text": "yes", "turns": [{"role": "agent", "text": "Shall I cancel?"}], "user": "ann"},
        "label": "refund",
        "when": "2025-03-01 10:00:00",
        "shop": "north",
    }
    file = shell.file("l.jsonl", json.dumps(row) + "\n")
    said = a_shop(shell).on_data(
        "import", file, "--surface", "shop", "--kind", "labels", "--map", "at=when", "--map", "fields.shop=shop"
    )
    assert said.code == 0, said.out
    stored = rows_of(shell, "labels")[0]
    context = json.loads(stored["context"])
    assert context["turns"] == [{"role": "agent", "text": "Shall I cancel?"}]
    assert context["fields"] == {"shop": "north"}
    assert stored["at"].startswith("2025-03-01 10:00:00")
    assert stored["user_key"] not in {"", "ann"}


def test_a_dry_run_reads_everything_and_changes_nothing(shell: Shell) -> None:
    file = shell.file("l.csv", "text,item\nwhere is it,track\nhm,nonsense\n")
    said = a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "labels", "--dry-run", "--json")
    assert said.code == 3
    assert said.json["accepted"] == 1
    assert rows_of(shell, "labels") == []


def test_a_dry_run_makes_no_data_folder(shell: Shell) -> None:
    said = shell.on_data(
        "import", TICKETS, "--surface", "b", "--kind", "labels", "--create", "--create-candidates", "--dry-run"
    )
    assert said.code == 0
    assert not shell.data.exists()


# -- files -------------------------------------------------------------------------------------------------------------


def test_semicolons_gzip_and_a_byte_order_mark_are_read(shell: Shell) -> None:
    path = shell.folder / "l.csv.gz"
    path.write_bytes(gzip.compress("\ufeffMessage;Answer\nwhere, please;track\n".encode()))
    said = a_shop(shell).on_data("import", path, "--surface", "shop", "--kind", "labels", "--json")
    assert said.code == 0, said.out
    assert said.json["accepted"] == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", '[{"text": "a"}]', "jq -c"),
        ("b.csv", "", "no header"),
        ("c.csv", "text,item\n", "no rows"),
        ("d.csv", "question1,answer1\na,b\n", "--map text="),
        ("e.csv", "text,text\na,b\n", "two columns"),
    ],
)
def test_a_file_that_cannot_be_meant_says_what_to_do(shell: Shell, name: str, content: str, says: str) -> None:
    said = a_shop(shell).on_data("import", shell.file(name, content), "--surface", "shop", "--kind", "labels")
    assert said.code in {1, 2}
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_not_utf_8_says_how_to_convert_it(shell: Shell) -> None:
    path = shell.folder / "l.csv"
    path.write_bytes("text,item\ncafé,track\n".encode("latin-1"))
    said = a_shop(shell).on_data("import", path, "--surface", "shop", "--kind", "labels")
    assert said.code == 2
    assert "iconv" in said.err


def test_a_file_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    said = shell.on_data("import", "gone.csv", "--surface", "shop", "--kind", "labels")
    assert said.code == 2
    assert "gone.csv" in said.err


def test_an_unknown_target_names_the_targets_there_are(shell: Shell) -> None:
    file = shell.file("l.csv", "text,item\na,b\n")
    said = shell.on_data("import", file, "--surface", "shop", "--kind", "labels", "--map", "txet=text")
    assert said.code == 2
    assert "fields.NAME" in said.err


def test_a_broken_quote_ends_the_file_there_and_keeps_what_came_before(shell: Shell) -> None:
    file = shell.file("l.csv", 'text,item\nwhere is it,track\n"never closed,size\n')
    said = a_shop(shell).on_data("import", file, "--surface", "shop", "--kind", "labels", "--json")
    assert said.code == 3
    assert said.json["faults"][0]["line"] == 3


# -- with a server -----------------------------------------------------------------------------------------------------


def test_where_a_server_runs_the_import_goes_through_it_and_the_next_request_knows(
    shell: Shell, server: Server
) -> None:
    a_shop(shell)
    file = shell.file("l.csv", "text,item\nmy heels hurt in these,size\n")
    said = shell.on_data("import", file, "--surface", "shop", "--kind", "labels")
    assert said.code == 0, said.err
    asked = {"surface": "shop", "context": {"text": "my heels hurt in these"}}
    slate = server.client.post("/v1/suggest", json=asked).json()
    assert slate["items"][0]["id"] == "size"


def test_a_named_server_needs_a_key_and_no_folder(shell: Shell, server: Server) -> None:
    file = shell.file("replies.csv", REPLIES)
    words = ("import", file, "--surface", "far", "--kind", "candidates", "--create", "--server", server.address)
    refused = shell.run(*words, "--data", shell.folder / "elsewhere")
    assert refused.code == 2
    assert "--key" in refused.err
    key = (shell.data / "secret_key").read_text().strip()
    said = shell.run(*words, "--key", key, "--data", shell.folder / "elsewhere")
    assert said.code == 0, said.err
    assert server.client.get("/v1/surfaces/far").status_code == 200
    wrong = shell.run(*words, "--key", "sk_of_somebody_else")
    assert wrong.code == 1
    assert "--key" in wrong.err


def test_a_server_that_is_not_there_is_said(shell: Shell) -> None:
    file = shell.file("replies.csv", REPLIES)
    said = shell.run(
        "import", file, "--surface", "x", "--kind", "candidates", "--server", "http://127.0.0.1:9", "--key", "sk_12345"
    )
    assert said.code == 4
    assert "cannot be reached" in said.err
