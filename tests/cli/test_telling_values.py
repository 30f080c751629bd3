"""What `suggest evaluate` asks, what it says of the answer, and what scripts can rely on; the service is a stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.shell import Said
from suggest.cli import valuing
from suggest.cli.app import app

NONE: Mapping[str, Any] = {"estimate": None, "interval": None}
VALUED: Mapping[str, Any] = {
    "measure": "share of slates somebody selects from",
    "n": 1200,
    "estimate": 0.6234,
    "interval": [0.551, 0.702],
    "logged": {"estimate": 0.58, "interval": [0.55, 0.61]},
    "difference": {"estimate": -0.0125, "interval": [-0.03, 0.005]},
    "item_position_snips": {"estimate": 0.64, "interval": [0.5, 0.8]},
    "bounds": None,
    "ess": 310.4,
    "warnings": [],
}
UNSAID: Mapping[str, Any] = {
    **VALUED,
    **NONE,
    "difference": NONE,
    "item_position_snips": NONE,
    "ess": None,
    "warnings": [{"type": "no-exploration", "detail": "Every slate was served [as it is]."}],
}


class Ask:
    """Runs the command against an answer; remembers what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Mapping[str, Any] = VALUED
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        monkeypatch.setattr(valuing, "connect", self._connect)

    @contextmanager
    def _connect(self, *_: object, **__: object) -> Iterator[Ask]:
        yield self

    def post(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        self.asked.append((path, body))
        return self.answer

    def __call__(self, *words: str) -> Said:
        ended = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["evaluate", *words])
        return Said(ended.exit_code, ended.stdout, ended.stderr)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    return Ask(monkeypatch)


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["--bundle", "prior"], {"bundle": "prior"}),
        (["--exploration", "0"], {"policy": {"exploration": 0.0}}),
        (["--bundle", "b", "--exploration", "1.5"], {"bundle": "b", "policy": {"exploration": 1.5}}),
    ],
)
def test_only_what_was_named_is_asked(ask: Ask, words: list[str], body: dict[str, object]) -> None:
    assert ask("--surface", "shop", *words).code == 0
    assert ask.asked == [("/v1/surfaces/shop/evaluate", body)]


def test_a_surface_of_any_name_is_one_segment_of_the_address(ask: Ask) -> None:
    ask("--surface", "a/b ?", "--bundle", "prior")
    assert ask.asked[0][0] == "/v1/surfaces/a%2Fb%20%3F/evaluate"


def test_without_a_target_nothing_is_asked(ask: Ask) -> None:
    said = ask("--surface", "shop")
    assert (said.code, said.out, ask.asked) == (2, "", [])
    assert "Name a bundle with --bundle" in said.err


@pytest.mark.parametrize("temperature", ["-0.1", "10.5", "warm"])
def test_an_exploration_that_cannot_be_is_wrong_usage(ask: Ask, temperature: str) -> None:
    assert ask("--surface", "shop", "--exploration", temperature).code == 2
    assert ask.asked == []


def test_a_value_is_told_beside_the_log_with_its_interval_and_its_worth(ask: Ask) -> None:
    said = ask("--surface", "shop", "--bundle", "b")
    assert said.out.startswith("The share of slates somebody selects from, from 1200 slates:\n")
    for row in (
        ["the log itself", "58.0%", "55.0% to 61.0%"],
        ["this target (cascade-DR)", "62.3%", "55.1% to 70.2%"],
        ["target less log", "-1.2%", "-3.0% to 0.5%"],
        ["this target (item-position SNIPS)", "64.0%", "50.0% to 80.0%"],
    ):
        [line] = [line for line in said.out.splitlines() if line.startswith(row[0])]
        assert all(figure in line for figure in row)
    assert "Worth 310 unweighted slates." in said.out
    assert "whatever people had done" not in said.out


def test_where_the_log_cannot_say_only_the_log_is_told_and_why(ask: Ask) -> None:
    ask.answer = UNSAID
    said = ask("--surface", "shop", "--bundle", "b")
    assert said.code == 1
    assert "the log itself" in said.out
    assert "this target" not in said.out
    assert "Worth" not in said.out
    assert said.out.endswith("! Every slate was served [as it is].\n"), "as it is, never read as markup"


def test_bounds_are_told_even_where_there_is_no_estimate(ask: Ask) -> None:
    ask.answer = {**UNSAID, "bounds": [0.0, 0.25]}
    [line] = [line for line in ask("--surface", "s", "--bundle", "b").out.splitlines() if "whatever people" in line]
    assert line.rstrip().endswith("0.0% to 25.0%")


def test_a_log_of_nothing_has_a_dash_and_no_nought(ask: Ask) -> None:
    ask.answer = {**UNSAID, "n": 0, "logged": NONE}
    [line] = [line for line in ask("--surface", "s", "--bundle", "b").out.splitlines() if line.startswith("the log")]
    assert line.split()[-2:] == ["–", "–"]


@pytest.mark.parametrize(("answer", "code"), [(VALUED, 0), (UNSAID, 1)])
def test_scripts_get_the_whole_answer_and_the_same_exit_code(ask: Ask, answer: Mapping[str, Any], code: int) -> None:
    ask.answer = answer
    said = ask("--surface", "shop", "--bundle", "b", "--json")
    assert said.code == code
    assert json.loads(said.out) == answer
