"""Commands that write a file: the report, a table of the log, a backup; and the way back from a backup."""

from __future__ import annotations

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from suggest.cli.connection import connect, segment
from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import show_json
from suggest.store.ports import Exported

Since = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From this RFC 3339 time on.")]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this RFC 3339 time.")]


class TableFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"


@told
def report(
    surface: Annotated[str, typer.Argument(help="The surface to report on.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An .html file, or .md for Markdown. Default: SURFACE.html here."),
    ] = None,
    since: Since = None,
    until: Until = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """The report of a surface as one file that needs nothing else; with --json, its numbers on stdout."""
    path = out or Path(f"{_file_name(surface)}.html")
    if not as_json and path.suffix.lower() not in {".html", ".htm", ".md"}:
        raise Failure(f"{path} is neither .html nor .md.", code=ExitCode.WRONG_USAGE)
    with connect(data, server=server, key=key) as service:
        if as_json:
            show_json(service.get(f"/v1/surfaces/{segment(surface)}/metrics", **{"from": since, "to": until}))
            return
        form = "md" if path.suffix.lower() == ".md" else "html"
        query = {"format": form, "from": since, "to": until}
        answer = service.call("GET", f"/v1/surfaces/{segment(surface)}/report", query=query)
    write_whole(path, answer.content)
    typer.echo(f"Wrote {path}.")


@told
def export(
    table: Annotated[Exported, typer.Argument(help="Which table of the log.")],
    format: Annotated[TableFormat, typer.Option(help="Parquet keeps types; CSV opens anywhere.")] = TableFormat.PARQUET,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; - is stdout. Default: TABLE.FORMAT here.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
) -> None:
    """A table of the log, with all that was acknowledged before this moment."""
    path = out or Path(f"{table}.{format}")
    with connect(data, server=server, key=key) as service:
        answer = service.call("GET", f"/v1/export/{table}", query={"format": str(format)})
    if str(path) == "-":
        sys.stdout.buffer.write(answer.content)
        sys.stdout.buffer.flush()
        return
    write_whole(path, answer.content)
    typer.echo(f"Wrote {path}: {len(answer.content):,} bytes.")


@told
def backup(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The archive to write, e.g. suggest.tar.gz.")],
    data: DataDir = DEFAULT_DATA,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """One archive of everything: log, models, secrets. Taken while the server runs; run it where the data folder is.

    It holds the signing secrets and every stored text: keep it as you would keep those. It is readable to you only.
    """
    if out.exists():
        raise Failure(f"{out} exists already.", next_step="Name a new file; nothing is ever overwritten.")
    if not data.is_dir():
        raise Failure(f"There is no data folder {data}.", next_step="Name it with --data.", code=ExitCode.NOT_USABLE)
    with connect(data, key=key) as service:
        made = service.post("/v1/backups")
    _move_private(data / made["file"], out)
    if as_json:
        show_json({"file": str(out), "bytes": out.stat().st_size})
    else:
        typer.echo(f"Wrote {out}: {out.stat().st_size:,} bytes. It holds secrets: keep it like one.")


@told
def restore(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="What `suggest backup` wrote.")],
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Make a data folder of a backup. The folder must be new or empty: nothing is ever overwritten."""
    from suggest.store.embedded import EmbeddedStore

    if not archive.is_file():
        raise Failure(f"There is no file {archive}.", code=ExitCode.WRONG_USAGE)
    EmbeddedStore.restore(archive, data)
    typer.echo(f"Restored into {data}. Start it with: suggest serve --data {data}")


def _move_private(source: Path, target: Path) -> None:
    """Across disks too; nobody else can read it at any moment."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(target)
    source.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        part.replace(path)
    except OSError as wrong:
        raise Failure(f"{path} cannot be written: {wrong.strerror}.") from None


def _file_name(surface: str) -> str:
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in surface).strip(".") or "report"
