"""Commands that run: the server, the demo, the simulated customers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from suggest.cli.connection import connect
from suggest.cli.failure import Failure, told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import progressing, show_json, show_table

if TYPE_CHECKING:
    from suggest.config.application import Application

T = TypeVar("T")
MOST_LINES = 12  # of the table a simulation ends with
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 takes requests from everywhere.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes any free one.")]


@told
def serve(
    data: DataDir = DEFAULT_DATA,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    trusted_proxies: Annotated[
        int, typer.Option(min=0, max=10, help="How many proxies of yours stand in front and write X-Forwarded-For.")
    ] = 0,
    frame_ancestor: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="An origin whose pages may hold ours in a frame; may be repeated."),
    ] = None,
) -> None:
    """Serve: the whole service in one process, its database inside.

    Runs until SIGTERM or Ctrl-C and lets running requests finish. Exit codes: 0 stopped, 3 the port is taken, 4 the
    data folder cannot be used.
    """
    from suggest.config import Settings
    from suggest.web.limits import Limits
    from suggest.web.server import serve as run

    settings = replace(Settings.from_env(), data_dir=data)
    code = run(
        settings,
        host,
        port,
        limits=Limits(trusted_proxies=trusted_proxies),
        frame_ancestors=tuple(frame_ancestor or ()),
        on_ready=_announce,
    )
    raise typer.Exit(code)


def _announce(address: str, application: Application) -> None:
    """Said once connections are taken. The first secret key is shown at the start that made it, and never again."""
    lines = [f"Suggest listens at {address}", f"  data folder  {application.settings.data_dir}"]
    if application.is_secret_key_new:
        lines += [
            f"  secret key   {application.secret_key}",
            f"               shown this once; kept in {application.settings.data_dir / 'secret_key'}",
        ]
    code = application.online.create_link("owner")
    lines += [f"  sign in      {address}/console/enter?code={code}", f"  reference    {address}/docs"]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


@told
def demo(
    data: Annotated[
        Path, typer.Option("--data", envvar="SUGGEST_DEMO_DATA", help="The demo's own data folder.", metavar="DIR")
    ] = Path(".demo"),
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the service; 0 takes any free one.")] = 8080,
    demo_port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the page that shows it.")] = 8090,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """The whole loop on one page: a customer, an agent with suggestions, a colleague who answers.

    Loads an invented shop into a data folder of its own; yours is not touched. A taken port is replaced by a free one.
    """
    from suggest.demo import run

    code = run(data_dir=data, host=host, port=port, demo_port=demo_port, open_browser=open_browser)
    raise typer.Exit(code)


@told
def simulate(
    customers: Annotated[int, typer.Argument(min=1, max=100_000, help="How many customers.")] = 500,
    surface: Annotated[str, typer.Option(help="A surface of their own; it is labelled as simulated.")] = "simulated",
    seed: Annotated[int, typer.Option(help="The same seed, the same customers.")] = 0,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Simulated customers, who look from the top, pick what is right, and go: watch the acceptance climb.

    The surface starts from names only and is refused where it is a real one. Its figures show how the loop works, not
    how well it would for your people.
    """
    from suggest.demo.calls import CallFailed
    from suggest.demo.simulation import Point
    from suggest.demo.simulation import simulate as run

    with (
        connect(data, server=server, key=key, may_create=True) as service,
        progressing("simulating", customers) as advance,
    ):
        done = 0

        def hear(point: Point) -> None:
            nonlocal done
            advance(point.n - done)
            done = point.n

        try:
            ended = run(service.client, surface, customers, seed, hear)
        except CallFailed as failed:
            raise Failure(str(failed)) from None
    if as_json:
        show_json({"surface": surface, "customers": customers, "points": [point.as_json() for point in ended.points]})
        return
    show_table(
        ("customers", "right one first", "right one in the list", "took one"),
        [
            (f"{point.n:,}", _share(point.top_1), _share(point.top_3), _share(point.taken))
            for point in _spread(ended.points)
        ],
    )
    typer.echo(f"Simulated, {customers:,} customers in {ended.took_s:.0f} s. Shares are over the latest of them.")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _spread(points: Sequence[T]) -> list[T]:
    """At most MOST_LINES of them, evenly spread, the last one always among them."""
    step = max(1, -(-len(points) // MOST_LINES))
    return list(points[::-1][::step][::-1])
