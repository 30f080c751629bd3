"""What clients were told, and whether the log agrees: written once, asked after every kind of fault.

Every answer is a promise. An event acknowledged once must be in the log once, whatever happened in between; an event
never answered may be there or not, but never twice; a slate whose token was returned must be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class History:
    """Filled by many clients at once."""

    sent: set[str] = field(default_factory=set)  # eids, answered or not
    acknowledged: set[str] = field(default_factory=set)
    impressions: set[str] = field(default_factory=set)  # whose token was returned
    labels: set[tuple[str, str]] = field(default_factory=set)  # acknowledged, as text and item
    n_counted_new: int = 0  # of the events acknowledged, those said to be new
    n_repeated: int = 0  # acknowledged before, and sent again on purpose
    complaints: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def sends(self, eids: Iterable[str]) -> None:
        with self.lock:
            self.sent.update(eids)

    def answered(self, eids: Iterable[str], answer: dict[str, object], *, is_repeat: bool) -> None:
        """202 came. `is_repeat`: all of them had been acknowledged before."""
        eids = list(eids)
        new, known, rejected = int(str(answer["accepted"])), int(str(answer["duplicates"])), answer["rejected"]
        with self.lock:
            if rejected or new + known != len(eids):
                self.complaints.append(f"{len(eids)} sound events were answered {answer}")
            if is_repeat and new:
                self.complaints.append(f"{new} events were counted again: {eids}")
            self.acknowledged.update(eids)
            self.n_counted_new += new
            self.n_repeated += len(eids) if is_repeat else 0

    def served(self, impression: str) -> None:
        with self.lock:
            self.impressions.add(impression)

    def labelled(self, text: str, item: str) -> None:
        with self.lock:
            self.labels.add((text, item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """History against log. All sound: nothing lost, nothing twice, nothing made up."""

    acknowledged: int
    lost: tuple[str, ...]  # acknowledged events that are not in the log
    doubled: tuple[str, ...]  # in it more than once
    invented: tuple[str, ...]  # in it, never sent
    slates_lost: tuple[str, ...]
    slates_doubled: tuple[str, ...]
    labels_lost: tuple[tuple[str, str], ...]
    labels_doubled: tuple[tuple[str, str], ...]
    counted_twice: int  # acknowledged as new more often than the log has rows
    complaints: tuple[str, ...]

    @property
    def faults(self) -> dict[str, object]:
        """By name, what is not as it should be; empty where all is well."""
        return {
            name: found
            for name in self.__slots__  # type: ignore[attr-defined]  # of a slots dataclass
            if name != "acknowledged" and (found := getattr(self, name))
        }


def settle(
    history: History,
    *,
    events: Iterable[str],
    slates: Iterable[str],
    labels: Iterable[tuple[str, str]],
    is_ours: str,
) -> Account:
    """Compare with the log: eids of all events, ids of all slates, (text, item) of all labels.

    `is_ours` is what the eids of this history begin with; others were there before."""
    counts = Counter(events)
    of_slates, of_labels = Counter(slates), Counter(labels)
    ours = {eid: n for eid, n in counts.items() if eid.startswith(is_ours)}
    return Account(
        acknowledged=len(history.acknowledged),
        lost=tuple(sorted(history.acknowledged - counts.keys())),
        doubled=tuple(eid for eid, n in counts.items() if n > 1),
        invented=tuple(ours.keys() - history.sent),
        slates_lost=tuple(history.impressions - of_slates.keys()),
        slates_doubled=tuple(id for id, n in of_slates.items() if n > 1),
        labels_lost=tuple(history.labels - of_labels.keys()),
        labels_doubled=tuple(label for label, n in of_labels.items() if n > 1),
        counted_twice=max(0, history.n_counted_new - len(ours)),
        complaints=tuple(history.complaints),
    )
