"""Known answers that are probably wrong: those that the models, which never saw them, hardly believe.

    self-confidence(i) = P(given answer i | context i), out of fold

The least believed are the likeliest mistakes (Northcutt, Jiang & Chuang, JAIR 2021: the ranking of confident learning);
one line did as well as a library on CLINC150 with 5 % of the labels wrong (AUROC .998 among answers of the same
domain, measured before). A verdict, a label and a selection are judged alike. Misleads where a mistake is made
systematically, since the models then learn it; where several options are right and one was named; and for an option so
rare that nothing of it is left when one of its answers is held out. So a doubt is a question to a person, never a
deletion."""

from __future__ import annotations

import json
from collections.abc import Iterable

from suggest.loop.build import Built, predict
from suggest.loop.examples import Example, ExampleSet

HARDLY = 0.1  # self-confidence up to which a person is asked
MOST = 500  # doubts that a bundle keeps, the gravest


def doubts_json(built: Built, examples: ExampleSet) -> bytes:
    """The doubted answers of a build, for the queue to ask about: [context key, item or null, self-confidence]."""
    judged = (_judged(built, examples.examples[p.example], n) for n, p in enumerate(built.held_out))
    return json.dumps([[e.key, e.right[0] if e.right else None, round(c, 5)] for e, c in gravest(judged)]).encode()


def gravest(judged: Iterable[tuple[Example, float | None]]) -> list[tuple[Example, float]]:
    """Examples with their self-confidence (None: says nothing), down to those that are hardly believed, once a context.

    Dismissals give no answer to doubt; what was chosen among a caller's own options nobody here can judge."""
    found: dict[str, tuple[Example, float]] = {}
    for example, confidence in judged:
        if confidence is None or confidence > HARDLY or example.is_dismissal or example.supplied is not None:
            continue
        known = found.get(example.key)
        if known is None or confidence < known[1]:
            found[example.key] = (example, confidence)
    return sorted(found.values(), key=lambda doubt: (doubt[1], doubt[0].key))[:MOST]


def _judged(built: Built, example: Example, n: int) -> tuple[Example, float | None]:
    predicted = built.held_out[n]
    choice = built.held_out_choices[int(built.folds[predicted.example])]
    p, none = predict(choice, predicted.columns)
    if not example.right:
        return example, float(none.sum() + sum(p[i] for i, c in enumerate(predicted.ids) if c in example.newer))
    held = [float(p[i]) for i, c in enumerate(predicted.ids) if c in example.right]
    return example, sum(held)
