"""An option that is added to a busy surface is found by its text alone, however well known all the others are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from loop.worlds import ClusteredWorld, ExampleWriter

from suggest.config.stages import learn
from suggest.loop.examples import Catalog

KNOWN_ANSWERS = 40  # of each of the other options
ASKED = 40


def test_a_new_option_is_shown_before_anybody_has_chosen_it() -> None:
    """Nobody chose it, its text lies as near to its requests as the others' to theirs: in the first three for .85 of
    them. Where all known options are equally well known, a fit that weighs how well known they are showed it never."""
    world = ClusteredWorld(n_items=20, dim=32, spread=0.9, seed=0)
    new = world.ids[7]
    written = ExampleWriter(world).labels(KNOWN_ANSWERS).all()
    kept = [n for n, i in enumerate(world.ids) if i != new]
    catalog = Catalog(
        ids=tuple(world.ids[n] for n in kept),
        texts=tuple(world.catalog.texts[n] for n in kept),
        embeddings=world.catalog.embeddings[kept],
    )
    before = replace(written, examples=tuple(e for e in written.examples if new not in e.right), catalog=catalog)
    suggester, _ = learn(before, world.background(), seed=0, report=lambda done, step: None)
    place = world.ids.index(new)
    suggester.candidates.upsert([new], [world.catalog.texts[place]], world.catalog.embeddings[[place]])
    suggester.lexical.upsert([new], [world.catalog.texts[place]])
    asked = [suggester.rank(vector, "") for vector in world.requests(place, ASKED)]
    found = float(np.mean([new in ranking.ids[:3] for ranking in asked]))
    assert found >= 0.85
    others = [suggester.rank(vector, "") for item in range(3) for vector in world.requests(item, 20)]
    assert np.mean([new in ranking.ids[:1] for ranking in others]) <= 0.05  # and not where it is not asked for
