"""Bundle the widget's sources into the files that hosts load: `python components/widget/build.py`.

`suggest-box.js` holds the engine and the chips; every other part is a file of its own, which the box imports by the
hash of its content when a page needs it. Needs node (npx); nothing that runs or tests the product does. The first line
of the box names the digest of all sources, and a test compares it, so that no changed source can ship without its
bundle.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE.parent / "static"
PARTS = ("field", "list", "steer", "typeahead", "wait", "words")
SOURCES = (STATIC / "client.js", *sorted([*HERE.glob("*.js"), *HERE.glob("*.css")]))
BUNDLE = STATIC / "suggest-box.js"
ESBUILD = ["npx", "--yes", "esbuild@0.28.2", "--charset=utf8", "--log-level=warning", "--minify"]
PASSES = "passes=4,unsafe,ecma=2022,sequences=false"  # without sequences the text repeats more: 42 bytes less brotli


def digest() -> str:
    """Eight hex digits over the bytes of every source, in order.

    >>> len(digest())
    8
    """
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in SOURCES)).hexdigest()[:8]


def banner() -> str:
    return f"// widget {digest()}"


def part_file(name: str) -> Path:
    return STATIC / f"suggest-{name}.js"


def content_name(content: bytes) -> str:
    """The part of an immutable address that stands for this content: the start of what suggest.web.assets names it."""
    return hashlib.sha256(content).hexdigest()[:6]


def build() -> dict[Path, str]:
    """The text of each file: styles minified, modules joined, names shortened."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        shutil.copytree(HERE, tree / "widget", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(STATIC, tree / "static")
        for style in (tree / "widget").glob("*.css"):
            subprocess.run([*ESBUILD, str(style), "--allow-overwrite", f"--outfile={style}"], check=True)
            style.write_text(style.read_text().strip())
        made = {part_file(name): _joined(tree, name, {}) for name in PARTS if (HERE / f"{name}.js").is_file()}
        hashes = {path.stem.removeprefix("suggest-"): content_name(text.encode()) for path, text in made.items()}
        made[BUNDLE] = f"{banner()}\n{_joined(tree, 'suggest-box', hashes)}"
    return made


def _joined(tree: Path, entry: str, hashes: dict[str, str]) -> str:
    joined = tree / f"{entry}.joined.js"
    joining = ["--bundle", "--format=esm", "--target=es2022", "--loader:.css=text", f"--outfile={joined}"]
    parts = f"--define:PARTS={json.dumps(hashes)}"
    subprocess.run([*ESBUILD, str(tree / f"widget/{entry}.js"), *joining, parts], check=True)
    terser = ["npx", "--yes", "terser@5.51.2", str(joined), "--module", "-c", PASSES, "-m", "--ecma", "2022"]
    return subprocess.run(terser, check=True, capture_output=True, text=True).stdout.strip() + "\n"


if __name__ == "__main__":
    for path, text in build().items():
        path.write_text(text)
        sys.stdout.write(f"{path.name} {path.stat().st_size} bytes\n")
