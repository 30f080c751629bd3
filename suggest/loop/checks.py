"""What may be asked of a challenger beyond the offline gate: the audited paired test and the off-policy veto.

    python -m suggest.loop.checks FOLDER

In a process of its own, after the trial, on the same folder: task.json, the snapshot, challenger.bundle and, where
there is one, champion.bundle; `checks.json` says what is asked. The result is checked.json."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from suggest.calibrate.choice import ChoiceModel
from suggest.calibrate.prior import shipped_prior
from suggest.domain.bundle import PRIOR_BUNDLE
from suggest.domain.clock import rfc3339
from suggest.domain.policy import Policy
from suggest.loop.archive import unpack
from suggest.loop.children import ChildFailed, run_trial
from suggest.loop.evaluation import bundle_model
from suggest.loop.examples import Example, ExampleSet
from suggest.loop.logged import LoggedSlate, Twins, read_logged, read_traits, read_twins
from suggest.loop.manners import behave, tell_progress
from suggest.loop.reading import read_examples
from suggest.loop.record import scores_of, uid
from suggest.loop.rescoring import scored_now
from suggest.loop.scores import Score
from suggest.loop.targets import BundleModel
from suggest.loop.valuation import Progress, value_of, weighed
from suggest.metrics.off_policy import effective_sample_size, normal_interval
from suggest.metrics.paired import Disagreement
from suggest.rank.ranker import Ranker
from suggest.store.reader import SnapshotReader

log = logging.getLogger(__name__)

FEWEST_AUDITS = 500  # at 1,000, .66 of the challengers 0.8 points better are found superior, .99 not inferior
AUDIT_ERROR = 0.05
AUDIT_MARGIN = 0.005  # of the share right: how much worse "not inferior" may be
FEWEST_FOR_VETO, LEAST_ESS_FOR_VETO = 200, 50.0
VETO_TWO_SIDED = 0.8  # its upper end is the 90 % upper bound
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    surface: str
    snapshot: str
    encoder: str
    dim: int
    champion: str  # id
    audited: bool


def further_checked(folder: Path, gate: Mapping[str, object], policy: Policy) -> dict[str, object]:
    """The gate's report after the checks that this policy asks for; run by the server, the work is a child's.

    Under `offline` the offline gate alone decides: an explored log is still valued, and what it says is told. Under
    `audited` and `canary` the veto counts; under `audited` the paired test too."""
    told = dict(gate)
    is_alone = policy.promotion == "offline"
    if told.get("verdict") != "promote" or (is_alone and policy.exploration == 0):
        return told
    task = json.loads((folder / "task.json").read_text())
    asked = {
        "surface": task["surface"],
        "snapshot": task["snapshot"],
        "encoder": task["encoder"],
        "dim": task["dim"],
        "champion": task["champion"] or PRIOR_BUNDLE,
        "audited": policy.promotion == "audited",
    }
    (folder / "checks.json").write_text(json.dumps(asked))
    try:
        run_trial(folder, threads=1, report=lambda done, step: None, longest_s=LONGEST_S, module="suggest.loop.checks")
        told |= json.loads((folder / "checked.json").read_text())
    except (ChildFailed, OSError, ValueError) as failed:
        log.warning("the checks after the offline gate failed: %s", failed)
        told["checks"] = f"could not be made: {failed}"
        return told if is_alone else _kept(told, "the checks that the policy asks for could not be made")
    return told if is_alone else _decided(told)


def _decided(told: dict[str, object]) -> dict[str, object]:
    for name in ("off_policy", "audited"):
        check = told.get(name)
        if isinstance(check, Mapping) and check.get("stops"):
            return _kept(told, str(check["why"]))
    return told


def _kept(told: dict[str, object], why: str) -> dict[str, object]:
    return {**told, "verdict": "keep", "why": f"{why}; offline: {told.get('why')}"}


# -- in the child ------------------------------------------------------------------------------------------------------


def run(asked: Asked, folder: Path, report: Progress) -> dict[str, object]:
    report(0.1, "valuing it on the log")
    challenger = bundle_model("challenger", folder / "challenger.bundle")
    with SnapshotReader(folder / asked.snapshot) as reader:
        slates = read_logged(reader, asked.surface, traits=read_traits(reader, asked.surface))
        twins = read_twins(reader, asked.surface, encoder=asked.encoder, dim=asked.dim)
        told: dict[str, object] = {"off_policy": off_policy(slates, challenger, asked.champion, twins)}
        if asked.audited:
            report(0.6, "comparing both on audited slates")
            keys = frozenset(str(r["context_key"]) for r in reader.select("audited_contexts", surface=asked.surface))
            examples = read_examples(reader, asked.surface, encoder=asked.encoder, dim=asked.dim)
            told["audited"] = audited(examples, keys, folder)
    return told


def _when(slates: Sequence[LoggedSlate], challenger: BundleModel) -> dict[str, str]:
    """From when to when the slates were served that it is valued on; `to` is the first moment after them."""
    at = [s.at for s in slates if s.tau > 0 and s.at is not None and challenger.why_not(s) is None]
    return {"from": rfc3339(min(at)), "to": rfc3339(max(at) + timedelta(milliseconds=1))} if at else {}


def off_policy(
    slates: Sequence[LoggedSlate], challenger: BundleModel, champion: str, twins: Twins
) -> dict[str, object]:
    """Its value on the explored log, and whether that stops it: the 90 % upper bound of challenger less champion, on
    slates that the champion itself served, lies below 0.

    The challenger has learned from these very outcomes, which flatters it: the check can stop, never promote."""
    valued = value_of(slates, bundle=challenger, tau=None, twins=twins)
    told = {**valued.to_json(), **_when(slates, challenger), "stops": False}
    own = [s for s in slates if s.bundle == champion and s.tau > 0 and challenger.why_not(s) is None]
    if len(own) < FEWEST_FOR_VETO:
        return {**told, "why": f"{len(own)} explored slates of the champion; a veto needs {FEWEST_FOR_VETO}"}
    theirs = weighed(own, bundle=challenger, tau=None, twins=twins)
    ours = weighed(own, bundle=None, tau=None, twins=twins)
    ess = effective_sample_size(theirs.weights[:, -1]) if theirs.weights[:, -1].any() else 0.0
    bound = normal_interval(theirs.cascade - ours.cascade, VETO_TWO_SIDED)
    words = f"{bound.mid:+.4f}, 90 % upper bound {bound.high:+.4f}, on {len(own)} slates worth {ess:.0f}"
    if ess < LEAST_ESS_FOR_VETO:
        return {**told, "why": f"too little overlap for a veto: {words}"}
    if bound.high < 0:
        return {**told, "stops": True, "why": f"off-policy value is credibly worse: {words}"}
    return {**told, "why": f"no veto: {words}"}


def audited(examples: ExampleSet, keys: frozenset[str], folder: Path) -> dict[str, object]:
    """Both judged on contexts of random audits, each by models that had not seen the answer: is a right option in the
    slate? Passes where the challenger is superior, or not inferior by more than half a point."""
    which = [n for n, e in enumerate(examples.examples) if not e.click and e.key in keys]
    ours = scores_of(unpack((folder / "challenger.bundle").read_bytes()).files["scores.json"])
    theirs = _champion(examples, which, folder / "champion.bundle")
    pairs = []
    for n in which:
        a, b = ours.get(uid(examples.examples[n])), theirs.get(n)
        if a is not None and b is not None and a.correct is not None and b.correct is not None:
            pairs.append((a.correct, b.correct))
    found = Disagreement.of([a for a, _ in pairs], [b for _, b in pairs])
    gain, p = found.difference(), found.p_superior()
    told: dict[str, object] = {
        "n": found.n,
        "gained": found.gained,
        "lost": found.lost,
        "p_superior": round(p, 5),
        "difference": {"low": round(gain.low, 4), "mid": round(gain.mid, 4), "high": round(gain.high, 4)},
    }
    if found.n < FEWEST_AUDITS:
        why = f"{found.n} audited slates can be compared; {FEWEST_AUDITS - found.n} more are needed"
        return {**told, "stops": True, "why": why}
    passes = p <= AUDIT_ERROR or gain.low > -AUDIT_MARGIN
    words = f"{found.gained} gained, {found.lost} lost on {found.n} audited slates"
    return {**told, "stops": not passes, "why": f"{words}: {'passes' if passes else 'may be worse by half a point'}"}


def _champion(examples: ExampleSet, which: Sequence[int], file: Path) -> Mapping[int, Score]:
    """Its own out-of-fold record where it has one; else what it says now of what came after its data."""
    if not file.exists():
        return dict(zip(which, scored_now(Ranker(), shipped_prior(), examples, which), strict=True))
    stored = unpack(file.read_bytes())
    recorded = scores_of(stored.files["scores.json"])
    until = int(str(stored.manifest.get("data_until") or 0))

    def is_known(example: Example) -> bool:
        return uid(example) in recorded

    scores = {n: recorded[uid(examples.examples[n])] for n in which if is_known(examples.examples[n])}
    later = [n for n in which if n not in scores and examples.examples[n].order > until]
    choice = ChoiceModel.from_json(json.loads(stored.files["choice.json"]))
    return scores | dict(zip(later, scored_now(Ranker.from_files(stored.files), choice, examples, later), strict=True))


def main(folder: Path) -> int:
    behave()
    asked = Asked(**json.loads((folder / "checks.json").read_text()))
    (folder / "checked.json").write_text(json.dumps(run(asked, folder, tell_progress)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
