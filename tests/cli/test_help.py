"""Help: there at once, for every command, in words that say what a command is for."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from cli.shell import SUGGEST, Shell

COMMANDS = (
    "demo",
    "serve",
    "simulate",
    "backtest",
    "import",
    "train",
    "report",
    "export",
    "backup",
    "restore",
    "keys",
    "doctor",
)
HEAVY = ("torch", "duckdb", "numpy", "faiss", "lightgbm", "starlette", "pydantic", "httpx", "onnxruntime")
SMALLEST = """
import sys, typer
app = typer.Typer()
app.command()(lambda: None)
app.command("other")(lambda: None)
sys.argv = ["smallest", "--help"]
app()
"""


def test_help_lists_every_command(shell: Shell) -> None:
    said = shell.run("--help")
    assert said.code == 0
    for command in COMMANDS:
        assert f" {command} " in said.out
    assert "Exit codes" in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(shell: Shell, command: str) -> None:
    said = shell.run(command, "--help")
    assert said.code == 0
    assert f"Usage: suggest {command}" in said.out
    assert len(said.out) > 300


def test_no_word_at_all_is_a_question_for_help(shell: Shell) -> None:
    said = shell.run()
    assert "Usage: suggest" in said.out + said.err
    assert said.code in {0, 2}


def test_an_unknown_command_is_wrong_usage_and_the_likely_one_is_named(shell: Shell) -> None:
    said = shell.run("improt")
    assert said.code == 2
    assert "import" in said.err


def test_help_loads_nothing_heavy() -> None:
    asked = (
        "import sys; from suggest.cli.app import app; print(*[name for name in sys.argv[1:] if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", asked, *HEAVY], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def _processor_s(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TERM": "dumb"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_costs_little_beyond_the_library_that_prints_it() -> None:
    """Against the smallest program of two commands, in turns and each at its best: others work on this machine too."""
    floor, ours = zip(
        *((_processor_s([sys.executable, "-c", SMALLEST]), _processor_s([str(SUGGEST), "--help"])) for _ in range(4)),
        strict=True,
    )
    ratio = min(ours) / min(floor)
    print(f"suggest --help: {ratio:.2f} of the smallest help's processor time ({min(floor):.2f} s)")
    assert ratio < 2


def test_the_version_is_printed(shell: Shell) -> None:
    assert shell.run("--version").out.startswith("suggest 0.")
