"""The service as a child: what it says, how it ends, and that it never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from demo.waiting import Service, wait_for
from suggest.demo.child import Listening, parse_line
from suggest.web.address import free_port

PARENT = """
import sys
from pathlib import Path
from suggest.demo.child import ServiceProcess
child = ServiceProcess(data_dir=Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), frame_ancestors=[],
    on_loading=lambda is_first: None, on_end=lambda code: None,
    on_listening=lambda heard: print(child.pid, flush=True))
sys.stdin.read()
"""


def test_it_says_that_it_loads_and_then_where_it_listens(service: Service) -> None:
    assert len(service.loading) == 1
    assert service.listening[0].address == service.address
    assert httpx.get(f"{service.address}/healthz").status_code == 200


def test_the_key_it_says_opens_everything_and_is_not_in_its_repr(service: Service) -> None:
    key = service.listening[0].secret_key
    found = httpx.get(f"{service.address}/v1/surfaces", headers={"Authorization": f"Bearer {key}"})
    assert found.status_code == 200
    assert key not in repr(service.listening[0])


def test_a_stop_is_clean_is_no_end_to_report_and_may_be_repeated(tmp_path: Path) -> None:
    service = Service(tmp_path)
    assert service.stop() == 0
    assert service.process.stop() == 0
    assert service.ended == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.address}/healthz")


def test_an_end_nobody_asked_for_is_reported(tmp_path: Path) -> None:
    service = Service(tmp_path)
    os.kill(service.process.pid, signal.SIGKILL)
    wait_for(lambda: service.ended, "the end to be reported")
    assert service.ended == [-signal.SIGKILL]
    service.process.stop()


def test_only_the_given_origin_may_hold_its_pages_in_a_frame(tmp_path: Path) -> None:
    service = Service(tmp_path, frame_ancestors=("http://127.0.0.1:9",))
    policy = httpx.get(f"{service.address}/docs").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:9")
    service.stop()


def test_without_one_nobody_may(service: Service) -> None:
    policy = httpx.get(f"{service.address}/docs").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'none'")


def test_a_parent_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    port = free_port("127.0.0.1", 0)
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(port)]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_for(lambda: not _answers(port), f"the child {child} to end")


def test_lines_of_others_on_its_output_are_passed_over() -> None:
    assert parse_line(b"WARNING: a library has an opinion\n") == {}
    assert parse_line(b'["not", "an", "object"]') == {}
    assert parse_line(b"\xff\xfe") == {}
    assert parse_line(b'{"event": "listening"}') == {"event": "listening"}


def test_a_listening_compares_by_value() -> None:
    assert Listening(address="a", secret_key="k") == Listening(address="a", secret_key="k")


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2.0)
    except httpx.HTTPError:
        return False
    return True
