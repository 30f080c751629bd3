"""The list of commands, in the order a newcomer meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from suggest import __version__
from suggest.cli.backtest import backtest
from suggest.cli.doctor import doctor
from suggest.cli.importing.command import import_file
from suggest.cli.keys import keys
from suggest.cli.serving import demo, serve, simulate
from suggest.cli.taking_away import backup, export, report, restore
from suggest.cli.training import train
from suggest.cli.valuing import evaluate
from suggest.cli.workers import workers

EPILOG = (
    "Exit codes: 0 done, 1 nothing was done, 2 wrong usage, 3 done in part, 4 the server or the data folder cannot be "
    "used. Settings come from SUGGEST_… variables as well; see docs/reference/settings.md."
)

app = typer.Typer(
    name="suggest",
    help="Ranked suggestions with honest probabilities, and people where the model does not know.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"suggest {__version__}")
        raise typer.Exit


@app.callback()
def suggest(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Ranked suggestions with honest probabilities, and people where the model does not know."""


app.command(rich_help_panel="Run")(demo)
app.command(rich_help_panel="Run")(serve)
app.command(rich_help_panel="Run")(simulate)
app.command(rich_help_panel="Try")(backtest)
app.command("import", rich_help_panel="Teach")(import_file)
app.command(rich_help_panel="Teach")(train)
app.command(rich_help_panel="Teach")(evaluate)
app.command(rich_help_panel="Take away")(report)
app.command(rich_help_panel="Take away")(export)
app.command(rich_help_panel="Take away")(backup)
app.command(rich_help_panel="Take away")(restore)
app.add_typer(keys, name="keys", rich_help_panel="Operate")
app.add_typer(workers, name="workers", rich_help_panel="Operate")
app.command(rich_help_panel="Operate")(doctor)
