"""What it would have said to your past tickets: a page before anything is integrated, from one file and one command."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.importing.catalogue import Catalogue
from suggest.cli.importing.columns import Columns, Wrong, find_columns, parse_maps, require
from suggest.cli.importing.context import context_body
from suggest.cli.importing.kind import Kind
from suggest.cli.importing.source import Fault, Format, Row, read_source
from suggest.cli.options import AsJson
from suggest.cli.showing import progress_of, show_json, show_table
from suggest.cli.taking_away import write_whole

if TYPE_CHECKING:  # the stages and the encoder take a second to import; --help takes none
    from analytics.backtest import BacktestView
    from suggest.loop.backtest import Ticket
    from suggest.metrics.interval import Interval

LEAST_TIMED = 0.95  # share of the tickets that need a time before time splits them


@told
def backtest(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV or JSONL: a message and the answer it got a row, and maybe a time."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An .html file. Default: NAME-backtest.html here.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="Default: by the name of the file.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="TARGET=COLUMN", help="Which column is text, item (the answer) or at (the time)."
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column to look at apart, e.g. the product or the language.")
    ] = None,
    none_values: Annotated[
        list[str] | None,
        typer.Option("--none", metavar="VALUE", help="This answer means: nothing of what there is answers it."),
    ] = None,
    judged: Annotated[float, typer.Option(min=0.05, max=0.9, help="Share of the tickets that is asked.")] = 0.3,
    handling: Annotated[
        list[float] | None,
        typer.Option(
            "--handling", metavar="MINUTES", help="A ticket takes so long without. May be given again.", min=0.01
        ),
    ] = None,
    reading: Annotated[float, typer.Option(metavar="SECONDS", help="Reading a slate takes so long.", min=0)] = 8.0,
    random_split: Annotated[
        bool, typer.Option("--random-split", help="Split at random, also where the tickets have times.")
    ] = False,
    quotes: Annotated[
        bool, typer.Option("--quotes/--no-quotes", help="Quote messages that nobody could answer.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """What it would have said to past tickets: how right, how honest, what it would save. Needs no server.

    The earlier tickets teach, the later ones are asked (without times: at random, stratified by answer). Writes one
    page that needs nothing else; with --json the numbers go to stdout, and a page is written only where --out says so.
    """
    tickets, answers, faults, n_untimed = _tickets(
        file, format, maps or [], group=group, none_values=frozenset(none_values or ())
    )
    by_time = not random_split and n_untimed <= (1 - LEAST_TIMED) * len(tickets)
    if by_time and n_untimed:
        tickets = [ticket for ticket in tickets if ticket.at is not None]
    view = _measured(
        tickets, answers, name=file.name, by_time=by_time, judged=judged, handling=handling, reading=reading
    )
    path = out or (None if as_json else Path(f"{file.name.split('.')[0]}-backtest.html"))
    if path is not None:
        from analytics.backtest_page import render_page
        from suggest.domain.clock import SystemClock

        write_whole(path, render_page(view, made_at=SystemClock().now(), quote=quotes).encode())
    if as_json:
        from analytics.backtest_page import to_json

        show_json({**to_json(view, quote=quotes), "rows_left_out": len(faults)})
        return
    _show(view)
    _say_faults(faults)
    typer.echo(f"Wrote {path}.")


def _tickets(
    file: Path, format: Format | None, maps: Sequence[str], *, group: str | None, none_values: frozenset[str]
) -> tuple[list[Ticket], dict[str, str], list[Fault], int]:
    """The tickets, the text of each answer, the rows left out, and how many tickets have no time."""
    source = read_source(file, format)
    columns = find_columns(Kind.LABELS, source.columns, parse_maps(maps, Kind.LABELS))
    require(columns, source.columns, "text")
    require(columns, source.columns, "item")
    if group is not None and group not in source.columns:
        raise Failure(
            f"There is no column {group!r}.",
            next_step=f"The file has: {', '.join(source.columns)}.",
            code=ExitCode.WRONG_USAGE,
        )
    catalogue = Catalogue(may_create=True)
    tickets: list[Ticket] = []
    faults = list(source.faults)
    for row in source.rows:
        try:
            tickets.append(_ticket(row, columns, catalogue, group=group, none_values=none_values))
        except Wrong as wrong:
            faults.append(Fault(line=row.line, problem=wrong.problem, field=wrong.field))
    _check(tickets, faults)
    return tickets, dict(catalogue.created), faults, sum(ticket.at is None for ticket in tickets)


def _ticket(
    row: Row, columns: Columns, catalogue: Catalogue, *, group: str | None, none_values: frozenset[str]
) -> Ticket:
    from suggest.domain.context import Context, Turn
    from suggest.loop.backtest import Ticket

    body = context_body(row, columns)
    turns = body.get("turns", ())
    assert isinstance(turns, list | tuple)
    at = columns.moment(row, "at")
    return Ticket(
        context=Context(
            text=str(body["text"]), turns=tuple(Turn(role=turn["role"], text=turn["text"]) for turn in turns)
        ),
        answer=_answer(columns.text(row, "item"), catalogue, none_values),
        at=None if at is None else datetime.fromisoformat(at).timestamp(),
        group="" if group is None else str(row.values.get(group) or "").strip()[:80],
    )


def _answer(said: str | None, catalogue: Catalogue, none_values: frozenset[str]) -> str | None:
    if (said or "").strip() in none_values:
        return None
    if said is None:
        raise Wrong("item", 'is empty; say --none "" if that means that nothing answers it')
    try:
        return catalogue.find_or_create(said.strip())
    except ValueError as wrong:
        raise Wrong("item", str(wrong)) from None


def _check(tickets: Sequence[Ticket], faults: Sequence[Fault]) -> None:
    """Raise Failure where these tickets can teach nothing, with what would help."""
    from suggest.loop.backtest import FEWEST_TICKETS, TooLittle, check_enough

    try:
        check_enough(tickets)
    except TooLittle as little:
        is_faulty = len(tickets) < FEWEST_TICKETS and bool(faults)
        hint = f" Line {faults[0].line}: {faults[0].problem}." if is_faulty else ""
        next_step = "Mend that line, and those like it." if is_faulty else little.next_step
        raise Failure(f"{little}{hint}", next_step=next_step, code=ExitCode.WRONG_USAGE) from None


def _measured(
    tickets: Sequence[Ticket],
    answers: dict[str, str],
    *,
    name: str,
    by_time: bool,
    judged: float,
    handling: Sequence[float] | None,
    reading: float,
) -> BacktestView:
    from analytics.backtest import Assumed, measure
    from suggest.config.backtest import backtest as run
    from suggest.config.settings import Settings
    from suggest.loop.backtest import split_by_answer, split_by_time
    from suggest.retrieve.encoder import load_encoder

    # of few tickets a class is rare: scikit-learn takes that for a mistake
    warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
    settings = Settings.from_env()
    assumed = Assumed(reading_s=reading, **({"handling_min": tuple(sorted(handling))} if handling else {}))
    split = (split_by_time if by_time else split_by_answer)(tickets, judged_share=judged)
    with progress_of("loading the encoder") as report:
        encoder = load_encoder(settings.encoder, cache_dir=settings.encoder_cache, threads=settings.threads)
        try:
            made = run(tickets, answers, split, encoder, report=report)
        except ValueError as wrong:
            raise Failure(f"This file cannot be tried: {wrong}.", code=ExitCode.WRONG_USAGE) from None
    return measure(made, name=name, assumed=assumed)


def _show(view: BacktestView) -> None:
    typer.echo(
        f"{view.n_history:,} tickets taught, {view.n_judged:,} were asked, among {view.n_candidates:,} answers "
        f"(split by {'time' if view.way == 'time' else 'chance, stratified by answer'})."
    )
    show_table(
        ("learned from", "right first", "95% interval", "right in three", "95% interval"),
        [(f"{c.n_history:,}", *_share_cells(c.top1), *_share_cells(c.top3)) for c in view.curve],
    )
    for promise in view.promises:
        if promise.review_share is None:
            needed = f"about {promise.n_needed:,} more judged tickets" if promise.n_needed else promise.why
            typer.echo(f"{promise.target:.0%} of what is shown right: cannot be promised yet ({needed}).")
        else:
            low, high = promise.review_share.low, promise.review_share.high
            typer.echo(
                f"{promise.target:.0%} of what is shown right: {promise.review_share.mid:.1%} go to people "
                f"({low:.1%} to {high:.1%})."
            )


def _share_cells(share: Interval) -> tuple[str, str]:
    return f"{share.mid:.1%}", f"{share.low:.1%} to {share.high:.1%}"


def _say_faults(faults: Sequence[Fault]) -> None:
    for fault in faults[:5]:
        typer.echo(f"Left out line {fault.line}: {fault.field} {fault.problem}".replace("  ", " "), err=True)
    if len(faults) > 5:
        typer.echo(f"… and {len(faults) - 5:,} more lines.", err=True)
