"""Bodies to the server, in requests small enough for it, and its refusals back to the lines they came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from suggest.cli.connection import Service, segment
from suggest.cli.importing.source import Fault

ROWS_AT_ONCE = 200
BYTES_AT_ONCE = 2 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A row that was understood: the body it becomes, and the line it came from."""

    line: int
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    accepted: int
    duplicates: int
    faults: tuple[Fault, ...]


def batches(rows: Sequence[Ready]) -> Iterator[Sequence[Ready]]:
    """Neighbours together, at most ROWS_AT_ONCE of them and about BYTES_AT_ONCE."""
    batch: list[Ready] = []
    size = 0
    for row in rows:
        cost = len(json.dumps(row.body))
        if batch and (len(batch) == ROWS_AT_ONCE or size + cost > BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += cost
    if batch:
        yield batch


def send_candidates(service: Service, surface: str, rows: Sequence[Ready], on_sent: Callable[[int], None]) -> Sent:
    """Upsert candidates; those that change nothing are counted as known."""
    accepted = duplicates = 0
    for batch in batches(rows):
        body = {"candidates": [row.body for row in batch]}
        answer = service.post(f"/v1/surfaces/{segment(surface)}/candidates", body)
        accepted += int(answer["accepted"])
        on_sent(len(batch))
    return Sent(accepted=accepted, duplicates=duplicates, faults=())


def send_labels(service: Service, rows: Sequence[Ready], on_sent: Callable[[int], None]) -> Sent:
    return _send(service, "/v1/labels", "labels", rows, on_sent)


def send_past_slates(service: Service, surface: str, rows: Sequence[Ready], on_sent: Callable[[int], None]) -> Sent:
    return _send(service, f"/v1/surfaces/{segment(surface)}/log", "slates", rows, on_sent)


def _send(service: Service, path: str, name: str, rows: Sequence[Ready], on_sent: Callable[[int], None]) -> Sent:
    accepted = duplicates = 0
    faults: list[Fault] = []
    for batch in batches(rows):
        answer = service.post(path, {name: [row.body for row in batch]})
        accepted += int(answer["accepted"])
        duplicates += int(answer["duplicates"])
        faults += [Fault(line=batch[each["index"]].line, problem=each["detail"]) for each in answer["rejected"]]
        on_sent(len(batch))
    return Sent(accepted=accepted, duplicates=duplicates, faults=tuple(faults))
