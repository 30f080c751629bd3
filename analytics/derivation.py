"""Derive what the reports count from: a row a slate, a row an option, and counts by day, kept up with the log.

The first time everything is derived, a stretch of slates after the other; afterwards only what came since, and the
slates it speaks of. Outcomes and options are those of the log's own views, which are read over the stretch alone."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from suggest.store.queries import statements

MOST_AT_ONCE = 500_000  # slates; what bounds the memory
DERIVED = (
    "standing",
    "answers",
    "chunk_of_the_log",
    "asked",
    "field_values",
    "fields_of_too_many",
    "groups",
    "facts",
    "options",
    "days",
    "cells",
    "option_cells",
    "reviewed",
    "worked",
)
_OF_A_STRETCH = DERIVED[2:9]
_OF_THE_WHOLE = DERIVED[9:]
_VIEWS = ("slate_options", "impression_acts", "outcomes", "impression_options")  # each stands on those before
STRETCH = "stretch"  # the catalog where the views of the log read a stretch of it

Query = Callable[[str], str]


def derive(cursor: duckdb.DuckDBPyConnection, query: Query, goes_on: Callable[[], None] = lambda: None) -> None:
    """Bring the derived tables up to the log. The cursor uses STRETCH; `query` gives a named query its text; `goes_on`
    is called after every step.

    Whoever is interrupted here has to begin anew: the tables are changed one after the other."""
    reach = cursor.execute(query("reach")).fetchone()
    assert reach is not None
    derived_to, ends_at = reach
    if derived_to == ends_at:
        return
    after = -1 if derived_to is None else derived_to
    cursor.execute(query("chunk_of_the_log_at_rest"))
    _define_views(cursor)
    for name in ("standing", "answers"):
        cursor.execute(query(name))
        goes_on()
    cursor.execute(query("touched"), {"derived_to": after})
    goes_on()
    if derived_to is not None:
        cursor.execute(query("forget_touched"))
        goes_on()
    (n,) = cursor.execute("select count(*) from derived.touched").fetchone() or (0,)
    for first in range(0, n, MOST_AT_ONCE):
        cursor.execute(query("chunk"), {"most": MOST_AT_ONCE, "first": first})
        _derive_stretch(cursor, query, goes_on)
    for name in _OF_THE_WHOLE:
        cursor.execute(query(name))
        goes_on()
    cursor.execute(query("derived_so_far"), {"ends_at": ends_at})


def _derive_stretch(cursor: duckdb.DuckDBPyConnection, query: Query, goes_on: Callable[[], None]) -> None:
    cursor.execute(query("chunk_of_the_log"))
    for view in _VIEWS:  # each is read several times: it is made a table as soon as what it stands on is one
        cursor.execute(f"create table made as from {view}; drop view {view}; alter table made rename to {view}")
        goes_on()
    for name in _OF_A_STRETCH[1:]:
        cursor.execute(query(name))
        goes_on()
    for view in _VIEWS:
        cursor.execute(f"drop table {view}")
    _define_views(cursor)


def _define_views(cursor: duckdb.DuckDBPyConnection) -> None:
    text = statements("views.sql")
    for kind in ("view", "macro"):
        text = text.replace(f"create {kind} ", f"create or replace {kind} ")
    cursor.execute(text)
