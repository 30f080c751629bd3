"""The commands of whoever runs it: serve, keys, report, export, backup, restore, doctor, train, simulate."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import httpx
import pytest

from cli.shell import Server, Shell
from cli.test_import import a_shop
from suggest.cli import doctor as doctors
from suggest.cli.doctor import State, examine

# -- serve -------------------------------------------------------------------------------------------------------------


def test_serve_says_where_it_is_and_shows_the_first_key_once(shell: Shell) -> None:
    first = Server(shell)
    key = (shell.data / "secret_key").read_text().strip()
    assert any(key in line for line in first.greeting)
    link = next(line.split()[-1] for line in first.greeting if line.startswith("sign in"))
    entered = httpx.get(link)
    assert entered.status_code < 400
    assert first.stop() == 0
    second = Server(shell)
    assert not any(key in line for line in second.greeting)
    assert second.stop() == 0


def test_a_second_server_on_the_same_folder_is_refused(shell: Shell, server: Server) -> None:
    said = shell.on_data("serve", "--port", "0")
    assert said.code == 4


def test_wrong_settings_are_named_and_are_wrong_usage(shell: Shell) -> None:
    said = Shell(folder=shell.folder, env={**shell.env, "SUGGEST_THREADS": "many"}).on_data("serve", "--port", "0")
    assert said.code == 2
    assert "SUGGEST_THREADS" in said.err


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_works_is_listed_and_can_be_revoked(shell: Shell, server: Server) -> None:
    made = shell.on_data("keys", "create", "sk", "--name", "robot", "--json").json
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert httpx.get(server.address + "/v1/surfaces", headers=headers).status_code == 200
    listed = shell.on_data("keys", "list")
    assert "robot" in listed.out
    assert made["key"] not in listed.out
    revoked = shell.on_data("keys", "revoke", made["id"])
    assert revoked.code == 0
    assert httpx.get(server.address + "/v1/surfaces", headers=headers).status_code == 401


def test_a_publishable_key_without_origins_is_said_to_be_for_testing(shell: Shell) -> None:
    said = a_shop(shell).on_data("keys", "create", "pk")
    assert said.out.startswith("pk_")
    assert "before going live" in said.err


def test_a_wrong_origin_is_refused_in_words(shell: Shell) -> None:
    said = a_shop(shell).on_data("keys", "create", "pk", "--origin", "shop.example/path")
    assert said.code == 1
    assert "/origins/0" in said.err


def test_people_are_added_changed_listed_signed_in_and_closed(shell: Shell, server: Server) -> None:
    made = shell.on_data("workers", "add", "Ann", "--skill", "billing", "--language", "de", "--json").json
    assert shell.on_data("workers", "change", made["id"], "--role", "reviewer").code == 0
    listed = shell.on_data("workers", "list").out
    assert "reviewer" in listed
    assert "billing" in listed
    link = shell.on_data("workers", "link", made["id"]).out.strip()
    assert link.startswith(server.address)
    assert httpx.get(link).status_code < 400
    assert shell.on_data("workers", "close", made["id"]).code == 0
    assert shell.on_data("workers", "link", made["id"]).code == 1


def test_revoking_what_is_not_there_is_said(shell: Shell) -> None:
    said = a_shop(shell).on_data("keys", "revoke", "nobody")
    assert said.code == 1
    assert "nobody" in said.err


# -- report and export -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", [True, False], ids=["with a server", "without one"])
def test_a_report_is_one_file_in_two_forms(shell: Shell, running: bool) -> None:
    a_shop(shell)
    server = Server(shell) if running else None
    try:
        assert shell.on_data("report", "shop").code == 0
        page = (shell.folder / "shop.html").read_text()
        assert page.startswith("<!doctype html>")
        assert "<style>" in page
        assert "src=" not in page
        assert shell.on_data("report", "shop", "--out", "r.md").code == 0
        assert (shell.folder / "r.md").read_text().startswith("# ")
        assert shell.on_data("report", "shop", "--json").json["requests"] == 0
    finally:
        if server is not None:
            assert server.stop() == 0
    assert list((shell.data / "snapshots").iterdir()) == []


def test_a_report_of_nothing_or_of_a_wrong_time_says_so(shell: Shell) -> None:
    a_shop(shell)
    unknown = shell.on_data("report", "shpo")
    assert unknown.code == 1
    assert "shpo" in unknown.err
    assert shell.on_data("report", "shop", "--out", "r.pdf").code == 2
    wrong = shell.on_data("report", "shop", "--from", "yesterday")
    assert wrong.code == 1
    assert "/query/from" in wrong.err
    backwards = shell.on_data("report", "shop", "--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
    assert backwards.code == 1


def test_a_table_is_exported_with_and_without_a_server(shell: Shell) -> None:
    a_shop(shell)
    (file := shell.file("l.csv", "text,item\nwhere,track\n")).touch()
    shell.on_data("import", file, "--surface", "shop", "--kind", "labels")
    assert shell.on_data("export", "labels", "--format", "csv").code == 0
    without = (shell.folder / "labels.csv").read_bytes()
    server = Server(shell)
    try:
        piped = shell.on_data("export", "labels", "--format", "csv", "--out", "-")
        assert piped.out.encode() == without
        assert shell.on_data("export", "labels").code == 0
        assert (shell.folder / "labels.parquet").read_bytes()[:4] == b"PAR1"
    finally:
        server.stop()


def test_an_unknown_table_is_wrong_usage(shell: Shell) -> None:
    said = shell.on_data("export", "secrets")
    assert said.code == 2
    assert "slates" in said.err


# -- backup and restore ------------------------------------------------------------------------------------------------


def test_a_backup_taken_while_the_server_runs_becomes_the_same_service(shell: Shell, server: Server) -> None:
    a_shop(shell)
    key = server.client.headers["authorization"]
    asked = {"surface": "shop", "context": {"text": "where is my parcel"}}
    slate = server.client.post("/v1/suggest", json=asked).json()
    said = shell.on_data("backup", "--out", "kept/b.tar.gz", "--json")
    assert said.code == 0, said.err
    archive = shell.folder / "kept" / "b.tar.gz"
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert list((shell.data / "exports").iterdir()) == []
    elsewhere = Shell(folder=shell.folder / "new", env=shell.env)
    assert elsewhere.run("restore", archive, "--data", elsewhere.data).code == 0
    restored = Server(elsewhere)
    try:
        event = {"eid": "e", "impression": slate["impression"], "token": slate["token"], "type": "dismiss"}
        sent = httpx.post(restored.address + "/v1/feedback", json={"events": [event]}, headers={"Authorization": key})
        assert sent.json()["accepted"] == 1, "yesterday's token and yesterday's key are still good"
    finally:
        restored.stop()


def test_nothing_is_ever_overwritten(shell: Shell) -> None:
    a_shop(shell)
    assert shell.on_data("backup", "--out", "b.tar.gz").code == 0
    again = shell.on_data("backup", "--out", "b.tar.gz")
    assert again.code == 1
    assert "exists already" in again.err
    onto = shell.on_data("restore", "b.tar.gz")
    assert onto.code == 1
    assert "not empty" in onto.err


def test_a_damaged_archive_leaves_nothing_behind(shell: Shell) -> None:
    archive = shell.file("b.tar.gz", "no archive")
    said = shell.run("restore", archive, "--data", shell.folder / "new")
    assert said.code == 2
    assert list((shell.folder / "new").iterdir()) == []


# -- doctor ------------------------------------------------------------------------------------------------------------


def test_a_healthy_house_is_told_so(shell: Shell, server: Server) -> None:
    said = shell.on_data("doctor", "--json")
    assert said.code == 0, said.out
    assert said.json["ok"] is True
    found = {check["check"]: check for check in said.json["checks"]}
    assert set(found) == {"python", "libraries", "settings", "data folder", "disk", "server", "encoder"}
    assert server.address in found["server"]["said"]
    assert "in use by the running server" in found["data folder"]["said"]


def test_a_secret_that_others_may_read_is_a_fault_with_its_remedy(shell: Shell) -> None:
    a_shop(shell)
    (shell.data / "secret_key").chmod(0o644)
    said = shell.on_data("doctor", "--skip-encoder")
    assert said.code == 1
    assert "BAD" in said.out
    assert "chmod 600" in said.out


def test_an_unknown_encoder_is_a_fault(shell: Shell) -> None:
    broken = Shell(folder=shell.folder, env={**shell.env, "SUGGEST_ENCODER": str(shell.folder / "no-such-folder")})
    said = broken.on_data("doctor", "--json")
    assert said.code == 1
    assert next(check for check in said.json["checks"] if check["check"] == "encoder")["state"] == "bad"


def test_a_full_disk_is_a_fault(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctors, "LEAST_FREE_BYTES", 2**60)
    found = {finding.check: finding for finding in examine(shell.data, with_encoder=False)}
    assert found["disk"].state is State.BAD


def test_a_server_that_hangs_is_told_apart_from_one_that_was_killed(shell: Shell, server: Server) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        said = shell.on_data("keys", "list")
        assert said.code == 4
        assert str(server.process.pid) in said.err
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    server.process.kill()
    server.process.wait(30)
    assert (shell.data / "server.json").exists(), "a killed server cannot take its note away"
    assert shell.on_data("keys", "list").code == 0


# -- train and simulate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", [True, False], ids=["with a server", "without one"])
def test_train_waits_for_the_gate_and_shows_its_report(shell: Shell, running: bool) -> None:
    a_shop(shell)
    server = Server(shell) if running else None
    try:
        said = shell.on_data("train", "shop", "--wait", "--encoder", "off", "--json")
        assert said.code == 0, said.err
        assert said.json["state"] == "kept"
        shown = shell.on_data("train", "shop", "--wait", "--encoder", "off")
        assert "The gate kept the present bundle." in shown.out
        assert "verdict" in shown.out
    finally:
        if server is not None:
            server.stop()


def test_training_what_is_not_there_is_said(shell: Shell) -> None:
    said = a_shop(shell).on_data("train", "shpo", "--wait")
    assert said.code == 1
    assert "shpo" in said.err


def test_simulated_customers_are_told_and_counted(shell: Shell) -> None:
    said = shell.on_data("simulate", "40", "--surface", "sim", "--json")
    assert said.code == 0, said.err
    assert said.json["points"][-1]["n"] == 40
    real = a_shop(shell).on_data("simulate", "5", "--surface", "shop")
    assert real.code == 1, "invented behaviour must not teach a real surface"


def test_the_demo_says_what_it_takes(shell: Shell) -> None:
    said = shell.run("demo", "--help")
    assert "--demo-port" in said.out
    assert "--no-open" in said.out


def test_json_is_json_and_nothing_else(shell: Shell, tmp_path: Path) -> None:
    a_shop(shell)
    for words in (("keys", "list"), ("report", "shop"), ("doctor", "--skip-encoder")):
        said = shell.on_data(*words, "--json")
        json.loads(said.out)
