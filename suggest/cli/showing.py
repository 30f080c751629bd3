"""How commands show things: JSON for scripts, tables for people, a bar or a spinner only where a person is watching."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console


def show_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout. What others wrote is shown as it is, never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout, highlight=False).print(table)


def is_watched() -> bool:
    return sys.stderr.isatty()


def _on_stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def spinning(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr with words that may change."""
    if not is_watched():
        yield lambda words: None
        return
    with _on_stderr().status(doing) as status:
        yield lambda words: status.update(f"{doing}: {words}")


@contextmanager
def progressing(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; call the result with how many more are done."""
    if not is_watched():
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_on_stderr()) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda done: progress.advance(task, done)


@contextmanager
def progress_of(doing: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr for work that says how large a share of it is done, and what it is at."""
    if not is_watched():
        yield lambda share, doing: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_on_stderr()) as progress:
        task = progress.add_task(doing, total=1.0)
        yield lambda share, doing: progress.update(task, completed=share, description=doing)
