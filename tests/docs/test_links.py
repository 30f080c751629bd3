"""Links lead somewhere; commands that are written down exist, with the options they are given."""

from __future__ import annotations

import re
import shlex

import pytest

from docs.pages import ROOT, Page, page, pages
from docs.test_reference import commands

KNOWN = dict(commands())


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_every_link_inside_the_repository_resolves(each: Page) -> None:
    for _, target in each.links:
        if re.match(r"https?://|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (each.path.parent / file).resolve() if file else each.path
        assert there.is_relative_to(ROOT), target
        assert there.exists(), f"{each.name} links to {target}"
        if anchor and there.suffix == ".md":
            assert anchor in Page(there).anchors, f"{each.name} links to {target}"


GROUPS = {name.split()[0] for name in KNOWN if " " in name}  # `keys create` is one of `keys`


def written_commands() -> list[tuple[str, str]]:
    """Every `suggest …` in a block or in a line of text, with the page it stands on."""
    found = []
    for each in pages():
        blocks = "\n".join(each.blocks("sh")).replace("\\\n", " ")
        lines = re.findall(r"^(?:\.venv/bin/)?(suggest [^\n]*)", blocks, re.M)
        lines += re.findall(r"`(suggest [a-z][^`]*)`", re.sub(r"```.*?```", "", each.text, flags=re.S))
        found += [(each.name, " ".join(line.split())) for line in lines]
    return found


def test_commands_are_written_down_at_all() -> None:
    assert len(written_commands()) > 20


@pytest.mark.parametrize(("name", "line"), written_commands())
def test_every_written_command_exists_with_its_options(name: str, line: str) -> None:
    words = shlex.split(line.split(" #")[0])[1:]
    if words[0] in {"COMMAND", "demo,"}:  # a placeholder, or the list in the changelog
        return
    path = " ".join(words[:2]) if words[0] in GROUPS and len(words) > 1 else words[0]
    options = {word.split("=")[0] for word in words if word.startswith("--")} - {"--help"}
    if path in GROUPS:
        return
    assert path in KNOWN, f"{name}: {line}"
    assert options <= set(KNOWN[path]), f"{name}: {line}"


def test_the_readme_opens_with_a_picture_says_what_it_is_and_names_the_two_commands() -> None:
    readme = page("README.md")
    title, picture, what = [part for part in readme.text.split("\n\n") if part][:3]
    assert title == "# Suggest"
    assert picture.startswith("![")
    assert what.count(".") == 2, "two sentences"
    assert "make run" in readme.blocks("sh")[0]
    assert "make test" in readme.blocks("sh")[0]


def test_the_makefile_has_the_targets_that_are_written_down() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    said = {name for each in pages() for name in re.findall(r"\bmake ([a-z]+)\b", "\n".join(each.blocks("sh")))}
    assert said
    assert said <= targets


def test_continuous_integration_runs_exactly_make_test() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "exec make test"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
