"""Find whom to talk to: a server that was named, the one that runs on the data folder, or the folder opened here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from suggest.cli.failure import ExitCode, Failure

if TYPE_CHECKING:
    import httpx

SERVER_FILE = "server.json"  # written by the server while it runs
SECRET_KEY_FILE = "secret_key"  # noqa: S105  # the name of a file
LONGEST_ANSWER_S = 300.0
_TRIES = 6
_BUSY = frozenset({429, 503})


class Service:
    """The calls of the contract, with refusals as failures a person can act on."""

    def __init__(self, client: httpx.Client, *, where: str, is_remote: bool) -> None:
        self.client = client
        self.where = where  # for people: an address, or a folder
        self.is_remote = is_remote  # a server answers, not this process

    def get(self, path: str, **query: str | int | None) -> Any:
        return self.call("GET", path, query=query).json()

    def post(self, path: str, body: Mapping[str, object] | None = None, **query: str | int | None) -> Any:
        return self.call("POST", path, body=body, query=query).json()

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        return self.call("PUT", path, body=body).json()

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path).json()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int | None] | None = None,
    ) -> httpx.Response:
        """One call; one that is told to come back later does so. Raises Failure with the problem's own words."""
        import httpx

        params = {name: value for name, value in (query or {}).items() if value is not None}
        for tried in range(1, _TRIES + 1):
            try:
                answer = self.client.request(method, path, json=body, params=params)
            except httpx.TimeoutException:
                raise Failure(
                    f"{self.where} did not answer within {LONGEST_ANSWER_S:.0f} s.",
                    next_step="Try again: what was taken already counts once.",
                    code=ExitCode.NOT_USABLE,
                ) from None
            except httpx.HTTPError as broken:
                raise Failure(
                    f"{self.where} cannot be reached: {broken}.",
                    next_step="Check the address, or see `suggest doctor`.",
                    code=ExitCode.NOT_USABLE,
                ) from None
            if answer.status_code in _BUSY and tried < _TRIES:
                time.sleep(min(float(answer.headers.get("Retry-After", "1")), 10.0))
                continue
            break
        if answer.is_success:
            return answer
        raise refused(answer, where=self.where)


def segment(name: str) -> str:
    """A name or id as one segment of a path."""
    return quote(name, safe="")


def refused(answer: httpx.Response, *, where: str) -> Failure:
    """A problem of the server in its own words, with what to do where the words are about the key."""
    try:
        problem = answer.json()
        said = str(problem["detail"])
        said += "".join(f"\n         {each['pointer']}: {each['detail']}" for each in problem.get("errors", []))
    except (ValueError, KeyError, TypeError):
        said = f"{where} answered {answer.status_code}."
    next_step = ""
    if answer.status_code == 401:
        next_step = "Give a secret key with --key or SUGGEST_SECRET_KEY, or the data folder with --data."
    if answer.status_code == 403:
        next_step = "A secret key (sk_…) is needed here."
    if answer.status_code == 404 and "surface" in said:
        next_step = "`suggest import … --create` makes a surface; GET /v1/surfaces lists those there are."
    return Failure(said, next_step=next_step)


@contextmanager
def connect(
    data_dir: Path, *, server: str | None = None, key: str | None = None, may_create: bool = False
) -> Iterator[Service]:
    """Whoever answers for this data folder. Raises Failure where nobody can.

    `may_create`: a folder that is not there is made; a mistyped one must not be."""
    if server is not None:
        yield from _over_network(server.rstrip("/"), key or stored_key(data_dir))
        return
    address = running_server(data_dir)
    if address is not None:
        yield from _over_network(address, key or stored_key(data_dir))
        return
    if not may_create and not data_dir.is_dir():
        raise Failure(
            f"There is no data folder {data_dir}, and no server runs on it.",
            next_step="Name it with --data or SUGGEST_DATA_DIR, or start a server: suggest serve --data DIR",
            code=ExitCode.NOT_USABLE,
        )
    yield from _here(data_dir, key)


def running_server(data_dir: Path) -> str | None:
    """The address of the server that runs on this data folder; None where none does.

    Raises Failure where a process holds the folder and does not answer."""
    try:
        told = json.loads((data_dir / SERVER_FILE).read_text())
        address, pid = str(told["address"]), int(told["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if answers(address):
        return address
    if _lives(pid):
        raise Failure(
            f"The server of {data_dir} (process {pid}) does not answer at {address}.",
            next_step="Wait until it does, or stop it; its folder cannot be opened twice.",
            code=ExitCode.NOT_USABLE,
        )
    return None  # it was killed and could not take its note away


def answers(address: str, *, within_s: float = 5.0) -> bool:
    import httpx

    try:
        return httpx.get(f"{address}/healthz", timeout=within_s).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def stored_key(data_dir: Path) -> str | None:
    """The first secret key, as the server stored it; None where this person may not read it, or there is none."""
    try:
        return (data_dir / SECRET_KEY_FILE).read_text().strip() or None
    except OSError:
        return None


def _over_network(address: str, key: str | None) -> Iterator[Service]:
    import httpx

    if key is None:
        raise Failure(
            f"No secret key for {address}.",
            next_step="Give one with --key or SUGGEST_SECRET_KEY, or the data folder it is stored in with --data.",
            code=ExitCode.WRONG_USAGE,
        )
    try:
        client = httpx.Client(base_url=address, headers=_authorized(key), timeout=LONGEST_ANSWER_S)
    except httpx.InvalidURL as wrong:
        raise Failure(f"{address!r} is no address: {wrong}.", code=ExitCode.WRONG_USAGE) from None
    with client:
        yield Service(client, where=address, is_remote=True)


def _here(data_dir: Path, key: str | None) -> Iterator[Service]:
    import httpx

    from suggest.cli.in_process import InProcess
    from suggest.config import Settings, open_application
    from suggest.web.app import create_app

    settings = replace(Settings.from_env(), data_dir=data_dir)
    if key is not None:
        settings = replace(settings, secret_key=key)
    with open_application(settings) as application:
        app = create_app(application)
        try:
            client = httpx.Client(
                transport=InProcess(app),
                base_url="http://in-process",
                headers=_authorized(application.secret_key),
                timeout=None,  # noqa: S113  # nobody else is there to hang
            )
            with client:
                yield Service(client, where=str(data_dir), is_remote=False)
        finally:
            app.state.parts.lanes.close()


def _authorized(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
