"""What a person reads when a command cannot do its work: what is wrong and what to do next, never a traceback.

A traceback that does come is our bug."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

P = ParamSpec("P")
T = TypeVar("T")


class ExitCode(IntEnum):
    DONE = 0
    NOTHING_DONE = 1
    WRONG_USAGE = 2
    DONE_IN_PART = 3
    NOT_USABLE = 4  # no server answers, or the data folder cannot be opened
    INTERRUPTED = 130


class Failure(Exception):
    """Ends a command with one sentence of what went wrong and one of what to do."""

    def __init__(self, what: str, *, next_step: str = "", code: ExitCode = ExitCode.NOTHING_DONE) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.code = code


def told(command: Callable[P, T]) -> Callable[P, T]:
    """A command whose failures are said on stderr and become exit codes."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from suggest.domain.errors import Invalid, StorageUnavailable, SuggestError

        try:
            return command(*args, **kwargs)
        except Failure as failure:
            say_failure(failure.what, failure.next_step)
            raise typer.Exit(failure.code) from None
        except StorageUnavailable as unusable:
            say_failure(unusable.detail)
            raise typer.Exit(ExitCode.NOT_USABLE) from None
        except SuggestError as refused:
            say_failure(refused.detail)
            code = ExitCode.WRONG_USAGE if isinstance(refused, Invalid) else ExitCode.NOTHING_DONE
            raise typer.Exit(code) from None
        except KeyboardInterrupt:
            say_failure("Stopped.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:  # `suggest … | head`
            sys.stderr.close()
            raise typer.Exit(ExitCode.DONE) from None

    return run


def say_failure(what: str, next_step: str = "") -> None:
    typer.echo(f"suggest: {what}", err=True)
    if next_step:
        typer.echo(f"         {next_step}", err=True)
