"""Make, list and revoke keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from suggest.cli.connection import connect, segment
from suggest.cli.failure import told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import show_json, show_table

keys = typer.Typer(help="Make, list and revoke keys.", no_args_is_help=True)


class Kind(StrEnum):
    SECRET = "sk"  # noqa: S105  # a prefix
    PUBLISHABLE = "pk"
    WORKER = "wk"
    USER = "uk"


@keys.command()
@told
def create(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="sk: servers and administration; pk: browsers; wk: the review queue; uk: signs user tokens."
        ),
    ],
    name: Annotated[str, typer.Option(help="What you will know it by.")] = "",
    surface: Annotated[str | None, typer.Option(help="Only for this surface.")] = None,
    worker: Annotated[
        str | None, typer.Option(metavar="ID", help="The account that a wk key answers for; see suggest workers list.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="A site that may use a pk key, e.g. https://shop.example or https://*.shop.example; may be repeated.",
        ),
    ] = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown now and never again; only a hash of it is stored."""
    wanted = {"kind": str(kind), "name": name, "surface": surface, "worker": worker, "origins": list(origin or ())}
    with connect(data, server=server, key=key) as service:
        made = service.post("/v1/keys", wanted)
    if as_json:
        show_json(made)
        return
    typer.echo(made["key"])
    typer.echo(f"Shown this once. Revoke it with: suggest keys revoke {made['id']}", err=True)
    if made.get("note"):
        typer.echo(made["note"], err=True)


@keys.command("list")
@told
def list_keys(
    data: DataDir = DEFAULT_DATA, server: ServerUrl = None, key: SecretKey = None, as_json: AsJson = False
) -> None:
    """All keys, revoked ones too; never their text."""
    with connect(data, server=server, key=key) as service:
        found = service.get("/v1/keys")["keys"]
    if as_json:
        show_json(found)
        return
    if not found:
        typer.echo("Only the first secret key. Make another with: suggest keys create pk --origin https://…")
        return
    show_table(
        ("id", "kind", "name", "surface", "origins", "created", "revoked"),
        [
            (
                each["id"],
                each["kind"],
                each["name"],
                each["surface"] or "all",
                ", ".join(each["origins"]) or ("any" if each["kind"] == "pk" else ""),
                each["created_at"] or "",
                each["revoked_at"] or "",
            )
            for each in found
        ],
    )


@keys.command()
@told
def revoke(
    id: Annotated[str, typer.Argument(help="The id of the key, as `suggest keys list` shows it.")],
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: from now on it is nobody's."""
    with connect(data, server=server, key=key) as service:
        revoked = service.delete(f"/v1/keys/{segment(id)}")
    if as_json:
        show_json(revoked)
    else:
        typer.echo(f"{revoked['id']} was revoked at {revoked['revoked_at']}.")
