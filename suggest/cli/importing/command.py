"""`suggest import`: read, understand, send, and say what became of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suggest.cli.connection import connect, running_server, segment
from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.importing.kind import Kind
from suggest.cli.importing.source import Fault, Format, Source, read_source
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import progressing, show_json

if TYPE_CHECKING:
    from suggest.cli.connection import Service
    from suggest.cli.importing.catalogue import Catalogue
    from suggest.cli.importing.columns import Columns
    from suggest.cli.importing.outcome import ImportOutcome
    from suggest.cli.importing.sending import Ready


@told
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV or JSONL file, also gzipped.")],
    surface: Annotated[str, typer.Option(help="The surface to teach.")],
    kind: Annotated[
        Kind,
        typer.Option(help="candidates: what may be suggested; labels: known answers; log: what was shown and chosen."),
    ],
    format: Annotated[Format | None, typer.Option(help="Default: by the file's name.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="TARGET=COLUMN",
            help="Which column means what, e.g. text=message; may be repeated. Usual names are recognised.",
        ),
    ] = None,
    none: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="An item that means: no candidate is right; may be repeated."),
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Make the surface where there is none.")] = False,
    create_candidates: Annotated[
        bool, typer.Option("--create-candidates", help="Answers that are no candidates yet become candidates.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every row that was left out to this CSV file.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, change nothing.")] = False,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Import candidates, labelled examples or past suggestion logs from CSV or JSONL.

    Rows that cannot be taken are named with their line and left out. Importing a file again adds nothing. Exit codes:
    0 all is in, 1 nothing is, 2 wrong usage, 3 some rows were left out, 4 no server and no usable data folder.
    """
    from suggest.cli.importing.columns import find_columns, parse_maps
    from suggest.cli.importing.outcome import ImportOutcome

    asked = parse_maps(maps or [], kind)
    source = read_source(file, format)
    if not source.rows and not source.faults:
        raise Failure(f"{file} has no rows.")
    columns = find_columns(kind, source.columns, asked)
    _require(columns, source, kind)
    outcome = ImportOutcome(file=file.name, surface=surface, kind=str(kind), rows=0, is_dry_run=dry_run)
    outcome.faults.extend(source.faults)
    with _service(data, server, key, may_create=create, dry_run=dry_run) as service:
        catalogue = _prepare(service, outcome, create=create, may_create=create_candidates)
        ready, faults = _understand(source, kind, columns, catalogue, surface, frozenset(none or ()))
        outcome.faults.extend(faults)
        outcome.rows = len(ready) + len(outcome.faults)
        if dry_run or service is None:
            outcome.accepted, outcome.candidates_created = len(ready), len(catalogue.created)
        else:
            _send(service, kind, catalogue, ready, outcome)
    outcome.faults.sort(key=lambda fault: fault.line)
    if report is not None:
        outcome.write(report)
    if as_json:
        show_json(outcome.as_json())
    else:
        for line in outcome.lines():
            typer.echo(line)
        _say_next(outcome, kind)
    raise typer.Exit(outcome.exit_code)


@contextmanager
def _service(
    data: Path, server: str | None, key: str | None, *, may_create: bool, dry_run: bool
) -> Iterator[Service | None]:
    """Whoever answers. A dry run on a folder that is not there makes none."""
    nobody = may_create and dry_run and server is None and running_server(data) is None and not data.exists()
    with nullcontext(None) if nobody else connect(data, server=server, key=key, may_create=may_create) as service:
        yield service


def _require(columns: Columns, source: Source, kind: Kind) -> None:
    from suggest.cli.importing.columns import require

    if kind is Kind.CANDIDATES:
        require(columns, source.columns, "text", "id")
        return
    require(columns, source.columns, "text")
    if kind is Kind.LABELS:
        require(columns, source.columns, "item")
    elif "shown" not in columns:
        require(columns, source.columns, "item", "option_text")
        require(columns, source.columns, "slate")


def _prepare(service: Service | None, outcome: ImportOutcome, *, create: bool, may_create: bool) -> Catalogue:
    """The surface is there, or is made; returns its candidates. Raises Failure where it is not and may not be made."""
    from suggest.cli.importing.catalogue import Catalogue

    surface = outcome.surface
    names = {each["name"] for each in service.get("/v1/surfaces")["surfaces"]} if service is not None else set()
    if surface not in names:
        if not create:
            raise Failure(
                f"There is no surface {surface!r}.",
                next_step=f"Add --create to make it{'; there are ' + ', '.join(sorted(names)) if names else ''}.",
                code=ExitCode.WRONG_USAGE,
            )
        outcome.is_surface_new = True
        if service is not None and not outcome.is_dry_run:
            service.put(f"/v1/surfaces/{segment(surface)}", {})
        return Catalogue(may_create=may_create)
    assert service is not None
    return Catalogue.of_surface(service, surface, may_create=may_create)


def _understand(
    source: Source,
    kind: Kind,
    columns: Columns,
    catalogue: Catalogue,
    surface: str,
    none_values: frozenset[str],
) -> tuple[list[Ready], list[Fault]]:
    from suggest.cli.importing.columns import Wrong
    from suggest.cli.importing.sending import Ready

    ready: list[Ready] = []
    faults: list[Fault] = []
    for line, body_of in _bodies(source, kind, columns, catalogue, surface, none_values):
        try:
            ready.append(Ready(line=line, body=body_of()))
        except Wrong as wrong:
            faults.append(Fault(line=line, field=wrong.field, problem=wrong.problem))
    if kind is Kind.LOG:  # what came first is learned first
        ready.sort(key=lambda row: str(row.body.get("at", "9999")))
    return ready, faults


def _bodies(
    source: Source,
    kind: Kind,
    columns: Columns,
    catalogue: Catalogue,
    surface: str,
    none_values: frozenset[str],
) -> Iterator[tuple[int, Callable[[], dict[str, object]]]]:
    """Each row, or group of rows, with its line and the way to read it."""
    from functools import partial

    from suggest.cli.importing.candidates import candidate_body
    from suggest.cli.importing.labels import label_body
    from suggest.cli.importing.past_slates import SlateNames, group_rows, past_slate_body

    if kind is Kind.CANDIDATES:
        for row in source.rows:
            yield row.line, partial(candidate_body, row, columns)
    elif kind is Kind.LABELS:
        for row in source.rows:
            yield (
                row.line,
                partial(label_body, row, columns, catalogue, surface=surface, none_values=none_values),
            )
    else:
        names = SlateNames()
        for group in group_rows(source.rows, columns):
            yield group.line, partial(past_slate_body, group, columns, catalogue, names)


def _send(service: Service, kind: Kind, catalogue: Catalogue, ready: list[Ready], outcome: ImportOutcome) -> None:
    from suggest.cli.importing.catalogue import candidate_bodies
    from suggest.cli.importing.sending import Ready, send_candidates, send_labels, send_past_slates

    new = [Ready(line=0, body=body) for body in candidate_bodies(catalogue.created)]
    with progressing(f"importing {kind}", len(ready) + len(new)) as advance:
        if new:
            outcome.candidates_created = send_candidates(service, outcome.surface, new, advance).accepted
        if kind is Kind.CANDIDATES:
            sent = send_candidates(service, outcome.surface, ready, advance)
        elif kind is Kind.LABELS:
            sent = send_labels(service, ready, advance)
        else:
            sent = send_past_slates(service, outcome.surface, ready, advance)
    outcome.accepted, outcome.duplicates = sent.accepted, sent.duplicates
    outcome.faults.extend(sent.faults)


def _say_next(outcome: ImportOutcome, kind: Kind) -> None:
    if outcome.is_dry_run or not outcome.accepted:
        return
    if kind is Kind.CANDIDATES:
        typer.echo("They can be suggested from the next request on.")
    else:
        typer.echo(f"The next request knows them; for calibrated odds: suggest train {outcome.surface} --wait")
