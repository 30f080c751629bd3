"""The command line: `suggest serve`, `suggest import` and the rest; every command answers to `--help`.

Nothing heavy is imported before a command needs it, so that help comes at once."""

from __future__ import annotations


def main() -> None:
    """What the installed `suggest` runs."""
    from suggest.cli.app import app

    app()
