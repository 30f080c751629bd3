"""Retrain a surface and say what the gate made of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from suggest.cli.connection import Service, connect, segment
from suggest.cli.failure import ExitCode, told
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir, SecretKey, ServerUrl
from suggest.cli.showing import show_json, show_table, spinning

FINAL_STATES = frozenset({"promoted", "kept", "failed"})
LOOK_AGAIN_S = 0.5


class EncoderTuning(StrEnum):
    AUTO = "auto"
    OFF = "off"
    TUNE = "tune"


@told
def train(
    surface: Annotated[str, typer.Argument(help="The surface to retrain.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end, and show the gate's report.")] = False,
    encoder: Annotated[
        EncoderTuning, typer.Option(help="auto tunes the encoder where it pays; off never; tune always.")
    ] = EncoderTuning.AUTO,
    data: DataDir = DEFAULT_DATA,
    server: ServerUrl = None,
    key: SecretKey = None,
    as_json: AsJson = False,
) -> None:
    """Retrain a surface from its log. A new bundle serves only where the gate finds it better.

    Where no server runs, the run happens here and is waited for. Exit codes: 0 promoted, kept (the gate refused it and
    the present bundle goes on) or queued; 1 the run failed.
    """
    with connect(data, server=server, key=key) as service:
        job = service.post(f"/v1/surfaces/{segment(surface)}/train", {"encoder": str(encoder)})
        if wait or not service.is_remote:
            job = _wait(service, job)
        if as_json:
            show_json(job)
        else:
            _show(job, surface)
    if job["state"] == "failed":
        raise typer.Exit(ExitCode.NOTHING_DONE)


def _wait(service: Service, job: dict[str, Any]) -> dict[str, Any]:
    with spinning("training") as say:
        while job["state"] not in FINAL_STATES:
            progress = job.get("progress")
            share = f" {progress:.0%}" if isinstance(progress, int | float) and 0 <= progress <= 1 else ""
            say(f"{job.get('step') or job['state']}{share}")
            time.sleep(LOOK_AGAIN_S)
            job = service.get(f"/v1/jobs/{segment(job['id'])}")
    return job


def _show(job: Mapping[str, Any], surface: str) -> None:
    state, bundle = job["state"], job.get("bundle")
    words = {
        "promoted": f"{bundle} serves {surface} from now on.",
        "kept": "The gate kept the present bundle.",
        "failed": f"The run failed: {job.get('detail') or 'see the server log'}",
    }.get(state, f"Run {job['id']} is {state}. `suggest train {surface} --wait` waits for it.")
    typer.echo(words)
    rows = list(_rows(job.get("gate") or {}))
    if rows:
        show_table(("gate", "value"), rows)


def _rows(gate: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every figure of a gate report as a line: `champion.top1`, `0.871`."""
    for name, value in gate.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{prefix}{name}.")
        elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
            for place, each in enumerate(value):
                yield from _rows(each if isinstance(each, Mapping) else {"": each}, f"{prefix}{name}[{place}].")
        elif isinstance(value, list):
            yield f"{prefix}{name}", ", ".join(map(_figure, value))
        else:
            yield f"{prefix}{name}", _figure(value)


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
