"""The reference is complete: what the code knows is written down, and what is written down the code knows."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
import typer.main
from pydantic import BaseModel

from docs.pages import ROOT, page, pages, table_words
from suggest.cli.app import app
from suggest.config import Settings
from suggest.domain.event import EventType, Outcome
from suggest.domain.policy import Mode, Policy, TargetKind
from suggest.domain.slate import Decision
from suggest.domain.surface import Surface
from suggest.web.problem import KINDS
from suggest.web.schemas.surfaces import PolicyIn, SurfaceIn

OF_OURS = re.compile(r"SUGGEST_[A-Z_]+[A-Z]")
INTERNAL = {"SUGGEST_PARENT_PID", "SUGGEST_KEY"}  # between our own processes; a name in pasted examples


def commands() -> list[tuple[str, list[str]]]:
    """Every command with its long options; `keys create` is one."""
    found = []

    def walk(command: object, path: list[str]) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            options = [name for each in command.params for name in getattr(each, "opts", [])]  # type: ignore[attr-defined]
            found.append((" ".join(path), [name for name in options if name.startswith("--")]))
            return
        for name, each in inner.items():
            walk(each, [*path, name])

    walk(typer.main.get_command(app), [])
    return found


@pytest.mark.parametrize(("command", "options"), commands(), ids=[name for name, _ in commands()])
def test_every_command_and_every_option_is_documented(command: str, options: list[str]) -> None:
    text = page("docs/reference/commands.md").text
    head = command.split()[0]
    section = text.split(f"### `suggest {head}`", 1)[1].split("\n### ", 1)[0]
    assert f"suggest {command}" in text
    missing = [option for option in options if option not in section and option != "--help"]
    assert not missing


def test_every_setting_of_the_process_is_documented() -> None:
    documented = set(OF_OURS.findall(page("docs/reference/settings.md").text))
    sources = [*ROOT.glob("suggest/**/*.py"), *ROOT.glob("components/**/*.py"), *ROOT.glob("analytics/**/*.py")]
    known = {name for path in sources for name in OF_OURS.findall(path.read_text(encoding="utf-8"))} - INTERNAL
    assert known - documented == set()
    assert len(known) >= len(fields(Settings))


@pytest.mark.parametrize(("value", "body"), [(Surface, SurfaceIn), (Policy, PolicyIn)])
def test_every_setting_of_a_surface_and_of_its_policy_is_documented(value: type, body: type[BaseModel]) -> None:
    documented = table_words(page("docs/reference/settings.md").text)
    known = {each.name for each in fields(value)} - {"name"}
    assert known == set(body.model_fields), "the API takes just what the domain has"
    assert known - documented == set()


def test_defaults_are_documented_as_they_are() -> None:
    rows = [line.split("|") for line in page("docs/reference/settings.md").text.splitlines() if line.startswith("| `")]
    said = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    for name in ("audit_rate", "reward_wait_s", "retrain_every", "promotion", "mode"):
        assert said[name] == str(getattr(Policy(), name)), name
    assert float(said["exploration"]) == Policy().exploration
    assert said["k"] == str(Surface(name="s").k)
    assert said["SUGGEST_CACHED_TEXTS"] == str(Settings().cached_texts)
    assert said["SUGGEST_DATA_DIR"] == str(Settings().data_dir)


def test_every_mode_and_every_target_is_documented() -> None:
    text = page("docs/reference/settings.md").text
    assert [word for word in (*Mode, *TargetKind) if f"`{word}`" not in text] == []


def test_every_event_type_and_every_outcome_is_documented_and_no_other() -> None:
    documented = table_words(page("docs/reference/events.md").text)
    known = {str(each) for each in (*EventType, *Outcome)}
    assert known - documented == set()
    rejections = {
        slug
        for path in ROOT.glob("suggest/online/*.py")
        for slug in re.findall(r"Refused\(\s*\"([a-z-]+)\"", path.read_text())
    } | {"token-expired"}
    assert rejections - documented == set()
    assert documented == known | rejections


def test_every_problem_is_documented_with_its_status_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", page("docs/reference/problems.md").text, re.M)
    assert dict(rows) == {slug: str(kind.status) for slug, kind in KINDS.items()}
    for kind in KINDS.values():
        assert kind.advice.split(".")[0].replace("|", "\\|") in page("docs/reference/problems.md").text


def test_the_glossary_has_the_words_of_the_domain() -> None:
    text = page("docs/glossary.md").text
    for word in (*EventType, *Outcome, *Decision):
        assert f"`{word}`" in text, word
    for noun in ("surface", "candidate", "context", "slate", "impression", "label", "bundle", "review", "verdict"):
        assert re.search(rf"^\| [^|]*\b{noun}\b", text, re.M), noun


def test_the_pages_speak_of_the_project_alone() -> None:
    for each in pages():
        assert not re.search(r"(?<![\w.])/(work|root|home|tmp)/", each.text), each.name
