"""Caps: one anonymous voice is one voice."""

from __future__ import annotations

from datetime import datetime, timedelta

from suggest.domain.weight import ANONYMOUS_SHARE
from suggest.online.caps import MOST_PER_SUBJECT_A_DAY, Caps
from tests.online.world import START


def weight(caps: Caps, *, subject: str | None = "s", item: str = "a", key: str = "k", now: datetime = START) -> float:
    return caps.weight(surface="shop", subject=subject, item=item, key=key, now=now)


def test_the_same_selection_counts_once_a_day() -> None:
    caps = Caps()
    assert [weight(caps), weight(caps)] == [1.0, 0.0]
    assert weight(caps, now=START + timedelta(days=1)) == 1.0


def test_another_option_context_or_person_is_another_voice() -> None:
    caps = Caps()
    assert [weight(caps), weight(caps, item="b"), weight(caps, key="k2"), weight(caps, subject="t")] == [1.0] * 4


def test_a_person_is_heard_fifty_times_a_day() -> None:
    caps = Caps()
    said = [weight(caps, key=f"k{i}") for i in range(MOST_PER_SUBJECT_A_DAY + 10)]
    assert sum(said) == MOST_PER_SUBJECT_A_DAY
    assert said[-1] == 0.0
    assert weight(caps, subject="t") == 1.0


def test_nobody_in_particular_weighs_less_and_is_not_counted_as_one_person() -> None:
    caps = Caps()
    said = [weight(caps, subject=None, key=f"k{i}") for i in range(MOST_PER_SUBJECT_A_DAY + 10)]
    assert set(said) == {ANONYMOUS_SHARE}
    assert weight(caps, subject=None, key="k0") == 0.0


def test_weights_never_exceed_one() -> None:
    caps = Caps()
    assert all(0 <= weight(caps, subject=s, key=k) <= 1 for s in (None, "a", "b") for k in "xyz")


def test_the_memory_of_voices_is_bounded() -> None:
    caps = Caps(remembered=10)
    for i in range(100):
        weight(caps, subject=f"s{i}", key=f"k{i}")
    assert len(caps._taught) == len(caps._counts) == 10


def test_a_voice_that_nobody_vouches_for_weighs_less_with_every_repeat_and_less_than_two_in_all() -> None:
    caps = Caps()
    said = [
        caps.weight(surface="shop", subject="an address", item="a", key=f"k{i}", now=START, is_vouched=False)
        for i in range(MOST_PER_SUBJECT_A_DAY + 10)
    ]
    assert said[:3] == [ANONYMOUS_SHARE, ANONYMOUS_SHARE / 4, ANONYMOUS_SHARE / 9]
    assert sum(said) < 2 * ANONYMOUS_SHARE
    other = caps.weight(surface="shop", subject="an address", item="b", key="k", now=START, is_vouched=False)
    assert other == 0.0, "fifty a day, over all options"
