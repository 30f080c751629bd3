"""What this product would have said to past tickets, had it been there: learned from the earlier, asked the later.

The same stages as a server's, one step of the learning curve after the other. Nothing is stored, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suggest.config.stages import Told, ask, background, catalog_of, labelled, learn, remembering
from suggest.domain.context import Context
from suggest.loop.backtest import Split, Ticket, answers_of, curve_of, offered
from suggest.loop.build import FEWEST_POSITIVES
from suggest.loop.examples import Catalog
from suggest.loop.made_up import Background
from suggest.online.suggester import Suggester
from suggest.retrieve.context import EncodesTexts, embed_contexts
from suggest.retrieve.vectors import Embeddings

K = 3
SEED = 17
ENCODED_AT_ONCE = 128
MOST_JUDGED_EARLY = 1_000  # at every step of the curve but the last

Progress = Callable[[float, str], None]  # share of the whole that is done, and what is being done


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One judged ticket and what was said to it. `right` empty: no candidate there is answers it."""

    ticket: Ticket
    told: Told
    right: frozenset[str]

    @property
    def in_top_1(self) -> bool:
        return bool(self.right) and self.told.shown[:1] != () and self.told.shown[0] in self.right

    @property
    def in_slate(self) -> bool:
        return any(item in self.right for item in self.told.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A point of the learning curve."""

    n_history: int
    was_built: bool  # False: too few known answers for a bundle, so names, memory and the shipped prior spoke
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    split: Split
    candidates: Mapping[str, str]  # id -> text, as they were known when the judged tickets came
    answers: Mapping[str, str]  # the same of every answer in the file
    given: frozenset[str]  # answers that had been given when the judged tickets came; the rarer ones are no candidates
    steps: tuple[Step, ...]  # the last one with all the history
    embeddings: Embeddings  # of the judged tickets, in the order of `asked` of the last step

    @property
    def asked(self) -> tuple[Asked, ...]:
        return self.steps[-1].asked


def backtest(
    tickets: Sequence[Ticket],
    answers: Mapping[str, str],
    split: Split,
    encoder: EncodesTexts,
    *,
    seed: int = SEED,
    report: Progress = lambda share, doing: None,
) -> Backtest:
    """Learn from `split.history` step by step, ask `split.judged`. `answers`: the text of each answer's candidate.

    An answer that nobody had given before the cut could not have been suggested: it is no candidate of a split by
    time; of very many different answers only the commonest are (`offered`). Raises ValueError where there is nothing to
    learn from or nothing to ask."""
    if not split.history or not split.judged:
        raise ValueError("a backtest needs tickets to learn from and tickets to ask")
    before = [tickets[row].answer for row in split.history] if split.is_by_time else [t.answer for t in tickets]
    candidates = offered(before)
    known = {id: text for id, text in answers.items() if id in candidates}
    if len(known) < 2:
        raise ValueError("a backtest needs at least two different answers to choose from")
    history, judged = [tickets[row] for row in split.history], [tickets[row] for row in split.judged]
    rows = _embedded([t.context for t in (*history, *judged)], encoder, lambda share: report(0.4 * share, "encoding"))
    taught, asked_rows = rows[: len(history)], rows[len(history) :]
    catalog, about = catalog_of(tuple(known), tuple(known.values()), encoder), background(encoder)
    right = {key: found & known.keys() for key, found in answers_of(tickets).items()}
    sizes = curve_of(len(history))
    steps: list[Step] = []
    for number, size in enumerate(sizes):
        share, doing = 0.4 + 0.6 * _cost(sizes[:number]) / _cost(sizes), f"learning from {size:,} tickets"
        report(share, doing)
        start = len(history) - size
        suggester, was_built = _learned(history[start:], taught[start:], right, catalog, about, seed=seed)
        n_asked = len(judged) if size == len(history) else min(len(judged), MOST_JUDGED_EARLY)
        told = ask(suggester, zip((t.context.text for t in judged[:n_asked]), asked_rows, strict=False), k=K)
        steps.append(
            Step(
                n_history=size,
                was_built=was_built,
                asked=tuple(
                    Asked(ticket=ticket, told=said, right=frozenset(right[ticket.context.key]))
                    for ticket, said in zip(judged[:n_asked], told, strict=True)
                ),
            )
        )
    report(1.0, "done")
    return Backtest(
        split=split,
        candidates=known,
        answers=answers,
        given=frozenset(answer for answer in before if answer is not None),
        steps=tuple(steps),
        embeddings=asked_rows,
    )


def _learned(
    history: Sequence[Ticket],
    rows: Embeddings,
    right: Mapping[str, frozenset[str]],
    catalog: Catalog,
    about: Background,
    *,
    seed: int,
) -> tuple[Suggester, bool]:
    """What a surface knows after these tickets, and whether they were enough for a bundle of its own."""
    told = [(t.context, [t.answer] if t.answer in right[t.context.key] else []) for t in history]
    examples = labelled(told, catalog, rows)
    if examples.positives < FEWEST_POSITIVES:
        return remembering(examples), False
    return learn(examples, about, seed=seed, report=lambda share, doing: None)[0], True


def _embedded(contexts: Sequence[Context], encoder: EncodesTexts, report: Callable[[float], None]) -> Embeddings:
    made: list[Embeddings] = []
    for start in range(0, len(contexts), ENCODED_AT_ONCE):
        report(start / len(contexts))
        some = contexts[start : start + ENCODED_AT_ONCE]
        made.append(embed_contexts(encoder, [(c.text, [(turn.role, turn.text) for turn in c.turns]) for c in some]))
    return np.concatenate(made)


def _cost(sizes: Sequence[int]) -> float:
    """What steps of these sizes cost, in tickets: each asks some, too."""
    return sum(size + 1_000 for size in sizes) or 1.0
