"""The command line as a person has it: typed words in, an exit code and two streams out; and a real server beside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from suggest.cli.app import app

SUGGEST = Path(sys.executable).with_name("suggest")
PATIENCE_S = 60


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Runs commands in this process, on a data folder of its own, with the hashing encoder."""

    folder: Path
    env: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *words: str | Path) -> Said:
        runner = CliRunner(env={**self.env, "COLUMNS": "200", "TERM": "dumb"})
        ended = runner.invoke(app, [str(word) for word in words])
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    def on_data(self, *words: str | Path) -> Said:
        return self.run(*words, "--data", self.data)

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path


class Server:
    """`suggest serve` in a process of its own, on any free port."""

    def __init__(self, shell: Shell, *options: str) -> None:
        words = [str(SUGGEST), "serve", "--data", str(shell.data), "--port", "0", *options]
        self.process = subprocess.Popen(
            words,
            env={**os.environ, **shell.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, self.process.communicate(timeout=PATIENCE_S)
        self.address = first.split()[-1]
        self.greeting = [first.strip()]
        while "reference" not in self.greeting[-1]:
            self.greeting.append(self.process.stdout.readline().strip())
        self.client = httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {(shell.data / 'secret_key').read_text().strip()}"},
            timeout=PATIENCE_S,
        )
        until = time.monotonic() + PATIENCE_S
        while not self.client.get("/readyz").is_success:
            assert time.monotonic() < until, "the server did not become ready"

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)
        self.client.close()
        return self.process.returncode
