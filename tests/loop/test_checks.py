"""What stands between the offline gate and promotion where the owner asks for more: audits, and the veto."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from loop.logs import NO_TWINS, Floats, Readers
from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.domain.policy import Policy
from suggest.loop import checks
from suggest.loop.archive import pack
from suggest.loop.checks import audited, further_checked, off_policy
from suggest.loop.children import ChildFailed
from suggest.loop.logged import LoggedSlate
from suggest.loop.record import scores_json
from suggest.loop.scores import Score
from suggest.loop.targets import BundleModel

PASSED = {"verdict": "promote", "why": "not worse in any respect"}


@dataclass(frozen=True)
class Scaled:
    """A challenger that ranks like the log, times a factor: a small one blurs it."""

    factor: float

    def why_not(self, slate: LoggedSlate) -> str | None:
        return None

    def logits(self, slates: Sequence[LoggedSlate]) -> list[Floats]:
        return [slate.logits * self.factor for slate in slates]


def veto(factor: float, slates: list[LoggedSlate], champion: str = "served") -> dict[str, Any]:
    return off_policy(slates, cast(BundleModel, Scaled(factor)), champion, NO_TWINS)


@pytest.fixture(scope="module")
def slates() -> list[LoggedSlate]:
    return Readers(seed=9, n_options=5).serve(400, tau=1.0)


def test_the_veto_stops_what_is_credibly_worse_and_nothing_else(slates: list[LoggedSlate]) -> None:
    worse, better = veto(0.3, slates), veto(1.5, slates)
    assert worse["stops"] is True
    assert "credibly worse" in worse["why"]
    assert better["stops"] is False
    assert better["difference"]["estimate"] > 0


def test_no_veto_from_few_slates_from_those_of_others_or_without_exploration(slates: list[LoggedSlate]) -> None:
    assert "too little overlap" in veto(-0.5, slates)["why"]
    assert "needs 200" in veto(-0.5, slates[:150])["why"]
    assert "needs 200" in veto(-0.5, slates, champion="another")["why"]
    still = veto(-0.5, [replace(each, tau=0.0) for each in slates[:250]])
    assert still["stops"] is False
    assert still["estimate"] is None


# -- audits ------------------------------------------------------------------------------------------------------------


def a_score(correct: bool) -> Score:
    return Score(nll=0.5, rank=0 if correct else 5, p_any=0.8, correct=correct, p_top1=0.6)


def audit(tmp_path: Path, ours: list[bool], theirs: list[bool]) -> dict[str, Any]:
    """Both on the same audited contexts, as their bundles recorded it out of fold; one more was never audited."""
    writer = ExampleWriter(ClusteredWorld(n_items=4))
    for n in range(len(ours) + 1):
        writer.label(writer.world.requests(n % 4, 1)[0], writer.world.ids[n % 4], key=f"c{n}")
    examples = writer.all()
    for name, right in (("challenger", ours), ("champion", theirs)):
        scores = scores_json(examples.examples, [a_score(each) for each in [*right, True]])
        files = {"scores.json": scores, "choice.json": b"{}"}
        if name == "champion":
            from suggest.calibrate.prior import shipped_prior

            files["choice.json"] = json.dumps(shipped_prior().to_json()).encode()
        (tmp_path / f"{name}.bundle").write_bytes(pack(files, {"data_until": 10_000}))
    return audited(examples, frozenset(f"c{n}" for n in range(len(ours))), tmp_path)


def test_too_few_audits_keep_the_champion_and_say_how_many_are_missing(tmp_path: Path) -> None:
    told = audit(tmp_path, [True] * 40, [False] * 40)
    assert told["stops"] is True
    assert "460 more are needed" in told["why"]


def test_a_superior_challenger_and_one_that_is_alike_pass_a_worse_one_does_not(tmp_path: Path) -> None:
    base = [n % 10 != 0 for n in range(600)]
    better = [right or n % 20 == 0 for n, right in enumerate(base)]
    assert audit(tmp_path, better, base)["stops"] is False
    assert audit(tmp_path, base, base)["stops"] is False
    worse = audit(tmp_path, base, better)
    assert worse["stops"] is True
    assert (worse["n"], worse["gained"], worse["lost"]) == (600, 0, 30)


# -- what the policy makes of it ---------------------------------------------------------------------------------------


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the child answers; a test may change it."""
    answer: dict[str, Any] = {"off_policy": {"stops": True, "why": "off-policy value is credibly worse"}}
    (tmp_path / "task.json").write_text(
        json.dumps({"surface": "s", "snapshot": "x", "encoder": "e", "dim": 2, "champion": None})
    )

    def child(folder: Path, **_: object) -> None:
        if answer.get("fails"):
            raise ChildFailed("out of memory")
        (folder / "checked.json").write_text(json.dumps(answer))

    monkeypatch.setattr(checks, "run_trial", child)
    return answer


def test_under_offline_the_offline_gate_alone_decides(tmp_path: Path, told: dict[str, Any]) -> None:
    assert further_checked(tmp_path, PASSED, Policy()) == PASSED
    explored = further_checked(tmp_path, PASSED, Policy(exploration=0.5))
    assert explored["verdict"] == "promote"
    assert explored["off_policy"] == told["off_policy"], "but what the log says is told"


@pytest.mark.parametrize("promotion", ["audited", "canary"])
def test_under_the_others_a_veto_keeps_the_champion(tmp_path: Path, told: dict[str, Any], promotion: str) -> None:
    kept = further_checked(tmp_path, PASSED, Policy(promotion=promotion))
    assert kept["verdict"] == "keep"
    assert "credibly worse" in str(kept["why"])
    told["off_policy"]["stops"] = False
    assert further_checked(tmp_path, PASSED, Policy(promotion=promotion))["verdict"] == "promote"


def test_audits_are_asked_for_only_where_the_policy_wants_them(tmp_path: Path, told: dict[str, Any]) -> None:
    further_checked(tmp_path, PASSED, Policy(promotion="canary"))
    assert json.loads((tmp_path / "checks.json").read_text())["audited"] is False
    told |= {"off_policy": {"stops": False}, "audited": {"stops": True, "why": "12 audited slates; 488 more"}}
    kept = further_checked(tmp_path, PASSED, Policy(promotion="audited"))
    assert json.loads((tmp_path / "checks.json").read_text())["audited"] is True
    assert kept["verdict"] == "keep"


def test_a_check_that_cannot_be_made_passes_nobody(tmp_path: Path, told: dict[str, Any]) -> None:
    told["fails"] = True
    assert further_checked(tmp_path, PASSED, Policy(promotion="audited"))["verdict"] == "keep"
    assert further_checked(tmp_path, PASSED, Policy(exploration=0.1))["verdict"] == "promote"


def test_what_did_not_pass_offline_is_not_looked_at_again(tmp_path: Path, told: dict[str, Any]) -> None:
    refused = {"verdict": "keep", "why": "worse"}
    assert further_checked(tmp_path, refused, Policy(promotion="audited")) == refused
