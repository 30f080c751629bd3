"""Named queries: SQL lives in .sql files, and is asked for by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAME_LINE = re.compile(r"^-- ([a-z][a-z0-9_]*) --\s*$", re.MULTILINE)


def parse_queries(text: str) -> dict[str, str]:
    """The queries of one file by name.

    >>> parse_queries("-- one --\\nselect 1\\n\\n-- two --\\n-- Why.\\nselect 2")
    {'one': 'select 1', 'two': '-- Why.\\nselect 2'}
    """
    parts = _NAME_LINE.split(text)
    names, bodies = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError("two queries share a name")
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}


@cache
def named_queries() -> Mapping[str, str]:
    """Every query of store/sql/*.sql; a name is used once over all files."""
    queries: dict[str, str] = {}
    for file in sorted(files("suggest.store").joinpath("sql").iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        for name, body in parse_queries(file.read_text()).items():
            if name in queries:
                raise ValueError(f"the query {name!r} is in two files")
            queries[name] = body
    return queries


def named_query(name: str) -> str:
    try:
        return named_queries()[name]
    except KeyError:
        raise ValueError(f"there is no query {name!r}; there are {', '.join(sorted(named_queries()))}") from None


def statements(file: str) -> str:
    """The text of one of the store's own scripts: schema.sql, views.sql."""
    return files("suggest.store").joinpath(file).read_text()
