"""The files that hosts load are those that their sources make, and hold nothing that a careful host forbids."""

import json
import re
import runpy

import brotli
import pytest
from contract_server import STATIC

from suggest.web.embed import EMBEDDED

WIDGET = STATIC.parent / "widget"
BUILD = runpy.run_path(str(WIDGET / "build.py"))
BUNDLE = (STATIC / "suggest-box.js").read_text()
PARTS = {name: BUILD["part_file"](name).read_text() for name in BUILD["PARTS"]}
SOURCES = "".join(path.read_text() for path in [STATIC / "client.js", *sorted(WIDGET.glob("*.js"))])
SHIPPED = BUNDLE + "".join(PARTS.values())


def test_the_bundle_was_built_from_these_sources() -> None:
    assert BUNDLE.startswith(BUILD["banner"]() + "\n"), "sources changed: run `python components/widget/build.py`"


def test_the_box_names_each_part_by_its_content() -> None:
    found = re.search(r"=(\{\w+:\"[0-9a-f]{6}\".*?\})", BUNDLE)
    assert found
    named = json.loads(re.sub(r"(\w+):", r'"\1":', found[1]))
    assert named == {name: BUILD["content_name"](text.encode()) for name, text in PARTS.items()}
    assert {f"suggest-{name}.js" for name in PARTS} | {"suggest-box.js", "client.js"} <= set(EMBEDDED)


def test_the_box_with_its_chips_weighs_at_most_5_kb_and_no_part_more() -> None:
    weights = {name: len(brotli.compress(text.encode(), quality=11)) for name, text in {"box": BUNDLE, **PARTS}.items()}
    print("bytes of brotli:", weights)
    assert max(weights.values()) <= 5000


@pytest.mark.parametrize(
    "sink", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage",
             "sessionStorage", "document.cookie", "setAttribute('style'", "console."],
)  # fmt: skip
def test_no_sink_of_markup_code_or_storage(sink: str) -> None:
    assert sink not in SOURCES
    assert sink not in SHIPPED


def test_nothing_is_needed_before_the_chips() -> None:
    assert not re.search(r"\bimport\s*[\"'{]|\}\s*from\s*[\"']", SHIPPED), "a part is asked for when it is needed"
    assert "import.meta.url" in BUNDLE


def test_every_language_says_everything() -> None:
    languages = re.findall(r"^  (\w\w): \{(.*?)^  \}", (WIDGET / "words.js").read_text(), re.MULTILINE | re.DOTALL)
    said = {language: re.findall(r"^    (\w+): '.+'", words, re.MULTILINE) for language, words in languages}
    assert set(said) == {"de", "ar", "ja"}
    english = ["label", "dismiss"]
    for block in re.findall(r"const ENGLISH = \{(.*?)\n\};", SOURCES, re.DOTALL):
        english += re.findall(r"^  (\w+): '.+'", block, re.MULTILINE)
    assert len(english) == len(set(english))
    for words in said.values():
        assert sorted(words) == sorted(english)
    typed = re.search(r"interface Strings \{(.*?)\n\}", (STATIC / "suggest-box.d.ts").read_text(), re.DOTALL)
    assert typed
    assert sorted(re.findall(r"^  (\w+): string", typed[1], re.MULTILINE)) == sorted(english)
