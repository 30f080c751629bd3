"""The people who work here: make, change, list and close their accounts, and sign them in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from suggest.cli.connection import connect, segment
from suggest.cli.failure import told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import show_json, show_table

workers = typer.Typer(help="The people who work here: accounts and sign-in links.", no_args_is_help=True)


class RoleName(StrEnum):
    WORKER = "worker"
    REVIEWER = "reviewer"
    OWNER = "owner"


Skills = Annotated[
    list[str] | None, typer.Option("--skill", metavar="TAG", help="What they know: a tag; may be repeated.")
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", metavar="CODE", help="A language, e.g. de; may be repeated.")
]
Login = Annotated[str | None, typer.Option(help="Who they are for the sign-on proxy in front.")]
WorkerId = Annotated[str, typer.Argument(help="The id of the account, as `suggest workers list` shows it.")]


@workers.command()
@told
def add(
    name: Annotated[str, typer.Argument(help="What colleagues call them.")],
    role: Annotated[
        RoleName, typer.Option(help="worker answers; reviewer also reads reports; owner does everything.")
    ] = RoleName.WORKER,
    skill: Skills = None,
    language: Languages = None,
    login: Login = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Make an account."""
    wanted = {"name": name, "role": str(role), "skills": skill or [], "languages": language or [], "login": login}
    with connect(data, server=server, key=key) as service:
        made = service.post("/v1/workers", wanted)
    _show(made, as_json=as_json, said=f"{made['id']}\nSign them in with: suggest workers link {made['id']}")


@workers.command()
@told
def change(
    id: WorkerId,
    name: Annotated[str | None, typer.Option(help="What colleagues call them.")] = None,
    role: Annotated[RoleName | None, typer.Option(help="What they may do from now on.")] = None,
    skill: Skills = None,
    language: Languages = None,
    login: Login = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Change an account; what is not given stays as it is."""
    given = {"name": name, "role": role and str(role), "skills": skill, "languages": language, "login": login}
    with connect(data, server=server, key=key) as service:
        changed = service.put(f"/v1/workers/{segment(id)}", {k: v for k, v in given.items() if v is not None})
    _show(changed, as_json=as_json, said=f"{changed['id']} was changed.")


@workers.command("list")
@told
def list_workers(
    data: DataDir = DEFAULT_DATA, server: ServerUrl = None, key: SecretKey = None, as_json: AsJson = False
) -> None:
    """All accounts, closed ones too."""
    with connect(data, server=server, key=key) as service:
        found = service.get("/v1/workers")["workers"]
    if as_json:
        show_json(found)
        return
    if not found:
        typer.echo("Nobody has an account. Make one with: suggest workers add NAME")
        return
    show_table(
        ("id", "name", "role", "skills", "languages", "login", "closed"),
        [
            (
                each["id"],
                each["name"],
                each["role"],
                ", ".join(each["skills"]),
                ", ".join(each["languages"]) or "any",
                each["login"] or "",
                each["left_at"] or "",
            )
            for each in found
        ],
    )


@workers.command()
@told
def link(
    id: Annotated[str | None, typer.Argument(help="The id of an account; without it, for whoever has none.")] = None,
    role: Annotated[RoleName, typer.Option(help="Without an account: what they may do.")] = RoleName.WORKER,
    name: Annotated[str, typer.Option(help="Without an account: what colleagues call them.")] = "",
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """A sign-in link. It works once, for a quarter of an hour, and signs in for half a day."""
    wanted = {"role": str(role), "name": name} if id is None else {"worker": id}
    with connect(data, server=server, key=key) as service:
        made = service.post("/v1/links", wanted)
        address = service.where if service.is_remote else ""
    _show(made, as_json=as_json, said=f"{address}{made['path']}")


@workers.command()
@told
def close(
    id: WorkerId,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Close an account: they are signed out at once; what they answered keeps their name."""
    with connect(data, server=server, key=key) as service:
        closed = service.delete(f"/v1/workers/{segment(id)}")
    _show(closed, as_json=as_json, said=f"{closed['id']} was closed at {closed['left_at']}.")


def _show(value: dict[str, Any], *, as_json: bool, said: str) -> None:
    if as_json:
        show_json(value)
    else:
        typer.echo(said)
