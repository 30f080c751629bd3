"""What the documentation tells people to run does run, and does what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.shell import SUGGEST, Server, Shell

from docs.pages import ROOT, page

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="the README speaks curl")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("SUGGEST_DATA_DIR", "SUGGEST_SECRET_KEY", "SUGGEST_SERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(folder=tmp_path, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def server(shell: Shell) -> Iterator[Server]:
    running = Server(shell)
    yield running
    running.stop()


def run_blocks(blocks: list[str], shell: Shell, server: Server) -> list[str]:
    """Each block's output, run one after the other by one shell that stops at the first refusal."""
    strict = [re.sub(r"\bcurl -sS\b", "curl -sS --fail-with-body", block) for block in blocks]
    script = "set -euo pipefail\n" + "\nprintf '\\x1e'\n".join(strict)
    env = {
        **os.environ,
        **shell.env,
        "SUGGEST_URL": server.address,
        "SUGGEST_KEY": (shell.data / "secret_key").read_text().strip(),
    }
    ended = subprocess.run(["bash", "-c", script], cwd=shell.folder, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout.split("\x1e")


@needs_curl
def test_the_loop_of_the_readme_runs_as_it_stands(shell: Shell, server: Server) -> None:
    text = page("README.md").text
    steps = [
        block
        for block in page("README.md").blocks("sh")
        if "curl" in block and text.index(block) < text.index("## The slider")
    ]
    assert len(steps) == 5, "the loop has five steps"
    made, slate, reported = run_blocks(steps[:3], shell, server)
    assert '"accepted":3' in made
    assert json.loads(slate)["surface"] == "replies"
    assert json.loads(reported)["accepted"] == 1
    ask = {"surface": "replies", "context": {"text": "these pinch my toes, what now?"}}
    again = server.client.post("/v1/suggest", json=ask).json()
    assert again["items"][0]["id"] == "size", "what was picked is first now"
    reviewed, trained = run_blocks(steps[3:], shell, server)
    assert '"state":"answered"' in reviewed
    assert json.loads(trained)["state"] in {"promoted", "kept"}


@needs_curl
def test_the_slider_of_the_readme_runs_as_it_stands(shell: Shell, server: Server) -> None:
    text = page("README.md").text
    blocks = page("README.md").blocks("sh")
    slider = [block for block in blocks if text.index(block) > text.index("## The slider")]
    first = next(block for block in blocks if "-X PUT" in block)
    preview = json.loads(run_blocks([first, *slider], shell, server)[-1])
    assert {"threshold", "expected", "frontier", "n_needed"} <= preview.keys()


def test_the_import_of_the_quickstart_runs_as_it_stands(shell: Shell) -> None:
    line = next(block for block in page("docs/quickstart.md").blocks("sh") if "import" in block)
    words = line.replace(".venv/bin/suggest", str(SUGGEST)).strip()
    env = {**os.environ, **shell.env, "SUGGEST_DATA_DIR": str(shell.data)}
    ended = subprocess.run(["bash", "-c", words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "60 of 60 labels imported" in ended.stdout


def test_the_past_logs_of_the_how_to_are_read(shell: Shell) -> None:
    how_to = page("docs/how-to/import.md")
    replies = "id,text\ntrack,You can follow your parcel.\nrefund,We refund the money.\n"
    candidates = shell.file("c.csv", replies)
    assert shell.on_data("import", candidates, "--surface", "s", "--kind", "candidates", "--create").code == 0
    for name, language in (("log.jsonl", "json"), ("log.csv", "csv")):
        file = shell.file(name, how_to.blocks(language)[0])
        said = shell.on_data("import", file, "--surface", "s", "--kind", "log", "--json")
        assert said.code == 0, said.out
        assert said.json["accepted"] == 1
    told = shell.on_data("report", "s", "--json").json
    assert told["selected_by_position"] == {"0": 1, "1": 1}


def test_the_names_said_to_be_recognised_are(shell: Shell) -> None:
    from suggest.cli.importing.kind import TARGETS

    known = {name for targets in TARGETS.values() for names in targets.values() for name in names}
    rows = [line.split("|") for line in page("docs/how-to/import.md").text.splitlines() if line.startswith("| ")]
    said = [name.strip() for row in rows if len(row) > 4 for name in re.split("[,;]", row[3])]
    named = [name for name in said if name and name not in {"recognised", "among others"}]
    assert len(named) > 15
    assert [name for name in named if name not in known] == []


def test_the_widget_is_served_where_the_readme_says(server: Server) -> None:
    tag = page("README.md").blocks("html")[0]
    path = re.search(r'src="https://your-host([^"]+)"', tag)
    assert path is not None
    answer = server.client.get(path[1])
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    assert "suggest-box" in answer.text
