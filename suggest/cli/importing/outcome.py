"""What an import came to: counts, and every row that was left out with its line and the reason."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suggest.cli.failure import ExitCode
from suggest.cli.importing.source import Fault

SHOWN_FAULTS = 20
_NOUNS = {"log": "past slates"}


@dataclass(slots=True, kw_only=True)
class ImportOutcome:
    file: str
    surface: str
    kind: str
    rows: int  # that were read, bad ones too; slates of a log count as one
    is_dry_run: bool = False
    is_surface_new: bool = False
    accepted: int = 0
    duplicates: int = 0  # known already: counted once, whatever happens
    candidates_created: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        if self.accepted + self.duplicates == 0:
            return ExitCode.NOTHING_DONE
        return ExitCode.DONE_IN_PART if self.faults else ExitCode.DONE

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "surface": self.surface,
            "kind": self.kind,
            "dry_run": self.is_dry_run,
            "surface_created": self.is_surface_new,
            "rows": self.rows,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "candidates_created": self.candidates_created,
            "skipped": len(self.faults),
            "faults": [{"line": f.line, "field": f.field, "problem": f.problem} for f in self.faults[:SHOWN_FAULTS]],
        }

    def lines(self) -> Iterator[str]:
        """For people: what was done, then the first faults, then the rest by kind."""
        done = "would be imported" if self.is_dry_run else "imported"
        noun = _NOUNS.get(self.kind, self.kind)
        yield f"{self.file}: {self.accepted:,} of {self.rows:,} {noun} {done} into {self.surface}."
        if self.candidates_created:
            made = "would be made" if self.is_dry_run else "were made"
            yield f"  {self.candidates_created:,} new candidates {made} of the answers."
        if self.duplicates:
            yield f"  {self.duplicates:,} were known already and count once."
        if not self.faults:
            return
        yield f"  {len(self.faults):,} left out:"
        for fault in self.faults[:SHOWN_FAULTS]:
            yield f"    line {fault.line}: {_said(fault)}"
        hidden = self.faults[SHOWN_FAULTS:]
        if hidden:
            yield f"    and {len(hidden):,} more; --report FILE writes them all"
            for field_name, n in Counter(fault.field or "the row" for fault in hidden).most_common(5):
                yield f"      {n:,} about {field_name}"

    def write(self, path: Path) -> None:
        """Every fault as CSV: line, field, problem."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "field", "problem"))
            writer.writerows((fault.line, fault.field, fault.problem) for fault in self.faults)


def _said(fault: Fault) -> str:
    return f"{fault.field} {fault.problem}" if fault.field else fault.problem
