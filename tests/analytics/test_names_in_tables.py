"""Who answered, which bundle, which field: names that a table can hold and a CSV tells apart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from logbook import START, Logbook
from markup import Markup
from online.world import UNKNOWN, World, answer

import analytics
from analytics.csv import rows_csv
from analytics.render import render
from analytics.report import ReportView, report
from analytics.tabular import Col, table_figure
from components.figure import Definition
from components.identifier import identifier

LONG = "019af2c4-77aa-7c1e-9d10-3fb2a90cc41e"


def rows_of(view: ReportView, figure: str) -> list[dict[str, object]]:
    rows = next(drawn.rows for drawn in view.figures if drawn.figure.id == figure)
    return [dict(zip(rows.columns, values, strict=True)) for values in rows.values]


def test_of_a_panel_each_voice_is_listed_and_nobody_is_called_consensus(tmp_path: Path) -> None:
    world = World(tmp_path / "data", policy={"mode": "review_all", "overlap": 2})
    for eid, voices in enumerate((("track", "track"), ("track", "size"))):
        world.ask(f"{UNKNOWN} {eid}")
        for worker, item in zip(("ann", "bob"), voices, strict=True):
            held = world.claim(worker)
            world.online.verdict(held.id, answer(held, f"{worker}-{eid}", item=item))
    held = world.claim("cleo")  # two disagreed, so a third is asked
    world.online.verdict(held.id, answer(held, "cleo", item="size"))
    world.clock.advance(seconds=60)
    with analytics.open(world.app.store.snapshot(tmp_path / "snapshot")) as opened:
        view = report(opened, "shop", now=world.clock.now(), page="people")
    world.close()
    told = {row["worker"]: row for row in rows_of(view, "workers")}
    assert set(told) == {"ann", "bob", "cleo"}
    assert [told[name]["verdicts"] for name in ("ann", "bob", "cleo")] == [2, 2, 1]
    assert [told[name]["agreed_share"] for name in ("ann", "bob", "cleo")] == [0.5, 1.0, 1.0]
    assert sum(int(str(row["reviews"])) for row in rows_of(view, "waits")) == 2, "and a review is still one review"


def test_a_long_id_is_shortened_for_people_and_whole_in_the_title_and_the_rows() -> None:
    drawn = table_figure(
        id="bundles",
        title="Bundles",
        definition=Definition(what="w", formula="f", caveat="c"),
        columns=(Col(name="bundle", label="bundle", kind="bundle"), Col(name="n", label="n")),
        values=[(LONG, 3), ("b-0311", 4)],
        sample="2 bundles",
    )
    (first, _), (second, _) = drawn.figure.table.rows
    assert str(first) == f'<span title="{LONG}">…a90cc41e</span>'
    assert second == identifier("b-0311") == "b-0311"
    assert rows_csv(drawn.rows).splitlines()[1] == f"{LONG},3"


def test_no_table_of_a_report_is_cut_by_the_id_of_a_bundle(book: Logbook) -> None:
    book.surface("support")
    book.candidates("support")
    for _ in range(3):
        book.slate("support", bundle=LONG)
    later = START + timedelta(days=1)
    with book.opened(at=later) as opened:
        for page in ("overview", "funnel", "reliability", "learning", "live"):
            read = Markup.of(render(report(opened, "support", now=later, page=page)))
            cells = [tag.text for tag in (*read.all("td"), *read.all("th"))]
            assert not [cell for cell in cells if LONG in cell], page


@pytest.mark.parametrize("field", ["seen", "LOW", "requested"])
def test_a_field_that_is_named_like_a_column_is_told_apart_in_the_rows(book: Logbook, field: str) -> None:
    book.surface("support")
    book.candidates("support")
    for number in range(40):
        book.slate("support", fields={field: "a" if number % 2 else "b"})
    later = START + timedelta(days=1)
    with book.opened(at=later) as opened:
        view = report(opened, "support", now=later, page="funnel")
    drawn = next(each for each in view.figures if each.figure.id == "funnel-by-group")
    assert drawn.rows.columns[0] == f"field_{field}"
    assert len({name.lower() for name in drawn.rows.columns}) == len(drawn.rows.columns)
    assert drawn.figure.table.columns[0].label.lower() == field.lower(), "people read it as they named it"
