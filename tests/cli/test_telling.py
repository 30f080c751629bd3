"""What a command says when it cannot: an exit code, one sentence, one next step; and how it finds whom to talk to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from suggest.cli import connection
from suggest.cli.connection import SERVER_FILE, Service, answers, refused, running_server, segment, stored_key
from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.showing import progressing, show_json, show_table, spinning
from suggest.cli.training import FINAL_STATES
from suggest.domain.errors import Conflict, FieldError, Invalid, NotFound, StorageUnavailable


def raising(error: BaseException) -> Callable[[], None]:
    @told
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (Failure("It is broken.", next_step="Mend it."), ExitCode.NOTHING_DONE, "suggest: It is broken."),
        (Failure("No such word.", code=ExitCode.WRONG_USAGE), ExitCode.WRONG_USAGE, "suggest: No such word."),
        (StorageUnavailable("another process has it"), ExitCode.NOT_USABLE, "another process has it"),
        (Invalid("k must be 1 to 50"), ExitCode.WRONG_USAGE, "k must be 1 to 50"),
        (NotFound("There is no key."), ExitCode.NOTHING_DONE, "There is no key."),
        (Conflict("Nothing served before."), ExitCode.NOTHING_DONE, "Nothing served before."),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Stopped."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_a_failure_is_a_sentence_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode, says: str
) -> None:
    with pytest.raises(typer.Exit) as left:
        raising(error)()
    assert left.value.exit_code == code
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert "Traceback" not in said.err


def test_the_next_step_stands_below(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        raising(Failure("It is broken.", next_step="Mend it."))()
    assert capsys.readouterr().err == "suggest: It is broken.\n         Mend it.\n"


def test_what_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError("our bug"))()


def test_a_command_that_works_gives_what_it_gives() -> None:
    @told
    def command(n: int, *, more: int = 0) -> int:
        """Says so."""
        return n + more

    assert command(1, more=2) == 3
    assert command.__doc__ == "Says so."


def test_exit_codes_are_what_scripts_rely_on() -> None:
    assert [(code.name, int(code)) for code in ExitCode] == [
        ("DONE", 0),
        ("NOTHING_DONE", 1),
        ("WRONG_USAGE", 2),
        ("DONE_IN_PART", 3),
        ("NOT_USABLE", 4),
        ("INTERRUPTED", 130),
    ]


# -- refusals of a server


@pytest.mark.parametrize(
    ("status", "problem", "says", "next_step"),
    [
        (422, {"detail": "k is wrong.", "errors": [{"pointer": "/k", "detail": "1 to 50"}]}, "/k: 1 to 50", ""),
        (401, {"detail": "No key."}, "No key.", "--key"),
        (403, {"detail": "Not with this one."}, "Not with this one.", "sk_"),
        (404, {"detail": "There is no surface 'x'."}, "no surface 'x'", "--create"),
        (404, {"detail": "There is no job."}, "no job", ""),
        (500, None, "here answered 500.", ""),
        (502, "<html>", "here answered 502.", ""),
    ],
    ids=str,
)
def test_a_problem_is_told_in_its_own_words(status: int, problem: Any, says: str, next_step: str) -> None:
    body = problem.encode() if isinstance(problem, str) else json.dumps(problem).encode()
    failure = refused(httpx.Response(status, content=body), where="here")
    assert says in failure.what
    assert next_step in failure.next_step
    assert bool(failure.next_step) == bool(next_step)


class Answers:
    """A server that answers from a list; an exception in it is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.left: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self.left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def service(self) -> Service:
        client = httpx.Client(transport=httpx.MockTransport(self), base_url="http://here")
        return Service(client, where="http://here", is_remote=True)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long a command would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(connection.time, "sleep", waited.append)
    return waited


def busy(after: str | None = None, status: int = 503) -> httpx.Response:
    return httpx.Response(status, headers={} if after is None else {"Retry-After": after}, json={"detail": "Busy."})


def test_who_is_told_to_come_back_does_so_and_never_waits_for_ever(naps: list[float]) -> None:
    server = Answers(busy("2"), busy("60"), busy(status=429), httpx.Response(200, json={"ok": True}))
    assert server.service.get("/v1/x", a=1, b=None) == {"ok": True}
    assert naps == [2.0, 10.0, 1.0]
    assert [str(request.url) for request in server.asked] == ["http://here/v1/x?a=1"] * 4


def test_who_is_always_busy_is_told_so(naps: list[float]) -> None:
    server = Answers(*[busy("1") for _ in range(20)])
    with pytest.raises(Failure, match="Busy"):
        server.service.post("/v1/x", {"a": 1})
    assert len(server.asked) == 6
    assert len(naps) == 5


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (httpx.ReadTimeout("slow"), "did not answer within"),
        (httpx.ConnectError("refused"), "cannot be reached"),
        (httpx.RemoteProtocolError("cut"), "cannot be reached"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_server_that_is_gone_is_not_usable(error: Exception, says: str) -> None:
    with pytest.raises(Failure, match=says) as failed:
        Answers(error).service.get("/v1/x")
    assert failed.value.code is ExitCode.NOT_USABLE
    assert failed.value.next_step


@pytest.mark.parametrize(("name", "expected"), [("a/b", "a%2Fb"), ("a b", "a%20b"), ("ü", "%C3%BC"), ("..", "..")])
def test_a_name_is_one_segment_of_a_path(name: str, expected: str) -> None:
    assert segment(name) == expected


# -- whom to talk to


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"address": "http://127.0.0.1:1"}', '{"pid": 1}', '{"address": "x", "pid": "y"}', "null"],
)
def test_a_note_that_cannot_be_read_is_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / SERVER_FILE).write_text(content)
    assert running_server(tmp_path) is None


def test_without_a_note_no_server_runs(tmp_path: Path) -> None:
    assert running_server(tmp_path) is None
    assert running_server(tmp_path / "nowhere") is None


def test_a_note_of_a_dead_process_is_a_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / SERVER_FILE).write_text(json.dumps({"address": "http://127.0.0.1:1", "pid": 4_194_303}))
    monkeypatch.setattr(connection, "answers", lambda address: False)
    assert running_server(tmp_path) is None


def test_a_living_process_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / SERVER_FILE).write_text(json.dumps({"address": "http://127.0.0.1:1", "pid": os.getpid()}))
    monkeypatch.setattr(connection, "answers", lambda address: False)
    with pytest.raises(Failure, match="does not answer") as failed:
        running_server(tmp_path)
    assert failed.value.code is ExitCode.NOT_USABLE


def test_one_that_answers_is_the_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / SERVER_FILE).write_text(json.dumps({"address": "http://127.0.0.1:1", "pid": 4_194_303}))
    monkeypatch.setattr(connection, "answers", lambda address: True)
    assert running_server(tmp_path) == "http://127.0.0.1:1"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "no address", "http://[::1", ""])
def test_where_nothing_listens_nobody_answers(address: str) -> None:
    assert not answers(address, within_s=2.0)


def test_the_stored_key_is_read_where_it_may_be(tmp_path: Path) -> None:
    assert stored_key(tmp_path) is None
    (tmp_path / "secret_key").write_text(" \n")
    assert stored_key(tmp_path) is None
    (tmp_path / "secret_key").write_text("sk_abc\n")
    assert stored_key(tmp_path) == "sk_abc"


def test_a_folder_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no data folder"), connection.connect(tmp_path / "mistyped"):
        pass
    assert not (tmp_path / "mistyped").exists()


def test_a_server_elsewhere_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="No secret key"), connection.connect(tmp_path, server="http://there"):
        pass
    with connection.connect(tmp_path, server="http://there/", key="sk_x") as service:
        assert service.where == "http://there"
        assert service.is_remote
        assert service.client.headers["authorization"] == "Bearer sk_x"


# -- showing


def test_json_keeps_letters_and_tables_keep_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "größe"})
    assert json.loads(capsys.readouterr().out) == {"name": "größe"}
    show_table(("name", "n"), [("[bold red]x[/]", "1"), ("line\nline", "2")])
    assert "[bold red]x[/]" in capsys.readouterr().out


def test_where_nobody_watches_nothing_spins(capsys: pytest.CaptureFixture[str]) -> None:
    with spinning("Working") as say, progressing("Sending", 10) as advance:
        say("half")
        advance(5)
    assert capsys.readouterr() == ("", "")


def test_a_refusal_of_fields_can_be_told() -> None:
    error = Invalid("wrong", errors=(FieldError(pointer="/k", detail="1 to 50"),))
    assert error.errors[0].pointer == "/k"
    assert {"promoted", "kept", "failed"} == FINAL_STATES
