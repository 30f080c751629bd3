"""`suggest backtest`: one file in, one page out, no server; and what it says where a file cannot be tried."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from cli.shell import Said, Shell

SUBJECTS = {
    "card_arrival": "my new card has not come in the post yet",
    "lost_card": "i lost my wallet and need the card blocked",
    "exchange_rate": "which exchange rate do you use abroad",
    "top_up_failed": "topping up with my bank account was declined",
    "pin_change": "how do i change the pin at a machine",
    "fees": "why was i charged a fee for the transfer",
}
FILLERS = ("please", "today", "quickly", "again", "thanks", "urgent", "hello", "really", "still", "just", "now", "ok")


def tickets(n: int = 420, *, seed: int = 5, new_from: int | None = None) -> list[dict[str, str]]:
    """Messages of six subjects; from `new_from` on every fifth is about a seventh, which was never answered before."""
    rng = random.Random(seed)
    rows = []
    for number in range(n):
        answer = rng.choice(list(SUBJECTS))
        words = [word for word in SUBJECTS[answer].split() if rng.random() > 0.35] + rng.sample(FILLERS, 3)
        if new_from is not None and number >= new_from and number % 5 == 0:
            answer, words = "close_account", ["close", "my", "account", "for", "good", *rng.sample(FILLERS, 2)]
        rng.shuffle(words)
        rows.append(
            {
                "message": " ".join(words),
                "answer": answer,
                "created_at": f"2026-01-{1 + number // 20:02d}T10:{number % 20:02d}:00Z",
                "product": "cards" if "card" in answer else "money",
            }
        )
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def tried(shell: Shell, *words: str) -> Said:
    said = shell.run("backtest", *words)
    assert said.code == 0, said.err
    return said


@pytest.fixture(scope="module")
def by_time(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    """Numbers and page of a file whose last third brings a new subject."""
    folder = tmp_path_factory.mktemp("backtest")
    shell = Shell(folder=folder, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_CACHE": str(folder / "cache")})
    file, page = write(folder / "tickets.csv", tickets(new_from=300)), folder / "out" / "page.html"
    said = tried(shell, str(file), "--json", "--group", "product", "--out", str(page), "--handling", "2")
    return said.json, page.read_text()


def test_with_times_the_later_tickets_are_asked(by_time: tuple[Any, str]) -> None:
    told, _ = by_time
    assert (told["split"], told["history"], told["judged"]) == ("time", 294, 126)
    assert [point["history"] for point in told["curve"]] == [0, 30, 100, 294]
    assert [point["bundle"] for point in told["curve"]] == [False, True, True, True]
    assert told["curve"][-1]["top3"] == told["top3"]


def test_an_answer_that_nobody_had_given_counts_as_wrong_and_is_proposed(by_time: tuple[Any, str]) -> None:
    told, page = by_time
    assert told["new_answers"] == 24
    assert told["top3"]["mid"] <= 1 - 24 / 126 + 1e-9
    new = next(each for each in told["unanswered"] if each["answer_is_new"])
    assert new["answer"] == "close account"
    assert new["tickets"] >= 12
    assert "nobody had given it before" in page


def test_what_was_learned_is_worth_something(by_time: tuple[Any, str]) -> None:
    told, _ = by_time
    answerable = 1 - 24 / 126
    assert told["top3"]["mid"] > 0.95 * answerable
    assert {group["group"] for group in told["groups"]} == {"cards", "money"}


def test_minutes_are_those_of_the_formula(by_time: tuple[Any, str]) -> None:
    told, _ = by_time
    saving = next(each for each in told["savings"] if each["precision_target"] is None)
    assert saving["minutes_per_1000"] == pytest.approx(1000 * (told["top3"]["mid"] * 2 - 8 / 60))
    assert saving["low"] < saving["minutes_per_1000"] < saving["high"]


def test_every_promise_is_kept_by_its_bound_or_says_what_it_needs(by_time: tuple[Any, str]) -> None:
    told, _ = by_time
    for promise in told["promises"]:
        if promise["precision"] is None:
            assert promise["why"]
        else:
            assert promise["precision"]["low"] >= promise["precision_target"]
            share = promise["review_share"]
            assert 0 <= share["low"] <= share["mid"] <= share["high"] <= 1


def test_the_page_needs_nothing_else(by_time: tuple[Any, str]) -> None:
    _, page = by_time
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for words in ("Right, by how much was learned", "What would go to people", "Minutes saved", "What could not be"):
        assert words in page


def test_without_times_they_are_dealt_by_answer_and_the_page_may_leave_messages_out(shell: Shell) -> None:
    rows = [{"text": row["message"], "category": row["answer"]} for row in tickets(120)]
    rows[0] |= {"text": ""}
    rows[1] |= {"category": ""}
    file = write(shell.folder / "plain.csv", rows)
    said = tried(shell, str(file), "--no-quotes", "--judged", "0.4")
    assert "split by chance, stratified by answer" in said.out
    assert "Left out line 2: text is empty" in said.err
    page = (shell.folder / "plain-backtest.html").read_text()
    assert "quotes messages" not in page
    assert not any(row["text"] in page for row in rows if row["text"])


@pytest.mark.parametrize(
    ("content", "next_step"),
    [
        ("message,answer\nwo?,hier\n".encode("utf-16"), "iconv -f UTF-16 "),
        ("message,answer\ncafé,hier\n".encode("latin-1"), "iconv -f WINDOWS-1252 "),
        (b"PK\x03\x04\xff\xff", "save its table as CSV"),
        (b'message,answer\n"never closed,a\nb,c\n', "Mend that line"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_mends_it(shell: Shell, content: bytes, next_step: str) -> None:
    path = shell.folder / "t.csv"
    path.write_bytes(content)
    said = shell.run("backtest", str(path))
    assert said.code == 2
    assert next_step in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("rows", "words", "problem"),
    [
        (tickets(20), (), "20 tickets can be read, 50 are needed"),
        (tickets(1), (), "1 ticket can be read, 50 are needed"),
        ([{"message": f"a {n}"} for n in range(60)], (), "It needs one more column"),
        ([{"message": f"a {n}", "b": "c"} for n in range(60)], (), "--map item='b'"),
        ([{"text": f"a {n}", "answer": f"b {n}"} for n in range(60)], (), "nearly all different"),
        ([{"text": f"a {n}", "answer": "b"} for n in range(60)], (), "all the same"),
        ([{"letter": f"a {n}", "answer": "b"} for n in range(60)], (), "No column for text"),
        (tickets(60), ("--group", "colour"), "There is no column 'colour'"),
        (tickets(60), ("--map", "reply=x"), "is not TARGET=COLUMN"),
        (tickets(60), ("--judged", "2"), "--judged"),
        (tickets(60), ("--handling", "0"), "--handling"),
    ],
)
def test_a_file_that_cannot_be_tried_says_why_and_nothing_is_written(
    shell: Shell, rows: list[dict[str, str]], words: tuple[str, ...], problem: str
) -> None:
    said = shell.run("backtest", str(write(shell.folder / "t.csv", rows)), *words)
    assert said.code == 2
    assert problem in " ".join(said.err.replace("│", " ").split())
    assert not (shell.folder / "t-backtest.html").exists()
