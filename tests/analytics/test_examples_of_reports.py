"""The example notebook runs on a snapshot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from conftest import Month

ROOT = Path(__file__).parents[2]


def test_the_notebook_runs_on_a_snapshot(month: Month, tmp_path: Path, monkeypatch) -> None:
    shutil.copyfile(month.analytics.path, tmp_path / "snapshot.duckdb")
    monkeypatch.chdir(tmp_path)
    cells = json.loads((ROOT / "examples" / "log.ipynb").read_text())["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["surface"] == "support"
    assert {row[0]: row[1] for row in names["by_bundle"].fetchall()} == {  # type: ignore[attr-defined]
        "prior": 400, "b-0311": 666, "b-0319": 534,
    }  # fmt: skip
    names["log"].close()  # type: ignore[attr-defined]
