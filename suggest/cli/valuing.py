"""What another bundle or another exploration would have earned, said with its interval and its doubts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from suggest.cli.connection import connect, segment
from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import show_json, show_table, spinning


@told
def evaluate(
    surface: Annotated[str, typer.Option("--surface", help="The surface whose log is asked.", metavar="S")],
    bundle: Annotated[
        str | None, typer.Option(help="A stored bundle of the surface, or `prior`.", metavar="B", show_default=False)
    ] = None,
    exploration: Annotated[
        float | None,
        typer.Option(
            help="Plackett–Luce temperature to value; without it: as each slate was served.",
            min=0,
            max=10,
            metavar="T",
            show_default=False,
        ),
    ] = None,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Value a bundle, or an exploration, from the log of another: no traffic is touched.

    Where the log was served without exploration there is no estimate, and the answer says so. Exit codes: 0 answered,
    1 the log cannot say.
    """
    if bundle is None and exploration is None:
        raise Failure(
            "There is nothing to value.",
            next_step="Name a bundle with --bundle, an exploration with --exploration, or both.",
            code=ExitCode.WRONG_USAGE,
        )
    body: dict[str, object] = {} if bundle is None else {"bundle": bundle}
    if exploration is not None:
        body["policy"] = {"exploration": exploration}
    with connect(data, server=server, key=key) as service, spinning("valuing"):
        valued = service.post(f"/v1/surfaces/{segment(surface)}/evaluate", body)
    if as_json:
        show_json(valued)
    else:
        _show(valued)
    if valued["estimate"] is None:
        raise typer.Exit(ExitCode.NOTHING_DONE)


def _show(valued: Mapping[str, Any]) -> None:
    typer.echo(f"The {valued['measure']}, from {valued['n']} slates:")
    rows = [("the log itself", *_figures(valued["logged"]))]
    if valued["estimate"] is not None:
        rows += [
            ("this target (cascade-DR)", *_figures(valued)),
            ("target less log", *_figures(valued["difference"])),
            ("this target (item-position SNIPS)", *_figures(valued["item_position_snips"])),
        ]
    if valued["bounds"] is not None:
        low, high = valued["bounds"]
        rows.append(("this target, whatever people had done", "", f"{low:.1%} to {high:.1%}"))
    show_table(("", "estimate", "95% interval"), rows)
    if valued["ess"] is not None:
        typer.echo(f"Worth {valued['ess']:.0f} unweighted slates.")
    for warning in valued["warnings"]:
        typer.echo(f"! {warning['detail']}")


def _figures(value: Mapping[str, Any]) -> tuple[str, str]:
    if value["estimate"] is None:
        return "–", "–"
    low, high = value["interval"]
    return f"{value['estimate']:.1%}", f"{low:.1%} to {high:.1%}"
