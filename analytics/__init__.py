"""Read-only reports over a snapshot of the log: what became of what was suggested, and whether it was honest."""

from analytics.snapshot import Analytics, open

__all__ = ["Analytics", "open"]
