"""What is added up from counts by day is what a count of the rows says, wherever a period begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from logbook import REPLIES, START, Logbook

from analytics.changes import tally
from analytics.lens import EVERYTHING, Lens
from analytics.outcomes import outcomes_by_position
from analytics.period import Period
from analytics.snapshot import Analytics
from suggest.domain.event import EventType

DAYS = 12
NOW = START + timedelta(days=DAYS)
LENSES = (EVERYTHING, Lens(bundle="b-1"), Lens(field="language", value="de"), Lens(field="order", value="7"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    """Requests of twelve days: a field of two values, and one of forty, which is too many to count by."""
    book = Logbook(tmp_path_factory.mktemp("days"))
    rng = np.random.default_rng(11)
    for number in range(400):
        slate = book.slate(
            "s",
            at=START + timedelta(seconds=int(rng.integers(DAYS * 86_400 - 7_200))),
            bundle=("prior", "b-1")[number % 2],
            fields={"language": ("de", "en")[int(rng.integers(2))], "order": number % 40},
        )
        if number % 3:
            book.event(slate, EventType.VIEW)
        if number % 5 == 1:
            book.event(slate, EventType.SELECT, item=REPLIES[number % 3])
    with book.opened(at=NOW) as found:
        yield found
    book.store.close()


def counted(log: Analytics, period: Period, lens: Lens) -> tuple[int, int, list[tuple[int, int, int]]]:
    """Requests, selections and looks by position, from the views of the log alone."""
    narrowed = {
        "served_at >= ": period.from_,
        "served_at < ": period.to,
        "bundle = ": lens.bundle,
        f"json_extract_string(context, '$.fields.{lens.field}') = ": lens.value,
    }
    where = " and ".join(
        f"{test}'{value if isinstance(value, str) else value.replace(tzinfo=None)}'"
        for test, value in narrowed.items()
        if value is not None
    )
    about = "join (select id as impression, context from slates) using (impression)"
    slates = log.sql(f"select count(*), count(*) filter (outcome = 'selected') from outcomes {about} where {where}")
    options = log.sql(
        "select position, count(*), count(*) filter (examined)::bigint from impression_options "
        f"{about} where {where} and outcome <> 'pending' group by position order by position"
    )
    return (*slates.fetchall()[0], options.fetchall())


@pytest.mark.parametrize("lens", LENSES, ids=lambda lens: lens.words or "everything")
def test_a_period_that_begins_and_ends_at_any_moment_is_counted_to_the_row(opened: Analytics, lens: Lens) -> None:
    rng = np.random.default_rng(3)
    for _ in range(6):
        first, length = sorted(rng.uniform(0, DAYS, 2))
        period = Period(from_=START + timedelta(days=first), to=START + timedelta(days=length))
        opened.lens = lens
        try:
            told = tally(opened, "s", period)
            positions = outcomes_by_position(opened, "s", period)
        finally:
            opened.lens = EVERYTHING
        requests, selected, by_position = counted(opened, period, lens)
        assert (told["requests"], told["selected"]) == (requests, selected)
        assert [(each.position, each.shown, each.examined) for each in positions] == by_position


def test_a_field_of_too_many_values_is_no_group_and_can_be_looked_through_all_the_same(opened: Analytics) -> None:
    opened.prepare()
    assert {row["name"] for row in opened.rows("fields", surface="s")} == {"language"}
    period = Period(from_=START, to=NOW)
    opened.lens = Lens(field="order", value="7")
    try:
        assert tally(opened, "s", period)["requests"] == 10
    finally:
        opened.lens = EVERYTHING
