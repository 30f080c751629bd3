"""Firefox and WebKit by the protocols they bring themselves: Marionette on a socket, WebDriver over HTTP.

Both speak the commands of the W3C standard; nothing is installed for it but the browsers of the distribution."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from contract_server import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name of a reference to an element
START_S, WAIT_S = 180.0, 60.0
KEYS = {"ArrowDown": "\ue015", "ArrowRight": "\ue014", "Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}
QUIET = (
    "app.update.enabled", "browser.shell.checkDefaultBrowser", "datareporting.policy.dataSubmissionEnabled",
    "extensions.update.enabled", "network.captive-portal-service.enabled", "network.connectivity-service.enabled",
    "browser.safebrowsing.downloads.enabled", "toolkit.telemetry.enabled", "app.normandy.enabled",
)  # fmt: skip
Json = dict[str, Any]


class Browser(ABC):
    """One window. `command` is a command of WebDriver: its HTTP path below the session, its Marionette name."""

    version: str

    @abstractmethod
    def command(self, path: str, name: str, body: Json) -> Any: ...

    def open(self, address: str) -> None:
        self.command("url", "WebDriver:Navigate", {"url": address})

    def back(self) -> None:
        self.command("back", "WebDriver:Back", {})

    def js(self, script: str, *args: Any) -> Any:
        """What the body of a function returns; elements come back as references."""
        return self.command("execute/sync", "WebDriver:ExecuteScript", {"script": script, "args": list(args)})

    def wait(self, script: str, *args: Any) -> Any:
        """The first truthy value of `script`."""
        until = time.monotonic() + WAIT_S
        while not (found := self.js(script, *args)):
            assert time.monotonic() < until, f"never so: {script}"
            threading.Event().wait(0.05)
        return found

    def click(self, script: str, *args: Any) -> None:
        """Press the mouse on the element that `script` finds, where it stands."""
        element = self.wait(script, *args)
        path = [{"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": element}]
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": path + press})

    def press(self, *keys: str) -> None:
        """Keys, or texts letter by letter, into what has the focus."""
        strokes = [stroke for key in keys for stroke in ([KEYS[key]] if key in KEYS else list(key))]
        actions = [{"type": kind, "value": key} for key in strokes for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def _act(self, source: Json) -> None:
        self.command("actions", "WebDriver:PerformActions", {"actions": [source]})


class Firefox(Browser):
    """Marionette: `length:[0, id, name, body]` there, `length:[1, id, error, result]` back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=START_S)
        self._rest, self._n = b"", 0
        self._read()  # it greets
        session = self.command("", "WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.version = f"Firefox {session['capabilities']['browserVersion']}"

    def command(self, path: str, name: str, body: Json) -> Any:
        self._n += 1
        sent = json.dumps([0, self._n, name, body]).encode()
        self._socket.sendall(str(len(sent)).encode() + b":" + sent)
        _, _, error, result = self._read()
        assert error is None, f"{name}: {error}"
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def _read(self) -> Any:
        while b":" not in self._rest:
            self._rest += self._more()
        size, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(size):
            self._rest += self._more()
        said, self._rest = self._rest[: int(size)], self._rest[int(size) :]
        return json.loads(said)

    def _more(self) -> bytes:
        got = self._socket.recv(65536)
        assert got, "Firefox went away"
        return got


class WebKit(Browser):
    def __init__(self, port: int, binary: str) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_S)
        options = {"binary": binary, "args": ["--automation"]}
        asked = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        session = self._value(self._http.post("/session", json=asked))
        self._path = f"/session/{session['sessionId']}/"
        self.version = f"{session['capabilities']['browserName']} {session['capabilities']['browserVersion']}"

    def command(self, path: str, name: str, body: Json) -> Any:
        return self._value(self._http.post(self._path + path, json=body))

    def close(self) -> None:
        self._http.delete(self._path.rstrip("/"))
        self._http.close()

    @staticmethod
    def _value(answer: httpx.Response) -> Any:
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value


def find_firefox() -> str | None:
    return os.environ.get("SUGGEST_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")


def find_webkit() -> str | None:
    """MiniBrowser of WebKitGTK, where its driver is there too, and a screen or Xvfb to draw on."""
    found = sorted(Path("/usr").glob("lib*/**/webkit2gtk-*/MiniBrowser")) if shutil.which("WebKitWebDriver") else []
    return str(found[-1]) if found and (os.environ.get("DISPLAY") or shutil.which("Xvfb")) else None


@contextmanager
def real_firefox(folder: Path) -> Iterator[Firefox]:
    prefs = ["marionette.port", 0], *([name, False] for name in QUIET)
    (folder / "user.js").write_text("".join(f"user_pref({json.dumps(n)}, {json.dumps(v)});\n" for n, v in prefs))
    command = [str(find_firefox()), "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _process(command, env={"HOME": str(folder)}) as running:
        port = _await(running, lambda: _text(folder / "MarionetteActivePort"))
        yield Firefox(int(port))


@contextmanager
def real_webkit(folder: Path) -> Iterator[WebKit]:
    with _screen() as display:
        port = free_port()
        env = {"DISPLAY": display, "HOME": str(folder), "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
        with _process(["WebKitWebDriver", f"--port={port}"], env=env) as running:
            _await(running, lambda: _listens(port))
            browser = WebKit(port, str(find_webkit()))
            yield browser
            browser.close()


@contextmanager
def _screen() -> Iterator[str]:
    if display := os.environ.get("DISPLAY"):
        yield display
        return
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    with _process(command, env={}, pass_fds=(theirs,)):
        os.close(theirs)
        with os.fdopen(ours) as said:
            yield f":{said.readline().strip()}"


@contextmanager
def _process(command: list[str], *, env: dict[str, str], pass_fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen]:  # type: ignore[type-arg]
    process = subprocess.Popen(
        command,
        env={**os.environ, **env},
        pass_fds=pass_fds,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _await(running: subprocess.Popen, found: Callable[[], Any]) -> Any:  # type: ignore[type-arg]
    until = time.monotonic() + START_S
    while not (value := found()):
        assert running.poll() is None, f"{running.args} ended by itself"
        assert time.monotonic() < until, f"{running.args} did not start"
        threading.Event().wait(0.05)
    return value


def _text(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
