"""The real server in a process of its own: starts, says where it is, stops cleanly, leaves nobody behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from suggest.web.doorway import OPENING
from suggest.web.server import EXIT_FOLDER_UNUSABLE, EXIT_PORT_TAKEN, SERVER_FILE, address_of, free_port

SECRET = "sk_server_test"
START = """
import sys
from suggest.config.settings import Settings
from suggest.web.server import serve
def say(address, application):
    print(address, flush=True)
sys.exit(serve(Settings.from_env(), "127.0.0.1", int(sys.argv[1]), on_ready=say))
"""
HEADERS = {"Authorization": f"Bearer {SECRET}"}


class Running:
    """A server process of this test."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        env = {
            **os.environ,
            "SUGGEST_DATA_DIR": str(folder),
            "SUGGEST_ENCODER": "hashing",
            "SUGGEST_SECRET_KEY": SECRET,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(port)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors

    @property
    def members(self) -> list[str]:
        """Who is in the process group of this server."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = entry.read_text().rsplit(")", 1)[1].split()
                if int(fields[2]) == self.process.pid and fields[0] != "Z":
                    found.append(entry.parent.name)
        return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    server = Running(tmp_path / "data")
    assert server.address, server.process.communicate(timeout=20)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.communicate(timeout=20)


def test_it_answers_while_the_log_is_being_opened(tmp_path: Path) -> None:
    port = free_port("127.0.0.1", 0)
    slowly = """
import sys, threading
from suggest.config import application
from suggest.config.settings import Settings
from suggest.web import server
open_application, may_open = application.open_application, threading.Event()
def slow(settings, **opened_with):
    print("opening", flush=True)
    may_open.wait(20)
    return open_application(settings, **opened_with)
application.open_application = slow
threading.Thread(target=lambda: (sys.stdin.readline(), may_open.set()), daemon=True).start()
said = lambda *_: print("open", flush=True)
sys.exit(server.serve(Settings.from_env(), "127.0.0.1", int(sys.argv[1]), on_ready=said))
"""
    env = {**os.environ, "SUGGEST_DATA_DIR": str(tmp_path / "data"), "SUGGEST_ENCODER": "hashing"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", slowly, str(port)], env=env, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout.readline() == "opening\n"
            address = address_of("127.0.0.1", port)
            until(lambda: httpx.get(address + "/healthz").status_code == 200)
            assert httpx.get(address + "/readyz").json()["reasons"] == [OPENING]
            assert httpx.get(address + "/v1/surfaces").json()["type"] == "/problems/starting"
            process.stdin.write("go on\n")
            process.stdin.flush()
            assert process.stdout.readline() == "open\n"
            assert httpx.get(address + "/v1/surfaces").status_code == 401
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another process."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if is_so():
                return
        time.sleep(0.02)
    raise AssertionError("it did not come about within 20 s")


def connection(server: Running) -> socket.socket:
    host, _, port = server.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def read_all(channel: socket.socket) -> bytes:
    received = b""
    with suppress(OSError):
        while chunk := channel.recv(65_536):
            received += chunk
    return received


def test_it_says_where_it_is_and_forgets_it_when_it_stops(running: Running, tmp_path: Path) -> None:
    told = json.loads((tmp_path / "data" / SERVER_FILE).read_text())
    assert told == {"address": running.address, "pid": running.process.pid}
    assert httpx.get(running.address + "/healthz").json() == {"status": "ok"}
    code, errors = running.stop()
    assert code == 0, errors
    assert not (tmp_path / "data" / SERVER_FILE).exists()
    assert "Traceback" not in errors


def test_everything_runs_in_one_process(running: Running) -> None:
    assert running.members == [str(running.process.pid)]


@pytest.fixture
def read(running: Running) -> Running:
    """A server whose reports somebody has read: a process of its own draws them."""
    assert httpx.get(running.address + "/reports", headers=HEADERS, timeout=60).status_code == 200
    assert len(running.members) == 2
    return running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("is_for_all", [False, True], ids=["to the server", "to its group"])
def test_who_draws_reports_ends_with_the_server(read: Running, number: signal.Signals, is_for_all: bool) -> None:
    if is_for_all:  # as a terminal and systemd do it; the server is told once more, which changes nothing
        os.killpg(read.process.pid, number)
    code, errors = read.stop(number)
    assert code == 0, errors
    assert "Traceback" not in errors
    assert read.members == []


def test_who_draws_reports_is_gone_after_kill_9_of_the_server_alone(read: Running, tmp_path: Path) -> None:
    os.kill(read.process.pid, signal.SIGKILL)
    read.process.communicate(timeout=20)
    until(lambda: read.members == [])
    again = Running(tmp_path / "data")
    assert httpx.get(again.address + "/reports", headers=HEADERS, timeout=60).status_code == 200
    code, errors = again.stop()
    assert code == 0, errors


def test_after_kill_9_nobody_holds_the_data_and_the_next_start_knows_it_all(running: Running, tmp_path: Path) -> None:
    httpx.put(running.address + "/v1/surfaces/kept", headers=HEADERS).raise_for_status()
    running.process.kill()
    running.process.wait(10)
    assert running.members == []
    again = Running(tmp_path / "data")
    try:
        assert httpx.get(again.address + "/v1/surfaces/kept", headers=HEADERS).status_code == 200
    finally:
        assert again.stop()[0] == 0


def test_a_second_server_on_the_same_data_is_refused_with_a_clear_message(running: Running, tmp_path: Path) -> None:
    second = Running(tmp_path / "data")
    _, errors = second.process.communicate(timeout=30)
    assert second.process.returncode == EXIT_FOLDER_UNUSABLE
    assert "in use" in errors
    assert "Traceback" not in errors
    assert httpx.get(running.address + "/healthz").status_code == 200


def test_a_second_server_on_the_same_port_is_refused_with_a_clear_message(running: Running, tmp_path: Path) -> None:
    second = Running(tmp_path / "other", port=int(running.address.rsplit(":", 1)[1]))
    _, errors = second.process.communicate(timeout=30)
    assert second.process.returncode == EXIT_PORT_TAKEN
    assert "--port" in errors
    assert "Traceback" not in errors


def test_requests_in_hand_are_finished_before_the_server_stops(running: Running) -> None:
    channel = connection(running)
    body = b'{"title": "Late"}'
    head = f"PUT /v1/surfaces/late HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    channel.sendall(head.encode() + body[:5])
    while "suggest_requests_in_flight 1" not in httpx.get(running.address + "/metrics").text:
        continue
    running.process.terminate()
    while True:  # the port is closed for newcomers first
        try:
            httpx.get(running.address + "/healthz", timeout=5)
        except httpx.HTTPError:
            break
    channel.sendall(body[5:])
    assert read_all(channel).startswith(b"HTTP/1.1 201")
    assert running.process.wait(20) == 0


def test_an_open_stream_does_not_hold_up_the_stop(running: Running) -> None:
    with httpx.Client(base_url=running.address, headers=HEADERS) as client:
        client.put("/v1/surfaces/s").raise_for_status()
        client.put("/v1/surfaces/s/policy", json={"mode": "review_all"}).raise_for_status()
        candidates = {"candidates": [{"id": "a", "text": "yes"}, {"id": "b", "text": "no"}]}
        client.post("/v1/surfaces/s/candidates", json=candidates).raise_for_status()
        slate = client.post("/v1/suggest", json={"surface": "s", "context": {"text": "shall I?"}}).json()
        with client.stream("GET", slate["escalation"]["url"]) as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("event:")) == "event: state"
            began = time.monotonic()
            running.process.terminate()
            assert running.process.wait(20) == 0
            assert time.monotonic() - began < 8, "well within the ten seconds a hanging request would get"


def test_headers_sent_by_halves_are_dropped_and_too_long_ones_refused(running: Running) -> None:
    with closing(connection(running)) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        with closing(connection(running)) as endless:
            with suppress(OSError):
                endless.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\n")
            answer = read_all(endless)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
        assert b" 200 " not in read_all(half), "read_all returns only once the server has hung up"
    assert httpx.get(running.address + "/healthz").status_code == 200


def test_an_encoded_slash_arrives_in_an_id(running: Running) -> None:
    with httpx.Client(base_url=running.address, headers=HEADERS) as client:
        client.put("/v1/surfaces/s").raise_for_status()
        candidates = {"candidates": [{"id": "a/b c", "text": "yes"}, {"id": "b", "text": "no"}]}
        client.post("/v1/surfaces/s/candidates", json=candidates).raise_for_status()
        assert client.delete("/v1/surfaces/s/candidates/a%2Fb%20c").status_code == 204


def test_a_chunked_body_over_the_limit_is_refused_while_it_arrives(running: Running) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 65_536

    with suppress(httpx.WriteError):
        answer = httpx.post(running.address + "/v1/suggest", content=endless(), headers=HEADERS, timeout=30)
        assert answer.status_code == 413
    assert httpx.get(running.address + "/healthz").status_code == 200


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("box", "http://box:80"),
    ],
)
def test_the_address_is_one_a_client_on_this_machine_can_use(host: str, address: str) -> None:
    assert address_of(host, 80) == address


def test_port_0_is_any_free_one_and_a_taken_one_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            free_port("127.0.0.1", port)
        assert free_port("127.0.0.1", 0) not in {0, port}
