"""`suggest evaluate`: a value with its interval, or an honest no."""

from __future__ import annotations

import httpx
import pytest

from cli.shell import Server, Shell
from cli.test_import import a_shop


def test_a_log_that_cannot_say_ends_with_one_and_says_why(shell: Shell) -> None:
    a_shop(shell)
    said = shell.on_data("evaluate", "--surface", "shop", "--exploration", "0.5", "--json")
    assert said.code == 1
    assert said.json["estimate"] is None
    assert [each["type"] for each in said.json["warnings"]] == ["no-slates"]


def test_a_question_without_a_target_is_wrong_usage(shell: Shell) -> None:
    said = a_shop(shell).on_data("evaluate", "--surface", "shop")
    assert said.code == 2
    assert "--exploration" in said.err


@pytest.mark.slow
def test_an_explored_log_is_valued_by_the_running_server(shell: Shell, server: Server) -> None:
    a_shop(shell)
    headers = {"Authorization": f"Bearer {(shell.data / 'secret_key').read_text().strip()}"}
    client = httpx.Client(base_url=server.address, headers=headers, timeout=60)
    wish = {"exploration": 1.0, "target": {"kind": "p_any", "value": 0.0}, "trigger": False}
    assert client.put("/v1/surfaces/shop/policy", json=wish).is_success
    for n in range(6):
        slate = client.post("/v1/suggest", json={"surface": "shop", "context": {"text": f"where is it {n}"}}).json()
        event = {"eid": f"e{n}", "impression": slate["impression"], "token": slate["token"], "type": "select"}
        sent = {"events": [{**event, "item": slate["items"][0]["id"]}]}
        assert client.post("/v1/feedback", json=sent).json()["accepted"] == 1
        if n == 0:
            said = shell.on_data("evaluate", "--surface", "shop", "--bundle", "prior")
            assert said.code == 1, said.err
            assert "an interval needs 2" in said.out
    said = shell.on_data("evaluate", "--surface", "shop", "--bundle", "prior")
    assert said.code == 0, said.err
    assert "from 6 slates" in said.out
    assert "cascade-DR" in said.out
    assert "! " in said.out, "six slates are few, and that is said"
