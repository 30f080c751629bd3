"""Options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_DATA = Path("suggest-data")

DataDir = Annotated[
    Path, typer.Option("--data", envvar="SUGGEST_DATA_DIR", help="The data folder.", metavar="DIR", show_default=True)
]
ServerUrl = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="SUGGEST_SERVER",
        metavar="URL",
        help="A server elsewhere. Without it: the one that runs on the data folder, else the folder itself.",
    ),
]
SecretKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="SUGGEST_SECRET_KEY",
        metavar="sk_…",
        help="A secret key. Without it: the one in the data folder.",
        show_envvar=True,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
