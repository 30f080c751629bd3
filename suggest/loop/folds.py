"""Who is held out together. Chance comes from hashes, so that the same log gives the same folds at every retrain."""

from __future__ import annotations

import hashlib

N_FOLDS = 5  # of labels and earlier clicks
TIME_FOLD = N_FOLDS  # the latest clicks: judged by what was learned before them
CLICK_TEST_SHARE = 0.2
NEVER_HELD_OUT = -1  # the encoder was tuned on it: nothing said of it would be out of sample


def fold_of(key: str, salt: str, n: int) -> int:
    """A stable number in [0, n).

    >>> fold_of("abc", "x", 5) == fold_of("abc", "x", 5) and 0 <= fold_of("abc", "x", 5) < 5
    True
    """
    return int.from_bytes(hashlib.blake2b(f"{salt}\x1f{key}".encode(), digest_size=8).digest()) % n
