"""Whatever somebody calls a CSV: an import ends with an exit code and words, and takes what is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.shell import Said, Shell

HEAD = b"text,item\n"
EVERYTHING = (
    b"\xef\xbb\xbftext,item\r\n"
    b'"he said ""where, exactly?""",track\n'  # sound
    b"a\x00b,track\n"
    b"x,track\n" + b"y" * 40_000 + b",track\n"  # sound
    b"one cell\n"
    b"three,cells,here\n"
    b"nothing said,\n"
    b"unheard of,nobody\n"
    b"   ,track\n"
    b"\"=cmd|' /C calc'!A0\",track\r\n"  # sound
    + "\u202eevil\u202c 👩‍👧,track\n".encode()  # sound
    + b"x,track\n"  # sound, and known
)
FILES: dict[str, tuple[bytes, int]] = {  # content -> how many rows are sound
    "everything at once": (EVERYTHING, 5),
    "a quote never closed": (HEAD + b'fine,track\n"never closed,track\nmore,track\n', 1),
    "a field beyond reading": (HEAD + b"fine,track\n" + b"z" * 5_000_000 + b",track\n", 1),
    "no header that means anything": (b"colour,size\nred,9\n", 0),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 0),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("hostile")
    shell = Shell(folder=folder, env={"SUGGEST_ENCODER": "hashing", "SUGGEST_CACHE": str(folder / "cache")})
    file = shell.file("replies.csv", "id,text\ntrack,Follow your parcel.\n")
    made = shell.on_data("import", file, "--surface", "shop", "--kind", "candidates", "--create")
    assert made.code == 0, made.err
    return shell


def imported(shop: Shell, path: Path) -> Said:
    return shop.on_data("import", path, "--surface", "shop", "--kind", "labels", "--json")


@pytest.mark.parametrize("name", FILES)
def test_an_import_of_anything_takes_what_is_sound_and_says_what_is_not(shop: Shell, name: str) -> None:
    content, sound = FILES[name]
    path = shop.folder / "rows.csv"
    path.write_bytes(content)
    said = imported(shop, path)
    assert "Traceback" not in said.out + said.err
    if said.out.strip():
        told = said.json
        assert told["accepted"] + told["duplicates"] == sound
        assert told["skipped"] >= len(told["faults"])
        assert all(fault["line"] >= 2 and fault["problem"] for fault in told["faults"])
        assert said.code == (1 if sound == 0 else 3 if told["skipped"] else 0)
    else:
        assert sound == 0
        assert said.code in {1, 2}
        assert said.err.startswith("suggest: ")
