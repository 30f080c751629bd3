"""`suggest demo` from the outside: one address, a page at once, nobody left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from demo.waiting import wait_for

RUN = """
import sys
from pathlib import Path
from suggest.demo import run
sys.exit(run(data_dir=Path(sys.argv[1]), port=int(sys.argv[2]), demo_port=int(sys.argv[3]), open_browser=False))
"""


def start(folder: Path, *, port: int = 0, demo_port: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(folder), str(port), str(demo_port)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ}
    )


def address_said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+", line)
        if found:
            return found.group()
    raise AssertionError(process.stderr.read() if process.stderr else "it said nothing")


def test_it_prints_one_address_shows_the_page_at_once_and_ends_whole(tmp_path: Path) -> None:
    process = start(tmp_path / "new" / "folder")
    address = address_said(process)
    assert httpx.get(address).status_code == 200
    assert httpx.get(f"{address}/api/state").json()["phase"] in {"starting", "encoder"}, "the page came first"
    wait_for(lambda: httpx.get(f"{address}/api/state").json()["phase"] == "ready", "the service")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "http://" not in out, "one address, not two"
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    process = start(tmp_path)
    address_said(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_taken_port_is_replaced_and_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        process = start(tmp_path, demo_port=port)
        address = address_said(process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert f":{port}" not in address
    assert f"port {port} is taken" in said


def test_a_folder_that_cannot_be_made_is_a_plain_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    process = start(tmp_path / "file")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "file" in said
    assert "Traceback" not in said
