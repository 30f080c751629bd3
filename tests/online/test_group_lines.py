"""A line of its own for a group of requests, from the evidence of the bundle to the request that it decides."""

from __future__ import annotations

import json

import numpy as np
import pytest

from suggest.domain.candidate import Candidate
from suggest.domain.context import Context
from suggest.domain.slate import Decision
from suggest.online.messages import Proposal
from suggest.online.model import Model
from suggest.store.ports import Table
from tests.online.test_watching import NO_THINNING, answers, known, place_of
from tests.online.world import KNOWN, REPLIES, World

WISH = {"target": {"kind": "precision", "value": 0.9}, "groups_by": "tag"}
HARD = REPLIES["refund"]


@pytest.fixture
def grouped(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two kinds of replies, and a bundle that was held out to know that one of them is harder."""
    tags = {"track": ("parcel",), "address": ("parcel",), "refund": ("money",), "cancel": ("money",)}
    options = [Candidate(id=id, text=text, tags=tags.get(id, ())) for id, text in REPLIES.items()]
    world.online.upsert_candidates("shop", options)
    p = np.tile(np.linspace(0.3, 0.999, 400), 2)
    right = np.concatenate([np.ones(400, np.bool_), p[400:] > 0.8])
    tops = ("track",) * 400 + ("refund",) * 400
    model = Model.prior()
    told = {"evidence": (p, right), "evidence_of": (tops, ("de",) * 400 + ("en",) * 400)}
    place_of(world).suggester._model = Model(
        **{name: told.get(name, getattr(model, name)) for name in Model.__dataclass_fields__}
    )
    return world


def test_a_request_is_decided_by_the_line_of_its_group(grouped: World) -> None:
    view = grouped.online.put_policy("shop", WISH, by="owner")
    lines = {each.group: each.threshold for each in view.groups}
    assert lines.keys() == {"parcel", "money"}
    assert lines["parcel"] is not None
    assert lines["money"] is not None
    assert lines["parcel"] < view.threshold < lines["money"]
    assert grouped.ask(KNOWN).slate.threshold == lines["parcel"]
    assert grouped.ask(HARD).slate.threshold == lines["money"]
    assert grouped.ask(REPLIES["size"]).slate.threshold == view.threshold, "without a tag there is no group"
    brought = [Candidate(id="track", text=KNOWN)]
    assert grouped.ask(KNOWN, candidates=brought).slate.threshold == view.threshold


def test_a_language_is_what_the_request_names(grouped: World) -> None:
    view = grouped.online.put_policy("shop", {**WISH, "groups_by": "language"}, by="owner")
    lines = {each.group: each.threshold for each in view.groups}
    for locale, line in (("de-AT", lines["de"]), ("en", lines["en"]), ("fr", view.threshold)):
        context = Context(text=KNOWN, fields={"locale": locale})
        assert grouped.online.suggest(Proposal(surface="shop", context=context)).slate.threshold == line


def test_it_is_previewed_before_and_stored_with_who_wished_for_it(grouped: World) -> None:
    before = grouped.online.get_policy("shop")
    previewed = grouped.online.preview_policy("shop", WISH)
    assert {each.group for each in previewed.groups} == {"parcel", "money"}
    assert before.groups == ()
    view = grouped.online.put_policy("shop", WISH, by="ann")
    assert view.groups == previewed.groups
    row = dict(list(grouped.app.store.read(Table.POLICY_CHANGES))[-1].record.values)
    policy = row["policy"] if isinstance(row["policy"], dict) else json.loads(str(row["policy"]))
    assert policy["line"]["groups"] == {each.group: each.threshold for each in view.groups}


def test_what_tightens_the_surface_tightens_its_groups_and_nothing_loosens_them(grouped: World) -> None:
    calm = {each.group: each.threshold for each in grouped.online.put_policy("shop", WISH, by="owner").groups}
    promises = place_of(grouped).promises
    promises.engagement = NO_THINNING
    answers(grouped, *(known(i, right=False) for i in range(6)))
    assert promises.any.is_tight
    tight = {each.group: each.threshold for each in grouped.online.get_policy("shop").groups}
    for group, threshold in calm.items():
        assert threshold is not None
        now = tight[group]
        assert now is not None
        assert now > threshold
    grouped.online.put_policy("shop", {"error_cost": 1_000.0}, by="owner")
    assert min(place_of(grouped).group_thresholds.values()) >= 0.999, "nor is one looser than the cheapest line"


def test_while_the_surface_is_in_doubt_no_group_is_looser_than_it(grouped: World) -> None:
    """Also where the surface's own evidence asked for more than an alarm does, so that nothing was tightened."""
    model = place_of(grouped).suggester._model
    p, right = model.evidence
    hard = np.concatenate([right[:400], p[400:] > 0.99])
    place_of(grouped).suggester._model = Model(
        **{name: (p, hard) if name == "evidence" else getattr(model, name) for name in Model.__dataclass_fields__}
    )
    calm = grouped.online.put_policy("shop", WISH, by="owner")
    assert min(each.threshold for each in calm.groups if each.threshold is not None) < calm.threshold
    promises = place_of(grouped).promises
    promises.engagement = NO_THINNING
    answers(grouped, *(known(i, p=0.999, right=False) for i in range(6)))
    assert promises.any.is_tight
    tight = grouped.online.get_policy("shop")
    assert tight.threshold >= calm.threshold
    assert all(each.threshold is None or each.threshold >= tight.threshold for each in tight.groups)


def test_the_ends_of_the_slider_know_no_groups(grouped: World) -> None:
    for value, decision in ((1.0, Decision.ESCALATE), (0.0, Decision.SHOW)):
        wish = {"target": {"kind": "precision", "value": value}, "groups_by": "tag"}
        assert grouped.online.put_policy("shop", wish, by="owner").groups == ()
        assert grouped.ask(HARD).slate.decision is decision
