"""Value a bundle or a policy from a snapshot, in a process of its own: the live file and the server's time are not
touched.

    python -m suggest.loop.evaluation FOLDER

FOLDER holds task.json, the snapshot and, where a bundle is to be valued, target.bundle. Progress goes to standard
output as JSON lines; the result is result.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.loop.archive import unpack
from suggest.loop.logged import read_logged, read_traits, read_twins
from suggest.loop.manners import behave, tell_progress
from suggest.loop.targets import BundleModel
from suggest.loop.valuation import Progress, value_of
from suggest.rank.ranker import Ranker
from suggest.store.reader import SnapshotReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is asked."""

    surface: str
    snapshot: str
    encoder: str  # fingerprint
    dim: int
    bundle: str | None  # None: each slate's own
    exploration: float | None  # None: as each slate was served


def run(asked: Evaluation, folder: Path, report: Progress) -> Mapping[str, object]:
    report(0.02, "reading the log")
    with SnapshotReader(folder / asked.snapshot) as reader:
        slates = read_logged(reader, asked.surface, traits=read_traits(reader, asked.surface))
        twins = read_twins(reader, asked.surface, encoder=asked.encoder, dim=asked.dim)
    bundle = bundle_model(asked.bundle, folder / "target.bundle") if asked.bundle is not None else None
    valued = value_of(slates, bundle=bundle, tau=asked.exploration, twins=twins, report=report)
    target = {"bundle": asked.bundle, "exploration": asked.exploration}
    return {"surface": asked.surface, "target": target, **valued.to_json()}


def bundle_model(bundle: str, file: Path) -> BundleModel:
    """The models of a stored bundle; those of the shipped prior have no file."""
    if bundle == PRIOR_BUNDLE:
        return BundleModel(id=bundle, encoder="", ranker=Ranker(), choice=shipped_prior())
    stored = unpack(file.read_bytes())
    return BundleModel(
        id=bundle,
        encoder=str(stored.manifest.get("encoder") or ""),
        ranker=Ranker.from_files(stored.files),
        choice=ChoiceModel.from_json(json.loads(stored.files["choice.json"])),
    )


def main(folder: Path) -> int:
    behave()
    asked = Evaluation(**json.loads((folder / "task.json").read_text()))
    (folder / "result.json").write_text(json.dumps(run(asked, folder, tell_progress)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
