"""Trees learn from what an answer is set against: the hardest of its pool, and some that nobody would think of."""

from __future__ import annotations

import numpy as np
import pytest

from loop.worlds import ClusteredWorld, ExampleWriter
from suggest.loop.predicted import Predicted
from suggest.loop.trees import HARDEST, HARDEST_BY, grow_trees, hardest
from suggest.rank.ranker import COLUMNS, Columns

N_OPTIONS = 60
LINEAR = COLUMNS.index("linear")


@pytest.fixture(scope="module")
def rows() -> list[Predicted]:
    """240 answers among sixty options: the linear model knows a good deal, no other column knows anything."""
    rng = np.random.default_rng(0)
    made = []
    for n in range(240):
        option = rng.random((N_OPTIONS, len(COLUMNS))).astype(np.float32)
        option[:, -1] = 0.0
        option[n % N_OPTIONS, LINEAR] += 0.8
        ids = tuple(f"item{i:02d}" for i in range(N_OPTIONS))
        made.append(Predicted(example=n, ids=ids, columns=Columns(option=option, pool=np.zeros(13, np.float32))))
    return made


def test_held_out_they_order_no_worse_than_the_column_that_knows(rows: list[Predicted]) -> None:
    """Most right options are among the hardest by no cosine. Set against those alone, they taught the trees that what
    looks hopeless is the answer (SGD's replies: the trees' top 1 .36, the linear model's .61)."""
    examples = ExampleWriter(ClusteredWorld(n_items=N_OPTIONS)).labels(4).all()
    grown = grow_trees(examples, rows, examples.folds(), seed=0, threads=1, fair=True)
    place = np.array([int(e.right[0][4:]) for e in examples.examples])
    linear = np.array([p.columns.option[:, LINEAR] for p in rows])
    rank = (linear > linear[np.arange(len(rows)), place][:, None]).sum(axis=1)
    alone = np.where(rank < 10, 1 / np.log2(2.0 + rank), 0.0).mean()
    print(f"nDCG@10 of the trees {grown.ndcg['answers']:.3f}, of the linear column alone {alone:.3f}")
    assert grown.ndcg["answers"] > alone - 0.03


def test_the_hardest_are_the_first_of_any_column(rows: list[Predicted]) -> None:
    option = rows[0].columns.option
    found = hardest(option, HARDEST_BY, HARDEST)
    assert found.tolist() == sorted(set(found.tolist()))
    for name in HARDEST_BY:
        assert set(np.argsort(-option[:, COLUMNS.index(name)])[:HARDEST]) <= set(found.tolist())
    assert hardest(option[:5], HARDEST_BY, HARDEST).tolist() == [0, 1, 2, 3, 4]
